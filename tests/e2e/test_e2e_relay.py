"""Parts through a real server to a real store: what it costs it, and what becomes of those who send badly."""

import hashlib
import re
import secrets
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from coordinator.local.bucket import LocalStore
from tests.e2e.device import MIB, PART, Device, Json, asked, device
from tests.e2e.server import IMPATIENT, Server, new_key, new_server, settings_for
from tests.e2e.waiting import eventually

LARGE = 200 * MIB
PIECE = secrets.token_bytes(MIB)
RELAYING = {
    # longer than whoever sends well may be kept from it by a busy machine
    "COORDINATOR_RELAY_PATIENCE": "5",
    "COORDINATOR_RELAY_AT_ONCE": "4",
    "COORDINATOR_POLICIES__default__SMALL_FILES": "multipart",
}


@dataclass(frozen=True)
class Relay:
    server: Server
    key: str
    person: Device

    def head(self, upload: Json, part_number: int, *headers: str) -> bytes:
        lines = (
            f"PUT /v1/uploads/{upload['id']}/parts/{part_number} HTTP/1.1",
            "Host: relay.example",
            f"Authorization: Bearer {self.key}",
            *headers,
        )
        return ("\r\n".join(lines) + "\r\n\r\n").encode()

    async def ended(self, outcome: str) -> int:
        """How many parts ended so."""
        text = (await self.person.api.get("/metrics")).text
        found = re.search(rf'relay_parts_total{{outcome="{outcome}"}} (\d+)', text)
        return int(found.group(1)) if found else 0

    async def stored(self, upload: Json) -> list[Json]:
        """What the store itself holds."""
        answer = await self.person.api.get(f"/v1/uploads/{upload['id']}/parts?refresh=true")
        parts: list[Json] = asked(answer)["parts"]
        return parts

    async def send(self, upload: Json, part_number: int, content: bytes, **headers: str) -> Json:
        url = f"/v1/uploads/{upload['id']}/parts/{part_number}"
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return asked(await self.person.api.put(url, content=content, headers=named))


@pytest.fixture(scope="module")
async def relay(
    ledger: str, seaweedfs: LocalStore, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Relay]:
    folder = tmp_path_factory.mktemp("relay")
    key = await new_key(folder, ledger)
    settings = settings_for(ledger, seaweedfs, **IMPATIENT, **RELAYING)
    async with new_server(folder, settings) as server, device(server.url, key) as person:
        yield Relay(server, key, person)
        assert "http.internal" not in server.output()


@contextmanager
def connected(relay: Relay) -> Iterator[socket.socket]:
    target = urlsplit(relay.server.url)
    assert target.hostname is not None
    with socket.create_connection((target.hostname, target.port or 80), timeout=60) as connection:
        yield connection


def heard(connection: socket.socket) -> bytes:
    """Everything until the server closes."""
    said = b""
    while received := connection.recv(65_536):
        said += received
    return said


def peak(server: Server) -> int:
    """Bytes: the most memory that the server's process has held so far."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found.group(1)) * 1024


async def large(size: int) -> AsyncIterator[bytes]:
    for _ in range(size // MIB):
        yield PIECE


async def test_a_large_part_passes_in_constant_memory_beside_a_direct_one(relay: Relay) -> None:
    started = await relay.person.api.post(
        "/v1/uploads", json={"filename": "film.mov", "size": LARGE + 5, "part_size": LARGE}
    )
    upload = asked(started)["upload"]
    await relay.send(upload, 2, b"end..")  # what the first request of all costs is not the part's
    before = peak(relay.server)
    url = f"/v1/uploads/{upload['id']}/parts/1"
    digest = hashlib.md5(PIECE * (LARGE // MIB), usedforsecurity=False).digest()
    headers = {"Content-Length": str(LARGE), "Content-MD5": b64encode(digest).decode()}
    part = asked(await relay.person.api.put(url, content=large(LARGE), headers=headers))
    assert part == {"part_number": 1, "etag": digest.hex(), "size": LARGE}
    assert peak(relay.server) - before < 16 * MIB

    [direct] = await relay.person.sign(upload, [2])
    answer = await relay.person.store.put(direct["url"], headers=direct["headers"], content=b"end!!")
    await relay.person.report(upload, [{"part_number": 2, "etag": answer.headers["etag"]}])
    assert asked(await relay.person.complete(upload))["state"] == "completed"
    assert await relay.person.download(upload) == PIECE * (LARGE // MIB) + b"end!!"


async def test_a_sender_that_dies_leaves_no_part(relay: Relay) -> None:
    upload = (await relay.person.started(b"x" * PART + b"x"))["upload"]
    before = await relay.ended("client_gone")
    with connected(relay) as connection:
        connection.sendall(relay.head(upload, 1, f"Content-Length: {PART}") + b"x" * (PART // 2))
    await eventually(lambda: relay.ended("client_gone"), lambda gone: gone == before + 1)
    assert await relay.stored(upload) == []
    await relay.send(upload, 1, b"x" * PART)
    assert [part["part_number"] for part in await relay.stored(upload)] == [1]


async def test_a_sender_that_stops_early_leaves_no_part(relay: Relay) -> None:
    upload = (await relay.person.started(b"x" * PART))["upload"]
    before = await relay.ended("client_gone")
    with connected(relay) as connection:
        connection.sendall(relay.head(upload, 1, f"Content-Length: {PART}") + b"x" * (PART - 1))
        connection.shutdown(socket.SHUT_WR)
        heard(connection)
    await eventually(lambda: relay.ended("client_gone"), lambda gone: gone == before + 1)
    assert await relay.stored(upload) == []


async def test_what_comes_after_the_announced_bytes_is_not_the_parts(relay: Relay) -> None:
    upload = (await relay.person.started(b"x" * PART + b"y"))["upload"]
    with connected(relay) as connection:
        following = b"GET /healthz HTTP/1.1\r\nHost: relay.example\r\nConnection: close\r\n\r\n"
        connection.sendall(relay.head(upload, 2, "Content-Length: 1") + b"y" + following)
        said = heard(connection)
    assert said.count(b"HTTP/1.1 200 ") == 2
    [part] = await relay.stored(upload)
    assert part["size"] == 1


async def test_a_slow_sender_is_told_and_cut_off(relay: Relay) -> None:
    upload = (await relay.person.started(b"x" * PART))["upload"]
    with connected(relay) as connection:
        connection.sendall(relay.head(upload, 1, f"Content-Length: {PART}") + b"a few bytes")
        said = heard(connection)
    assert said.startswith(b"HTTP/1.1 408 ")
    assert b'"too_slow"' in said
    assert b"connection: close" in said.lower()
    assert await relay.stored(upload) == []


async def test_other_bytes_than_the_digests_are_refused_by_us(relay: Relay) -> None:
    upload = (await relay.person.started(b"x" * PART))["upload"]
    url = f"/v1/uploads/{upload['id']}/parts/1"
    wrong = b64encode(hashlib.sha256(b"others").digest()).decode()
    answer = await relay.person.api.put(url, content=b"x" * PART, headers={"x-amz-checksum-sha256": wrong})
    assert (answer.status_code, answer.json()["code"]) == (422, "digest_mismatch")
    assert await relay.stored(upload) == []


async def test_who_waits_to_be_asked_is_asked_or_refused_without_a_byte(relay: Relay) -> None:
    upload = (await relay.person.started(b"x" * PART + b"y"))["upload"]
    expecting = ("Expect: 100-continue", "Connection: close")
    with connected(relay) as connection:
        connection.sendall(relay.head(upload, 2, "Content-Length: 1", *expecting))
        assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"y")
        assert heard(connection).startswith(b"HTTP/1.1 200 ")
    with connected(relay) as connection:
        connection.sendall(relay.head(upload, 3, "Content-Length: 1", "Expect: 100-continue"))
        said = heard(connection)
    assert said.startswith(b"HTTP/1.1 422 ")
    assert b"100 Continue" not in said
    assert b"connection: close" in said.lower()


@pytest.mark.parametrize(
    "headers",
    [
        ("Transfer-Encoding: chunked", f"Content-Length: {PART}"),
        (f"Content-Length: {PART}", "Transfer-Encoding: chunked"),
        (f"Content-Length: {PART}", "Content-Length: 5"),
        ("Transfer-Encoding: identity", "Content-Length: 5"),
        ("Transfer-Encoding : chunked", f"Content-Length: {PART}"),
        ("Content-Length: 5, 5",),
    ],
    ids=str,
)
async def test_two_lengths_are_refused(relay: Relay, headers: tuple[str, ...]) -> None:
    upload = (await relay.person.started(b"x" * PART))["upload"]
    with connected(relay) as connection:
        connection.sendall(relay.head(upload, 1, *headers) + b"5\r\nhello\r\n0\r\n\r\n")
        status = heard(connection).split(b" ", 2)[1]
    assert status in {b"400", b"411"}
    assert await relay.stored(upload) == []


async def test_chunks_without_a_length_are_refused(relay: Relay) -> None:
    upload = (await relay.person.started(b"x" * PART))["upload"]
    answer = await relay.person.api.put(f"/v1/uploads/{upload['id']}/parts/1", content=large(MIB))
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


async def test_who_has_half_of_all_parts_under_way_is_asked_to_come_again_and_others_are_not(
    relay: Relay, tmp_path: Path, ledger: str
) -> None:
    other = {"Authorization": f"Bearer {await new_key(tmp_path, ledger)}"}
    upload = (await relay.person.started(b"x" * PART + b"y"))["upload"]
    head = relay.head(upload, 1, f"Content-Length: {PART}", "Expect: 100-continue")
    with connected(relay) as first, connected(relay) as second:
        for connection in (first, second):
            connection.sendall(head)
            assert connection.recv(65_536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        answer = await relay.person.api.put(f"/v1/uploads/{upload['id']}/parts/2", content=b"y")
        assert (answer.status_code, answer.json()["code"]) == (503, "relay_busy")
        assert int(answer.headers["retry-after"]) > 0
        assert "2 of your parts" in answer.json()["detail"]
        answer = await relay.person.api.put(
            f"/v1/uploads/{upload['id']}/parts/2", content=b"y", headers=other
        )
        assert answer.status_code == 200
    await eventually(
        lambda: relay.person.api.put(f"/v1/uploads/{upload['id']}/parts/2", content=b"y"),
        lambda answer: answer.status_code == 200,
    )


@pytest.mark.parametrize("size", [MIB, 40 * MIB])
async def test_a_refusal_is_read_by_who_sends_all_first(relay: Relay, size: int) -> None:
    upload = (await relay.person.started(b"x" * PART))["upload"]
    with connected(relay) as connection:
        connection.sendall(relay.head(upload, 1, f"Content-Length: {size}") + b"x" * size)
        said = heard(connection)
    assert said.startswith(b"HTTP/1.1 422 ")
    assert b"this plan" in said
