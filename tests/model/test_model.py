"""As many sequences as fit into the time: `MODEL_SECONDS`, or 120 seconds in CI, or 20 at a desk."""

import os
import time

import pytest

from tests.model.campaign import run_campaign
from tests.model.floor import Floor

SECONDS = float(os.environ.get("MODEL_SECONDS", "120" if os.environ.get("CI") else "20"))


@pytest.mark.timeout(SECONDS + 300)
def test_no_sequence_breaks_an_invariant(floor: Floor, capsys: pytest.CaptureFixture[str]) -> None:
    began = time.monotonic()
    journal = run_campaign(floor, first_seed=1, seconds=SECONDS)
    took = time.monotonic() - began
    with capsys.disabled():
        print(f"\nmodel: {journal.ended} sequences, {journal.moves.total()} moves in {took:.0f} s")
    assert journal.found == []
    assert journal.ended > 0
