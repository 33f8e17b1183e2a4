"""What lies between three servers and one store: sees which requests overlap, and tells when one of a kind passes."""

import asyncio
from collections import Counter, defaultdict
from typing import Final

from tests.kills.wire import Wire, call_of

__all__ = ["Watch"]

_PATIENCE: Final = 2.0


class Watch(Wire):
    def __init__(self, store_url: str) -> None:
        super().__init__(store_url)
        self.wrong: list[str] = []
        self._under_way: Counter[tuple[str, str]] = Counter()
        self._moments: defaultdict[str, asyncio.Event] = defaultdict(asyncio.Event)

    def reset(self) -> None:
        """For a new round, when nothing is under way."""
        super().reset()
        self.wrong = []
        self._moments.clear()

    async def moment(self, name: str) -> None:
        """`<call> arrives` or `<call> is answered`, for the first time in this round; soon, even if it never does."""
        try:
            await asyncio.wait_for(self._moments[name].wait(), _PATIENCE)
        except TimeoutError:
            self.calls["moments that never came"] += 1

    async def _pass(self, head: bytes, body: bytes) -> bytes | None:
        call = call_of(head)
        if call is None:
            return await super()._pass(head, body)
        path = head.split(b" ", 2)[1].partition(b"?")[0].decode()
        completes = self._under_way[("complete_multipart_upload", path)]
        if completes and call in {"complete_multipart_upload", "abort_multipart_upload"}:
            self.wrong.append(f"{call} while a complete_multipart_upload is under way")
        self._under_way[(call, path)] += 1
        self._moments[f"{call} arrives"].set()
        try:
            return await super()._pass(head, body)
        finally:
            self._under_way[(call, path)] -= 1
            self._moments[f"{call} is answered"].set()
