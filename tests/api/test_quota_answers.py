"""A quota of the settings, from the door to the ledger and back."""

from coordinator.uploads.plan import MIB
from tests.api.service import running, settings_for


async def test_what_does_not_fit_is_refused_until_something_is_given_back(database_url: str) -> None:
    async with running(settings_for(database_url, quota_tenant_bytes=30 * MIB)) as service:
        key = await service.key()
        first = await service.start(key, size=20 * MIB)
        asked = {"filename": "film.mp4", "size": 20 * MIB}
        refused = await service.client.post("/v1/uploads", json=asked, headers=key)
        assert refused.status_code == 413
        problem = refused.json()
        assert problem["code"] == "quota_exceeded"
        assert (problem["limit"], problem["used"], problem["reserved"]) == (30 * MIB, 0, 20 * MIB)
        await service.client.delete(f"/v1/uploads/{first['id']}", headers=key)
        await service.start(key, size=20 * MIB)


async def test_owners_may_have_so_many_under_way(database_url: str) -> None:
    async with running(settings_for(database_url, max_open_uploads_owner=1)) as service:
        await service.start(service.token(owner="ann"))
        again = await service.client.post(
            "/v1/uploads", json={"filename": "film.mp4", "size": 1}, headers=service.token(owner="ann")
        )
        assert (again.status_code, again.json()["code"], again.json()["limit"]) == (413, "quota_exceeded", 1)
        await service.start(service.token(owner="bob"))


async def test_a_stream_must_name_its_size_where_bytes_are_limited(database_url: str) -> None:
    async with running(settings_for(database_url, quota_owner_bytes=30 * MIB)) as service:
        body = {"filename": "film.mp4", "size": None}
        answer = await service.client.post("/v1/uploads", json=body, headers=await service.key())
        assert (answer.status_code, answer.json()["code"]) == (422, "size_not_allowed")
