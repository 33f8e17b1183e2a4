"""The command line: `coordinator dev | serve | migrate | doctor | audit | sweep | fail | bucket | keys`, and the client's.

Exit codes are those of exit_code.py: for the service's commands 0 done, 1 a failure of ours or of a server that was asked,
2 a wrong setting or argument. Every failure a user can cause is one line on standard error that says what to do.
"""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Final

import typer
from typer.exceptions import TyperException

from coordinator.cli.asking_commands import asking_app
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.sending_commands import sending_app
from coordinator.cli.service_commands import service_app
from coordinator.errors import ConfigurationError, CoordinatorError, DatabaseUnavailable

__all__ = ["app", "main"]

app = typer.Typer(
    name="coordinator",
    help="Large files straight into an S3-compatible bucket, by presigned multipart uploads that never get lost.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)
app.add_typer(sending_app)
app.add_typer(asking_app)
app.add_typer(service_app)

_SERVER_NEEDED: Final = (
    "this command needs the server's packages: pip install 'coordinator[server]' (dev: 'coordinator[local]')"
)


def main() -> None:
    if sys.stderr is None:
        # closed: print would say on standard output what is meant for it
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    if isinstance(sys.stdout, TextIOWrapper):
        # whatever a file is called, what was stored is said, by a terminal that knows ASCII alone, too
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        # it returns the code of whoever asks for an end, such as --help, and None for a command that ran through
        sys.exit(app(standalone_mode=False, prog_name="coordinator"))
    except TyperException as wrong:
        _fail(_said(wrong), ExitCode.WRONG_USE)
    except Failure as failed:
        _fail("" if failed.told else str(failed), failed.code)
    except ConfigurationError as wrong:
        _fail(str(wrong), ExitCode.WRONG_USE)
    except DatabaseUnavailable:
        _fail(
            "database_url: the database does not answer, or refuses its name, user or password",
            ExitCode.FAILED,
        )
    except CoordinatorError as failed:
        _fail(str(failed), ExitCode.FAILED)
    except ModuleNotFoundError as missing:
        if (missing.name or "").startswith("coordinator"):
            raise
        _fail(f"{missing.name} is not installed; {_SERVER_NEEDED}", ExitCode.WRONG_USE)


def _said(wrong: TyperException) -> str:
    """Empty where typer has shown the help instead."""
    context = getattr(wrong, "ctx", None)
    message = wrong.format_message().rstrip(".")
    return f"{message}; see `{context.command_path} --help`" if message and context else message


def _fail(message: str, code: ExitCode) -> None:
    if message:
        print(f"coordinator: {one_line(message)}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main()
