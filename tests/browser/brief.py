"""URLs that end within seconds, which no setting allows: the coordinator's answers, signed anew on their way to a page."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from playwright.async_api import Page, Route

from coordinator.local.bucket import LocalStore
from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import Addressing, Presigner
from tests.browser.visitor import PATIENCE_MS

SECONDS = 2
SIGNED = "**/v1/uploads{,/*/parts/sign}"


def now() -> datetime:
    return datetime.now(UTC)


def end_of(target: str) -> datetime:
    """When the URL ends, as the store reckons it."""
    query = parse_qs(urlsplit(target).query)
    began = datetime.strptime(query["X-Amz-Date"][0], "%Y%m%dT%H%M%S%z")
    return began + timedelta(seconds=int(query["X-Amz-Expires"][0]))


async def passes(moment: datetime) -> None:
    """Returns when it is more than a second ago: stores count whole ones."""
    while (left := moment + timedelta(seconds=1) - now()) >= timedelta():  # noqa: ASYNC110 - clocks set no event
        await asyncio.sleep(left.total_seconds())


class BriefUrls:
    """The next URL of each of these parts ends in `SECONDS`; what the answer says of its end stays as it was.

    Such a URL is one that lay too long in a queue, or whose page slept, without anybody waiting for a quarter of an hour.
    """

    def __init__(self, store: LocalStore, public: str, part_numbers: Iterable[int]) -> None:
        credentials = Credentials(store.access_key_id, store.secret_access_key)
        self._bucket = store.bucket
        self._presigner = Presigner(
            addressing=Addressing(public, store.region, store.bucket, "path"),
            credentials=StaticCredentials(credentials),
            clock=now,
        )
        self._ordered = set(part_numbers)
        self.end = now()
        """Of the last one."""
        self._given = asyncio.Event()

    async def come_to(self, page: Page) -> None:
        await page.route(SIGNED, self._answered)

    async def given(self) -> None:
        """Returns once the page was answered with each of them."""
        await asyncio.wait_for(self._given.wait(), PATIENCE_MS / 1000)

    async def _answered(self, route: Route) -> None:
        answer = await route.fetch()
        told = await answer.json()
        for part in told.get("parts", ()):
            if part["part_number"] in self._ordered:
                self._ordered.discard(part["part_number"])
                self._shorten(part)
        await route.fulfill(response=answer, json=told)
        if not self._ordered:
            self._given.set()

    def _shorten(self, part: dict[str, Any]) -> None:
        assert part["headers"] == {}
        url = urlsplit(part["url"])
        [multipart_upload_id] = parse_qs(url.query)["uploadId"]
        key = unquote(url.path).removeprefix(f"/{self._bucket}/")
        signer = self._presigner.multipart(key, multipart_upload_id, expires_in=SECONDS)
        part["url"] = signer.part(part["part_number"], part["size"]).url
        self.end = signer.expires_at
