"""What is said of a command's sending when it ends before its time."""

import errno
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from coordinator.cli import transfer
from coordinator.cli.client_settings import ClientSettings, Found
from coordinator.cli.display import Display, Left
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.output import OutputFailed
from coordinator.cli.setting import SETTINGS
from coordinator.cli.transfer import Transfer, run_transfer
from coordinator.client import ServerUnreachable

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


async def test_what_could_not_be_aborted_is_named_with_its_coordinator(tmp_path: Path) -> None:
    """What is compressed on the way is aborted when it is stopped; the coordinator may be out of reach by then."""
    default = {setting.name: Found(setting.default, "default") for setting in SETTINGS}
    settings = ClientSettings({**default, "url": Found("https://a.example", "--url")}, tmp_path)
    warned: list[str] = []
    display = SimpleNamespace(warned=warned.append)

    async def out_of_reach(*, keep: bool) -> None:
        assert not keep
        raise ServerUnreachable("It does not answer.", "refused")

    under_way: Any = SimpleNamespace(upload=SimpleNamespace(id="0190"), cancel=out_of_reach)
    nothing: Any = None
    transferring = Transfer(settings, nothing, nothing, cast("Display", display), resumable=False)
    await transfer._clear_away(transferring, [under_way])
    assert [text.partition(": ")[2] for text in warned] == ["coordinator abort --url https://a.example 0190"]
