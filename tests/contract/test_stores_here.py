"""Says once which stores are left out, rather than in every case."""

import pytest

from tests.stores.known import REAL, STARTERS


@pytest.mark.parametrize("name", STARTERS)
def test_the_store_runs_here(name: str) -> None:
    if name == "swift" and name not in REAL:
        pytest.skip("Swift is not installed; see docs/stores.md")
    assert name in REAL
