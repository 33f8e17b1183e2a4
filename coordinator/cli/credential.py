"""A credential that is refused: which one it was, and who gave it. The coordinator sees a header and cannot tell."""

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.client import Unauthorized

__all__ = ["not_let_in"]

_KINDS = {"api_key": "API key", "token": "upload token"}
_KEYS_BEGIN = "ck_"
_NONE = "set COORDINATOR_API_KEY to an API key, or COORDINATOR_TOKEN to an upload token"


def not_let_in(settings: ClientSettings, refused: Unauthorized) -> Failure:
    """The value itself is never said."""
    given = next((name for name in _KINDS if settings[name]), None)
    if given is None:
        problem = f"the coordinator at {settings.address} wants to know who you are, and no API key is given"
        return Failure(ExitCode.NOT_ALLOWED, problem, _NONE, reason=refused.code)
    kind = f"the {_KINDS[given]} of {settings.found[given].naming(given)}"
    if refused.code == "token_expired":
        return Failure(
            ExitCode.NOT_ALLOWED,
            f"{kind} has expired",
            "ask for a new one, and run the same command again",
            reason=refused.code,
        )
    odd = given == "api_key" and not settings[given].startswith(_KEYS_BEGIN)
    shape = f" (API keys begin with {_KEYS_BEGIN}, and this does not)" if odd else ""
    return Failure(
        ExitCode.NOT_ALLOWED,
        f"{kind} is not valid at {settings.address}{shape}",
        "mend it, or ask whoever runs the coordinator for another one",
        reason=refused.code,
    )
