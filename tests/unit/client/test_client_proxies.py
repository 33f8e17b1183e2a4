"""Through an HTTP proxy: plain requests are passed on, TLS goes through a tunnel."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from coordinator.client import ServerUnreachable, WrongAddress, calls
from coordinator.client.bodies import BytesBody
from coordinator.client.calls import Calls
from coordinator.client.connection import Request
from coordinator.client.connections import Connections
from coordinator.client.proxies import proxies_of_environment
from coordinator.client.retry import TransferFailed
from tests.benchmarks.client.certificate import new_certificate
from tests.unit.client.scripted import OK, request_of, scripted


@asynccontextmanager
async def secure_server(folder: Path) -> AsyncIterator[tuple[int, Path]]:
    certificate = new_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for _ in range(2):
            _, _, body = await request_of(reader)
            assert body == b"x" * 1_000_000
            writer.write(OK)
        await reader.read()
        writer.transport.abort()

    server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], certificate
    finally:
        server.close()


async def tunnel(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    line, headers, _ = await request_of(reader)
    method, target, _ = line.split(" ")
    assert method == "CONNECT"
    assert headers["proxy-authorization"] == "Basic dXNlcjpwQHNz"
    there_reader, there_writer = await asyncio.open_connection(*target.split(":"))
    writer.write(b"HTTP/1.1 200 Connection established\r\nX: y\r\n\r\n")

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while piece := await source.read(1 << 16):
            sink.write(piece)
            await sink.drain()

    back = asyncio.create_task(pass_on(there_reader, writer))
    try:
        await pass_on(reader, there_writer)
    finally:
        back.cancel()
        there_writer.transport.abort()


def put(url: str) -> Request:
    return Request("PUT", urlsplit(url), {}, BytesBody(b"x" * 1_000_000), 30.0)


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


async def test_tls_goes_through_a_tunnel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with scripted(tunnel) as proxy, secure_server(tmp_path) as (port, certificate):
        monkeypatch.setenv("https_proxy", f"http://user:p%40ss@{proxy.netloc}")
        connections = Connections(ssl.create_default_context(cafile=str(certificate)))
        for _ in range(2):
            assert (await connections.send(put(f"https://localhost:{port}/a"))).body == b"ok"
        await connections.aclose()


async def test_a_plain_request_names_its_whole_target(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line, headers, _ = await request_of(reader)
        lines.append(line)
        assert headers["host"] == "store.example:8333"
        writer.write(OK)
        await reader.read()

    async with scripted(pass_on) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.netloc}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        connections = Connections()
        assert (await connections.send(put("http://store.example:8333/key?part=1"))).status == 200
        with pytest.raises(TransferFailed) as failed:
            await connections.send(put("http://127.0.0.1:1/"))
        assert failed.value.reason == "refused"
        await connections.aclose()
    assert lines == ["PUT http://store.example:8333/key?part=1 HTTP/1.1"]


@pytest.mark.parametrize(
    ("exceptions", "direct"),
    [
        ("store.example", True),
        ("store.example:8333", True),
        ("store.example:9000", False),
        (".example", True),
        ("*", True),
        ("other.example", False),
    ],
)
def test_exceptions_name_hosts_with_and_without_a_port(
    monkeypatch: pytest.MonkeyPatch, exceptions: str, *, direct: bool
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    monkeypatch.setenv("no_proxy", exceptions)
    assert (proxies_of_environment()("http", "store.example", 8333) is None) is direct


async def test_a_proxy_that_refuses_is_named_as_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await request_of(reader)
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
        await reader.read()

    async with scripted(refuse) as proxy:
        monkeypatch.setenv("https_proxy", proxy.netloc)
        connections = Connections()
        with pytest.raises(TransferFailed) as failed:
            await connections.send(put("https://store.example/"))
        assert failed.value.reason == "proxy"
        await connections.aclose()


@pytest.mark.parametrize(
    "proxy",
    [
        "http://user:secret@127.0.0.1:x",
        "socks5://user:secret@127.0.0.1:1080",
        "https://h:1",
        "http://:1",
        "h:0",
    ],
)
async def test_a_proxy_that_is_none_is_named(monkeypatch: pytest.MonkeyPatch, proxy: str) -> None:
    monkeypatch.setenv("http_proxy", proxy)
    connections = Connections()
    with pytest.raises(WrongAddress) as failed:
        await Calls("http://uploads.example", connections, None).call("GET", "/healthz")
    assert f"{proxy.rpartition('@')[2]})" in str(failed.value)
    assert "secret" not in str(failed.value)
    await connections.aclose()


async def wants_a_password(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof():
        await request_of(reader)
        writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_error_names_the_proxy_without_its_password(
    monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    monkeypatch.setattr(calls, "backoff", lambda *_: 0.0)
    async with scripted(wants_a_password) as proxy:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://user:secret@{proxy.netloc}")
        connections = Connections()
        with pytest.raises(ServerUnreachable, match=f"through the proxy http://{proxy.netloc}") as failed:
            await Calls(f"{scheme}://uploads.example", connections, None).call("GET", "/healthz")
        assert "secret" not in str(failed.value)
        await connections.aclose()
    # and now that nobody is there
    gone = Connections()
    with pytest.raises(ServerUnreachable, match=f"through the proxy http://{proxy.netloc}"):
        await Calls(f"{scheme}://uploads.example", gone, None).call("GET", "/healthz")
    await gone.aclose()
