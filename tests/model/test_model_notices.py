"""The model itself: it passes what is right and names what is wrong, on sequences chosen by hand.

A case that Hypothesis finds and shrinks becomes a test like these: it is a row of rules.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from coordinator.storage.fake_profiles import PROFILES
from coordinator.storage.faults import FailBefore
from coordinator.uploads.driving import Timing
from tests.model.campaign import bound
from tests.model.clients import File, finish
from tests.model.draws import TO_THE_END
from tests.model.floor import Floor
from tests.model.journal import Journal
from tests.model.machine import Model

COMPLETE = "complete_multipart_upload"
LOST = (COMPLETE, FailBefore("ConnectionClosedError", answered=False))


@pytest.fixture
def model(floor: Floor, journal: Journal) -> Iterator[Model]:
    model = bound(floor, journal)()
    yield model
    model.world.close()


def after(model: Model, seconds: int) -> None:
    model.time_passes(seconds=seconds, at=1, sweeps=True)


def ends(model: Model) -> list[str]:
    """Bring the sequence to its end; the states in which its uploads are then."""
    model.check()
    model.teardown()
    return [row["state"] for row in model.rows.values()]


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_a_plain_life_passes_on_every_store(model: Model, profile: str) -> None:
    model.begin(profile=profile, file=File(10), sent=True)
    model.complete(at=1, which=0, weather=None, pace=TO_THE_END)
    assert ends(model) == ["completed"]


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("file", [File(0), File(4), File(4, md5=True), File(4, parts=True)])
def test_a_small_file_passes_on_every_store(model: Model, profile: str, file: File) -> None:
    model.begin(profile=profile, file=file, sent=True)
    model.complete(at=1, which=0, weather=None, pace=TO_THE_END)
    assert ends(model) == ["completed"]


def test_a_put_that_lands_after_the_abort_is_gone_in_the_end(model: Model) -> None:
    model.begin(profile="aws", file=File(4), sent=False)
    model.ask(what="sign", at=0, which=0, weather=None, pace=TO_THE_END)
    model.put(which=0, number=1, other=False, slowly=True)
    model.ask(what="abort", at=0, which=0, weather=None, pace=TO_THE_END)
    model.a_slow_put_ends(which=0)
    known = model.talk.known[0]
    assert model.world.store.stored(known.key) is not None
    assert ends(model) == ["aborted"]
    assert model.world.store.stored(known.key) is None


@pytest.mark.parametrize("profile", sorted(PROFILES))
@pytest.mark.parametrize("lands", [False, True])
def test_a_death_while_completing_ends_in_one_object(model: Model, profile: str, *, lands: bool) -> None:
    model.begin(profile=profile, file=File(8), sent=True)
    model.die_while(what="complete", at=0, which=0, after=6, lands=lands, weather=None)
    after(model, 31)
    after(model, 301)
    assert ends(model) == ["completed"]


def test_a_start_whose_process_died_is_one_upload(model: Model) -> None:
    model.begin(profile="aws", file=File(4), sent=True)
    model.start_and_repeat(at=0, file=File(4), after=3, dies=True, lands=True, again=1)
    assert len(model.rows or ends(model)) == 2


def test_it_notices_a_complete_that_is_sent_too_early(floor: Floor, journal: Journal) -> None:
    model = bound(floor, journal, timing=Timing(complete_deadline=timedelta(seconds=40)))()
    model.begin(profile="aws", file=File(8), sent=True)
    model.complete(at=0, which=0, weather=[LOST], pace=TO_THE_END)
    after(model, 6)
    model.check()
    after(model, 31)
    with pytest.raises(AssertionError, match="9: a Complete while an earlier one may still run"):
        model.check()
    model.world.close()


def test_it_notices_a_late_check_that_does_not_wait(floor: Floor, journal: Journal) -> None:
    model = bound(floor, journal, timing=Timing(late_check_after=timedelta(hours=-1)))()
    model.begin(profile="aws", file=File(8), sent=True)
    model.ask(what="abort", at=0, which=0, weather=None, pace=TO_THE_END)
    after(model, 1)
    with pytest.raises(AssertionError, match="4: the late check is over, and a URL lives"):
        model.check()
    model.world.close()


def test_it_notices_an_object_that_is_lost(model: Model) -> None:
    model.begin(profile="aws", file=File(8), sent=True)
    model.complete(at=0, which=0, weather=None, pace=TO_THE_END)
    model.check()
    model.world.store.lose_object(model.talk.known[0].key)
    with pytest.raises(AssertionError, match="1: completed, and the object is None"):
        model.check()


def test_it_notices_what_is_left_at_the_store(model: Model) -> None:
    model.begin(profile="resurrecting", file=File(8), sent=True)
    model.put(which=0, number=1, other=False, slowly=True)
    model.ask(what="abort", at=0, which=0, weather=None, pace=TO_THE_END)
    after(model, 3_700 + 960)
    model.check()
    model.slow.clear()
    known = model.talk.known[0]
    made = known.urls[0].multipart_upload_id
    assert made is not None
    model.world.store.put_part_late(known.key, made, 1, known.file.content(1))
    with pytest.raises(AssertionError, match=r"4: .* stand after the late check"):
        model.check()


def test_it_notices_an_object_that_an_abort_left(model: Model) -> None:
    model.begin(profile="aws", file=File(4), sent=False)
    model.ask(what="sign", at=0, which=0, weather=None, pace=TO_THE_END)
    model.put(which=0, number=1, other=False, slowly=True)
    model.ask(what="abort", at=0, which=0, weather=None, pace=TO_THE_END)
    late = model.slow.pop()
    after(model, 3_700 + 960)
    model.check()
    finish(late, model.world.store)
    with pytest.raises(AssertionError, match="4: the object of an ended upload is there"):
        model.check()


def test_it_notices_an_object_of_somebody_elses_bytes(model: Model) -> None:
    model.begin(profile="aws", file=File(4), sent=True)
    known = model.talk.known[0]
    mark = model.world.truth.stories[known.id].upload.mark
    model.world.store.put_object(known.key, b"evil", mark=mark)
    model.complete(at=0, which=0, weather=None, pace=TO_THE_END)
    with pytest.raises(AssertionError, match="1: not the file's bytes"):
        model.check()
