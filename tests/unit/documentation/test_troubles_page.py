"""Each trouble on docs/troubles.md names tests, and each test that it names is there and runs."""

import ast
import re
from functools import cache

from tests.unit.documentation.generating import ROOT

PAGE = (ROOT / "docs" / "troubles.md").read_text(encoding="utf-8")
TESTS = ROOT / "tests"
NAMED = re.compile(r"`([\w/.]+\.(?:py|mjs)(?:::|: )[^`]+)`")
# a title in quotes of any kind; in a template the values are not known here
TITLE = re.compile(
    r"^\s*test\(\s*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\"|`((?:[^`\\]|\\.)*)`)", re.MULTILINE
)
VALUE = re.compile(r"\\\$\\\{.*?\\\}")


def rows() -> list[tuple[str, str, list[str]]]:
    """Trouble, what happens here, the tests: without the heads of the tables."""
    lines = [line[2:-2] for line in PAGE.splitlines() if line.startswith("| ")]
    cells = [line.split(" | ") for line in lines if not line.startswith("What people suffer")]
    return [(trouble, *said(here)) for trouble, here in cells]


def said(cell: str) -> tuple[str, list[str]]:
    here, *tests = cell.split("<br>")
    return here, tests


@cache
def in_python(file: str) -> frozenset[str]:
    tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
    found = [one for one in tree.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    return frozenset(one.name for one in found if "skip" not in "".join(map(ast.unparse, one.decorator_list)))


@cache
def in_javascript(file: str) -> tuple[re.Pattern[str], ...]:
    text = (TESTS / file).read_text(encoding="utf-8")
    titles = ["".join(quoted) for quoted in TITLE.findall(text)]
    return tuple(re.compile(VALUE.sub(".*", re.escape(title))) for title in titles)


def is_there(name: str) -> bool:
    file, _, test = name.partition("::" if ".py::" in name else ": ")
    if not (TESTS / file).is_file():
        return False
    if file.endswith(".py"):
        return test in in_python(file)
    return any(title.fullmatch(test) for title in in_javascript(file))


def test_every_test_it_names_is_there() -> None:
    named = dict.fromkeys(NAMED.findall(PAGE))
    assert len(named) > 150
    assert [name for name in named if not is_there(name)] == []


def test_no_trouble_is_without_a_test() -> None:
    assert len(rows()) > 60
    for trouble, here, tests in rows():
        assert here.endswith("."), trouble
        assert tests, trouble
        for test in tests:
            # one that is written otherwise would not be looked for
            assert NAMED.fullmatch(test.removeprefix("Python: ")), test


def test_no_trouble_is_told_twice() -> None:
    troubles = [trouble for trouble, _, _ in rows()]
    assert len(set(troubles)) == len(troubles)
