"""The token in use. A source is asked once for all calls, and again when a token was refused."""

import asyncio
from collections.abc import Awaitable, Callable
from inspect import isawaitable

__all__ = ["Credential", "Token"]

Token = str | Callable[[], "str | Awaitable[str]"]
"""A token or API key, or a function that yields one and is asked again after a 401."""


class Credential:
    def __init__(self, source: Token | None) -> None:
        self._source = source
        self._held = source if isinstance(source, str) else None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = asyncio.Lock()

    async def current(self) -> str | None:
        async with self._asking():
            if self._held is None:
                self._held = await self._ask()
            return self._held

    async def renew(self, refused: str | None) -> bool:
        """Whether another token than the refused one is at hand."""
        if not callable(self._source):
            return False
        async with self._asking():
            if self._held == refused:
                self._held = await self._ask()
            return self._held != refused

    def _asking(self) -> asyncio.Lock:
        """One asks at a time. A lock belongs to a loop, and a client may outlive one."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._lock = loop, asyncio.Lock()
        return self._lock

    async def _ask(self) -> str | None:
        if not callable(self._source):
            return self._source
        answer = self._source()
        return await answer if isawaitable(answer) else answer
