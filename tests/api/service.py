"""The service in this process: real routes, rules and database, a store in memory, and whoever may knock."""

import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as AsgiScope

from coordinator.access.api_keys import ApiKeys
from coordinator.access.principals import TOKEN_SCOPES, Scope
from coordinator.access.tokens import Grant, UploadTokens
from coordinator.app import create_app
from coordinator.database.api_keys import ApiKeys as KeyTable
from coordinator.database.engine import create_engine
from coordinator.settings import Settings, load_settings
from coordinator.storage.fake import FakeStore
from coordinator.uploads.model import MultipartUploadId
from coordinator.uploads.plan import MIB

TOKEN_SECRET = secrets.token_hex(32)
STORE_SECRET = "canary-store-secret-9f3a"
PAGE_ORIGIN = "https://app.example"
PART = 5 * MIB

Headers = Mapping[str, str]


def settings_for(database_url: str, **overrides: object) -> Settings:
    return load_settings(
        {
            "database_url": database_url,
            "database_pool_size": 4,
            "token_secret": TOKEN_SECRET,
            "allowed_origins": (PAGE_ORIGIN,),
            "sweep": False,
            "store": {
                "endpoint_url": "http://store.test:9000",
                "access_key_id": "signer",
                "secret_access_key": STORE_SECRET,
                "bucket": "uploads",
            },
            **overrides,
        }
    )


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@dataclass(frozen=True)
class Service:
    app: Starlette
    client: httpx2.AsyncClient
    store: FakeStore
    keys: ApiKeys
    key_table: KeyTable
    tenant: str = "acme"

    async def key(
        self,
        tenant: str | None = None,
        *,
        owner: str | None = None,
        scopes: frozenset[Scope] = TOKEN_SCOPES | {Scope.TOKENS_MINT},
    ) -> dict[str, str]:
        """The header of a new API key."""
        made = await self.keys.create(tenant=tenant or self.tenant, owner=owner, name="test", scopes=scopes)
        return bearer(made.text)

    def token(self, *, age: timedelta = timedelta(0), expires_in: int = 600, **grant: Any) -> dict[str, str]:
        """The header of an upload token that was minted `age` ago."""
        tokens = UploadTokens(TOKEN_SECRET, clock=lambda: datetime.now(UTC) - age)
        named = {"tenant": self.tenant, "owner": "ann", **grant}
        return bearer(tokens.mint(Grant(**named), expires_in=expires_in).text)

    async def start(self, headers: Headers, **body: object) -> dict[str, Any]:
        """The `upload` of a start that must succeed."""
        asked = {"filename": "film.mp4", "size": 2 * PART + 1, "part_size": PART, **body}
        answer = await self.client.post("/v1/uploads", json=asked, headers=headers)
        assert answer.status_code in {200, 201}, answer.text
        upload: dict[str, Any] = answer.json()["upload"]
        return upload

    async def send_parts(self, upload: Mapping[str, Any], headers: Headers) -> dict[int, str]:
        """Put all parts at the store, as their signed URLs say; the ETags by part number."""
        numbers = list(range(1, upload["part_count"] + 1))
        url = f"/v1/uploads/{upload['id']}/parts/sign"
        answer = await self.client.post(url, json={"part_numbers": numbers}, headers=headers)
        assert answer.status_code == 200, answer.text
        sent = {}
        for part in answer.json()["parts"]:
            query = httpx2.URL(part["url"]).params
            sent[part["part_number"]] = self.store.put_part(
                upload["key"],
                MultipartUploadId(query["uploadId"]),
                int(query["partNumber"]),
                part["size"],
            )
        return sent

    async def completed(self, headers: Headers) -> dict[str, Any]:
        upload = await self.start(headers)
        await self.send_parts(upload, headers)
        answer = await self.client.post(f"/v1/uploads/{upload['id']}/complete", headers=headers)
        assert answer.status_code == 200, answer.text
        done: dict[str, Any] = answer.json()
        return done


@asynccontextmanager
async def running(
    settings: Settings, *, store: FakeStore | None = None, base_url: str = "http://localhost"
) -> AsyncIterator[Service]:
    fake = store or FakeStore(clock=lambda: datetime.now(UTC))
    app = create_app(settings, store=fake)
    engine = create_engine(settings.database_url.get_secret_value(), pool_size=1)
    table = KeyTable(engine)
    try:
        async with app.router.lifespan_context(app) as state:
            assert state is not None
            transport = httpx2.ASGITransport(app=with_state(app, state))
            async with httpx2.AsyncClient(transport=transport, base_url=base_url) as client:
                yield Service(app, client, fake, ApiKeys(table, clock=lambda: datetime.now(UTC)), table)
    finally:
        await engine.dispose()


def with_state(app: ASGIApp, state: Mapping[str, Any]) -> ASGIApp:
    """What a server does with the lifespan's state: a copy for each request."""

    async def stated(scope: AsgiScope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": dict(state)}, receive, send)

    return stated


def assert_problem(answer: httpx2.Response, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "request_id", "errors"} <= document.keys()
    assert (document["status"], document["code"]) == (status, code), answer.text
    assert document["type"] == f"urn:coordinator:problem:{code}"
    assert document["request_id"] == answer.headers["x-request-id"]
    return document
