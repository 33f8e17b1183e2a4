"""Every refusal, and what it tells the client."""

import pytest

from coordinator.errors import (
    AlreadyCompleted,
    Completing,
    PartChanged,
    PartOutsidePlan,
    Problem,
    SizeNotAllowed,
    StreamEnded,
    UploadGone,
    UploadNotOpen,
    ValidationFailed,
)
from coordinator.uploads.asking import (
    completed_plan,
    make_plan,
    refuse_changed_parts,
    require_open,
    sized_claims,
    sized_wanted,
    stream_end,
)
from coordinator.uploads.model import Claim, Upload
from coordinator.uploads.plan import GIB, MIB, TIB, Plan
from coordinator.uploads.requests import Rules, StartRequest, WantedPart
from coordinator.uploads.state import Reason, State
from tests.unit.uploads.rows import a_part, a_row, a_stream

RULES = Rules("default", max_size=None, max_part_size=None, content_types=(), lifetime=86_400)
ONE, TWO = "AAAAAAAAAAAAAAAAAAAAAA==", "BBBBBBBBBBBBBBBBBBBBBA=="


def request(size: int | None, part_size: int | None = None) -> StartRequest:
    return StartRequest("film.mov", size, None, None, {}, part_size, None, 0)


def rules(max_size: int | None = None, max_part_size: int | None = None) -> Rules:
    return Rules("small", max_size, max_part_size, (), 86_400)


def sized(upload: Upload, *wanted: WantedPart) -> list[tuple[int, int]]:
    return [(part.part_number, size) for part, size in sized_wanted(upload, wanted)]


def paths(refused: pytest.ExceptionInfo[ValidationFailed]) -> list[str]:
    return [error.path for error in refused.value.errors]


@pytest.mark.parametrize(
    ("state", "refusal", "retry_after"),
    [
        (State.CREATING, UploadNotOpen, 2),
        (State.COMPLETING, Completing, 2),
        (State.COMPLETED, AlreadyCompleted, None),
        (State.ABORTING, UploadGone, None),
        (State.ABORTED, UploadGone, None),
        (State.FAILED, UploadGone, None),
    ],
)
def test_only_an_open_upload_is_worked_on(
    state: State, refusal: type[Problem], retry_after: int | None
) -> None:
    with pytest.raises(refusal) as refused:
        require_open(a_row(state=state))
    assert refused.value.members["state"] == state.value
    assert refused.value.retry_after == retry_after


def test_an_open_upload_is_answered_as_it_is() -> None:
    upload = a_row()
    assert require_open(upload) is upload


def test_a_client_whose_upload_has_gone_is_told_why_and_to_start_again() -> None:
    with pytest.raises(UploadGone) as refused:
        require_open(a_row(state=State.FAILED, reason=Reason.LOST))
    assert refused.value.members == {"state": "failed", "reason": "lost", "restart": True}


def test_a_plan_within_the_policy_is_made() -> None:
    assert make_plan(request(20 * MIB), RULES) == Plan(20 * MIB, 8 * MIB, 3)
    assert make_plan(request(20 * MIB, 5 * MIB), rules(20 * MIB, 5 * MIB)) == Plan(20 * MIB, 5 * MIB, 4)
    assert make_plan(request(None, 5 * MIB), RULES) == Plan(None, 5 * MIB, None)
    assert make_plan(request(0), rules(0)) == Plan(0, 8 * MIB, 1)


@pytest.mark.parametrize(
    ("asked", "policy", "says"),
    [
        (request(20 * MIB + 1), rules(20 * MIB), "at most 20971520 bytes, and this one has 20971521"),
        (request(20 * MIB, 6 * MIB), rules(max_part_size=5 * MIB), "parts of at most 5242880"),
        (request(49 * TIB), RULES, "The size must be from 0 to"),
        (request(20 * MIB, 1), RULES, "A part must have from"),
        (request(None, 6 * GIB), RULES, "A part must have from"),
        (request(TIB, 5 * MIB), RULES, "at most 10000 are allowed"),
    ],
)
def test_a_size_that_nothing_fits_is_refused(asked: StartRequest, policy: Rules, says: str) -> None:
    with pytest.raises(SizeNotAllowed, match=says):
        make_plan(asked, policy)


def test_a_planned_part_has_the_planned_size() -> None:
    assert sized(a_row(), WantedPart(3), WantedPart(1)) == [(3, 4 * MIB), (1, 8 * MIB)]
    assert sized(a_row(), WantedPart(3, 4 * MIB)) == [(3, 4 * MIB)]
    claims = sized_claims(a_row(), [Claim(3, etag="aa", md5=ONE), Claim(1, 8 * MIB)])
    assert claims == [Claim(3, 4 * MIB, "aa", ONE), Claim(1, 8 * MIB)]


def test_another_size_than_the_planned_one_is_refused_where_it_stands() -> None:
    with pytest.raises(ValidationFailed) as refused:
        sized_wanted(a_row(), [WantedPart(1), WantedPart(3, 8 * MIB)])
    assert paths(refused) == ["$.parts[1].size"]
    with pytest.raises(ValidationFailed) as refused:
        sized_claims(a_row(), [Claim(2, 4 * MIB)])
    assert paths(refused) == ["$.parts[0].size"]


@pytest.mark.parametrize("numbers", [[0], [-1], [4], [10_001], [1, 4, 2, 5]])
def test_parts_outside_the_plan_are_refused_by_number(numbers: list[int]) -> None:
    outside = [number for number in numbers if not 1 <= number <= 3]
    with pytest.raises(PartOutsidePlan, match=r"parts 1 to 3") as refused:
        sized_wanted(a_row(), [WantedPart(number) for number in numbers])
    assert refused.value.members == {"part_numbers": outside}
    with pytest.raises(PartOutsidePlan) as refused:
        sized_claims(a_row(), [Claim(number) for number in numbers])
    assert refused.value.members == {"part_numbers": outside}


@pytest.mark.parametrize("number", [0, 10_001])
def test_a_stream_has_no_parts_that_the_store_does_not_know(number: int) -> None:
    with pytest.raises(PartOutsidePlan, match=r"parts 1 to 10000"):
        sized_wanted(a_stream(), [WantedPart(number, 8 * MIB)])


def test_a_stream_s_part_has_the_size_it_is_signed_with() -> None:
    assert sized(a_stream(), WantedPart(1, 8 * MIB), WantedPart(2, 7)) == [(1, 8 * MIB), (2, 7)]
    assert sized(a_stream(), WantedPart(1, 0)) == [(1, 0)]
    assert sized_claims(a_stream(), [Claim(1), Claim(2, 7)]) == [Claim(1, 8 * MIB), Claim(2, 7)]


@pytest.mark.parametrize(
    ("upload", "part"),
    [
        (a_stream(), WantedPart(1)),
        (a_stream(), WantedPart(1, 8 * MIB + 1)),
        (a_stream(), WantedPart(2, 0)),
        (a_stream(part_count=3), WantedPart(2, 8 * MIB - 1)),
    ],
)
def test_a_stream_s_part_that_cannot_be_is_refused(upload: Upload, part: WantedPart) -> None:
    with pytest.raises(ValidationFailed) as refused:
        sized_wanted(upload, [part])
    assert paths(refused) == ["$.parts[0].size"]


def test_parts_after_a_stream_s_end_contradict_it() -> None:
    with pytest.raises(StreamEnded, match=r"ends with part 3") as refused:
        sized_wanted(a_stream(part_count=3), [WantedPart(4, 8 * MIB), WantedPart(3, 7), WantedPart(9, 1)])
    assert refused.value.status == 409
    assert refused.value.members == {"part_numbers": [4, 9]}


def ended(upload: Upload, *wanted: tuple[int, int]) -> int | None:
    return stream_end(upload, [(WantedPart(number, size), size) for number, size in wanted])


def test_a_smaller_part_ends_a_stream() -> None:
    assert ended(a_stream(), (1, 8 * MIB), (2, 8 * MIB)) is None
    assert ended(a_stream(), (1, 8 * MIB), (2, 8 * MIB - 1)) == 2
    assert ended(a_stream(), (1, 0)) == 1
    assert ended(a_stream(part_count=5), (2, 7)) is None
    assert ended(a_row(), (3, 4 * MIB)) is None


@pytest.mark.parametrize("wanted", [[(2, 7), (3, 8 * MIB)], [(3, 8 * MIB), (2, 7)], [(2, 7), (3, 7)]])
def test_a_batch_that_goes_on_after_its_own_end_is_refused(wanted: list[tuple[int, int]]) -> None:
    with pytest.raises(StreamEnded) as refused:
        ended(a_stream(), *wanted)
    assert refused.value.members == {"part_numbers": [3]}


def test_a_digest_other_than_the_recorded_one_means_another_file() -> None:
    recorded = {1: a_part(1, md5=ONE), 2: a_part(2, sha256="s"), 3: a_part(3)}
    with pytest.raises(PartChanged) as refused:
        refuse_changed_parts(
            [
                WantedPart(1, md5=TWO),
                WantedPart(2, sha256="t"),
                WantedPart(3, md5=TWO),
                WantedPart(4, md5=TWO),
            ],
            recorded,
        )
    assert refused.value.members == {"part_numbers": [1, 2]}


def test_digests_that_agree_or_that_nobody_gave_are_fine() -> None:
    recorded = {1: a_part(1, md5=ONE), 2: a_part(2, sha256="s")}
    refuse_changed_parts(
        [WantedPart(1, md5=ONE), WantedPart(2, md5=TWO), WantedPart(1), WantedPart(9)], recorded
    )


def test_the_final_plan_of_a_file_is_its_plan() -> None:
    assert completed_plan(a_row(), None) == completed_plan(a_row(), 20 * MIB) == Plan(20 * MIB, 8 * MIB, 3)


@pytest.mark.parametrize(
    ("size", "count"), [(0, 1), (1, 1), (8 * MIB, 1), (8 * MIB + 1, 2), (10_000 * 8 * MIB, 10_000)]
)
def test_the_final_plan_of_a_stream_follows_from_its_size(size: int, count: int) -> None:
    assert completed_plan(a_stream(), size) == Plan(size, 8 * MIB, count)
    assert completed_plan(a_stream(part_count=count), size) == Plan(size, 8 * MIB, count)


@pytest.mark.parametrize(
    ("upload", "size"),
    [
        (a_row(), 20 * MIB + 1),
        (a_stream(), None),
        (a_stream(part_count=3), 8 * MIB),
        (a_stream(part_count=3), 24 * MIB + 1),
        (a_stream(), 10_000 * 8 * MIB + 1),
        (a_stream(), 2**53 - 1),
    ],
)
def test_a_final_size_that_contradicts_is_refused(upload: Upload, size: int | None) -> None:
    with pytest.raises(ValidationFailed) as refused:
        completed_plan(upload, size)
    assert paths(refused) == ["$.size"]
