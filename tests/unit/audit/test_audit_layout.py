"""Which keys are of our making: those that the rules could have made, and no others."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.audit.layout import key_of_ours
from coordinator.uploads.keys import make_key
from coordinator.uploads.model import UploadId

STARTED = datetime(2026, 11, 21, 12, tzinfo=UTC)
ID = UploadId(UUID("01a1fdfa-4600-7226-889d-d8b25bc872e1"))


@given(tenant=st.text(), owner=st.text(), filename=st.text())
def test_every_key_we_make_is_ours(tenant: str, owner: str, filename: str) -> None:
    ours = key_of_ours(make_key(tenant, owner, ID, filename))
    assert ours is not None
    assert (ours.upload_id, ours.started) == (ID, STARTED)


@pytest.mark.parametrize(
    "key",
    [
        "",
        f"acme/ada/{ID}",
        f"acme/ada/{ID}/",
        f"acme/ada/{ID}/film.mov/more",
        f"prefix/acme/ada/{ID}/film.mov",
        f"/ada/{ID}/film.mov",
        f"acme/ada/{str(ID).upper()}/film.mov",
        f"acme/ada/{ID.hex}/film.mov",
        f"acme/ada/{{{ID}}}/film.mov",
        "acme/ada/0190d5a4-0000-4000-8000-000000000000/film.mov",
        "acme/ada/0190d5a4-0000-7000-c000-000000000000/film.mov",
        f"acme/ada/{ID}/a film.mov",
        f"acme/../{ID}/film.mov",
        f"acme/ada/{ID}/.hidden",
        f"{'t' * 129}/ada/{ID}/film.mov",
        f"acme/ada/{ID}/{'n' * 201}",
    ],
)
def test_others_are_not(key: str) -> None:
    assert key_of_ours(key) is None


def test_an_id_of_a_time_that_never_comes_is_not_ours() -> None:
    assert key_of_ours("acme/ada/ffffffff-ffff-7000-8000-000000000000/film.mov") is None


@pytest.mark.parametrize(
    ("after", "ours"), [(-3601, False), (-3599, True), (0, True), (3599, True), (3601, False)]
)
def test_it_began_when_its_id_says(after: int, *, ours: bool) -> None:
    found = key_of_ours(f"acme/ada/{ID}/film.mov")
    assert found is not None
    assert found.began(STARTED + timedelta(seconds=after)) is ours
