"""Somebody who uploads over bad wires and does what the contract asks of a client: repeat, re-send, start again.

Every answer of the service on the way is held to the contract: no 500, problem documents, `Retry-After` where it is
promised. The loops wait for no clock: each ends with the first definite answer, or with `eventually`'s patience.
"""

import asyncio
import secrets
from base64 import b64encode
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from hashlib import md5
from typing import Any

import httpx2

from tests.e2e.device import Device, Json, asked
from tests.e2e.waiting import eventually

PATIENCE = 90.0
SENDINGS = 20
"""Of one part, before it is given up."""

UNSETTLED = {202, 502, 503}
PROMISES_RETRY_AFTER = {"storage_unavailable", "completing", "idempotency_in_progress"}


class Gone(Exception):
    """The upload has ended without an object: a client starts again."""


def must_be_heard_of(answer: httpx2.Response) -> bool:
    """Whether this answer leaves everything open. Fails for one that the contract does not have."""
    if answer.status_code == 202:
        assert int(answer.headers["retry-after"]) > 0
    elif answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["code"] != "internal", problem
        if problem["code"] in PROMISES_RETRY_AFTER:
            assert int(answer.headers["retry-after"]) > 0, problem
        return answer.status_code in UNSETTLED or problem["code"] in PROMISES_RETRY_AFTER
    return answer.status_code in UNSETTLED


@dataclass(frozen=True, slots=True)
class Persistent:
    device: Device
    turn: asyncio.Semaphore
    """Holds how many parts are under way at once."""
    digests: bool = False
    """Whether a part's MD5 is bound to its URL."""
    asks: bool = False
    """Whether a part whose answer was lost is looked for before it is sent again."""
    resent: list[int] = field(default_factory=list)
    """Numbers of the parts that were sent once more, in their order."""
    refused: list[str] = field(default_factory=list)
    """S3's codes, of parts."""

    async def completed(self, name: str, content: bytes) -> Json:
        """The upload that in the end is completed."""
        while True:
            upload = await self.started(name, content)
            try:
                return await self._completed(upload, content)
            except Gone:
                continue

    async def aborted(self, name: str, content: bytes) -> Json:
        """An upload that is started, sends its last part, and is aborted."""
        upload = await self.started(name, content)
        await self.send(upload, content, [upload["part_count"]])
        done = await eventually(
            lambda: self._asked(lambda: self.device.abort(upload)),
            lambda shown: shown["state"] != "aborting",
            patience=PATIENCE,
        )
        assert done["state"] == "aborted"
        return done

    async def started(self, name: str, content: bytes) -> Json:
        same = {"Idempotency-Key": secrets.token_hex(16)}
        started = await self._asked(lambda: self.device.start(content, filename=name, headers=same))
        upload: Json = started["upload"]
        assert upload["state"] == "open"
        return upload

    async def send(self, upload: Json, content: bytes, numbers: Sequence[int]) -> None:
        """Send and report these parts. Raises Gone."""
        claims = await asyncio.gather(*(self._sent(upload, content, number) for number in numbers))
        url = f"/v1/uploads/{upload['id']}/parts"
        await self._asked(lambda: self.device.api.put(url, json={"parts": claims}))

    async def download(self, upload: Json) -> tuple[bytes, int]:
        """The object as it came through, when it came with its length and its ETag; and how often it was asked for."""
        for times in range(1, SENDINGS):
            signed = await self._asked(lambda: self.device.api.get(f"/v1/uploads/{upload['id']}/download"))
            try:
                answer = await self.device.store.get(signed["url"])
            except httpx2.TransportError:
                continue
            found = answer.headers.get("etag", "").strip('"'), len(answer.content)
            if answer.status_code == 200 and found == (upload["etag"], upload["size"]):
                return answer.content, times
        raise AssertionError("the object does not come through")

    async def attempt(self, signed: Json, body: bytes) -> httpx2.Response | None:
        """Send a part once. None: there is no answer."""
        try:
            return await self.device.store.put(signed["url"], headers=signed["headers"], content=body)
        except httpx2.TransportError:
            return None

    async def _completed(self, upload: Json, content: bytes) -> Json:
        numbers: Sequence[int] = range(1, upload["part_count"] + 1)
        while True:
            await self.send(upload, content, numbers)
            answer = await self._settled(lambda: self.device.complete(upload))
            if answer.status_code == 422:
                numbers = answer.json()["part_numbers"]
                self.resent.extend(numbers)
                continue
            if answer.status_code == 410:
                raise Gone
            done = asked(answer)
            assert done["state"] == "completed"
            return done

    async def _settled(self, ask: Callable[[], Awaitable[httpx2.Response]]) -> httpx2.Response:
        """The first answer that leaves nothing open."""
        return await eventually(ask, lambda answer: not must_be_heard_of(answer), patience=PATIENCE)

    async def _asked(self, ask: Callable[[], Awaitable[httpx2.Response]]) -> Json:
        return asked(await self._settled(ask))

    async def _sent(self, upload: Json, content: bytes, number: int) -> Json:
        """The claim to report, in the end. Raises Gone."""
        body = content[(number - 1) * upload["part_size"] : number * upload["part_size"]]
        async with self.turn:
            for times in range(SENDINGS):
                if times:
                    self.resent.append(number)
                claim = await self._try(upload, number, body)
                if claim is not None:
                    return claim
        raise AssertionError(f"part {number} does not come through: {self.refused}")

    async def _try(self, upload: Json, number: int, body: bytes) -> Json | None:
        """Sign a part and send it. None: it must be sent again."""
        digest = {"md5": b64encode(md5(body).digest()).decode()} if self.digests else {}
        url = f"/v1/uploads/{upload['id']}/parts/sign"
        wanted = {"parts": [{"part_number": number, **digest}]}
        signed = (await self._asked(lambda: self.device.api.post(url, json=wanted)))["parts"][0]
        put = await self.attempt(signed, body)
        if put is None:
            return await self._found(upload, number) if self.asks else None
        if put.status_code == 200:
            return {"part_number": number, "etag": put.headers.get("etag"), **digest}
        self.refused.append(put.text.partition("<Code>")[2].partition("<")[0])
        if put.status_code == 404:
            await self._found(upload, number)
        return None

    async def _found(self, upload: Json, number: int) -> Json | None:
        """The part as the store lists it, if it does. Raises Gone."""
        listed = await self._settled(lambda: self.listed(upload))
        if listed.status_code == 410:
            raise Gone
        known: list[dict[str, Any]] = asked(listed)["parts"]
        return next(({"part_number": number} for part in known if part["part_number"] == number), None)

    async def listed(self, upload: Json) -> httpx2.Response:
        return await self.device.api.get(f"/v1/uploads/{upload['id']}/parts?refresh=true")
