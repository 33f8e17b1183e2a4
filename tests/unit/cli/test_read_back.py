"""What a store gives back is believed byte by byte only, and no error tells the URL."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import pytest

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.cli.read_back import read_back
from coordinator.cli.sample import PIECE, sample

SIZE = 2 * PIECE + 100
CONTENT = b"".join(sample(SIZE))


@contextmanager
def giving(content: bytes, *, status: int = 200, promised: int | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(content) if promised is None else promised))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/object?signature=secret"
        server.shutdown()


def test_the_same_bytes_are_the_same() -> None:
    heard: list[int] = []
    with giving(CONTENT) as url:
        read_back(url, SIZE, heard.append, Event())
    assert heard == [PIECE, 2 * PIECE, SIZE]


def changed(at: int) -> bytes:
    return CONTENT[:at] + bytes([CONTENT[at] ^ 1]) + CONTENT[at + 1 :]


@pytest.mark.parametrize(
    ("content", "differs"),
    [
        (changed(0), 0),
        (changed(PIECE + 7), PIECE + 7),
        (changed(SIZE - 1), SIZE - 1),
        (CONTENT[:-1], SIZE - 1),
        (CONTENT[:PIECE], PIECE),
        (CONTENT + b"x", SIZE),
        (b"", 0),
    ],
)
def test_other_bytes_are_noticed_where_they_begin(content: bytes, differs: int) -> None:
    with giving(content) as url, pytest.raises(Failure) as failed:
        read_back(url, SIZE, lambda _: None, Event())
    assert failed.value.code is ExitCode.NOT_VERIFIED
    assert f"they differ from byte {differs} of {SIZE} on" in str(failed.value)


@pytest.mark.parametrize(
    ("status", "promised", "code"), [(403, None, ExitCode.NOT_VERIFIED), (200, SIZE, ExitCode.UNREACHABLE)]
)
def test_a_refusal_and_a_broken_line_are_said_without_the_url(
    status: int, promised: int | None, code: ExitCode
) -> None:
    with (
        giving(CONTENT[: PIECE // 2], status=status, promised=promised) as url,
        pytest.raises(Failure) as failed,
    ):
        read_back(url, SIZE, lambda _: None, Event())
    assert failed.value.code is code
    assert "secret" not in str(failed.value)


def test_nobody_there_is_said_without_the_url() -> None:
    with pytest.raises(Failure) as failed:
        read_back("http://127.0.0.1:1/object?signature=secret", 1, lambda _: None, Event())
    assert failed.value.code is ExitCode.UNREACHABLE
    assert "secret" not in str(failed.value)


def test_it_stops_when_it_is_told_to() -> None:
    stop = Event()
    heard: list[int] = []

    def heard_once(size: int) -> None:
        heard.append(size)
        stop.set()

    with giving(CONTENT) as url:
        read_back(url, SIZE, heard_once, stop)
    assert heard == [PIECE]
