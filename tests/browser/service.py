"""The service as a process of its own, which may be killed and started again at the same address."""

import asyncio
import os
import secrets
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2

from coordinator.local.bucket import LocalStore

PLAIN = "plain"
"""A policy that takes nothing that is compressed on its way."""

PATIENCE = 90.0
PAUSE = 0.05


def serve_settings(*, database_url: str, store: LocalStore, public: str, port: int) -> dict[str, str]:
    """The environment of a `coordinator serve` whose clients reach the store at `public`."""
    settings = {
        "DATABASE_URL": database_url,
        "DATABASE_POOL_SIZE": "4",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "TOKEN_SECRET": secrets.token_hex(32),
        "STORE__ENDPOINT_URL": store.endpoint_url,
        "STORE__PUBLIC_ENDPOINT_URL": public,
        "STORE__REGION": store.region,
        "STORE__BUCKET": store.bucket,
        "STORE__ACCESS_KEY_ID": store.access_key_id,
        "STORE__SECRET_ACCESS_KEY": store.secret_access_key,
        f"POLICIES__{PLAIN}__CONTENT_ENCODINGS": "[]",
    }
    return {f"COORDINATOR_{name}": value for name, value in settings.items()}


class Service:
    """`coordinator` with `arguments`; its output goes to `log`."""

    def __init__(
        self, arguments: tuple[str, ...], *, url: str, environment: Mapping[str, str], log: Path
    ) -> None:
        self.url = url
        self._arguments = arguments
        self._environment = environment
        self._log = log
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Returns once it is ready to serve."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *[sys.executable, "-m", "coordinator.cli.main", *self._arguments],
                env={**os.environ, **self._environment},
                stdout=log,
                stderr=log,
            )
        async with asyncio.timeout(PATIENCE), httpx2.AsyncClient() as client:
            while not await self._is_ready(client):
                assert self._process.returncode is None, self._log.read_text()
                await asyncio.sleep(PAUSE)

    async def _is_ready(self, client: httpx2.AsyncClient) -> bool:
        with suppress(httpx2.TransportError):
            return (await client.get(f"{self.url}/readyz")).status_code == 200
        return False

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def _end(self, how: signal.Signals) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(how)
        await asyncio.wait_for(process.wait(), PATIENCE)


class KeyHolder:
    """Who holds the API key: mints tokens for people, and looks at their uploads."""

    def __init__(self, client: httpx2.AsyncClient, api_key: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {api_key}"}

    async def token(self) -> str:
        """For somebody who has not been here before."""
        return str((await self._ask("POST", "/v1/tokens", json={}))["token"])

    async def upload(self, upload_id: str) -> dict[str, Any]:
        return await self._ask("GET", f"/v1/uploads/{upload_id}")

    async def ends(self, upload_id: str, state: str) -> dict[str, Any]:
        """The upload, once it has come to `state`."""
        async with asyncio.timeout(PATIENCE):
            while (upload := await self.upload(upload_id))["state"] != state:  # noqa: ASYNC110 - another process sets no event here
                await asyncio.sleep(PAUSE)
        return upload

    async def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = await self._client.request(method, path, headers=self._headers, **options)
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        return found
