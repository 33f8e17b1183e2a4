"""The options that every client's command has, as typer wants them."""

from typing import Annotated

import typer

__all__ = ["ApiKey", "DataDir", "Debug", "Token", "Url"]

_WHERE = "The coordinator"

Url = Annotated[
    str | None, typer.Option(help="Where the coordinator answers. [COORDINATOR_URL]", rich_help_panel=_WHERE)
]
ApiKey = Annotated[
    str | None,
    typer.Option(
        help="A key; other users of this machine see it here, but not in COORDINATOR_API_KEY.",
        rich_help_panel=_WHERE,
    ),
]
Token = Annotated[
    str | None,
    typer.Option(help="An upload token, in the place of a key. [COORDINATOR_TOKEN]", rich_help_panel=_WHERE),
]
DataDir = Annotated[
    str | None,
    typer.Option(
        help="The directory of a running `coordinator dev`; .coordinator, when nothing else is named.",
        rich_help_panel=_WHERE,
    ),
]
Debug = Annotated[
    bool, typer.Option("--debug", help="Show the traceback of a failure.", rich_help_panel=_WHERE)
]
