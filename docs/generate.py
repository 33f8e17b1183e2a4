"""Write the generated sections of README.md and docs/cli.md: settings, states, error and exit codes. `python docs/generate.py`.

Each stands between `<!-- begin NAME -->` and `<!-- end NAME -->`. A test fails while a section differs from the code.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from coordinator import errors
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.setting import SETTINGS
from coordinator.cli.walkthrough import walkthrough
from coordinator.settings import ENV_PREFIX, Policy, Settings, StoreSettings
from coordinator.uploads.state import TERMINAL, TRANSITIONS

README: Final = Path(__file__).parent.parent / "README.md"
CLI: Final = Path(__file__).parent / "cli.md"


def settings_table() -> str:
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    rows += [_row(ENV_PREFIX + name.upper(), field) for name, field in _fields(Settings)]
    rows += [_row(f"{ENV_PREFIX}STORE__{name.upper()}", field) for name, field in _fields(StoreSettings)]
    rows += [_row(f"{ENV_PREFIX}POLICIES__<name>__{name.upper()}", field) for name, field in _fields(Policy)]
    return "\n".join(rows)


def state_diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2"]
    for move in TRANSITIONS:
        if move.source is move.target:
            continue
        source = "[*]" if move.source is None else move.source.value
        lines.append(f"    {source} --> {move.target.value}: {' or '.join(sorted(move.actors))}")
    lines += [f"    {state.value} --> [*]" for state in sorted(TERMINAL)]
    return "\n".join([*lines, "```"])


def error_codes() -> str:
    rows = ["| code | status | title |", "|---|---|---|"]
    problems = {kind for kind in _problems(errors.Problem) if "code" in vars(kind)}
    rows += [
        f"| `{kind.code}` | {kind.status} | {kind.title} |"
        for kind in sorted(problems, key=lambda k: (k.status, k.code))
    ]
    return "\n".join(rows)


def curl() -> str:
    return f"```bash\n{walkthrough('http://127.0.0.1:8080', 'ck_...')}```"


def exit_codes() -> str:
    return "\n".join(
        ["| code | meaning |", "|---|---|", *(f"| {code:d} | {code.meaning} |" for code in ExitCode)]
    )


def client_settings() -> str:
    rows = ["| flag | variable | in the file | default | meaning |", "|---|---|---|---|---|"]
    rows += [
        f"| `{one.flag}` | `{one.variable}` | `{one.name}` | {_told(one.default)} | {one.meaning} |"
        for one in SETTINGS
    ]
    return "\n".join(rows)


SECTIONS: Final[dict[str, Callable[[], str]]] = {
    "settings": settings_table,
    "states": state_diagram,
    "errors": error_codes,
    "curl": curl,
}

CLI_SECTIONS: Final[dict[str, Callable[[], str]]] = {
    "client_settings": client_settings,
    "exit_codes": exit_codes,
}


def render(text: str, sections: Mapping[str, Callable[[], str]] = SECTIONS) -> str:
    """The page with every section as the code has it. Raises KeyError for a marker nobody generates."""
    return re.sub(
        r"(<!-- begin (\w+) -->\n).*?(<!-- end \2 -->)",
        lambda found: f"{found[1]}{sections[found[2]]()}\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


def _problems(kind: type[errors.Problem]) -> Iterator[type[errors.Problem]]:
    for child in kind.__subclasses__():
        yield child
        yield from _problems(child)


def _fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo]]:
    return ((name, field) for name, field in model.model_fields.items() if name not in {"store", "policies"})


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name}` | {_default(field)} | {field.description} |"


def _default(field: FieldInfo) -> str:
    value = field.default
    if value is PydanticUndefined or value is None or value == () or isinstance(value, SecretStr):
        return ""
    return _told(value)


def _told(value: object) -> str:
    if value is None:
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


if __name__ == "__main__":
    for page, sections in ((README, SECTIONS), (CLI, CLI_SECTIONS)):
        page.write_text(render(page.read_text(encoding="utf-8"), sections), encoding="utf-8")
    sys.exit(0)
