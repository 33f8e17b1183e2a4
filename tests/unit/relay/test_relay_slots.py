from contextlib import ExitStack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.errors import RelayBusy
from coordinator.relay.slots import Slots


def taken(slots: Slots, sender: str, held: ExitStack) -> int:
    """How many slots a sender gets who takes all it can."""
    count = 0
    try:
        while True:
            held.enter_context(slots.one(sender))
            count += 1
    except RelayBusy:
        return count


def test_no_more_than_allowed_and_each_is_given_back() -> None:
    slots = Slots(2)
    with slots.one("ann"):
        with pytest.raises(ZeroDivisionError), slots.one("ben"):
            raise ZeroDivisionError
        with slots.one("ben"), pytest.raises(RelayBusy) as refused, slots.one("cay"):
            pass
        assert refused.value.retry_after is not None
        assert "All 2 parts" in refused.value.detail
        with slots.one("cay"):
            pass
    with ExitStack() as held:
        assert taken(slots, "cay", held) == 1


@given(st.integers(1, 1_000))
def test_one_sender_never_gets_more_than_half_but_always_one(at_once: int) -> None:
    slots = Slots(at_once)
    with ExitStack() as held:
        assert taken(slots, "ann", held) == (at_once + 1) // 2
    with ExitStack() as held:
        assert taken(slots, "ann", held) == (at_once + 1) // 2


@pytest.mark.parametrize(
    ("at_once", "shares"), [(1, [1]), (2, [1, 1]), (4, [2, 1, 1]), (32, [16, 8, 4, 2, 1, 1])]
)
def test_each_that_takes_all_it_can_leaves_half_of_the_rest_to_the_next(
    at_once: int, shares: list[int]
) -> None:
    slots = Slots(at_once)
    with ExitStack() as held:
        assert [taken(slots, f"sender {number}", held) for number in range(len(shares))] == shares
        assert taken(slots, "late", held) == 0


def test_who_holds_their_share_is_told_so_and_gets_one_more_when_others_have_ended() -> None:
    slots = Slots(4)
    with slots.one("ann"):
        told = r"1 of your parts are passing .* limit of 4 at once"
        with slots.one("ben"), slots.one("ben"), pytest.raises(RelayBusy, match=told), slots.one("ann"):
            pass
        with slots.one("ann"):
            pass


@given(
    st.integers(1, 40),
    st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=200),
)
def test_whoever_has_none_is_refused_only_when_none_is_free(
    at_once: int, steps: list[tuple[int, bool]]
) -> None:
    slots = Slots(at_once)
    held: dict[int, list[ExitStack]] = {sender: [] for sender in range(6)}
    for sender, takes in steps:
        free = at_once - sum(map(len, held.values()))
        if takes:
            slot = ExitStack()
            try:
                slot.enter_context(slots.one(sender))
                held[sender].append(slot)
            except RelayBusy:
                assert len(held[sender]) >= free
                continue
            assert len(held[sender]) <= free
        elif held[sender]:
            held[sender].pop().close()
