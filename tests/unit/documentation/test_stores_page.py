from pathlib import Path

from tests.stores.given import VARIABLES
from tests.stores.profile import StoreProfile
from tests.stores.table import ROWS, table

PAGE = (Path(__file__).parents[3] / "docs" / "stores.md").read_text(encoding="utf-8")


def test_the_table_is_that_of_the_profiles() -> None:
    assert table() in PAGE, "docs/stores.md is stale: paste what `python -m tests.stores.table` prints"


def test_no_deviation_is_left_out() -> None:
    assert list(ROWS) == list(StoreProfile.__struct_fields__)


def test_every_variable_of_a_given_store_is_explained() -> None:
    assert [name for name in VARIABLES if f"`{name}`" not in PAGE] == []
