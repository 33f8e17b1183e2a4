from dataclasses import FrozenInstanceError
from datetime import UTC, datetime, timedelta, timezone

import pytest

from coordinator.signing.credentials import (
    Credentials,
    CredentialsExpired,
    CredentialsUnavailable,
    EnvironmentCredentials,
    RefreshingCredentials,
    StaticCredentials,
)

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "hush"}


def test_repr_hides_secret_and_token() -> None:
    credentials = Credentials("AKIDEXAMPLE", "hush", "whisper")
    assert "AKIDEXAMPLE" in repr(credentials)
    assert "hush" not in repr(credentials)
    assert "whisper" not in repr(credentials)
    assert "hush" not in repr(StaticCredentials(credentials))
    assert "hush" not in repr(EnvironmentCredentials(KEYS))


def test_credentials_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Credentials("a", "b").secret_access_key = "c"  # type: ignore[misc]  # the point of the test


@pytest.mark.parametrize(("key", "secret", "token"), [("", "s", None), ("k", "", None), ("k", "s", "")])
def test_empty_values_are_refused(key: str, secret: str, token: str | None) -> None:
    with pytest.raises(ValueError, match=r"empty"):
        Credentials(key, secret, token)


def test_an_expiry_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match=r"time zone"):
        Credentials("k", "s", None, datetime(2026, 1, 1))  # noqa: DTZ001 - the point of the test


def test_static_credentials_stay() -> None:
    credentials = Credentials("k", "s")
    assert StaticCredentials(credentials).current() is credentials


def test_the_environment_of_a_user() -> None:
    assert EnvironmentCredentials(KEYS).current() == Credentials("AKIDEXAMPLE", "hush")


@pytest.mark.parametrize(
    ("written", "expires_at"),
    [
        ("2026-11-21T07:08:09Z", datetime(2026, 11, 21, 7, 8, 9, tzinfo=UTC)),
        ("2026-11-21T07:08:09+00:00", datetime(2026, 11, 21, 7, 8, 9, tzinfo=UTC)),
        ("2026-11-21T07:08:09+09:00", datetime(2026, 11, 21, 7, 8, 9, tzinfo=timezone(timedelta(hours=9)))),
    ],
)
def test_the_environment_of_a_role(written: str, expires_at: datetime) -> None:
    environ = {**KEYS, "AWS_SESSION_TOKEN": "whisper", "AWS_CREDENTIAL_EXPIRATION": written}
    expected = Credentials("AKIDEXAMPLE", "hush", "whisper", expires_at)
    assert EnvironmentCredentials(environ).current() == expected


def test_empty_variables_count_as_unset() -> None:
    environ = {**KEYS, "AWS_SESSION_TOKEN": "", "AWS_CREDENTIAL_EXPIRATION": ""}
    assert EnvironmentCredentials(environ).current() == Credentials("AKIDEXAMPLE", "hush")


def test_the_environment_is_read_anew_each_time() -> None:
    environ = dict(KEYS)
    source = EnvironmentCredentials(environ)
    source.current()
    environ["AWS_ACCESS_KEY_ID"] = "AKIDROTATED"
    assert source.current().access_key_id == "AKIDROTATED"


@pytest.mark.parametrize("name", list(KEYS))
@pytest.mark.parametrize("rest", [{}, {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}])
def test_a_missing_variable_is_named_and_nothing_repeated(name: str, rest: dict[str, str]) -> None:
    environ = rest | {key: value for key, value in KEYS.items() if key != name}
    with pytest.raises(CredentialsUnavailable, match=name) as raised:
        EnvironmentCredentials(environ).current()
    assert "hush" not in str(raised.value)


@pytest.mark.parametrize("written", ["tomorrow", "2026-11-21T07:08:09", "1763708889"])
def test_an_unusable_expiration_is_refused_rather_than_ignored(written: str) -> None:
    source = EnvironmentCredentials({**KEYS, "AWS_CREDENTIAL_EXPIRATION": written})
    with pytest.raises(CredentialsUnavailable, match=r"AWS_CREDENTIAL_EXPIRATION") as raised:
        source.current()
    assert written not in str(raised.value)


class Watch:
    def __init__(self) -> None:
        self.now = datetime(2026, 11, 21, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


def test_refreshing_credentials_serve_from_the_first_renewal() -> None:
    source = RefreshingCredentials(Watch())
    with pytest.raises(CredentialsUnavailable):
        source.current()
    source.renew(Credentials("k", "hush"))
    assert source.current() == Credentials("k", "hush")
    assert "hush" not in repr(source)


def test_refreshing_credentials_serve_to_their_end_and_not_beyond() -> None:
    watch = Watch()
    source = RefreshingCredentials(watch)
    first = Credentials("first", "s", "t", watch.now + timedelta(seconds=90))
    source.renew(first)
    watch.now += timedelta(seconds=89)
    assert source.current() is first
    watch.now += timedelta(seconds=1)
    with pytest.raises(CredentialsExpired):
        source.current()

    second = Credentials("second", "s", "t", watch.now + timedelta(seconds=90))
    source.renew(second)
    assert source.current() is second
