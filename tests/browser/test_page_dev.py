"""`coordinator dev` as people first meet it: no token, a store of its own, and no upload lost to `kill -9`."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from coordinator.local.bucket import LocalStore
from tests.browser.bucket import open_bucket
from tests.browser.conftest import MakeSample, free_ports
from tests.browser.files import PART
from tests.browser.observer import Observer
from tests.browser.service import Service
from tests.browser.visitor import visiting
from tests.postgres import passable_directory


@dataclass(frozen=True)
class Dev:
    service: Service
    observer: Observer
    log: Path

    @property
    def store(self) -> LocalStore:
        """As `--json` says."""
        [*_, said] = [line for line in self.log.read_text().splitlines() if line.startswith("{")]
        return LocalStore(**json.loads(said)["store"])

    async def start(self) -> None:
        await self.service.start()
        self.observer.store = self.store.endpoint_url


@pytest.fixture
async def dev(clean_environment: None, tmp_path: Path) -> AsyncIterator[Dev]:
    port, observer_port, _ = free_ports()
    observer = Observer(observer_port)
    with passable_directory() as directory:
        service = Service(
            ("dev", "--json", f"--port={port}", f"--data-dir={directory / 'data'}"),
            url=f"http://127.0.0.1:{port}",
            environment={"COORDINATOR_STORE__PUBLIC_ENDPOINT_URL": observer.url},
            log=tmp_path / "log",
        )
        async with observer.running():
            dev = Dev(service, observer, tmp_path / "log")
            try:
                await dev.start()
                yield dev
                await service.stop()
            finally:
                await service.kill()


async def test_without_a_token_and_through_a_kill_of_everything(
    browser: Browser, dev: Dev, sample: MakeSample
) -> None:
    file = sample(5 * PART)
    observer = dev.observer
    async with visiting(browser, dev.service.url, None) as visitor:
        await expect(visitor.page.locator("#access")).to_be_hidden()
        observer.hold(after=PART // 16, beyond=2)
        await visitor.choose(file.path)
        await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 3)
        await dev.service.kill()
        observer.release()
        await observer.until(lambda: not observer.under_way)
        await dev.start()

        row = visitor.row(file.name)
        await row.reaches("completed")
        assert sorted(put.part_number for put in observer.puts if put.part_number <= 2) == [1, 2]
        async with open_bucket(dev.store) as bucket:
            [key] = await bucket.keys()
            assert await bucket.sha256(key) == file.sha256
