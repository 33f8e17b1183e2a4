"""Every fault against every call that the coordinator makes at the store, as data."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product

from tests.faults.calls import Call
from tests.faults.faults import (
    BitFlip,
    Duplicate,
    Fault,
    HalfClose,
    Latency,
    Reset,
    Side,
    Truncate,
    error_inside_200,
    server_error,
    slow_down,
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Where in an upload's life a call is made: the `nth` of its kind since the start."""

    name: str
    call: Call
    nth: int = 1
    lead: tuple[tuple[Call, Fault], ...] = ()
    """What must go wrong for this call to be made at all."""
    aborts: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    scene: Scene
    name: str
    fault: Fault

    def __str__(self) -> str:
        return f"{self.scene.name}: {self.name}"


SCENES = (
    Scene("create", Call.CREATE),
    Scene("look for a lost create", Call.UPLOADS, lead=((Call.CREATE, Reset(after=True)),)),
    Scene("list for the manifest", Call.PARTS),
    Scene("complete", Call.COMPLETE),
    Scene("look for the object", Call.HEAD),
    Scene("list what complete left", Call.PARTS, nth=2),
    Scene("list for an abort", Call.UPLOADS, aborts=True),
    Scene("abort", Call.ABORT, aborts=True),
    Scene("list what abort left", Call.PARTS, aborts=True),
)

FAULTS: Mapping[str, Fault] = {
    "latency": Latency(300),
    "reset before": Reset(),
    "reset after": Reset(after=True),
    "half-close before": HalfClose(),
    "half-close after": HalfClose(after=True),
    "no byte of the answer": Truncate(0),
    "40 bytes of the answer": Truncate(40),
    "all but one byte of the answer": Truncate(-1),
    "500 before": server_error(),
    "500 after": server_error(after=True),
    "503 before": slow_down(),
    "503 after": slow_down(after=True),
    "error inside 200 before": error_inside_200(),
    "error inside 200 after": error_inside_200(after=True),
    "duplicate": Duplicate(),
}

PLACES: Mapping[str, tuple[bytes | None, ...]] = {
    "create": (b"<UploadId>", None),
    "look for a lost create": (None, b"<UploadId>", b"<Key>", b"<IsTruncated>"),
    "list for the manifest": (None, b"<PartNumber>", b"<ETag>", b"<Size>", b"<IsTruncated>"),
    "complete": (None, b"<ETag>"),
    "list what complete left": (None, b"<Code>"),
    "list for an abort": (None, b"<UploadId>", b"<Key>"),
    "list what abort left": (None, b"<Code>"),
}
"""Where a bit of the answer is turned; the answers to HEAD and Abort have no body."""

SAMPLE = 4
"""Coprime to the number of faults, so that each of them meets several scenes."""

REQUEST_PLACES = (None, b"<PartNumber>", b"<ETag>", b'<ETag>"')
"""The same in the one request of these that has a body: Complete's."""


def cases(environ: Mapping[str, str] = os.environ) -> list[Case]:
    """All of them when `FAULTS` is `all`, else a sample in which every scene meets several faults and every fault scenes."""
    usual = [Case(scene, *fault) for scene, fault in product(SCENES, FAULTS.items())]
    if environ.get("FAULTS") == "all":
        return [*late(), *usual, *flips()]
    return [*late(), *usual[::SAMPLE], *flips()[::2]]


def flips() -> list[Case]:
    answers = [
        Case(scene, f"bit flip in the answer at {place!r}", BitFlip(Side.ANSWER, place))
        for scene in SCENES
        for place in PLACES.get(scene.name, ())
    ]
    [complete] = [scene for scene in SCENES if scene.call is Call.COMPLETE]
    requests = [
        Case(complete, f"bit flip in the request at {place!r}", BitFlip(Side.REQUEST, place))
        for place in REQUEST_PLACES
    ]
    return answers + requests


def late() -> list[Case]:
    """Longer on its way than the coordinator waits for it: it arrives when the next one may have been sent."""
    [complete] = [scene for scene in SCENES if scene.call is Call.COMPLETE]
    return [Case(complete, "latency past the deadline", Latency(3_500))]
