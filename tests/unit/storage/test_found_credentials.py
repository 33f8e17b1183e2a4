"""Credentials of a container or an instance: found, kept fresh, and never outlived by a URL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coordinator.signing.credentials import (
    Credentials,
    CredentialsExpired,
    CredentialsUnavailable,
    RefreshingCredentials,
)
from coordinator.signing.presigner import Addressing, Presigner
from coordinator.storage.credentials import find_credentials, kept_fresh
from coordinator.storage.options import S3Options
from coordinator.storage.s3 import open_s3_store
from coordinator.uploads.store import StoreOutcomeUnknown
from tests.unit.storage.canned import Canned, answer
from tests.unit.storage.metadata import ROLE, Metadata, metadata_server

ADDRESSING = Addressing("https://store.example", "us-east-1", "uploads", "path")


def in_seconds(seconds: float) -> datetime:
    return (datetime.now(UTC) + timedelta(seconds=seconds)).replace(microsecond=0)


@pytest.fixture
async def metadata() -> AsyncIterator[Metadata]:
    async with metadata_server() as metadata:
        yield metadata


@pytest.fixture
def container(metadata: Metadata, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Metadata:
    """As EKS sets it up: a URL, and a file with what authorizes us."""
    written = tmp_path / "authorization"
    written.write_text("let-me-in")
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{metadata.endpoint_url}/v1/credentials")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(written))
    return metadata


@pytest.fixture
def instance(metadata: Metadata, monkeypatch: pytest.MonkeyPatch) -> Metadata:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", metadata.endpoint_url)
    return metadata


async def test_a_containers_credentials_are_found(container: Metadata) -> None:
    container.expires_at = in_seconds(3600)
    assert await find_credentials() == Credentials(
        "ASIA1", "the-secret", "the-session-token", container.expires_at
    )
    [(method, path, headers)] = container.requests
    assert (method, path, headers["authorization"]) == ("GET", "/v1/credentials", "let-me-in")


@pytest.mark.parametrize("left", [6 * 3600, 20 * 60, 90])
async def test_an_instances_credentials_are_found_with_their_true_end(instance: Metadata, left: int) -> None:
    """The SDK alone would say an end of at least 17 minutes from now."""
    instance.expires_at = in_seconds(left)
    found = await find_credentials()
    assert (found.secret_access_key, found.expires_at) == ("the-secret", instance.expires_at)
    assert instance.requests[0][:2] == ("PUT", "/latest/api/token")
    assert instance.requests[1][1] == ROLE
    assert instance.requests[1][2]["x-aws-ec2-metadata-token"] == "an-imds-token"


async def test_a_web_identitys_credentials_are_found(
    metadata: Metadata, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = tmp_path / "identity"
    written.write_text("who-i-am")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(written))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/uploads")
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", metadata.endpoint_url)
    metadata.expires_at = in_seconds(3600)
    assert await find_credentials() == Credentials(
        "ASIA1", "the-secret", "the-session-token", metadata.expires_at
    )


async def test_a_profiles_credentials_are_found(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    written = tmp_path / "credentials"
    written.write_text("[default]\naws_access_key_id = AKIA\naws_secret_access_key = the-secret\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(written))
    assert await find_credentials() == Credentials("AKIA", "the-secret")


async def test_where_there_are_none_the_ways_to_give_some_are_named() -> None:
    with pytest.raises(CredentialsUnavailable, match=r"AWS_ACCESS_KEY_ID.*web identity"):
        await find_credentials()


async def test_a_search_that_fails_repeats_nothing_of_what_it_read(
    instance: Metadata, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://elsewhere.example/the-secret-path")
    with pytest.raises(CredentialsUnavailable) as raised:
        await find_credentials()
    assert "ValueError" in str(raised.value)
    assert "the-secret-path" not in str(raised.value)


class Watch:
    """A clock that sleeping moves, and that waits for the test after each sleep."""

    def __init__(self) -> None:
        self.now = in_seconds(0)
        self.slept: list[float] = []
        self.turns: asyncio.Queue[None] = asyncio.Queue()
        self.asleep = asyncio.Event()

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.asleep.set()
        await self.turns.get()
        self.now += timedelta(seconds=seconds)

    async def turn(self) -> None:
        """Let one sleep pass, and what follows it up to the next."""
        async with asyncio.timeout(30):
            await self.asleep.wait()
            self.asleep.clear()
            self.turns.put_nowait(None)
            await self.asleep.wait()


class Issuer:
    """Hands out credentials that live so many seconds; None: fails."""

    def __init__(self, watch: Watch, life: float | None) -> None:
        self.watch = watch
        self.life = life
        self.issued = 0

    async def __call__(self) -> Credentials:
        if self.life is None:
            raise CredentialsUnavailable("out of order")
        self.issued += 1
        return Credentials(f"ASIA{self.issued}", "s", "t", self.watch.now + timedelta(seconds=self.life))


async def test_credentials_that_live_ninety_seconds_are_renewed_before_they_end() -> None:
    watch = Watch()
    issuer = Issuer(watch, 90)
    source = RefreshingCredentials(watch)
    async with kept_fresh(source, clock=watch, find=issuer, sleep=watch.sleep):
        for turn in range(1, 6):
            assert source.current().access_key_id == f"ASIA{turn}"
            await watch.turn()
    assert watch.slept == [45] * 6


async def test_no_url_outlives_its_credentials_and_at_their_end_nothing_is_signed() -> None:
    watch = Watch()
    issuer = Issuer(watch, 1200)
    source = RefreshingCredentials(watch)
    presigner = Presigner(addressing=ADDRESSING, credentials=source, clock=watch)
    signed = 0
    async with kept_fresh(source, clock=watch, find=issuer, sleep=watch.sleep):
        ends = watch.now + timedelta(seconds=1200)
        issuer.life = None
        while watch.now < ends:
            if ends - watch.now >= timedelta(seconds=90):
                url = presigner.get_object("key", expires_in=900)
                assert watch.now < url.expires_at <= ends - timedelta(seconds=60)
                signed += 1
            else:
                with pytest.raises(CredentialsExpired):
                    presigner.get_object("key", expires_in=900)
                assert source.current().access_key_id == "ASIA1", "calls are sent to the very end"
            await watch.turn()
        with pytest.raises(CredentialsExpired):
            source.current()
        assert signed >= 4

        issuer.life = 1200
        await watch.turn()
        assert source.current().access_key_id == "ASIA2"


async def test_long_lives_are_looked_at_hourly_and_endless_ones_every_five_minutes() -> None:
    watch = Watch()
    async with kept_fresh(
        RefreshingCredentials(watch), clock=watch, find=Issuer(watch, 86_400), sleep=watch.sleep
    ):
        await watch.turn()

    async def endless() -> Credentials:
        return Credentials("k", "s")

    async with kept_fresh(RefreshingCredentials(watch), clock=watch, find=endless, sleep=watch.sleep):
        await watch.turn()
    assert watch.slept == [3600, 3600, 300, 300]


async def test_without_any_to_begin_with_it_does_not_begin() -> None:
    watch = Watch()
    with pytest.raises(CredentialsUnavailable):
        async with kept_fresh(RefreshingCredentials(watch), clock=watch, find=Issuer(watch, None)):
            pass


async def test_calls_are_signed_with_the_present_ones_and_not_sent_without(canned: Canned) -> None:
    watch = Watch()
    source = RefreshingCredentials(watch)
    options = S3Options(canned.endpoint_url, "us-east-1", "uploads", source)
    async with open_s3_store(options) as store:
        with pytest.raises(StoreOutcomeUnknown, match="CredentialsUnavailable"):
            await store.head_object("key")
        assert canned.requests == []

        for name in ("ASIA1", "ASIA2"):
            source.renew(Credentials(name, "s", "t", watch.now + timedelta(seconds=90)))
            canned.answers = [answer(404)]
            assert await store.head_object("key") is None
            assert f"credential={name.lower()}%2f" in canned.heads[-1]

        watch.now += timedelta(seconds=90)
        with pytest.raises(StoreOutcomeUnknown, match="CredentialsExpired"):
            await store.head_object("key")
        assert len(canned.requests) == 2
