"""Which credential is said to be refused."""

from pathlib import Path
from typing import Any

import pytest

from coordinator.cli.client_settings import ClientSettings, Found
from coordinator.cli.credential import not_let_in
from coordinator.cli.exit_code import ExitCode
from coordinator.client import Unauthorized


def settings(**credential: Found) -> ClientSettings:
    nothing = Found(None, "default")
    url = Found("https://uploads.example", "--url")
    return ClientSettings(
        {"url": url, "api_key": nothing, "token": nothing, **credential}, Path("config.yaml")
    )


def refused(code: str = "unauthenticated") -> Unauthorized:
    return Unauthorized(401, code, "as the coordinator says it")


@pytest.mark.parametrize(
    ("credential", "told"),
    [
        ({"api_key": Found("ck_a_b", "--api-key")}, "the API key of --api-key is not valid"),
        (
            {"api_key": Found("ck_a_b", "/home/me/config.yaml", in_file=True)},
            "the API key of api_key in /home/me/config.yaml is not valid",
        ),
        (
            {"token": Found("secret", "COORDINATOR_TOKEN")},
            "the upload token of COORDINATOR_TOKEN is not valid",
        ),
        (
            {"api_key": Found("ck_a_b", "coordinator dev in .coordinator")},
            "the API key of coordinator dev in .coordinator is not valid",
        ),
        ({}, "no API key is given; set COORDINATOR_API_KEY"),
    ],
)
def test_it_is_named_with_whoever_gave_it(credential: dict[str, Any], told: str) -> None:
    failure = not_let_in(settings(**credential), refused())
    assert told in str(failure)
    assert (failure.code, failure.reason) == (ExitCode.NOT_ALLOWED, "unauthenticated")
    assert not any(found.value in str(failure) for found in credential.values())


def test_what_is_no_api_key_is_said_to_be_none() -> None:
    assert "begin with ck_" in str(not_let_in(settings(api_key=Found("secret", "--api-key")), refused()))
    assert "begin with ck_" not in str(not_let_in(settings(token=Found("secret", "--token")), refused()))


def test_an_expired_token_is_not_called_wrong() -> None:
    failure = not_let_in(settings(token=Found("secret", "--token")), refused("token_expired"))
    assert "the upload token of --token has expired; ask for a new one" in str(failure)
    assert failure.reason == "token_expired"
