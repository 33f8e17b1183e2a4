"""What the product writes into its log while the model runs: no secret, and no word of a defect."""

from collections import Counter
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any, NoReturn

import structlog

from coordinator.errors import Problem
from tests.model.gates import WHO
from tests.model.truth import Truth

DEFECTS = {"drive.broken", "sweep.failed"}


class Journal:
    """`ended` counts the sequences that came to their end, `moves` what became of uploads in all of them."""

    def __init__(self) -> None:
        self.ended = 0
        self.moves: Counter[str] = Counter()
        self.breaches: list[str] = []
        self.found: list[str] = []
        """Every breach of all sequences, also of one that went otherwise when it was played again."""
        self.unrepeatable = 0
        """Batches that ended early, because a sequence went otherwise when it was played again."""
        self._truth: Truth | None = None

    def begin(self, truth: Truth) -> None:
        self._truth, self.breaches = truth, []

    def note(self, _logger: Any, _method: str, entry: MutableMapping[str, Any]) -> NoReturn:
        who = WHO.get(None)
        if who is not None and who.dead:
            raise structlog.DropEvent
        if entry["event"] in DEFECTS and not isinstance(entry.get("exc_info"), Problem):
            self.breaches.append(f"a defect was logged: {entry}")
        stories = self._truth.stories.values() if self._truth else ()
        told = repr(entry)
        if "X-Amz" in told or any(story.upload.mark in told for story in stories):
            self.breaches.append(f"11: a secret in the log: {entry['event']}")
        raise structlog.DropEvent

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Read the log in place of whoever else does, until the end of the block."""
        before = structlog.get_config()
        structlog.configure(processors=[self.note], cache_logger_on_first_use=False)
        try:
            yield
        finally:
            structlog.configure(**before)
