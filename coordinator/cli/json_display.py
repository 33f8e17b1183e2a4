"""`--json`: one event a line on standard output, for programs. docs/cli.md lists the events."""

import json
from collections.abc import Mapping, Sequence

import msgspec

from coordinator.cli.display import Left, Passed, Summary, Took
from coordinator.cli.failure import Failure, one_line
from coordinator.cli.plain_display import told_anyhow
from coordinator.cli.source import Source
from coordinator.client import Progress, Upload

__all__ = ["JsonDisplay"]


class JsonDisplay:
    def __init__(self) -> None:
        self._last: dict[Source, Progress] = {}

    def found(self, files: int, size: int) -> None:
        _tell("found", files=files, bytes=size)

    def moved(self, under_way: Mapping[Source, Progress]) -> None:
        for source, progress in under_way.items():
            if self._last.get(source) != progress:
                _tell("progress", path=source.shown, **msgspec.structs.asdict(progress))
        self._last = dict(under_way)

    def completed(self, source: Source, upload: Upload, took: Took) -> None:
        with told_anyhow(source, upload):
            _tell(
                "completed",
                path=source.shown,
                seconds=round(took.seconds, 3),
                bytes_resumed=took.bytes_resumed,
                upload=upload,
            )

    def failed(self, shown: str, failure: Failure) -> None:
        _tell("failed", path=shown, reason=failure.reason, detail=str(failure), exit_code=int(failure.code))

    def warned(self, text: str, passed: Passed | None = None) -> None:
        about = (
            {"path": passed.shown, "upload_id": passed.upload_id, "abort": passed.abort}
            if passed
            else dict.fromkeys(("path", "upload_id", "abort"))
        )
        _tell("warned", detail=one_line(text), **about)

    def stopped(self, left: Sequence[Left], *, again: bool) -> None:
        _tell(
            "stopped",
            again=again,
            left=[{"path": o.shown, "upload_id": o.upload_id, "resume": o.resume} for o in left],
        )

    def ended(self, summary: Summary) -> None:
        _tell(
            "ended",
            completed=summary.completed,
            failed=summary.failed,
            bytes=summary.bytes_stored,
            seconds=round(summary.seconds, 3),
        )

    def close(self) -> None:
        return


def _tell(event: str, **members: object) -> None:
    # the name of a file may hold what is no character; JSON's own escapes carry it
    print(json.dumps(msgspec.to_builtins({"event": event, **members})), flush=True)
