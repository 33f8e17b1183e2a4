"""What a person sees: bars as wide as the terminal, a result that stays, and after Ctrl-C how to go on."""

import re
from pathlib import Path

import pytest

from tests.e2e.conftest import Place
from tests.e2e.shell import SLOWLY, Shell, at
from tests.e2e.terminal import CTRL_C, terminal

SECOND_PART = r"(1[5-9]|[2-9][0-9])%"
"""With one part of the long film at a time, so much means that the first one, 13%, is at the store."""
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


@pytest.fixture
def shell(place: Place, tmp_path: Path, content: bytes, long_content: bytes) -> Shell:
    (tmp_path / "film.mov").write_bytes(content)
    (tmp_path / "long.mov").write_bytes(long_content)
    return at(place, tmp_path)


@pytest.mark.parametrize("columns", [40, 80, 120])
async def test_bars_are_as_wide_as_the_terminal(place: Place, shell: Shell, columns: int) -> None:
    async with terminal(
        shell, "upload", shell.folder / "film.mov", "--limit-rate", "8M", columns=columns
    ) as screen:
        assert await screen.ended() == 0
    plain = ESCAPE.sub("", screen.shown)
    assert ("━" in plain) == (columns >= 60)
    assert re.search(r"[1-9][0-9]?%", plain)
    [upload_id] = re.findall(
        r"film\.mov  11\.4 MiB in (?:[0-9]+\.[0-9] s|[0-9]+:[0-9]{2})  ([0-9a-f-]{36})", plain
    )
    await place.audit.ended(
        upload_id, "completed", reason=None, content=(shell.folder / "film.mov").read_bytes()
    )
    bars = [line for line in re.split(r"[\r\n]+", plain) if "%" in line]
    assert max(map(len, bars)) <= columns
    assert screen.shown.rindex("\x1b[?25h") > screen.shown.rindex("\x1b[?25l"), "the cursor is back"


async def test_ctrl_c_says_how_to_go_on(shell: Shell) -> None:
    film = shell.folder / "long.mov"
    async with terminal(shell, "upload", film, *SLOWLY) as screen:
        await screen.shows(SECOND_PART)
        screen.press(CTRL_C)
        assert await screen.ended() == 130
    plain = ESCAPE.sub("", screen.shown)
    assert re.search(
        rf"to go on, run the same command again, or:\r\n  coordinator resume [0-9a-f-]{{36}} {film}\r\n",
        plain,
    )
    assert "Traceback" not in plain
    again = await shell.run("upload", film)
    assert again.code == 0
    assert "were there already" in again.stderr


async def test_a_closed_window_leaves_it_resumable(place: Place, shell: Shell) -> None:
    film = shell.folder / "long.mov"
    async with terminal(shell, "upload", film, *SLOWLY) as screen:
        await screen.shows(SECOND_PART)
    assert screen.process.returncode == 129
    again = await shell.run("upload", film)
    assert again.code == 0
    assert "were there already" in again.stderr


async def test_no_color_means_none_and_a_dumb_terminal_gets_plain_lines(shell: Shell) -> None:
    film = shell.folder / "film.mov"
    async with terminal(shell, "upload", film, "--restart", NO_COLOR="1") as screen:
        assert await screen.ended() == 0
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.shown)
    async with terminal(shell, "upload", film, "--restart", TERM="dumb") as screen:
        assert await screen.ended() == 0
    assert "\x1b" not in screen.shown
    assert "film.mov: stored, 11.4 MiB" in screen.shown


async def test_lists_fit_the_terminal(shell: Shell) -> None:
    upload_id = (await shell.run("upload", shell.folder / "film.mov")).stdout.split("\t")[0]
    for columns in (40, 80, 140):
        async with terminal(shell, "ls", "--limit", "1", columns=columns) as screen:
            assert await screen.ended() == 0
        plain = ESCAPE.sub("", screen.shown)
        assert upload_id in plain
        assert "film.mov" in plain
        assert max(map(len, plain.splitlines())) <= columns
