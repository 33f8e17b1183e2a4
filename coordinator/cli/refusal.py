"""A refusal of the coordinator, with the option or the setting that it is about: the wire knows members, a person knows options."""

from collections.abc import Mapping, Sequence
from typing import Final

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.failure import Failure
from coordinator.cli.reporting import failure_of
from coordinator.cli.source import STDIN
from coordinator.client import ServerRefused

__all__ = ["Given", "given_by", "given_without_size", "refused"]

Given = Mapping[str, str]
"""Members of the wire that a person gave a value, and where: `--name`, `COORDINATOR_PART_SIZE`, `policy in /etc/...yaml`."""

_BY_CODE: Final = {"unknown_policy": "policy", "size_not_allowed": "part_size"}
_SAID: Final = {
    "unknown_policy": "there is no such policy; leave it out, or ask whoever runs the coordinator which ones there are",
    "encoding_not_allowed": "the policy does not allow it; leave it away, or ask whoever runs the coordinator for a policy "
    "that allows gzip",
}
"""By the server's code, where a person at this command line can do more than the server knows."""
_SIZE: Final = "size"
_SIZE_IS_LEFT_OUT: Final = "leave it away: a file that is compressed on its way has no size"
_STREAM_HAS_NONE: Final = (
    "a stream has none: send a file, not compressed, or ask whoever runs the coordinator for a policy that "
    "takes streams"
)


def given_by(settings: ClientSettings) -> dict[str, str]:
    """Of the settings that the coordinator judges."""
    given = {
        name: settings.found[name].naming(name)
        for name in ("policy", "part_size")
        if settings.found[name].origin != "default"
    }
    return given | ({"content_encoding": settings.found["gzip"].naming("gzip")} if settings["gzip"] else {})


def given_without_size(settings: ClientSettings, named: Sequence[str]) -> dict[str, str]:
    """What leaves out the sizes of the files that were named; standard input has none however it is sent."""
    if not settings["gzip"] or STDIN in named:
        return {}
    return {_SIZE: settings.found["gzip"].naming("gzip")}


def refused(error: Exception, given: Given) -> Failure:
    """The failure of an upload; where it is about something given, that is named."""
    failure = failure_of(error)
    if not isinstance(error, ServerRefused):
        return failure
    members = _members(error)
    named = list(dict.fromkeys(given[member] for member in members if member in given))
    if not named:
        remedy = _STREAM_HAS_NONE if "`size` must be given" in error.detail else failure.remedy
        return Failure(failure.code, failure.problem, remedy, reason=failure.reason)
    said = _SAID.get(error.code) or _messages(error) or failure.problem
    remedy = _SIZE_IS_LEFT_OUT if members == [_SIZE] else failure.remedy
    return Failure(failure.code, f"{' and '.join(named)}: {said}", remedy, reason=failure.reason)


def _members(error: ServerRefused) -> Sequence[str]:
    if error.code == "size_not_allowed" and " parts of " not in error.detail:
        # it is the file's own size, whether it was said or left out
        return [_SIZE]
    if error.code in _BY_CODE:
        return [_BY_CODE[error.code]]
    return [one.path.removeprefix("$.").partition("[")[0].partition(".")[0] for one in error.errors]


def _messages(error: ServerRefused) -> str:
    return "; ".join(dict.fromkeys(one.message for one in error.errors))
