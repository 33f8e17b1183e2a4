"""Texts of the command line, held against the rules of the wire before anything is sent: so the option is named.

The coordinator has the last word; refusal.py says which option that is about.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from coordinator.api.strangers_text import check_plain, check_start
from coordinator.cli.exit_code import ExitCode
from coordinator.cli.failure import Failure
from coordinator.errors import ValidationFailed

__all__ = ["LONGEST_NAME", "check_content_type", "check_name", "check_text", "is_plain", "read_metadata"]

LONGEST_NAME: Final = 255
LONGEST_TYPE: Final = 255
LONGEST_METADATA_NAME: Final = 64
LONGEST_METADATA_VALUE: Final = 1_024
MOST_METADATA: Final = 30
"""The wire takes 32; the way to a file in its folder and the time of its last change are told beside these."""


def check_text(option: str, text: str | None, most: int) -> None:
    """Characters, at least one. Raises Failure."""
    if text is None:
        return
    if not text:
        raise _wrong(option, "it is empty", "leave it out, or give a text")
    if len(text) > most:
        raise _wrong(
            option, f"it has {len(text):,} characters, and {most:,} are allowed", "give a shorter one"
        )
    if not is_plain(text):
        problem = (
            f"{text} holds a control character, one that turns writing around, or bytes that are not UTF-8"
        )
        raise _wrong(option, problem, "leave that out")


def is_plain(text: str) -> bool:
    """Whether the coordinator takes it for text that harms nobody who shows it."""
    try:
        check_plain("", text)
    except ValidationFailed:
        return False
    return True


def check_name(name: str | None) -> None:
    """Raises Failure."""
    check_text("--name", name, LONGEST_NAME)
    if name is not None:
        _check_start("--name", name, None, {})


def check_content_type(content_type: str | None) -> None:
    """Raises Failure."""
    check_text("--content-type", content_type, LONGEST_TYPE)
    _check_start("--content-type", "", content_type, {})


def read_metadata(given: Sequence[str]) -> dict[str, str]:
    """Raises Failure for what is not `name=value`, or not allowed."""
    metadata: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            problem = f"--metadata {one} is not name=value"
            raise Failure(ExitCode.WRONG_USE, problem, "write it as --metadata shelf=films")
        check_text("--metadata NAME", name, LONGEST_METADATA_NAME)
        check_text(f"--metadata {name}", value or None, LONGEST_METADATA_VALUE)
        if name in metadata:
            raise Failure(ExitCode.WRONG_USE, f"--metadata {name} is given twice", "keep one of them")
        metadata[name] = value
    if len(metadata) > MOST_METADATA:
        raise _wrong(
            "--metadata", f"{len(metadata)} are given, and {MOST_METADATA} are allowed", "give fewer"
        )
    _check_start("--metadata", "", None, metadata)
    return metadata


def _check_start(option: str, name: str, content_type: str | None, metadata: Mapping[str, str]) -> None:
    try:
        check_start(name, content_type, metadata)
    except ValidationFailed as refused:
        raise Failure(ExitCode.WRONG_USE, f"{option}: {refused.errors[0].message}") from None


def _wrong(option: str, problem: str, remedy: str) -> Failure:
    return Failure(ExitCode.WRONG_USE, f"{option}: {problem}", remedy)
