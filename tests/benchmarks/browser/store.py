"""A store that keeps nothing and costs next to nothing: what it spent would be missing to the browser on the same cores.

Bodies of PUTs are discarded within the kernel (MSG_TRUNC, see tcp(7)), woken for large pieces only (SO_RCVLOWAT). With a RATE it takes
that many bytes a second from a connection and answers `DELAY` seconds after the last one.
"""

import asyncio
import socket
from contextlib import suppress
from typing import Final

DELAY: Final = 0.050
PIECE: Final = 1 << 18
ROOM: Final = bytearray(1 << 22)
CORS: Final = (
    "Access-Control-Allow-Origin: *\r\nAccess-Control-Allow-Methods: *\r\nAccess-Control-Allow-Headers: *\r\n"
    "Access-Control-Expose-Headers: ETag\r\nAccess-Control-Max-Age: 600\r\nTiming-Allow-Origin: *\r\n"
)


def answer(method: str, target: str) -> bytes:
    """As Uppy 6 reads it, the answers to POST are S3's XML."""
    body = ""
    if method == "POST":
        name = "InitiateMultipartUploadResult" if target.endswith("/0") else "CompleteMultipartUploadResult"
        body = f"<{name}><UploadId>u</UploadId><Key>f</Key><Location>l</Location><ETag>e</ETag></{name}>"
    head = f'HTTP/1.1 200 OK\r\n{CORS}ETag: "{"0" * 32}"\r\nContent-Type: application/xml\r\n'
    return f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


class Connection:
    """HTTP/1.1, one request after the other."""

    def __init__(self, connected: socket.socket, rate: int | None) -> None:
        self._socket, self._rate = connected, rate
        self._loop = asyncio.get_running_loop()
        self._head = b""
        self._request: tuple[str, str] | None = None
        self._missing = self._taken = 0
        self._began = 0.0
        self._listen()

    def _listen(self) -> None:
        self._loop.add_reader(self._socket, self._readable)

    def _rest(self, seconds: float) -> None:
        self._loop.remove_reader(self._socket)
        self._loop.call_later(seconds, self._listen)

    def _readable(self) -> None:
        try:
            self._read()
        except BlockingIOError:
            pass
        except OSError:
            self._close()

    def _read(self) -> None:
        if self._request is None:
            self._read_head()
            return
        count = self._socket.recv_into(ROOM, min(self._missing, len(ROOM)), socket.MSG_TRUNC)
        if count == 0:
            self._close()
            return
        self._take(count)

    def _read_head(self) -> None:
        data = self._socket.recv(1 << 16)
        if not data:
            self._close()
            return
        self._head += data
        if b"\r\n\r\n" not in self._head:
            return
        head, _, rest = self._head.partition(b"\r\n\r\n")
        self._head = b""
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self._request = (method, target)
        self._missing, self._taken = int(headers.get("content-length", 0)), 0
        self._began = self._loop.time()
        self._take(len(rest))

    def _take(self, count: int) -> None:
        self._missing -= count
        self._taken += count
        early = self._early()
        if self._missing > 0:
            self._wake_for(min(PIECE, self._missing))
            if self._rate and early > PIECE / self._rate:
                self._rest(early)
            return
        self._wake_for(1)
        if early > 0:
            self._loop.remove_reader(self._socket)
            self._loop.call_later(early, self._respond_late)
        else:
            self._respond()

    def _wake_for(self, count: int) -> None:
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)

    def _early(self) -> float:
        """Seconds that the bytes, or the answer, came too early."""
        if self._rate is None:
            return 0
        assert self._request is not None
        late = DELAY if self._missing <= 0 and self._request[0] == "PUT" else 0
        return self._began + self._taken / self._rate + late - self._loop.time()

    def _respond_late(self) -> None:
        self._listen()
        self._respond()

    def _respond(self) -> None:
        assert self._request is not None
        method, target = self._request
        self._request = None
        with suppress(OSError):
            self._socket.send(answer(method, target))

    def _close(self) -> None:
        self._loop.remove_reader(self._socket)
        self._socket.close()


async def serve(port: int, rate: int | None) -> None:
    """Accepts until it is cancelled."""
    loop = asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", port), backlog=64)
    listening.setblocking(False)
    while True:
        connected, _ = await loop.sock_accept(listening)
        connected.setblocking(False)
        connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        Connection(connected, rate)
