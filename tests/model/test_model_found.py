"""What the model has found, as rows of rules; each was a defect once."""

from collections.abc import Iterator

import pytest

from coordinator.storage.faults import FailBefore
from tests.model.campaign import bound
from tests.model.clients import File
from tests.model.draws import TO_THE_END
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
