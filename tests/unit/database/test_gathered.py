"""What is asked for at the same time is one statement, and one row's trouble is not another's."""

import asyncio
from collections.abc import Sequence

import pytest

from coordinator.database import gathered
from coordinator.database.gathered import Gathered
from coordinator.database.trouble import Locked, Repeatable, StatementRefused
from coordinator.errors import DatabaseUnavailable


class Table:
    """Statements as they were sent, each answered when the test says so."""

    def __init__(self) -> None:
        self.sent: list[list[str]] = []
        self.fails: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.both = asyncio.Event()
        """Two statements have been sent."""

    async def execute(self, asked: Sequence[str]) -> Sequence[str | None]:
        self.sent.append(list(asked))
        if len(self.sent) == 2:
            self.both.set()
        await self.gate.wait()
        if self.fails is not None:
            raise self.fails
        return [None if one == "unknown" else f"row {one}" for one in asked]


@pytest.fixture
def table() -> Table:
    return Table()


@pytest.fixture
def rows(table: Table) -> Gathered[str, str]:
    return Gathered(table.execute)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_one_turn_is_one_statement(table: Table, rows: Gathered[str, str]) -> None:
    assert await asyncio.gather(*map(rows.of, ["a", "b", "unknown"])) == ["row a", "row b", None]
    assert await rows.of("c") == "row c"
    assert table.sent == [["a", "b", "unknown"], ["c"]]


async def test_a_statement_holds_a_hundred_rows(table: Table, rows: Gathered[str, str]) -> None:
    names = [str(number) for number in range(250)]
    assert await asyncio.gather(*map(rows.of, names)) == [f"row {name}" for name in names]
    assert list(map(len, table.sent)) == [100, 100, 50]


async def test_what_comes_meanwhile_is_the_next_statement(
    table: Table, rows: Gathered[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered, "_PATIENCE", 3600.0)
    table.gate.clear()
    asked = []
    for name in "abcd":
        asked.append(asyncio.create_task(rows.of(name)))
        await settled()
    assert table.sent == [["a"]]
    table.gate.set()
    assert await asyncio.gather(*asked) == [f"row {name}" for name in "abcd"]
    assert table.sent == [["a"], ["b", "c", "d"]]


async def test_a_statement_that_takes_long_is_not_waited_for(
    table: Table, rows: Gathered[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathered, "_PATIENCE", 0.0)
    table.gate.clear()
    first = asyncio.create_task(rows.of("a"))
    await settled()
    second = asyncio.create_task(rows.of("b"))
    async with asyncio.timeout(30):
        await table.both.wait()
    table.gate.set()
    assert [await first, await second] == ["row a", "row b"]


@pytest.mark.parametrize(
    "refused",
    [StatementRefused("23503", "fk"), Repeatable("victim"), Locked("held")],
    ids=lambda one: type(one).__name__,
)
async def test_what_is_refused_as_a_whole_is_to_be_asked_alone(
    table: Table, rows: Gathered[str, str], refused: Exception
) -> None:
    table.fails = refused
    assert await asyncio.gather(*map(rows.of, "ab")) == [None, None]
    table.fails = None
    assert await rows.of("a") == "row a"


async def test_a_database_that_is_away_is_told_to_each(table: Table, rows: Gathered[str, str]) -> None:
    table.fails = DatabaseUnavailable("away")
    told = await asyncio.gather(*map(rows.of, "ab"), return_exceptions=True)
    assert [type(one) for one in told] == [DatabaseUnavailable] * 2


async def test_who_stops_waiting_leaves_the_others_theirs(table: Table, rows: Gathered[str, str]) -> None:
    table.gate.clear()
    gone, stays = (asyncio.create_task(rows.of(name)) for name in "ab")
    await settled()
    gone.cancel()
    await asyncio.wait({gone})
    table.gate.set()
    assert await stays == "row b"
    assert table.sent == [["a", "b"]]
