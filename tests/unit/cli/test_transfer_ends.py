"""What is said of a command's sending when it ends before its time."""

import errno
from collections.abc import Sequence
from typing import Any, cast

import pytest

from coordinator.cli import transfer
from coordinator.cli.client_settings import ClientSettings
from coordinator.cli.display import Display, Left
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.output import OutputFailed
from coordinator.cli.transfer import Transfer, run_transfer

LEFT = Left("film.mov", "0190", "coordinator resume 0190 film.mov")


class Bars:
    """A display that keeps what had been said when it was closed: what is said under bars goes with them."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.said_before: list[str] = []

    def close(self) -> None:
        self.said_before.append(self._capsys.readouterr().err)


def ended(monkeypatch: pytest.MonkeyPatch, bars: Bars, left: Sequence[Left], refused: OSError) -> None:
    async def sent(_: Transfer, under_way: list[Left]) -> ExitCode:
        under_way += left
        raise OutputFailed(refused)

    monkeypatch.setattr(transfer, "_transferred", sent)
    settings = cast("ClientSettings", None)
    nothing: Any = None
    with pytest.raises(OutputFailed):
        run_transfer(Transfer(settings, nothing, nothing, cast("Display", bars)))


FULL = OSError(errno.ENOSPC, "No space left on device")


def test_how_to_go_on_is_said_after_the_bars_have_gone(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = Bars(capsys)
    ended(monkeypatch, bars, [LEFT], FULL)
    assert bars.said_before[0] == ""
    assert LEFT.resume in bars.said_before[-1]


def test_a_full_disk_behind_the_output_with_nothing_under_way_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """That of the failure, which whoever called says."""
    bars = Bars(capsys)
    ended(monkeypatch, bars, [], FULL)
    assert "".join(bars.said_before) == ""
    ended(monkeypatch, bars, [], OSError(errno.EPIPE, "Broken pipe"))
    assert "nothing is left half done" in "".join(bars.said_before)
