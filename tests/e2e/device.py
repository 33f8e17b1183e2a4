"""Somebody who uploads: speaks HTTP to the service and sends parts straight to the store, as any client would."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

MIB = 1024 * 1024
PART = 5 * MIB

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Device:
    api: httpx2.AsyncClient
    store: httpx2.AsyncClient
    """Has no credentials of ours: a signed URL must be enough."""

    async def start(
        self, content: bytes, *, sign: int = 0, headers: Mapping[str, str] | None = None, **more: object
    ) -> httpx2.Response:
        body = {"filename": "film.mov", "size": len(content), "part_size": PART, "sign": sign, **more}
        return await self.api.post("/v1/uploads", json=body, headers=headers)

    async def started(self, content: bytes, **more: Any) -> Json:
        """The answer to a start that must make or find an upload."""
        return asked(await self.start(content, **more))

    async def sign(self, upload: Json, numbers: Sequence[int]) -> list[Json]:
        url = f"/v1/uploads/{upload['id']}/parts/sign"
        signed: list[Json] = asked(await self.api.post(url, json={"part_numbers": list(numbers)}))["parts"]
        return signed

    async def send(self, part: Json, content: bytes) -> Json:
        """Put one part, cut out of the whole `content`; the claim to report."""
        body = content[part["offset"] : part["offset"] + part["size"]]
        answer = await self.store.put(part["url"], headers=part["headers"], content=body)
        assert answer.status_code == 200, answer.text
        return {"part_number": part["part_number"], "etag": answer.headers["etag"]}

    async def report(self, upload: Json, claims: Sequence[Json]) -> Json:
        return asked(await self.api.put(f"/v1/uploads/{upload['id']}/parts", json={"parts": list(claims)}))

    async def send_all(self, upload: Json, content: bytes) -> list[Json]:
        """Sign, send and report every part of the plan."""
        signed = await self.sign(upload, range(1, upload["part_count"] + 1))
        claims = [await self.send(part, content) for part in signed]
        await self.report(upload, claims)
        return claims

    async def complete(self, upload: Json) -> httpx2.Response:
        return await self.api.post(f"/v1/uploads/{upload['id']}/complete", json={})

    async def abort(self, upload: Json) -> httpx2.Response:
        return await self.api.delete(f"/v1/uploads/{upload['id']}")

    async def show(self, upload: Json) -> Json:
        return asked(await self.api.get(f"/v1/uploads/{upload['id']}"))

    async def state(self, upload: Json) -> str:
        return str((await self.show(upload))["state"])

    async def download(self, upload: Json) -> bytes:
        url = asked(await self.api.get(f"/v1/uploads/{upload['id']}/download"))["url"]
        answer = await self.store.get(url)
        assert answer.status_code == 200, answer.text
        return answer.content

    async def uploaded(self, content: bytes, **more: Any) -> Json:
        """From start to completed."""
        upload = (await self.started(content, **more))["upload"]
        await self.send_all(upload, content)
        done = asked(await self.complete(upload))
        assert done["state"] == "completed"
        return done


def asked(answer: httpx2.Response) -> Json:
    """The body of an answer that must be a success."""
    assert answer.status_code in {200, 201}, answer.text
    found: Json = answer.json()
    return found


@asynccontextmanager
async def device(url: str, credential: str | None) -> AsyncIterator[Device]:
    """`credential` is an API key or a token; None: somebody who has none."""
    headers = {} if credential is None else {"Authorization": f"Bearer {credential}"}
    async with (
        httpx2.AsyncClient(base_url=url, headers=headers, timeout=60, trust_env=False) as api,
        httpx2.AsyncClient(timeout=60, trust_env=False) as store,
    ):
        yield Device(api, store)
