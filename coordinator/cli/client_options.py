"""The options of the client's commands, as typer wants them."""

from typing import Annotated, Literal

import typer

__all__ = [
    "FILES",
    "ApiKey",
    "Concurrency",
    "ContentType",
    "DataDir",
    "Debug",
    "Digest",
    "FileDigest",
    "Gzip",
    "Json",
    "LimitRate",
    "Metadata",
    "Name",
    "PartSize",
    "Policy",
    "Quiet",
    "Restart",
    "Token",
    "UploadId",
    "Url",
]

FILES = "Files"
"""The panel of the help that holds the client's commands."""

_HOW = "How it is sent"
_OUTPUT = "Output"

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
Name = Annotated[str | None, typer.Option(help="Another name for the one file; needed for standard input.")]
Metadata = Annotated[
    list[str] | None, typer.Option(metavar="NAME=VALUE", help="Kept with the upload; may be given again.")
]
ContentType = Annotated[
    str | None, typer.Option(metavar="TYPE", help="Such as image/png; by the name's ending otherwise.")
]
FileDigest = Annotated[
    Literal["md5", "sha256"] | None,
    typer.Option(help="Of the whole file, read once more for it; kept with the upload."),
]
Restart = Annotated[
    bool, typer.Option("--restart", help="Begin anew, where an earlier attempt would be resumed.")
]
Policy = Annotated[
    str | None, typer.Option(help="The policy the upload is started under.", rich_help_panel=_HOW)
]
PartSize = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE", help="Bytes a part: 16M. Chosen by the file's size otherwise.", rich_help_panel=_HOW
    ),
]
Concurrency = Annotated[
    str | None,
    typer.Option(
        metavar="COUNT",
        help="Parts under way at once, 1 to 64. Found by measuring otherwise.",
        rich_help_panel=_HOW,
    ),
]
LimitRate = Annotated[
    str | None,
    typer.Option(metavar="RATE", help="Bytes a second, all files together: 500K, 10M.", rich_help_panel=_HOW),
]
Digest = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        autocompletion=lambda: ["on", "auto", "off", "md5", "sha256"],
        help="Bind each part's URL to the digest of its bytes, so that the store takes no other ones: on (the default), auto (where the policy wants it), off, md5 or sha256.",
        rich_help_panel=_HOW,
    ),
]
Gzip = Annotated[
    bool | None,
    typer.Option(
        "--gzip/--no-gzip",
        help="Compress on the way; stored with Content-Encoding: gzip.",
        rich_help_panel=_HOW,
    ),
]
Json = Annotated[
    bool, typer.Option("--json", help="One JSON object a line, for programs.", rich_help_panel=_OUTPUT)
]
Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="No progress: results and failures alone.", rich_help_panel=_OUTPUT),
]
UploadId = Annotated[str, typer.Argument(metavar="ID", help="The upload's id.")]
