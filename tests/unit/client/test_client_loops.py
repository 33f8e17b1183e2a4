"""A client may be used in one asyncio.run after another, and is told where two loops share it."""

import asyncio
import subprocess
import sys
from pathlib import Path

from coordinator.client.credential import Credential

DEADLINE = 60

_LOOPS = """
import asyncio, sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from coordinator.client import AsyncClient, ClientError

class Refuses(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = b'{"code": "not_found"}'
        self.send_response(404)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

server = ThreadingHTTPServer(("127.0.0.1", 0), Refuses)
server.daemon_threads = True
Thread(target=server.serve_forever, daemon=True).start()
client = AsyncClient(f"http://127.0.0.1:{server.server_port}", token="t", state=sys.argv[1])

async def ask():
    try:
        await client.get("1")
    except ClientError as error:
        print(error.code)

asyncio.run(ask())
asyncio.run(ask())
first, second = asyncio.new_event_loop(), asyncio.new_event_loop()
first.run_until_complete(ask())
second.run_until_complete(ask())
first.close()
second.run_until_complete(ask())
second.close()
asyncio.run(client.aclose())
"""


def test_a_client_goes_from_loop_to_loop(tmp_path: Path) -> None:
    ended = subprocess.run(
        [sys.executable, "-W", "ignore::ResourceWarning", "-c", _LOOPS, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=DEADLINE,
        check=False,
    )
    codes = ["not_found", "not_found", "not_found", "wrong_use", "not_found"]
    assert (ended.stdout.splitlines(), ended.stderr) == (codes, "")


def test_those_who_ask_for_a_token_wait_for_each_other_on_any_loop() -> None:
    asked = 0

    async def token() -> str:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return f"token {asked}"

    credential = Credential(token)

    async def two_at_once(refused: str | None) -> None:
        await asyncio.gather(*(credential.renew(refused) for _ in range(2)))

    asyncio.run(two_at_once(None))
    asyncio.run(two_at_once("token 1"))
    assert asyncio.run(credential.current()) == "token 2"
