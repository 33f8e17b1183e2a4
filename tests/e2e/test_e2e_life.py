"""An upload's whole life over HTTP, with real bytes straight into a real store."""

import hashlib
from base64 import b64encode
from hashlib import sha256

import pytest

from tests.e2e.conftest import Place
from tests.e2e.device import Device, asked, device

EDGE = 64 * 1024


def fingerprint(content: bytes) -> str:
    """Over the size and the first, middle and last 64 KiB."""
    middle = (len(content) - EDGE) // 2
    edges = content[:EDGE] + content[middle : middle + EDGE] + content[-EDGE:]
    return sha256(len(content).to_bytes(8, "big") + edges).hexdigest()


async def test_three_parts_become_the_same_bytes(place: Place, person: Device, content: bytes) -> None:
    answer = await person.start(content, sign=3, content_type="video/quicktime")
    assert (answer.status_code, answer.headers["cache-control"]) == (201, "no-store")
    upload, parts = answer.json()["upload"], answer.json()["parts"]
    assert [part["size"] for part in parts] == [5_242_880, 5_242_880, 1_514_240]
    claims = [await person.send(part, content) for part in parts]
    reported = await person.report(upload, claims)
    assert (reported["parts_uploaded"], reported["bytes_uploaded"]) == (3, len(content))

    done = asked(await person.complete(upload))
    assert done["state"] == "completed"
    assert asked(await person.complete(upload)) == done
    assert await person.download(upload) == content
    assert (await person.abort(upload)).json()["code"] == "already_completed"
    await place.audit.ended(upload["id"], "completed", reason=None, content=content)


async def test_a_client_that_reads_no_etags_and_reports_nothing_completes(
    place: Place, person: Device, content: bytes
) -> None:
    started = await person.started(content, sign=3)
    for part in started["parts"]:
        await person.send(part, content)
    assert asked(await person.complete(started["upload"]))["state"] == "completed"
    await place.audit.ended(started["upload"]["id"], "completed", reason=None, content=content)


@pytest.mark.parametrize("content", [b"", b"x", b"ten thousand" * 1_000], ids=["empty", "one byte", "small"])
async def test_a_small_file_takes_three_requests(place: Place, person: Device, content: bytes) -> None:
    named = {"filename": 'Übersicht  2026, "neu".txt', "content_type": "text/plain; charset=utf-8"}
    started = await person.started(content, sign=1, **named)
    [part] = started["parts"]
    await person.send(part, content)
    done = asked(await person.complete(started["upload"]))
    assert (done["state"], done["method"], done["size"]) == ("completed", "put", len(content))
    assert await person.download(done) == content
    again = await person.store.put(part["url"], headers=part["headers"], content=content)
    assert again.status_code == 412
    await place.audit.ended(done["id"], "completed", reason=None, content=content)


async def test_a_small_file_that_is_aborted_leaves_nothing(place: Place, person: Device) -> None:
    started = await person.started(b"x", sign=1)
    await person.send(started["parts"][0], b"x")
    assert asked(await person.abort(started["upload"]))["state"] == "aborted"
    await place.audit.ended(started["upload"]["id"], "aborted", reason="client", content=None)


async def test_a_small_file_of_another_md5_is_refused(person: Device) -> None:
    content = b"what was meant"
    md5 = b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()
    started = await person.started(content, sign=1, md5=md5)
    [part] = started["parts"]
    wrong = await person.store.put(part["url"], headers=part["headers"], content=b"what was sent.")
    assert wrong.status_code == 400
    await person.send(part, content)
    assert asked(await person.complete(started["upload"]))["digest"]["verified"] is True


@pytest.mark.parametrize("content", [b"", b"x"], ids=["empty", "one byte"])
async def test_the_smallest_files(place: Place, person: Device, content: bytes) -> None:
    done = await person.uploaded(content)
    assert (done["size"], done["part_count"]) == (len(content), 1)
    assert await person.download(done) == content
    await place.audit.ended(done["id"], "completed", reason=None, content=content)


async def test_another_device_goes_on_with_the_same_file(
    place: Place, person: Device, content: bytes
) -> None:
    async def token(owner: str) -> str:
        return str(asked(await person.api.post("/v1/tokens", json={"owner": owner}))["token"])

    same = fingerprint(content)
    async with (
        device(place.server.url, await token("ann")) as phone,
        device(place.server.url, await token("ann")) as laptop,
        device(place.server.url, await token("bob")) as stranger,
    ):
        begun = await phone.started(content, sign=1, fingerprint=same)
        upload = begun["upload"]
        await phone.report(upload, [await phone.send(begun["parts"][0], content)])

        found = await laptop.start(content, sign=3, fingerprint=same)
        assert (found.status_code, found.json()["upload"]["id"]) == (200, upload["id"])
        missing = found.json()["parts"]
        assert [part["part_number"] for part in missing] == [2, 3]
        assert (await stranger.api.get(f"/v1/uploads/{upload['id']}")).status_code == 404
        assert (await stranger.started(content, fingerprint=same))["upload"]["id"] != upload["id"]

        await laptop.report(upload, [await laptop.send(part, content) for part in missing])
        assert asked(await laptop.complete(upload))["state"] == "completed"
        assert await phone.download(upload) == content
    await place.audit.ended(upload["id"], "completed", reason=None, content=content)


async def test_an_aborted_upload_leaves_nothing(place: Place, person: Device, content: bytes) -> None:
    upload = (await person.started(content))["upload"]
    await person.send_all(upload, content)
    assert asked(await person.abort(upload))["state"] == "aborted"
    assert (await person.complete(upload)).status_code == 410
    await place.audit.ended(upload["id"], "aborted", reason="client", content=None)
