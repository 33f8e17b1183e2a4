"""Bodies that are too large, over a real connection: the refusal is read, not lost in a reset."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from tests.e2e.conftest import Place
from tests.e2e.device import Device, Json

MB = 1_000_000


def put(url: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, Json]:
    """With a client that sends all of its body before it reads."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=60)
    try:
        connection.request("PUT", path, body=body, headers=headers)
        answer = connection.getresponse()
        problem: Json = json.loads(answer.read())
        return answer.status, problem
    finally:
        connection.close()


@pytest.mark.parametrize("size", [600_000, 2 * MB, 18 * MB])
async def test_whoever_sends_too_much_reads_the_refusal(
    place: Place, person: Device, content: bytes, size: int
) -> None:
    upload = (await person.started(content))["upload"]
    headers = {"Authorization": person.api.headers["authorization"], "Content-Type": "application/json"}
    path = f"/v1/uploads/{upload['id']}/parts"
    for _ in range(3):
        status, problem = put(str(person.api.base_url), path, headers, b" " * size)
        assert (status, problem["code"]) == (413, "body_too_large")
