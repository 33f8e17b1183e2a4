"""A refusal of the coordinator, with the option or the setting that it is about: the wire knows members, a person knows options."""

from collections.abc import Mapping, Sequence
from typing import Final

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.failure import Failure
from coordinator.cli.reporting import failure_of
from coordinator.client import ServerRefused

__all__ = ["Given", "given_by", "refused"]

Given = Mapping[str, str]
"""Members of the wire that a person gave a value, and where: `--name`, `COORDINATOR_PART_SIZE`, `policy in /etc/...yaml`."""

_BY_CODE: Final = {"unknown_policy": "policy", "size_not_allowed": "part_size"}
_NO_POLICY: Final = (
    "there is no such policy; leave it out, or ask whoever runs the coordinator which ones there are"
)


def given_by(settings: ClientSettings) -> dict[str, str]:
    """Of the settings that the coordinator judges."""
    return {
        name: settings.found[name].naming(name)
        for name in ("policy", "part_size")
        if settings.found[name].origin != "default"
    }


def refused(error: Exception, given: Given) -> Failure:
    """The failure of an upload; where it is about something given, that is named."""
    failure = failure_of(error)
    if not isinstance(error, ServerRefused):
        return failure
    members = _members(error)
    named = list(dict.fromkeys(given[member] for member in members if member in given))
    if not named:
        return failure
    said = _NO_POLICY if error.code == "unknown_policy" else _messages(error) or failure.problem
    return Failure(failure.code, f"{' and '.join(named)}: {said}", failure.remedy, reason=failure.reason)


def _members(error: ServerRefused) -> Sequence[str]:
    if error.code == "size_not_allowed" and " parts of " not in error.detail:
        # it is the file's own size
        return []
    if error.code in _BY_CODE:
        return [_BY_CODE[error.code]]
    return [one.path.removeprefix("$.").partition("[")[0].partition(".")[0] for one in error.errors]


def _messages(error: ServerRefused) -> str:
    return "; ".join(dict.fromkeys(one.message for one in error.errors))
