import pytest

from coordinator.errors import RelayBusy
from coordinator.relay.slots import Slots


def test_no_more_than_allowed_and_each_is_given_back() -> None:
    slots = Slots(2)
    with slots.one():
        with pytest.raises(ZeroDivisionError), slots.one():
            raise ZeroDivisionError
        with slots.one(), pytest.raises(RelayBusy) as refused, slots.one():
            pass
        assert refused.value.retry_after is not None
        with slots.one():
            pass
