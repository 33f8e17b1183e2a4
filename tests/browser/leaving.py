"""Somebody leaves in the middle of an upload, and comes back with the file in one of two ways."""

from collections.abc import Awaitable, Callable

from tests.browser.files import PART, Sample
from tests.browser.observer import Observer
from tests.browser.visitor import Visitor

Again = Callable[[Visitor, Sample], Awaitable[None]]


async def through_the_list(visitor: Visitor, file: Sample) -> None:
    await visitor.choose_again(file.name, file.path)


async def by_dropping(visitor: Visitor, file: Sample) -> None:
    await visitor.drop(file.path)


async def left_in_the_middle(visitor: Visitor, observer: Observer, file: Sample) -> set[int]:
    """The parts that the store held when the page was reloaded; two others were under way."""
    most = file.size // PART - 2
    observer.hold(after=PART // 16, beyond=most)
    await visitor.choose(file.path)
    await observer.until(lambda: len(observer.finished()) == most and len(observer.under_way) == 2)
    await visitor.reload()
    observer.release()
    await observer.until(lambda: not observer.under_way)
    held = observer.finished()
    assert held == set(range(1, most + 1))
    return held
