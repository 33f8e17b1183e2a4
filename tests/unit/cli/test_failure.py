"""Failures are one line, whatever a file is called and whatever a server says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure, one_line


@given(st.text(alphabet=st.characters(codec=None)))
def test_nothing_moves_a_cursor_or_ends_a_line(text: str) -> None:
    shown = one_line(text)
    assert shown.isprintable()
    shown.encode("utf-8")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\nb", "a\\nb"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("bad\udcff", "bad\\udcff"),
        ("Grüße, 日本語", "Grüße, 日本語"),
    ],
)
def test_what_cannot_be_shown_is_spelled(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_an_endless_answer_is_cut() -> None:
    assert len(one_line("x" * 10_000)) < 1_100


def test_a_failure_says_what_was_wrong_and_what_to_do() -> None:
    failure = Failure(ExitCode.NO_FILE, "there is no file a\nb", "look again")
    assert (failure.code, str(failure)) == (ExitCode.NO_FILE, "there is no file a\\nb; look again")


def test_every_exit_code_has_a_meaning_of_its_own() -> None:
    meanings = [code.meaning for code in ExitCode]
    assert len(set(meanings)) == len(meanings)
    assert [code for code in ExitCode if not code.meaning or code.meaning.endswith(".")] == []
