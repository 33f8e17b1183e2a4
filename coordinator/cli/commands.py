"""The command line: `coordinator dev | serve | migrate | doctor | audit | sweep | fail | bucket | keys`, and the client's.

Exit codes are those of exit_code.py: for the service's commands 0 done, 1 a failure of ours or of a server that was asked,
2 a wrong setting or argument. Every failure a user can cause is one line on standard error that says what to do.
"""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import typer
from typer.exceptions import Abort, TyperException

from coordinator.cli.asking_commands import asking_app
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.output import (
    OutputFailed,
    check_output,
    failure_of_output,
    guard_output,
    let_go_of_output,
)
from coordinator.cli.reporting import failure_of
from coordinator.cli.sending_commands import sending_app
from coordinator.cli.service_commands import service_app
from coordinator.cli.signals import STOPPED, Interrupted
from coordinator.errors import ConfigurationError, CoordinatorError, DatabaseUnavailable

__all__ = ["app", "run"]

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
_NO_DATABASE: Final = "database_url: the database does not answer, or refuses its name, user or password"


def run() -> None:
    """Raises SystemExit."""
    with guard_output():
        code = _code()
    let_go_of_output()
    sys.exit(code)


def _code() -> int:
    try:
        code = _ended()
        check_output()
    except OutputFailed as failed:
        return failed.ends_with or _told(failure_of_output(failed))
    return code


def _ended() -> int:
    """Raises OutputFailed."""
    try:
        # it returns the code of whoever asks for an end, such as --help, and None for a command that ran through
        return app(standalone_mode=False, prog_name="coordinator") or ExitCode.DONE
    except SystemExit as ended:
        return int(ended.code or ExitCode.DONE)
    except Interrupted as interrupted:
        _say(STOPPED)
        return interrupted.code
    except Exception as error:
        failure = next((made(error) for kind, made in _FAILURES if isinstance(error, kind)), None)
        if failure is None:
            raise
        return _told(failure)


def _told(failure: Failure) -> ExitCode:
    if not failure.told:
        _say(str(failure))
    return failure.code


def _say(text: str) -> None:
    """Nothing where there is nothing to say; and a code stays what it is when there is nobody to tell."""
    if text:
        with suppress(OutputFailed):
            print(f"coordinator: {one_line(text)}", file=sys.stderr, flush=True)


def _wrong_use(wrong: TyperException) -> Failure:
    """Its text is empty where typer has shown the help instead."""
    context = getattr(wrong, "ctx", None)
    message = wrong.format_message().rstrip(".")
    if message and context:
        message = f"{message}; see `{context.command_path} --help`"
    return Failure(ExitCode.WRONG_USE, message)


def _not_installed(missing: ModuleNotFoundError) -> Failure:
    """Raises it again where it is a module of ours."""
    if (missing.name or "").startswith("coordinator"):
        raise missing
    return Failure(ExitCode.WRONG_USE, f"{missing.name} is not installed", _SERVER_NEEDED)


_FAILURES: Final[tuple[tuple[type[Exception], Callable[[Any], Failure]], ...]] = (
    (Failure, lambda failure: failure),
    (TyperException, _wrong_use),
    (Abort, lambda _: Failure(ExitCode.FAILED, "there was no answer, and nothing was changed")),
    (ConfigurationError, lambda wrong: Failure(ExitCode.WRONG_USE, str(wrong))),
    (DatabaseUnavailable, lambda _: Failure(ExitCode.FAILED, _NO_DATABASE)),
    (CoordinatorError, lambda failed: Failure(ExitCode.FAILED, str(failed))),
    (ModuleNotFoundError, _not_installed),
    (OSError, failure_of),
)
"""The first that fits; the narrow ones stand before the wide ones."""
