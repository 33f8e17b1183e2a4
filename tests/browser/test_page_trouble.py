"""What goes wrong on the way is put right without anybody at the page doing anything."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import IsWhole, MakeSample
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.service import Service
from tests.browser.visitor import Visitor

Order = Callable[[Observer, int], None]


@pytest.mark.parametrize("order", [Observer.refuse, Observer.spoil], ids=["expired", "bad signature"])
async def test_a_403_in_the_middle_is_signed_again(
    visitor: Visitor,
    observer: Observer,
    sample: MakeSample,
    is_whole: IsWhole,
    order: Order,
) -> None:
    file = sample(12 * PART)
    order(observer, 5)
    await visitor.choose(file.path)
    await is_whole(visitor.row(file.name), file)
    assert [put.status for put in observer.puts if put.part_number == 5] == [403, 200]
    assert sorted({put.part_number for put in observer.puts}) == list(range(1, 13))
    assert len(observer.puts) == 13
    # all came with the start
    assert visitor.signed_again() == [5]


async def test_a_connection_that_breaks_costs_only_its_own_part(
    visitor: Visitor, observer: Observer, sample: MakeSample, is_whole: IsWhole
) -> None:
    file = sample(4 * PART)
    observer.cut(3)
    await visitor.choose(file.path)
    await is_whole(visitor.row(file.name), file)
    assert [put.status for put in observer.puts if put.part_number == 3] == [None, 200]
    assert len(observer.puts) == 5


async def test_a_service_that_is_killed_and_comes_back_is_waited_for(
    visitor: Visitor,
    observer: Observer,
    sample: MakeSample,
    is_whole: IsWhole,
    service: Service,
) -> None:
    # more parts than are signed at the start: the page cannot do without the service
    file = sample(18 * PART)
    observer.hold(beyond=2)
    await visitor.choose(file.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) >= 4)
    await service.kill()
    try:
        observer.release()
        # what is signed goes on to the store meanwhile
        await observer.until(lambda: len(observer.finished()) >= 6)
    finally:
        await service.start()
    await is_whole(visitor.row(file.name), file)
    assert sorted(put.part_number for put in observer.puts) == list(range(1, 19))
