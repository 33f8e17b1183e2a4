"""A store of one's own, named by TEST_STORE_URL and its companions; see docs/stores.md."""

from collections.abc import Mapping

import msgspec

from coordinator.local.bucket import LocalStore
from tests.stores.profile import StoreProfile
from tests.stores.running import RunningStore

__all__ = ["VARIABLES", "given_store"]

VARIABLES = (
    "TEST_STORE_URL",
    "TEST_STORE_REGION",
    "TEST_STORE_BUCKET",
    "TEST_STORE_ACCESS_KEY_ID",
    "TEST_STORE_SECRET_ACCESS_KEY",
    "TEST_STORE_STYLE",
    "TEST_STORE_DEVIATIONS",
)


def given_store(environ: Mapping[str, str]) -> RunningStore:
    """Raises KeyError naming what is missing, msgspec.ValidationError for deviations that there are none of."""
    style = environ.get("TEST_STORE_STYLE", "path")
    assert style in {"path", "virtual"}, "TEST_STORE_STYLE is path or virtual"
    address = LocalStore(
        endpoint_url=environ["TEST_STORE_URL"],
        region=environ.get("TEST_STORE_REGION", "us-east-1"),
        bucket=environ["TEST_STORE_BUCKET"],
        access_key_id=environ["TEST_STORE_ACCESS_KEY_ID"],
        secret_access_key=environ["TEST_STORE_SECRET_ACCESS_KEY"],
    )
    profile = msgspec.json.decode(environ.get("TEST_STORE_DEVIATIONS", "{}"), type=StoreProfile)
    return RunningStore(
        "given", address, profile, "virtual" if style == "virtual" else "path", keeps_objects=True
    )
