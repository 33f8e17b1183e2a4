import asyncio
from typing import cast

import pytest

from coordinator.client import under_way as module
from coordinator.client.under_way import UnderWay
from coordinator.protocol import UploadAnswer


class Upload:
    def __init__(self, upload_id: str, fingerprint: str | None) -> None:
        self.id = upload_id
        self.fingerprint = fingerprint


def upload(upload_id: str, fingerprint: str | None = None) -> UploadAnswer:
    return cast("UploadAnswer", Upload(upload_id, fingerprint))


def test_an_upload_is_a_files_until_whoever_sends_it_has_ended() -> None:
    under_way = UnderWay()
    under_way.hold("first", "/a", upload("1", "f"))
    assert under_way.is_anothers("/b", "1")
    assert not under_way.is_anothers("/a", "1"), "the same file, named twice"
    assert under_way.sends_copy("/b", "f")
    assert not under_way.sends_copy("/a", "f")
    assert not under_way.sends_copy("/b", "g")
    under_way.hold("second", "/a", upload("1", "f"))
    under_way.release("second")
    assert under_way.is_anothers("/b", "1")
    under_way.release("first")
    under_way.release("first")
    assert not under_way.is_anothers("/b", "1")


def test_an_upload_without_fingerprint_is_no_copys() -> None:
    under_way = UnderWay()
    under_way.hold("first", "/a", upload("1"))
    assert not under_way.sends_copy("/b", "f")


async def test_files_of_one_fingerprint_are_judged_in_turn() -> None:
    under_way, order = UnderWay(), list[str]()

    async def judged(name: str, fingerprint: str | None) -> None:
        async with under_way.turn(fingerprint):
            order.append(f"{name} begins")
            for _ in range(5):
                await asyncio.sleep(0)
            order.append(f"{name} ends")

    await asyncio.gather(judged("a", "f"), judged("b", "f"))
    assert order == ["a begins", "a ends", "b begins", "b ends"]
    order.clear()
    await asyncio.gather(judged("a", "f"), judged("b", "g"), judged("c", None), judged("d", None))
    assert [said for said in order if said.endswith("begins")] == order[:4]


async def test_starts_are_waited_for_and_then_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SETTLE", 0.01)
    under_way, answered = UnderWay(), asyncio.Event()

    async def soon() -> None:
        answered.set()

    soon_over, never_over = asyncio.create_task(soon()), asyncio.create_task(asyncio.Event().wait())
    under_way.begins(soon_over)
    under_way.begins(never_over)
    await under_way.settle()
    assert answered.is_set()
    assert (soon_over.cancelled(), never_over.cancelled()) == (False, True)
