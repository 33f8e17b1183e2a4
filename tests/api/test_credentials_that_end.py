"""The service on a machine that hands out its credentials for a while: a container's, from an endpoint on loopback."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from coordinator.app import create_app
from coordinator.storage.fake import FakeStore
from tests.api.service import assert_problem, settings_for, with_state
from tests.unit.storage.metadata import Metadata, metadata_server

STORE = {"endpoint_url": "http://store.test:9000", "bucket": "uploads"}


@pytest.fixture
async def metadata(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Metadata]:
    async with metadata_server() as metadata:
        monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", metadata.endpoint_url)
        yield metadata


async def test_urls_end_before_the_credentials_and_are_refused_after(
    database_url: str, metadata: Metadata
) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    ends = metadata.expires_at = now + timedelta(minutes=20)
    ahead = timedelta(0)
    app = create_app(
        settings_for(database_url, store=STORE, anonymous=True, url_expires=3600),
        store=FakeStore(clock=lambda: datetime.now(UTC)),
        environ={},
        clock=lambda: now + ahead,
    )
    async with app.router.lifespan_context(app) as state:
        assert state is not None
        transport = httpx2.ASGITransport(app=with_state(app, state))
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost") as client:
            asked = {"filename": "film.mp4", "size": 7, "sign": 1}
            answer = await client.post("/v1/uploads", json=asked)
            assert answer.status_code == 201, answer.text
            [part] = answer.json()["parts"]
            assert "X-Amz-Security-Token=the-session-token" in part["url"]
            assert datetime.fromisoformat(part["expires_at"]) == ends - timedelta(seconds=60)

            metadata.expires_at = None
            ahead = timedelta(minutes=19)
            sign = f"/v1/uploads/{answer.json()['upload']['id']}/parts/sign"
            refused = await client.post(sign, json={"part_numbers": [1]})
            assert_problem(refused, 503, "storage_unavailable")
            assert int(refused.headers["retry-after"]) > 0
