"""The page in Debian's own Firefox: parts straight to the store, a reload, and digests from a worker."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.browser.bucket import Bucket
from tests.browser.conftest import MakeSample
from tests.browser.files import PART
from tests.browser.firefox import Tab, firefox
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
