"""The page in Debian's own Firefox: parts straight to the store, a reload, and digests from a worker, also where the modules
come from another origin."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.documented import Documented
from tests.browser.files import PART
from tests.browser.firefox import Tab, firefox
from tests.browser.foreign import ForeignSite
from tests.browser.observer import Observer
from tests.browser.service import KeyHolder, Service

WIDGET = "document.querySelector('coordinator-upload').shadowRoot"
ROW = f"{WIDGET}.querySelector('li[data-upload]')"
UNFINISHED = f"{WIDGET}.querySelector('li[data-unfinished] input[type=file]')"
FORM = f"{WIDGET}?.querySelector('#access-token')"
GIVE = f"""((token) => {{
  {WIDGET}.querySelector('#access-token').value = token;
  {WIDGET}.querySelector('#access button').click();
}})"""
WITH_DIGESTS = """(async (token, size) => {
  const { Uploader } = await import('/client/index.js');
  const bytes = new Uint8Array(size).fill(7);
  const upload = new Uploader({ token, digests: 'sha256' }).add(new File([bytes], 'sevens.bin'));
  const { id } = await upload.done;
  const answer = await fetch(`/v1/uploads/${id}`, { headers: { Authorization: `Bearer ${token}` } });
  const workers = performance.getEntriesByType('resource').filter(({ name }) => name.endsWith('/worker.js'));
  return { ...(await answer.json()), workers: workers.length };
})"""

# a worker's own modules are not among the page's: this one is where the page itself computes MD5
FROM_ANOTHER_ORIGIN = """(async (home, token, size) => {
  const { Uploader } = await import(`${home}/client/index.js`);
  const uploader = new Uploader({ endpoint: home, token, digests: 'md5' });
  const { state } = await uploader.add(new File([new Uint8Array(size)], 'zeros.bin')).done;
  const loaded = performance.getEntriesByType('resource').map(({ name }) => name);
  return { state, onPage: loaded.includes(`${home}/client/digests/md5.js`) };
})"""


@pytest.fixture
async def tab(service: Service, tmp_path: Path) -> AsyncIterator[Tab]:
    async with firefox(tmp_path / "profile") as tab:
        await tab.open(f"{service.url}/upload/")
        yield tab


async def show_token(tab: Tab, token: str) -> None:
    await tab.until(f"{FORM}?.checkVisibility()")
    await tab.see(f"{GIVE}({token!r})")


async def test_parts_go_up_a_reload_costs_none_of_them_and_a_worker_hashes(
    tab: Tab, observer: Observer, key_holder: KeyHolder, sample: MakeSample, bucket: Bucket
) -> None:
    token = await key_holder.token()
    file = sample(5 * PART)
    await show_token(tab, token)
    observer.hold(after=PART // 16, beyond=2)
    await tab.choose(f"{WIDGET}.querySelector('#choose')", file.path)
    await observer.until(lambda: observer.finished() == {1, 2} and len(observer.under_way) == 3)
    upload_id = await tab.see(f"{ROW}.dataset.uploadId")

    await tab.reload()
    observer.release()
    await observer.until(lambda: not observer.under_way)
    observer.forget()
    await show_token(tab, token)
    await tab.until(UNFINISHED)
    await tab.choose(UNFINISHED, file.path)
    await tab.until(f"{ROW}?.dataset.state === 'completed'")
    assert {put.part_number for put in observer.puts} == {3, 4, 5}
    assert await tab.see(f"{ROW}.dataset.uploadId") == upload_id
    assert await bucket.sha256((await key_holder.upload(upload_id))["key"]) == file.sha256

    hashed = await tab.see(f"{WITH_DIGESTS}({token!r}, {2 * PART + 1})")
    assert (hashed["state"], hashed["part_count"]) == ("completed", 3)
    assert hashed["workers"] > 0


async def test_a_worker_hashes_for_the_page_of_another_origin_under_the_documented_policy(
    tab: Tab, service: Service, site: ForeignSite, observer: Observer, key_holder: KeyHolder
) -> None:
    site.policy = Documented("browser.md", service.url, observer.url).policy
    await tab.open(site.url)
    token = await key_holder.token()
    sent = await tab.see(f"{FROM_ANOTHER_ORIGIN}({service.url!r}, {token!r}, {PART + 1})")
    assert sent == {"state": "completed", "onPage": False}
    assert observer.finished() == {1, 2}
