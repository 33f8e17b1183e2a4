from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.postgres import passable_directory


@pytest.fixture
def data_dir(clean_environment: None) -> Iterator[Path]:
    """Where a data directory may come to lie."""
    with passable_directory() as directory:
        directory.chmod(0o777)
        yield directory / "data"
