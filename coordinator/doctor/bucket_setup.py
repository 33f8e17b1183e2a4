"""Setting up a bucket: what is there, what will be, and whether the store kept it.

Stores answer 200 to rules that they then forget, so everything is read back. What cannot be read is not written either:
writing replaces all rules of a kind.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from coordinator.doctor.bucket import Bucket, BucketRefused, Rule
from coordinator.doctor.bucket_rules import cors_line, kept, lifecycle_line, with_abort_rule, with_cors_rule
from coordinator.doctor.patient import Patient
from coordinator.errors import ConfigurationError
from coordinator.signing.credentials import CredentialsError
from coordinator.storage.connection import connect
from coordinator.uploads.store import StoreMisconfigured

__all__ = ["Change", "open_bucket", "planned_changes"]

_PATIENCE: Final = 20.0


@dataclass(frozen=True, slots=True)
class Change:
    """What is to become of one kind of rules. `before` is None where they could not be read, for `why`."""

    title: str
    before: Sequence[Rule] | None
    after: Sequence[Rule]
    why: str
    line: Callable[[Rule], str]
    read: Callable[[], Awaitable[list[Rule]]]
    write: Callable[[Sequence[Rule]], Awaitable[None]]

    @property
    def needed(self) -> bool:
        return self.before is not None and self._lines(self.before) != self._lines(self.after)

    def shown(self) -> list[str]:
        """Every rule that is there or will be: `+` new, `-` replaced, else it stays."""
        if self.before is None:
            return [f"cannot be read ({self.why}), so nothing will be written"]
        before, after = self._lines(self.before), self._lines(self.after)
        gone = [f"- {line}" for line in before if line not in after]
        return [*gone, *(f"{' ' if line in before else '+'} {line}" for line in after)]

    async def carried_out(self) -> str | None:
        """Write and read back. None when the store kept it, else what went wrong, in one sentence."""
        try:
            await self.write(self.after)
            found = await self.read()
        except BucketRefused as refused:
            return f"the store refuses it ({refused.code})"
        if not kept(self._lines(self.after), self._lines(found)):
            return "the store answered that it took the rules, but did not keep them"
        return None

    def _lines(self, rules: Sequence[Rule]) -> list[str]:
        return [self.line(rule) for rule in rules]


async def planned_changes(bucket: Bucket, *, origins: Sequence[str], days: int) -> list[Change]:
    """The CORS change, unless there are no `origins`, and the lifecycle change. Nothing is written."""
    lifecycle, why = await _read(bucket.lifecycle_rules)
    abort = with_abort_rule(lifecycle or [], days)
    changes = [
        Change(
            "lifecycle",
            lifecycle,
            abort,
            why,
            lifecycle_line,
            bucket.lifecycle_rules,
            bucket.put_lifecycle_rules,
        )
    ]
    if origins:
        cors, why = await _read(bucket.cors_rules)
        rules = with_cors_rule(cors or [], origins)
        changes.insert(
            0, Change("CORS", cors, rules, why, cors_line, bucket.cors_rules, bucket.put_cors_rules)
        )
    return changes


async def _read(read: Callable[[], Awaitable[list[Rule]]]) -> tuple[list[Rule] | None, str]:
    try:
        return await read(), ""
    except BucketRefused as refused:
        return None, refused.code


@asynccontextmanager
async def open_bucket(patient: Patient) -> AsyncIterator[Bucket]:
    """Raises ConfigurationError when the settings or credentials cannot be used."""
    try:
        patient.credentials()
        async with connect(patient.options(patience=_PATIENCE)) as clients:
            yield Bucket(patient.store.bucket, clients.usual)
    except (CredentialsError, ValueError) as refused:
        raise ConfigurationError("store.access_key_id", str(refused)) from None
    except StoreMisconfigured as refused:
        raise ConfigurationError("store.endpoint_url", str(refused)) from None
