"""A whole life with every log line switched on, and not one secret in anything the server said."""

import json
import secrets

from tests.e2e.conftest import Place
from tests.e2e.device import Device, asked, device


async def test_no_output_holds_a_secret(place: Place, person: Device, content: bytes) -> None:
    minted = asked(await person.api.post("/v1/tokens", json={"owner": "ann"}))["token"]
    async with device(place.server.url, minted) as user:
        done = await user.uploaded(content)
        assert await user.download(done) == content
        given_up = (await user.started(content, sign=3))["upload"]
        asked(await user.abort(given_up))
        assert (await user.start(content, size="many")).status_code == 422
    wrong = place.key[:-1] + ("0" if place.key[-1] != "0" else "1")
    async with device(place.server.url, wrong) as stranger:
        assert (await stranger.api.get(f"/v1/uploads?cursor={wrong}")).status_code == 401
    # a signed URL sent to us by mistake
    mistaken = f"/v1/uploads/{done['id']}?X-Amz-Signature={secrets.token_hex(32)}"
    assert (await person.api.get(mistaken)).status_code in {200, 422}

    output = place.server.output()
    levels = {json.loads(line)["level"] for line in output.splitlines()}
    assert {"debug", "info"} <= levels
    assert done["id"] in output
    rows = [await place.audit.row(upload["id"]) for upload in (done, given_up)]
    forbidden = {
        "a signed URL": "X-Amz-Signature=",
        "a signature": "Signature:",
        "the store's secret": place.audit.store.secret_access_key,
        "the API key": place.key.rpartition("_")[2],
        "a wrong API key": wrong.rpartition("_")[2],
        "a token": minted,
        "a token's signature": minted.rpartition(".")[2],
        "the token secret": place.server.settings["COORDINATOR_TOKEN_SECRET"],
        **{f"mark {number}": row["mark"] for number, row in enumerate(rows)},
    }
    assert [name for name, secret in forbidden.items() if secret in output] == []
