"""One thing is wrong at a time, and one check says so; whatever builds on it is said not to be checked."""

from typing import Any
from urllib.parse import urlsplit

import pytest

from coordinator.doctor.finding import Finding
from coordinator.local.bucket import configure_bucket
from coordinator.local.ports import choose_ports
from tests.integration.doctor.patients import PAGE, Healthy, Report
from tests.ports import OwnPorts
from tests.postgres import new_database


@pytest.fixture
def closed() -> str:
    [port] = choose_ports(1, rng=OwnPorts())
    return f"http://127.0.0.1:{port}"


def the_one(report: Report) -> Finding:
    assert len(report.failed) == 1, report.failed
    [name] = report.failed
    return report[name]


async def test_a_wrong_secret(healthy: Healthy) -> None:
    found = the_one(await healthy.examined({"secret_access_key": "wrong"}))
    assert found.name == "store.credentials"
    assert "store.secret_access_key" in found.remedy


async def test_an_unknown_access_key(healthy: Healthy) -> None:
    found = the_one(await healthy.examined({"access_key_id": "nobody"}))
    assert found.name == "store.credentials"
    assert "store.access_key_id" in found.remedy


async def test_no_credentials_at_all(healthy: Healthy) -> None:
    report = await healthy.examined({"access_key_id": None, "secret_access_key": None})
    assert the_one(report).name == "settings.credentials"
    assert "COORDINATOR_STORE__ACCESS_KEY_ID" in report["settings.credentials"].remedy
    assert report["store.reachable"].detail == "not checked, because settings.credentials failed"


async def test_a_bucket_that_is_not_there(healthy: Healthy) -> None:
    report = await healthy.examined({"bucket": "nobody-made-this"})
    found = the_one(report)
    assert found.name == "store.bucket"
    assert "COORDINATOR_STORE__BUCKET" in found.remedy
    assert report["presign.length_bound"].status == "warning"
    assert report["presign.length_bound"].detail == "not checked, because store.bucket failed"
    assert report["presign.length_bound"].remedy == "Mend store.bucket first."


async def test_a_closed_port(healthy: Healthy, closed: str) -> None:
    report = await healthy.examined(
        {"endpoint_url": closed, "public_endpoint_url": healthy.store["endpoint_url"]}
    )
    found = the_one(report)
    assert found.name == "store.reachable"
    assert "COORDINATOR_STORE__ENDPOINT_URL" in found.remedy


async def test_a_host_nobody_knows(healthy: Healthy) -> None:
    report = await healthy.examined({"endpoint_url": "http://nowhere.invalid"})
    assert "store.addressing" in report.failed
    assert "nowhere.invalid" in report["store.addressing"].detail


async def test_a_wrong_public_endpoint(healthy: Healthy, closed: str) -> None:
    report = await healthy.examined({"public_endpoint_url": closed})
    found = the_one(report)
    assert found.name == "public.reachable"
    assert "COORDINATOR_STORE__PUBLIC_ENDPOINT_URL" in found.remedy
    assert report["store.create"].status == "passed"


async def test_a_database_behind(healthy: Healthy, postgres_url: str) -> None:
    async with new_database(postgres_url) as empty:
        report = await healthy.examined(database_url=empty)
    found = the_one(report)
    assert found.name == "database.migrations"
    assert "coordinator migrate" in found.remedy
    assert report["database.rights"].detail == "not checked, because database.migrations failed"


async def test_a_database_that_is_down(healthy: Healthy, closed: str) -> None:
    found = the_one(await healthy.examined(database_url=f"postgresql://a:b@{urlsplit(closed).netloc}/c"))
    assert found.name == "database.reachable"
    assert "Start Postgres" in found.remedy


async def test_a_database_that_is_not_there(healthy: Healthy) -> None:
    url = urlsplit(healthy.database_url)._replace(path="/nobody_made_this").geturl()
    found = the_one(await healthy.examined(database_url=url))
    assert found.name == "database.reachable"
    assert "no such database" in found.detail


async def test_a_wrong_password(healthy: Healthy) -> None:
    url = urlsplit(healthy.database_url)
    wrong = url._replace(netloc=f"{url.username}:wrong@{url.hostname}:{url.port}").geturl()
    found = the_one(await healthy.examined(database_url=wrong))
    assert found.name == "database.reachable"
    assert "password" in found.remedy


async def test_more_connections_than_the_server_gives(healthy: Healthy) -> None:
    found = the_one(await healthy.examined(database_pool_size=200))
    assert found.name == "database.connections"
    assert "COORDINATOR_DATABASE_POOL_SIZE" in found.remedy


async def test_cors_without_the_pages_origin(healthy: Healthy) -> None:
    report = await healthy.examined(allowed_origins=(PAGE, "http://localhost:9999"))
    found = the_one(report)
    assert found.name == "cors.preflight"
    assert "bucket setup --origin http://localhost:9999" in found.remedy


async def test_cors_that_hides_the_etag(healthy: Healthy, rules: Any) -> None:
    rule = {"AllowedOrigins": [PAGE], "AllowedMethods": ["PUT"], "AllowedHeaders": ["*"]}
    await rules.put_bucket_cors(Bucket=healthy.store["bucket"], CORSConfiguration={"CORSRules": [rule]})
    report = await healthy.examined()
    assert report.failed == set()
    assert report.warned == {"cors.etag_exposed"}
    assert f"bucket setup --origin {PAGE}" in report["cors.etag_exposed"].remedy


async def test_cors_that_refuses_digests(healthy: Healthy, rules: Any) -> None:
    rule = {
        "AllowedOrigins": [PAGE],
        "AllowedMethods": ["PUT"],
        "AllowedHeaders": ["content-type"],
        "ExposeHeaders": ["ETag"],
    }
    await rules.put_bucket_cors(Bucket=healthy.store["bucket"], CORSConfiguration={"CORSRules": [rule]})
    found = the_one(await healthy.examined())
    assert found.name == "cors.headers"
    assert "content-md5" in found.detail


async def test_cors_for_everybody(healthy: Healthy, rules: Any) -> None:
    await configure_bucket(rules, healthy.store["bucket"], ["*"])
    assert (await healthy.examined()).warned == {"cors.stranger"}


async def test_no_lifecycle_rule(healthy: Healthy, rules: Any) -> None:
    await rules.delete_bucket_lifecycle(Bucket=healthy.store["bucket"])
    report = await healthy.examined()
    assert report.failed == set()
    assert report.warned == {"lifecycle.abort_incomplete"}
    assert "bucket setup" in report["lifecycle.abort_incomplete"].remedy


async def test_a_lifecycle_rule_that_aborts_too_early(healthy: Healthy) -> None:
    found = the_one(await healthy.examined(hard_lifetime=30 * 86_400))
    assert found.name == "lifecycle.abort_incomplete"
    assert "31 days" in found.remedy


async def test_no_origin_is_named(healthy: Healthy) -> None:
    report = await healthy.examined(allowed_origins=())
    assert report.failed == set()
    assert "settings.origins" in report.warned
    assert "--origin" in report["cors.preflight"].remedy
