"""What a changed file left behind: which uploads are asked about, and what is told of them."""

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import msgspec
import pytest

from coordinator.client.api import Coordinator
from coordinator.client.errors import ServerUnreachable
from coordinator.client.left_behind import Earlier, LeftBehind
from coordinator.client.records import KnownFile, Record, Records
from coordinator.protocol import UploadAnswer
from tests.unit.client.test_client_completion import OPEN

URL = "https://uploads.example"
FILE = KnownFile("/films/film.mov", 30, 7, "film.mov", None)


def numbered(number: int, state: str = "open") -> UploadAnswer:
    return msgspec.structs.replace(OPEN, id=UUID(int=number), state=state)


class Asked:
    """A coordinator that knows some uploads and does not answer about others."""

    url = URL

    def __init__(self, *known: UploadAnswer) -> None:
        self.known = {str(one.id): one for one in known}
        self.asked: list[str] = []

    async def get(self, upload_id: str) -> UploadAnswer:
        self.asked.append(upload_id)
        if upload_id not in self.known:
            raise ServerUnreachable("It does not answer.", "timeout")
        return self.known[upload_id]


def recorded(folder: Path, *numbers: int) -> Records:
    """Of several keys, as one key has one at most."""
    records = Records(folder)
    for number in numbers:
        known: dict[str, Any] = {"path": FILE.path, "size": 20, "modified_ns": 6, "filename": FILE.filename}
        records.add(
            Record(server=URL, owner=str(number), upload_id=str(UUID(int=number)), began=2e9, **known)
        )
    return records


async def test_each_is_asked_about_once_and_only_what_is_unfinished_is_told(tmp_path: Path) -> None:
    coordinator = Asked(numbered(1), numbered(2, "completed"), numbered(3))
    earlier = Earlier(cast("Coordinator", coordinator), recorded(tmp_path, 1, 2, 3, 4, 5))
    await earlier.look(FILE)
    over, left = await earlier.left(str(UUID(int=3)), lambda one: one == str(UUID(int=5)))
    assert sorted(over) == [str(UUID(int=1)), str(UUID(int=2))], (
        "4 may be there still, and 5 is sent just now"
    )
    assert [one.upload.id for one in left] == [UUID(int=1)]
    assert sorted(coordinator.asked) == [str(UUID(int=number)) for number in (1, 2, 4)]
    await earlier.look(FILE)
    assert await earlier.left(str(UUID(int=3)), lambda _: False) == ([], [])
    over, _ = await earlier.left(str(UUID(int=6)), lambda _: False)
    assert over == [str(UUID(int=3))], "the one that was gone on with was passed over in the end"


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_warning_may_be_copied_and_sent_to_another_process(
    copied: Callable[[LeftBehind], LeftBehind],
) -> None:
    warning = LeftBehind("it was changed", numbered(1))
    same = copied(warning)
    assert (str(same), same.why, same.upload) == (str(warning), warning.why, warning.upload)
