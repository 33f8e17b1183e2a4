"""What can only be waited for, a pipe or a caller's generator say, read in a thread of its own.

The thread is a daemon and belongs to no pool: one that waits for what never comes must not keep a program from ending. All
of one iterator is done in one thread, its end too, because some hold what belongs to the thread that made it.
"""

import asyncio
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from threading import Semaphore, Thread
from typing import BinaryIO, Final, Generic, Self, TypeVar

from coordinator.client.errors import FileUnreadable, WrongUse

__all__ = ["Ended", "Pulled", "Pulling", "read_all"]

T = TypeVar("T")

_AT_ONCE: Final = 256 * 1024
_AHEAD: Final = 8
"""Pieces of a file read and not yet taken."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The last thing that comes."""

    error: BaseException | None
    """What the iterator raised, as it is."""


class Pulling(Generic[T]):
    """Begins at once, and pulls an iterator as often as it was asked to."""

    def __init__(self, items: Iterator[T], take: Callable[[T | Ended], object], *, ahead: int) -> None:
        """`take` is called on the running loop. `ahead`: how often it has been asked already."""
        self._items = items
        self._take = take
        self._asked = Semaphore(ahead)
        self._closed = False
        self._loop = asyncio.get_running_loop()
        Thread(target=self._pull, name="coordinator-read", daemon=True).start()

    def ask(self) -> None:
        self._asked.release()

    def close(self) -> None:
        """Nothing more is taken. What the iterator does just now it ends by itself; then a generator is closed."""
        self._closed = True
        self._asked.release()

    def _pull(self) -> None:
        try:
            while self._is_asked():
                self._tell(next(self._items))
        except StopIteration:
            self._tell(Ended(None))
        except BaseException as error:  # noqa: BLE001 - whoever waits for it must hear of every end
            self._tell(Ended(error))
        else:
            if isinstance(self._items, Generator):
                self._items.close()

    def _is_asked(self) -> bool:
        self._asked.acquire()
        return not self._closed

    def _tell(self, found: T | Ended) -> None:
        try:
            self._loop.call_soon_threadsafe(self._taken, found)
        except RuntimeError:
            self.close()  # the loop is closed: nobody listens any more

    def _taken(self, found: T | Ended) -> None:
        if not self._closed:
            self._take(found)


class Pulled(Generic[T]):
    """The same as an asynchronous iterator. Nothing is pulled before it is asked for, but for so many `ahead`."""

    def __init__(self, items: Iterator[T], *, ahead: int = 0) -> None:
        self._items = items
        self._ahead = ahead
        self._found: asyncio.Queue[T | Ended] = asyncio.Queue()
        self._pulling: Pulling[T] | None = None
        self._over = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """Raises what the iterator raises."""
        if self._over:
            raise StopAsyncIteration
        if self._pulling is None:
            self._pulling = Pulling(self._items, self._found.put_nowait, ahead=self._ahead)
        self._pulling.ask()
        found = await self._found.get()
        if not isinstance(found, Ended):
            return found
        self._over = True
        if found.error is None:
            raise StopAsyncIteration
        raise _no_end(found.error)

    def close(self) -> None:
        """May be called again."""
        if self._pulling is not None:
            self._pulling.close()


def _no_end(error: BaseException) -> BaseException:
    """What would be taken for an end where nothing has ended, and cut an upload short."""
    return RuntimeError(f"The source raised {error!r}.") if isinstance(error, StopAsyncIteration) else error


def read_all(file: BinaryIO) -> Pulled[bytes]:
    """To its end. Raises FileUnreadable, WrongUse, and what else its `read` raises."""
    return Pulled(_pieces(file), ahead=_AHEAD)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    piece = _read(file)
    if not piece:
        _check_not_passed(file)
    while piece:
        yield piece
        piece = _read(file)


def _check_not_passed(file: BinaryIO) -> None:
    """An empty file is sent as it is; one that was written, or read, and not gone back in is hardly meant."""
    try:
        passed = file.tell() > 0
    except Exception:  # noqa: BLE001 - where it cannot tell, nothing speaks against it
        return
    if passed:
        raise WrongUse(
            "The file stands at its end, and nothing of it would be sent. Go back in it with seek(0)."
        )


def _read(file: BinaryIO) -> bytes:
    try:
        found = file.read(_AT_ONCE)
    except (OSError, ValueError) as failed:
        raise FileUnreadable(f"The stream cannot be read: {failed}.") from None
    if not isinstance(found, bytes):
        raise WrongUse("The file must be opened in binary mode, and must not be non-blocking.")
    return found
