"""A recording of the browser's own recorder, of a canvas: what is stored is what it gave, piece by piece."""

import pytest

from tests.browser.bucket import Bucket
from tests.browser.engine import Engine
from tests.browser.service import KeyHolder
from tests.browser.visitor import Visitor

RECORD = """async () => {
  const { recordingStream } = await import('/client/recording.js');
  const canvas = document.createElement('canvas');
  const pen = canvas.getContext('2d');
  let drawn = 0;
  const draw = setInterval(() => {
    drawn += 7;
    pen.fillStyle = `hsl(${drawn} 90% 50%)`;
    pen.fillRect(0, 0, canvas.width, canvas.height);
  }, 30);
  window.recorder = new MediaRecorder(canvas.captureStream());
  window.pieces = [];
  recorder.addEventListener('dataavailable', ({ data }) => pieces.push(data));
  recorder.addEventListener('stop', () => clearInterval(draw));
  watch(engine.addStream(recordingStream(recorder), { name: 'talk.webm', type: recorder.mimeType }));
  recorder.start(100);
}"""
RECORDED = "pieces.filter(({ size }) => size > 0).length >= 3"
GIVEN = """async () => {
  const bytes = await new Blob(pieces).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [bytes.byteLength, Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('')];
}"""


@pytest.fixture
async def engine(visitor: Visitor, key_holder: KeyHolder) -> Engine:
    engine = Engine(visitor.page, await key_holder.token())
    await engine.prepare()
    await engine.see(RECORD)
    await engine.until(RECORDED)
    return engine


async def test_a_recording_that_is_stopped_is_stored_whole(engine: Engine, bucket: Bucket) -> None:
    await engine.see("recorder.stop()")
    await engine.reaches("completed")
    upload = await engine.see("task.upload")
    size, sha256 = await engine.see(GIVEN)
    assert upload["size"] == size
    assert await bucket.sha256(upload["key"]) == sha256


async def test_a_recording_whose_upload_is_cancelled_stops(engine: Engine, bucket: Bucket) -> None:
    await engine.until("task.upload")
    await engine.see("void task.cancel()")
    await engine.reaches("cancelled")
    await engine.until("recorder.state === 'inactive'")
    key = (await engine.see("task.upload"))["key"]
    assert key not in {*await bucket.keys(), *await bucket.unfinished()}
