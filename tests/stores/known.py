"""The stores that the contract is run on, and which of them run here."""

import os
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Final

import pytest

from tests.stores.moto import running_moto
from tests.stores.profile import StoreProfile
from tests.stores.rclone import running_rclone
from tests.stores.running import RunningStore
from tests.stores.swift import running_swift, swift_folder

SEAWEEDFS: Final = StoreProfile(second_abort="accepted", abort_after_complete="accepted")

STARTERS: Final[Mapping[str, Callable[[Path], AbstractAsyncContextManager[RunningStore]]]] = {
    "moto": running_moto,
    "rclone": running_rclone,
    "swift": running_swift,
}

_no_swift = pytest.mark.skipif(swift_folder() is None, reason="Swift is not installed; see docs/stores.md")

REAL: Final[tuple[Any, ...]] = (
    *("seaweedfs", "moto", "rclone", pytest.param("swift", marks=_no_swift)),
    *(["given"] if "TEST_STORE_URL" in os.environ else []),
)
"""For `pytest.mark.parametrize`, by name."""
