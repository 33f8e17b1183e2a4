"""Calls of one kind that wait at the same time go as one request, and each is answered as if it had gone alone.

Nobody waits for company: while there is room a call goes at once, alone. What comes while enough are under way gathers, and
goes together as soon as one of them is answered, or alone when none is for long. So a lone upload is as quick as ever, and
the more there are, the fewer requests they take. A coordinator of an older version does not know such requests: then each
goes alone.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import msgspec

from coordinator.client.calls import Calls, Reply, encoded
from coordinator.client.errors import ServerRefused, WrongServer
from coordinator.client.retry import AfterCall, backoff, step_after_call
from coordinator.protocol import MAX_UPLOADS_A_REQUEST

__all__ = ["Together"]

_UNDER_WAY: Final = 4
"""Requests of one kind: more of them would each hold fewer, and with fewer of them files wait in step for each other."""

_MOST_BYTES: Final = 256 * 1024
"""Of one request: half of what a coordinator reads."""

_HELD_UP: Final = 10.0
"""Seconds to wait for company at most: calls that are not answered, or wait to be repeated, hold nobody else up."""

Alone = Callable[[], Awaitable[Reply]]


class _Many(msgspec.Struct):
    uploads: list[msgspec.Raw]


class _Result(msgspec.Struct):
    status: int
    answer: msgspec.Raw = msgspec.Raw(b"null")
    problem: msgspec.Raw = msgspec.Raw(b"{}")
    retry_after: float | None = None
    replayed: bool = False


class _Results(msgspec.Struct):
    results: list[_Result]


@dataclass(eq=False, slots=True)
class _Waiting:
    body: bytes
    answer: "asyncio.Future[Reply | ServerRefused | None]" = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    """None: ask alone."""


@dataclass(eq=False, slots=True)
class _Line:
    """Of one event loop; what an earlier one has left half done is none of the next one's."""

    loop: asyncio.AbstractEventLoop
    free: int = field(default_factory=lambda: _UNDER_WAY)
    waiting: dict[_Waiting, None] = field(default_factory=dict)
    sending: set[asyncio.Task[None]] = field(default_factory=set)


class Together:
    def __init__(self, calls: Calls, route: str, *, patience: float) -> None:
        """`patience`: seconds to wait for an answer."""
        self._calls = calls
        self._route = route
        self._patience = patience
        self._last: _Line | None = None
        self._known = True

    async def ask(self, item: msgspec.Struct, alone: Alone) -> Reply:
        """`item` among others, or `alone`: both ask for the same, and are safe to repeat. Raises what `alone` does."""
        if not self._known:
            return await alone()
        line = self._line()
        if line.free:
            line.free -= 1
            try:
                return await alone()
            finally:
                self._gone(line)
        answer = await self._among_others(line, encoded(item))
        if isinstance(answer, ServerRefused):
            if step_after_call(answer.status, answer.code) is not AfterCall.WAIT:
                raise answer
            await asyncio.sleep(backoff(1, random.random(), answer.retry_after))  # noqa: S311 - jitter
            answer = None
        return answer or await alone()

    async def aclose(self) -> None:
        """Whoever still waits is cancelled."""
        self._known = False
        line = self._line()
        for task in line.sending:
            task.cancel()
        await asyncio.gather(*line.sending, return_exceptions=True)
        for one in line.waiting:
            one.answer.cancel()

    def _line(self) -> _Line:
        loop = asyncio.get_running_loop()
        if self._last is None or self._last.loop is not loop:
            self._last = _Line(loop)
        return self._last

    async def _among_others(self, line: _Line, body: bytes) -> Reply | ServerRefused | None:
        if len(body) >= _MOST_BYTES:
            return None
        waiting = _Waiting(body)
        line.waiting[waiting] = None
        try:
            done, _ = await asyncio.wait({waiting.answer}, timeout=_HELD_UP)
            return await waiting.answer if done or waiting not in line.waiting else None
        finally:
            line.waiting.pop(waiting, None)
            waiting.answer.cancel()

    def _gone(self, line: _Line) -> None:
        """A request has been answered: the next one may go, unless those who wait are just being cancelled too."""
        if line.loop.is_closed():
            return
        line.loop.call_soon(self._next, line)

    def _next(self, line: _Line) -> None:
        if not (line.waiting and self._known):
            line.free += 1
            return
        task = asyncio.create_task(self._send(line, _gathered(line.waiting)))
        line.sending.add(task)
        task.add_done_callback(line.sending.discard)

    async def _send(self, line: _Line, gathered: Sequence[_Waiting]) -> None:
        try:
            answers = await self._answers(line, gathered)
            for one, answer in zip(gathered, answers, strict=True):
                if not one.answer.done():
                    one.answer.set_result(answer)
        except Exception as failed:  # noqa: BLE001 - told to those who asked
            for one in gathered:
                if not one.answer.done():
                    one.answer.set_exception(failed)
        finally:
            for one in gathered:
                one.answer.cancel()
            self._gone(line)

    async def _answers(
        self, line: _Line, gathered: Sequence[_Waiting]
    ) -> Sequence[Reply | ServerRefused | None]:
        """Raises what each of them would hear alone."""
        body = _Many([msgspec.Raw(one.body) for one in gathered])
        try:
            reply = await self._calls.call("POST", self._route, body=body, patience=self._patience)
            results = reply.read(_Results).results
            if len(results) == len(gathered):
                return [self._told(result) for result in results]
            self._go_alone(line)
        except WrongServer:
            self._go_alone(line)
        except ServerRefused as refused:
            if step_after_call(refused.status, refused.code) is not AfterCall.STOP:
                raise
            if refused.status in {404, 405}:
                self._go_alone(line)
        return [None] * len(gathered)

    def _told(self, result: _Result) -> Reply | ServerRefused:
        if result.status < 300:
            return Reply(result.status, bytes(result.answer), result.retry_after, result.replayed)
        return self._calls.refused(result.status, bytes(result.problem), result.retry_after)

    def _go_alone(self, line: _Line) -> None:
        """The coordinator is of an older version, or what stands before it lets no such request through."""
        self._known = False
        for one in line.waiting:
            if not one.answer.done():
                one.answer.set_result(None)
        line.waiting.clear()


def _gathered(waiting: dict[_Waiting, None]) -> list[_Waiting]:
    gathered: list[_Waiting] = []
    size = 0
    for one in waiting:
        size += len(one.body) + 1
        if len(gathered) == MAX_UPLOADS_A_REQUEST or size > _MOST_BYTES:
            break
        gathered.append(one)
    for one in gathered:
        del waiting[one]
    return gathered
