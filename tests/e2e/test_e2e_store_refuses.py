"""What a signed URL does not allow, the store itself refuses."""

from datetime import UTC, datetime, timedelta

import httpx2

from coordinator.local.bucket import LocalStore
from coordinator.signing.addressing import Addressing
from coordinator.signing.credentials import Credentials, StaticCredentials
from coordinator.signing.presigner import Presigner
from coordinator.uploads.model import MultipartUploadId
from tests.e2e.conftest import Place
from tests.e2e.device import Device, Json


async def put(person: Device, part: Json, body: bytes) -> httpx2.Response:
    return await person.store.put(part["url"], headers=part["headers"], content=body)


async def test_a_part_of_another_length(person: Device, content: bytes) -> None:
    started = await person.started(content, sign=3)
    last = started["parts"][2]
    fitting = content[last["offset"] :]
    for other in (fitting[:-1], fitting + b"x", b""):
        assert (await put(person, last, other)).status_code == 403
    refreshed = await person.api.get(f"/v1/uploads/{started['upload']['id']}/parts?refresh=true")
    assert refreshed.json()["parts"] == []
    assert (await put(person, last, fitting)).status_code == 200


async def test_a_url_made_for_another_part(person: Device, content: bytes) -> None:
    part = (await person.started(content, sign=1))["parts"][0]
    moved = {**part, "url": part["url"].replace("partNumber=1&", "partNumber=2&")}
    assert moved != part
    assert (await put(person, moved, content[: part["size"]])).status_code == 403


async def test_a_url_past_its_end(
    place: Place, person: Device, content: bytes, seaweedfs: LocalStore
) -> None:
    upload = (await person.started(content))["upload"]
    row = await place.audit.row(upload["id"])

    def url(age: timedelta) -> str:
        """As the service signs, `age` ago, for a minute."""
        presigner = Presigner(
            addressing=Addressing(seaweedfs.endpoint_url, seaweedfs.region, seaweedfs.bucket, "path"),
            credentials=StaticCredentials(Credentials(seaweedfs.access_key_id, seaweedfs.secret_access_key)),
            clock=lambda: datetime.now(UTC) - age,
        )
        made = MultipartUploadId(row["multipart_upload_id"])
        return presigner.multipart(row["key"], made, expires_in=60).part(3, 1_514_240).url

    body = content[-1_514_240:]
    late = await person.store.put(url(timedelta(seconds=62)), content=body)
    assert (late.status_code, "expired" in late.text) == (403, True), late.text
    assert (await person.store.put(url(timedelta(0)), content=body)).status_code == 200
