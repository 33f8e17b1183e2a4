"""A store that cannot be used is told of in one line that names the setting, whatever it answers."""

from datetime import UTC, datetime

import pytest

from coordinator.errors import ConfigurationError
from coordinator.opening import check_store
from coordinator.storage.errors import store_error
from coordinator.storage.fake import FakeStore
from coordinator.storage.faults import Refuse


@pytest.mark.parametrize(
    ("status", "code", "setting"),
    [
        (403, "AccessDenied", "store.access_key_id"),
        (404, "NoSuchBucket", "store.bucket"),
        (501, "NotImplemented", "store.endpoint_url"),
        (400, "InvalidRequest", "store.endpoint_url"),
        (400, "", "store.endpoint_url"),
        (405, "MethodNotAllowed", "store.endpoint_url"),
        (503, "SlowDown", "store.endpoint_url"),
    ],
)
async def test_a_refused_start_up_check_names_the_setting(status: int, code: str, setting: str) -> None:
    store = FakeStore(clock=lambda: datetime.now(UTC))
    store.script("check", Refuse(store_error("check", status, code)))
    with pytest.raises(ConfigurationError) as refused:
        await check_store(store)
    assert refused.value.setting == setting
    assert "\n" not in str(refused.value)
