"""`coordinator test-upload SIZE`: sends generated data, reads it back, compares, and says how fast that was.

An upload that is stopped is aborted. A completed object stays: the coordinator deletes none, so its place is said.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import asdict, dataclass
from functools import partial
from threading import Event
from typing import Final

import msgspec

from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.connecting import connected
from coordinator.cli.display import Display
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.interruption import run_heeding
from coordinator.cli.plain_display import tell
from coordinator.cli.read_back import read_back
from coordinator.cli.refusal import given_by, refused
from coordinator.cli.sample import sample
from coordinator.cli.setting import DigestChoice
from coordinator.cli.signals import Interrupted
from coordinator.cli.source import Source
from coordinator.cli.transfer import command_here, display_for
from coordinator.cli.units import read_size, shown_duration, shown_size
from coordinator.client import AsyncClient, ClientError, OngoingUpload, Progress, Upload
from coordinator.client.progress import Meter
from coordinator.uploads.plan import PlanError, plan_parts

__all__ = ["run_trial"]

_TICK: Final = 0.25
_PATIENCE: Final = 10.0
"""Seconds for clearing away what was stopped."""

_NOTHING: Final = "nothing was sent and nothing remains"


@dataclass(frozen=True, slots=True)
class _Outcome:
    size: int
    parts: int
    seconds: float
    bytes_per_second: int
    read_seconds: float
    read_bytes_per_second: int
    upload_id: str
    remains: str
    """Bucket and key of the object."""


def run_trial(settings: ClientSettings, size: str, *, as_json: bool, quiet: bool) -> None:
    """Raises Failure, and SystemExit after a signal."""
    _ = settings.address
    trial = _Trial(settings, _wanted(size), display_for(as_json=False, quiet=quiet or as_json))
    try:
        outcome = run_heeding(trial.run())
    except Interrupted as interrupted:
        trial.display.close()
        tell(f"stopped; {trial.remains}")
        raise SystemExit(interrupted.code) from None
    except Failure as failed:
        trial.display.close()
        raise trial.told_with_remains(failed) from None
    trial.display.close()
    print(json.dumps(asdict(outcome)) if as_json else _shown(outcome), flush=True)


class _Trial:
    def __init__(self, settings: ClientSettings, size: int, display: Display) -> None:
        self._settings = settings
        self._size = size
        self.display = display
        self.remains = _NOTHING

    def told_with_remains(self, failed: Failure) -> Failure:
        """In one line. What never began needs no word about what is left of it."""
        if self.remains == _NOTHING:
            return failed
        problem = f"{failed.problem}; {self.remains}"
        return Failure(failed.code, problem, failed.remedy, reason=failed.reason)

    async def run(self) -> _Outcome:
        """Raises Failure."""
        try:
            async with connected(self._settings) as client:
                upload, seconds = await self._sent(client)
                read_seconds = await self._read_back(client, upload)
        except ClientError as error:
            raise refused(error, given_by(self._settings)) from None
        return _Outcome(
            size=self._size,
            parts=upload.part_count or 1,
            seconds=round(seconds, 3),
            bytes_per_second=round(self._size / seconds),
            read_seconds=round(read_seconds, 3),
            read_bytes_per_second=round(self._size / read_seconds),
            upload_id=str(upload.id),
            remains=f"{upload.bucket}/{upload.key}",
        )

    async def _sent(self, client: AsyncClient) -> tuple[Upload, float]:
        began = time.monotonic()
        digest: DigestChoice = self._settings["digest"]
        ongoing = client.uploading(
            _generated(self._size),
            filename=f"test-upload-{self._size}.bin",
            digests=digest,
            part_size=self._settings["part_size"] or _part_size(self._size),
        )
        watching = asyncio.create_task(self._watch("sent", lambda: ongoing.progress))
        try:
            upload = await ongoing
        except BaseException:
            await self._clear_away(ongoing)
            raise
        finally:
            watching.cancel()
        seconds = time.monotonic() - began
        self.remains = f"{upload.bucket}/{upload.key} remains at the store; remove it there"
        return upload, seconds

    async def _read_back(self, client: AsyncClient, upload: Upload) -> float:
        began = time.monotonic()
        url = (await client.download_url(str(upload.id))).url
        reading = Meter(self._size, None)
        stop = Event()
        watching = asyncio.create_task(self._watch("read back", lambda: _read(reading)))
        try:
            await asyncio.to_thread(read_back, url, self._size, partial(reading.sent, 1), stop)
        finally:
            # the thread looks at it between two pieces
            stop.set()
            watching.cancel()
        return time.monotonic() - began

    async def _watch(self, what: str, look: Callable[[], Progress]) -> None:
        source = Source(what, None, what, self._size)
        while True:
            await asyncio.sleep(_TICK)
            self.display.moved({source: _of_known_size(look(), self._size)})

    async def _clear_away(self, ongoing: OngoingUpload) -> None:
        upload_id = None if ongoing.upload is None else str(ongoing.upload.id)
        try:
            async with asyncio.timeout(_PATIENCE):
                await ongoing.cancel(keep=False)
        except (ClientError, TimeoutError):
            if upload_id is not None:
                abort = command_here(self._settings, "abort", upload_id)
                self.remains = f"upload {upload_id} could not be aborted: {abort}"
        else:
            if upload_id is not None:
                self.remains = "the upload was aborted and nothing remains"


async def _generated(size: int) -> AsyncIterator[bytes]:
    for piece in sample(size):
        yield piece


def _read(meter: Meter) -> Progress:
    meter.tick(time.monotonic())
    return meter.read("uploading", "read back", None)


def _of_known_size(progress: Progress, size: int) -> Progress:
    """What is generated goes as a stream, whose length nobody but us knows."""
    speed = progress.bytes_per_second
    return msgspec.structs.replace(
        progress,
        bytes_total=size,
        percent=min(99.9, 100 * progress.bytes_sent / size),
        seconds_left=round((size - progress.bytes_sent) / speed) if speed else None,
    )


def _wanted(text: str) -> int:
    """Raises Failure for what is no size, or none that an upload may have."""
    try:
        size = read_size(text)
        _part_size(size)
    except (ValueError, PlanError) as wrong:
        raise Failure(ExitCode.WRONG_USE, f"SIZE: {wrong}") from None
    if size < 1:
        raise Failure(ExitCode.WRONG_USE, "SIZE: it must be 1 byte or more")
    return size


def _part_size(size: int) -> int:
    return plan_parts(size).part_size


def _shown(outcome: _Outcome) -> str:
    size = shown_size(outcome.size)
    sent, read = shown_duration(outcome.seconds), shown_duration(outcome.read_seconds)
    return f"""\
sent       {size} in {sent}, {shown_size(outcome.bytes_per_second)}/s, {outcome.parts} parts
read back  {size} in {read}, {shown_size(outcome.read_bytes_per_second)}/s, every byte as it was sent
remains    {one_line(outcome.remains)}
           (a coordinator deletes no completed object: remove it with your store's own tools)"""
