"""A policy says whether files may be compressed on their way: whoever starts, however, is held to it."""

from typing import Any

import pytest

from tests.api.service import assert_problem, running, settings_for

BODY: dict[str, Any] = {"filename": "words.txt", "size": None, "content_encoding": "gzip"}
AS_IT_IS: dict[str, Any] = {"filename": "words.txt", "size": 9, "fingerprint": "f" * 64}
REFUSED = (422, "encoding_not_allowed")


async def test_a_policy_says_what_files_are_compressed_with(database_url: str) -> None:
    policies = {"packed": {"content_encodings": ["gzip"]}, "plain": {"content_encodings": [], "max_size": 9}}
    async with running(settings_for(database_url, policies=policies)) as service:
        key = await service.key()

        async def refused(body: dict[str, Any], headers: dict[str, str]) -> None:
            single = await service.client.post("/v1/uploads", json=body, headers=headers)
            document = assert_problem(single, *REFUSED)
            assert [error["path"] for error in document["errors"]] == ["$.content_encoding"]
            for said in ("not allow gzip", "allows none", "Send the file as it is"):
                assert said in document["detail"]

        for policy in ("default", "packed"):
            assert (await service.start(key, **BODY, policy=policy))["content_encoding"] == "gzip"
        await refused(BODY | {"policy": "plain"}, key)
        await refused(BODY, service.token(policy="plain"))

        # an upload to go on with, and a key that was used, open no door
        kept = {**key, "Idempotency-Key": "k-1"}
        answer = await service.client.post("/v1/uploads", json=AS_IT_IS | {"policy": "plain"}, headers=kept)
        assert answer.status_code == 201
        await refused(AS_IT_IS | {"policy": "plain", "content_encoding": "gzip"}, key)
        await refused(AS_IT_IS | {"policy": "plain", "content_encoding": "gzip"}, kept)

        # a refused start has not used its key, so that it is the file's as it is
        fresh = {**key, "Idempotency-Key": "k-2"}
        await refused(BODY | {"policy": "plain"}, fresh)
        again = {"filename": "words.txt", "size": 9, "policy": "plain"}
        assert (await service.client.post("/v1/uploads", json=again, headers=fresh)).status_code == 201

        many = {"uploads": [BODY | {"policy": policy} for policy in ("packed", "plain")]}
        results = (await service.client.post("/v1/uploads/start", json=many, headers=key)).json()["results"]
        assert results[0]["answer"]["upload"]["content_encoding"] == "gzip"
        assert (results[1]["status"], results[1]["problem"]["code"]) == REFUSED


@pytest.mark.parametrize(
    ("first", "then"), [({"content_encoding": "gzip"}, {}), ({}, {"content_encoding": "gzip"})]
)
async def test_a_fingerprint_leads_to_no_upload_that_is_compressed_otherwise(
    database_url: str, first: dict[str, str], then: dict[str, str]
) -> None:
    async with running(settings_for(database_url)) as service:
        key = await service.key()
        begun = await service.start(key, **AS_IT_IS, **first)
        assert (await service.start(key, **AS_IT_IS, **first))["id"] == begun["id"]
        refused = await service.client.post("/v1/uploads", json=AS_IT_IS | then, headers=key)
        document = assert_problem(refused, 422, "validation_failed")
        assert [error["path"] for error in document["errors"]] == ["$.fingerprint"]
        assert f"`content_encoding` {begun['content_encoding'] or 'null'}" in document["detail"]
