"""What a row means that the store does not bear out."""

from datetime import timedelta

import pytest

from coordinator.audit.finding import Finding, Name, Remedy
from coordinator.audit.judging import (
    of_completed,
    of_gone,
    of_multipart_uploads,
    of_strange_object,
    of_wake_up,
)
from coordinator.uploads.model import Method, MultipartUploadId
from coordinator.uploads.plan import MIB
from coordinator.uploads.state import Reason, State
from coordinator.uploads.store import StoredObject
from tests.unit.uploads.rows import MARK, NOW, a_row

OWN, OTHER = MultipartUploadId("store-id"), MultipartUploadId("another")
HOUR = timedelta(hours=1)


def an_object(mark: str | None = MARK, size: int = 20 * MIB, etag: str = "etag") -> StoredObject:
    return StoredObject(etag, size, mark, None, NOW)


def name_of(finding: Finding | None) -> Name | None:
    return None if finding is None else finding.name


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (an_object(), None),
        (None, Name.OBJECT_MISSING),
        (an_object(mark=None), Name.OBJECT_OTHER_MARK),
        (an_object(mark="f" * 32, size=1), Name.OBJECT_OTHER_MARK),
        (an_object(size=1, etag="x"), Name.OBJECT_OTHER_SIZE),
        (an_object(etag="x"), Name.OBJECT_OTHER_ETAG),
    ],
)
def test_a_completed_row_and_its_object(found: StoredObject | None, name: Name | None) -> None:
    assert name_of(of_completed(a_row(state=State.COMPLETED, etag="etag"), found)) is name


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (an_object(), Name.ROW_COMPLETED_AT_STORE),
        (None, Name.ROW_LOST),
        (an_object(mark=None), Name.ROW_LOST),
        (an_object(size=1), Name.ROW_LOST),
    ],
)
def test_an_open_row_whose_multipart_upload_is_gone(found: StoredObject | None, name: Name) -> None:
    finding = of_gone(a_row(), found)
    assert (finding.name, finding.remedy, finding.epoch) == (name, Remedy.SETTLE, 2)


@pytest.mark.parametrize(
    ("late", "changes", "name"),
    [
        (HOUR * 0.9, {}, None),
        (HOUR * 1.1, {}, Name.ROW_OVERDUE),
        (HOUR * 1.1, {"state": State.ABORTED}, Name.ROW_OVERDUE),
        (HOUR * 1.1, {"lease_until": NOW + HOUR}, None),
        (-HOUR, {"state": State.ABORTING, "attempts": 9}, None),
        (-HOUR, {"state": State.ABORTING, "attempts": 10}, Name.ROW_STUCK),
        (-HOUR, {"state": State.FAILED, "attempts": 9}, None),
        (-HOUR, {"state": State.FAILED, "attempts": 10}, Name.ROW_STUCK),
        (HOUR * 2, {"state": State.COMPLETING, "attempts": 10}, Name.ROW_STUCK),
        (-HOUR, {"state": State.OPEN, "attempts": 10}, None),
    ],
)
def test_a_row_s_wake_up(late: timedelta, changes: dict[str, object], name: Name | None) -> None:
    assert name_of(of_wake_up(a_row(wake_at=NOW - late, **changes), HOUR)) is name


def test_a_settled_row_is_never_overdue() -> None:
    assert of_wake_up(a_row(state=State.FAILED, wake_at=None), HOUR) is None


@pytest.mark.parametrize(
    ("state", "changes", "told"),
    [
        (State.OPEN, {}, {OTHER: (Name.MULTIPART_EXTRA, Remedy.NOTHING)}),
        (State.CREATING, {}, {}),
        (State.COMPLETING, {}, {}),
        (State.ABORTING, {}, {}),
        (
            State.COMPLETED,
            {},
            dict.fromkeys((OWN, OTHER), (Name.MULTIPART_LEFTOVER, Remedy.NOTHING)),
        ),
        (State.ABORTED, {}, {}),
        (
            State.ABORTED,
            {"wake_at": None, "reason": Reason.CLIENT},
            dict.fromkeys((OWN, OTHER), (Name.MULTIPART_LEFT, Remedy.ABORT)),
        ),
        (
            State.FAILED,
            {"wake_at": None, "reason": Reason.LOST},
            dict.fromkeys((OWN, OTHER), (Name.MULTIPART_LEFT, Remedy.ABORT)),
        ),
        (
            State.FAILED,
            {"wake_at": None, "reason": Reason.UNRESOLVED},
            dict.fromkeys((OWN, OTHER), (Name.MULTIPART_LEFT, Remedy.NOTHING)),
        ),
    ],
)
def test_what_stands_under_a_row_s_key(
    state: State, changes: dict[str, object], told: dict[MultipartUploadId, tuple[Name, Remedy]]
) -> None:
    found = of_multipart_uploads(a_row(state=state, **changes), [OWN, OTHER])
    assert {finding.multipart_upload_id: (finding.name, finding.remedy) for finding in found} == told


@pytest.mark.parametrize("state", [State.CREATING, State.OPEN, State.COMPLETING, State.ABORTING])
def test_an_object_of_ours_is_no_news_while_the_upload_is_under_way(state: State) -> None:
    assert of_strange_object(a_row(state=state), an_object()) is None
    assert name_of(of_strange_object(a_row(state=state), an_object(mark=None))) is Name.OBJECT_INTRUDER


@pytest.mark.parametrize("state", [State.ABORTED, State.FAILED])
def test_an_object_after_the_end(state: State) -> None:
    assert name_of(of_strange_object(a_row(state=state), an_object(size=1))) is Name.OBJECT_AFTER_END
    assert name_of(of_strange_object(a_row(state=state), an_object(mark=None))) is Name.OBJECT_INTRUDER


@pytest.mark.parametrize("state", [State.ABORTED, State.FAILED])
def test_what_the_late_check_will_delete_is_no_news(state: State) -> None:
    small = {"state": state, "method": Method.PUT, "multipart_upload_id": None}
    assert of_strange_object(a_row(**small), an_object(size=1)) is None
    assert name_of(of_strange_object(a_row(**small), an_object(mark=None))) is Name.OBJECT_INTRUDER
    checked = a_row(**small, wake_at=None)
    assert name_of(of_strange_object(checked, an_object(size=1))) is Name.OBJECT_AFTER_END
