"""Checks, and how they are run: at once where they may be, each after those it needs.

A check that fails makes those that need it, and those that need them, "not checked": they are not run, since what they
would say proves nothing. Whatever a check raises becomes its finding; none can end the run.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, NamedTuple, TypeVar

from coordinator.doctor.bucket import BucketRefused
from coordinator.doctor.finding import Finding, Verdict, failed
from coordinator.doctor.wire import Unanswered
from coordinator.errors import CoordinatorError
from coordinator.uploads.store import StoreError

__all__ = ["Check", "not_checked", "run_checks"]

T = TypeVar("T")

AT_ONCE: Final = 8
"""Few enough for a small store, many enough for a distant one."""

_READ_THE_DETAIL: Final = "Mend what the detail names; the store's own log says more."


@dataclass(frozen=True, slots=True)
class Check(Generic[T]):
    """`needs` names checks of the same list, without going round in circles."""

    name: str
    run: Callable[[T], Awaitable[Verdict]]
    needs: tuple[str, ...] = ()


class _Outcome(NamedTuple):
    finding: Finding
    cause: str | None
    """Why those that need this check cannot be made: the check that failed first. None when they can."""


async def run_checks(checks: Sequence[Check[T]], context: T, *, within: float) -> list[Finding]:
    """The findings, in the order of `checks`. No check takes longer than `within` seconds."""
    room = asyncio.Semaphore(AT_ONCE)
    running: dict[str, asyncio.Task[_Outcome]] = {}
    async with asyncio.TaskGroup() as group:
        for check in checks:
            running[check.name] = group.create_task(_outcome(check, context, running, room, within))
    return [outcome.result().finding for outcome in running.values()]


def not_checked(checks: Sequence[Check[T]], cause: str) -> list[Finding]:
    return [_not_checked(check.name, cause).finding for check in checks]


async def _outcome(
    check: Check[T],
    context: T,
    running: Mapping[str, asyncio.Task[_Outcome]],
    room: asyncio.Semaphore,
    within: float,
) -> _Outcome:
    for needed in check.needs:
        cause = (await running[needed]).cause
        if cause is not None:
            return _not_checked(check.name, cause)
    async with room:
        verdict = await _verdict(check, context, within)
    finding = Finding(check.name, verdict.status, verdict.detail, verdict.remedy)
    return _Outcome(finding, check.name if verdict.status == "failed" else None)


def _not_checked(name: str, cause: str) -> _Outcome:
    finding = Finding(name, "warning", f"not checked, because {cause} failed", f"Mend {cause} first.")
    return _Outcome(finding, cause)


async def _verdict(check: Check[T], context: T, within: float) -> Verdict:
    try:
        async with asyncio.timeout(within):
            return await check.run(context)
    except TimeoutError:
        return failed(
            f"no answer within {within:g} seconds", "Look at the network between here and the server."
        )
    except (StoreError, BucketRefused, Unanswered, CoordinatorError) as refused:
        return failed(str(refused), _READ_THE_DETAIL)
    except Exception as broken:  # noqa: BLE001 - one broken check must not hide what the others found
        # its text may hold a URL
        return failed(
            f"the check itself broke ({type(broken).__name__})", "Report this as a defect of the doctor."
        )
