"""The stores that the contract is run on, and which of them run here."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

from tests.stores.moto import running_moto
from tests.stores.profile import StoreProfile
from tests.stores.rclone import running_rclone
from tests.stores.running import RunningStore
from tests.stores.swift import running_swift, swift_folder

SEAWEEDFS: Final = StoreProfile(
    part_sent_again="is listed beside the first", second_abort="accepted", abort_after_complete="accepted"
)

STARTERS: Final[Mapping[str, Callable[[Path], AbstractAsyncContextManager[RunningStore]]]] = {
    "moto": running_moto,
    "rclone": running_rclone,
    "swift": running_swift,
}

REAL: Final = (
    *("seaweedfs", "moto", "rclone"),
    *(["swift"] if swift_folder() else []),
    *(["given"] if "TEST_STORE_URL" in os.environ else []),
)
"""Those that run here, for `pytest.mark.parametrize`."""
