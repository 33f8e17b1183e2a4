"""Names are sent without what the coordinator refuses, and with all else."""

import pytest

from coordinator.api.strangers_text import check_start
from coordinator.client.names import plain_name, plain_path


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("Icon\r", "Icon"),
        ("\u200eIMG-1.jpg", "IMG-1.jpg"),
        ("a\u202egpj.exe", "agpj.exe"),
        ("\u061c\u2066\u2069\u2028\x00\x7f\x85", "_"),
        (
            "\u05e9\u05dc\u05d5\u05dd \U0001f600 caf\u00e9\u200d.txt",
            "\u05e9\u05dc\u05d5\u05dd \U0001f600 caf\u00e9\u200d.txt",
        ),
    ],
)
def test_a_name_loses_only_what_the_coordinator_refuses(name: str, sent: str) -> None:
    assert plain_name(name) == sent
    check_start(plain_name(name), None, plain_path({"path": name, "note": "b"}))


def test_other_metadata_is_the_callers_own() -> None:
    assert plain_path({"path": "a/Icon\r", "note": "b\r"}) == {"path": "a/Icon", "note": "b\r"}
    assert plain_path({}) == {}
