import secrets
from uuid import RFC_4122

from hypothesis import given
from hypothesis import strategies as st

from coordinator.uploads.model import new_mark, new_upload_id

milliseconds = st.integers(0, 2**48 - 1)
ten_bytes = st.binary(min_size=10, max_size=10)


@given(milliseconds, ten_bytes)
def test_an_upload_id_is_a_version_7_uuid_of_its_millisecond(at: int, noise: bytes) -> None:
    made = new_upload_id(lambda: at, lambda count: noise[:count])
    assert made.version == 7
    assert made.variant == RFC_4122
    assert made.int >> 80 == at
    free = int.from_bytes(noise, "big")
    assert made.int & (1 << 62) - 1 == free & (1 << 62) - 1
    assert made.int >> 64 & 0xFFF == free >> 64 & 0xFFF


@given(milliseconds, milliseconds, ten_bytes, ten_bytes)
def test_ids_sort_by_millisecond(first: int, second: int, noise: bytes, other: bytes) -> None:
    early, late = (
        new_upload_id(lambda: first, lambda _: noise),
        new_upload_id(lambda: second, lambda _: other),
    )
    if first != second:
        assert (early < late) == (first < second)
        assert (str(early) < str(late)) == (first < second)


def test_ids_and_marks_of_one_moment_differ() -> None:
    assert len({new_upload_id(lambda: 1, secrets.token_bytes) for _ in range(1000)}) == 1000
    marks = {new_mark() for _ in range(1000)}
    assert len(marks) == 1000
    assert all(len(bytes.fromhex(mark)) == 16 for mark in marks)
