"""What the model has found, as rows of rules; each was a defect once."""

from collections.abc import Iterator

import pytest

from coordinator.storage.faults import FailBefore, KeepUpload
from tests.model.campaign import bound
from tests.model.clients import File
from tests.model.draws import MOST_STARTS, TO_THE_END
from tests.model.floor import Floor
from tests.model.journal import Journal
from tests.model.machine import Model


@pytest.fixture
def model(floor: Floor, journal: Journal) -> Iterator[Model]:
    model = bound(floor, journal)()
    yield model
    model.world.close()


def test_an_object_that_is_promised_for_ever_is_lost_in_the_end(model: Model) -> None:
    """Deleted before HEAD saw it, on a store that goes on listing its parts: it was completing for ever."""
    model.begin(profile="swift", file=File(8), sent=True)
    unseen = [("head_object", FailBefore())]
    model.complete(at=0, which=0, weather=unseen, pace=TO_THE_END)
    model.somebody_meddles(which=0, how="delete")
    model.check()
    model.teardown()
    assert [(row["state"], row["reason"]) for row in model.rows.values()] == [("failed", "lost")]


@pytest.mark.parametrize("profile", ["aws", "minio"])
def test_parts_that_outlive_the_object_they_made_are_gone_before_it_is_called_lost(
    model: Model, profile: str
) -> None:
    """Deleted before HEAD saw it, on a store that goes on listing its upload: it was called lost while that stood.

    Where a second Complete is answered with 404 it was completing for ever.
    """
    model.begin(profile=profile, file=File(8), sent=True)
    kept = [("complete_multipart_upload", KeepUpload()), ("head_object", FailBefore())]
    model.complete(at=0, which=0, weather=kept, pace=TO_THE_END)
    model.somebody_meddles(which=0, how="delete")
    model.check()
    model.teardown()
    assert [(row["state"], row["reason"]) for row in model.rows.values()] == [("failed", "lost")]
    assert "abort_multipart_upload" in model.world.store.calls


@pytest.mark.parametrize("sent", [False, True])
def test_a_stream_that_an_operator_completed_is_not_lost(model: Model, *, sent: bool) -> None:
    """Its row knew no size, so its own object was called another one's."""
    model.begin(profile="aws", file=File(8, True), sent=True)
    model.somebody_meddles(which=0, how="complete")
    if sent:
        model.complete(at=1, which=0, weather=None, pace=TO_THE_END)
    model.check()
    model.teardown()
    assert [row["state"] for row in model.rows.values()] == ["completed"]


def test_what_is_gone_and_still_listed_is_aborted(model: Model) -> None:
    """Completed by an operator, on a store that goes on listing its parts: Abort says gone, and ListParts never does."""
    model.begin(profile="swift", file=File(8), sent=True)
    model.somebody_meddles(which=0, how="complete")
    model.somebody_meddles(which=0, how="forget")
    model.check()
    model.teardown()
    assert [row["state"] for row in model.rows.values()] == ["aborted"]


def test_a_start_that_finds_its_upload_never_made_begins_another(model: Model) -> None:
    """It answered with the failed one; the next repetition of the same key then got a new one."""
    model.begin(profile="aws", file=File(8), sent=True)

    def start(after: int = 0) -> None:
        model.start_and_repeat(at=0, file=File(8), after=after, dies=False, lands=False, again=0)
        model.check()

    for _ in range(2):
        model.somebody_meddles(which=0, how="forget")
        model.check()
    for _ in range(MOST_STARTS - 2):
        start()
    model.complete(
        at=0, which=0, weather=[("create_multipart_upload", "sent"), ("before", 7)], pace=TO_THE_END
    )
    model.check()
    start()
    for sweeps in (False, True):
        model.time_passes(seconds=301, at=0, sweeps=sweeps)
        model.check()
    start(after=3)
    model.teardown()
