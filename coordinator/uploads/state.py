r"""The state machine of an upload: which moves exist, who makes them, and nothing else.

    creating -> open -> completing -> completed
                  \\-> aborting -> aborted             failed: from any of the first three, and by an admin's hand

An upload of method `put` is born open and goes from there to its end: nothing is created at the store before the
object itself, and nothing is sent there to complete it. Terminal states never change. Each move is one compare-and-set in the database (`uploads.ledger`), which bumps the
epoch and writes the move's event row in the same transaction. The table below is the source of the database's CHECK
constraint, of the diagram in the README and of the model test; a move that is not in it cannot be made.

Signing and recording are not moves: they need `open`, have no epoch and write no event.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["TERMINAL", "TRANSITIONS", "Actor", "Event", "Reason", "State", "Transition", "transition"]


class State(StrEnum):
    CREATING = "creating"
    """The intent is committed; whether the store knows of it is not known yet."""
    OPEN = "open"
    """Parts may be signed and sent: into the multipart upload that the store holds, or (method `put`) as the object."""
    COMPLETING = "completing"
    """The manifest is frozen; Complete may have been sent."""
    COMPLETED = "completed"
    """HEAD showed an object with our mark and the right size."""
    ABORTING = "aborting"
    """The end is decided; the store may still hold parts."""
    ABORTED = "aborted"
    """The store holds nothing; a late check follows."""
    FAILED = "failed"
    """There is no object of ours, and never will be under this upload."""


TERMINAL: Final = frozenset({State.COMPLETED, State.ABORTED, State.FAILED})


class Actor(StrEnum):
    OWNER = "owner"
    ADMIN = "admin"
    SWEEPER = "sweeper"
    SERVER = "server"
    LEASE_HOLDER = "lease holder"
    RECOVERY = "recovery"


class Reason(StrEnum):
    """Why an upload is aborting, aborted or failed."""

    CLIENT = "client"
    ADMIN = "admin"
    STALE = "stale"
    CREATE_LOST = "create_lost"
    LOST = "lost"
    CONFLICT = "conflict"
    SIZE = "size"
    CONFIG = "config"
    UNRESOLVED = "unresolved"


class Event(StrEnum):
    """What is written into the event row of a move; the name is part of the contract with receivers."""

    CREATED = "upload.created"
    OPENED = "upload.opened"
    COMPLETING = "upload.completing"
    REOPENED = "upload.reopened"
    COMPLETED = "upload.completed"
    ABORTING = "upload.aborting"
    ABORTED = "upload.aborted"
    FAILED = "upload.failed"
    TAKEN_OVER = "upload.taken_over"


@dataclass(frozen=True, slots=True)
class Transition:
    """One arrow: `source` is None for the birth of the row."""

    source: State | None
    event: Event
    target: State
    actors: frozenset[Actor]
    reasons: frozenset[Reason] = frozenset()


def _arrow(
    source: State | None, event: Event, target: State, *actors: Actor, reasons: tuple[Reason, ...] = ()
) -> Transition:
    return Transition(source, event, target, frozenset(actors), frozenset(reasons))


_ABORT_REASONS = (Reason.CLIENT, Reason.ADMIN, Reason.STALE)

TRANSITIONS: Final[tuple[Transition, ...]] = (
    _arrow(None, Event.CREATED, State.CREATING, Actor.OWNER),
    _arrow(None, Event.CREATED, State.OPEN, Actor.OWNER),
    _arrow(State.CREATING, Event.OPENED, State.OPEN, Actor.LEASE_HOLDER),
    _arrow(
        State.CREATING,
        Event.FAILED,
        State.FAILED,
        Actor.RECOVERY,
        reasons=(Reason.CREATE_LOST, Reason.CONFIG),
    ),
    _arrow(State.CREATING, Event.TAKEN_OVER, State.CREATING, Actor.RECOVERY),
    _arrow(
        State.CREATING,
        Event.ABORTING,
        State.ABORTING,
        Actor.OWNER,
        Actor.ADMIN,
        Actor.SWEEPER,
        reasons=_ABORT_REASONS,
    ),
    _arrow(State.OPEN, Event.COMPLETING, State.COMPLETING, Actor.OWNER),
    _arrow(
        State.OPEN,
        Event.ABORTING,
        State.ABORTING,
        Actor.OWNER,
        Actor.ADMIN,
        Actor.SWEEPER,
        reasons=_ABORT_REASONS,
    ),
    _arrow(State.OPEN, Event.COMPLETED, State.COMPLETED, Actor.SERVER),
    _arrow(
        State.OPEN,
        Event.FAILED,
        State.FAILED,
        Actor.SERVER,
        reasons=(Reason.LOST, Reason.CONFLICT, Reason.SIZE),
    ),
    _arrow(State.COMPLETING, Event.COMPLETED, State.COMPLETED, Actor.LEASE_HOLDER),
    _arrow(State.COMPLETING, Event.REOPENED, State.OPEN, Actor.LEASE_HOLDER),
    _arrow(
        State.COMPLETING,
        Event.FAILED,
        State.FAILED,
        Actor.LEASE_HOLDER,
        Actor.ADMIN,
        reasons=(Reason.LOST, Reason.CONFLICT, Reason.SIZE, Reason.UNRESOLVED),
    ),
    _arrow(State.COMPLETING, Event.TAKEN_OVER, State.COMPLETING, Actor.RECOVERY),
    _arrow(State.ABORTING, Event.ABORTED, State.ABORTED, Actor.LEASE_HOLDER),
    _arrow(State.ABORTING, Event.COMPLETED, State.COMPLETED, Actor.LEASE_HOLDER),
    _arrow(State.ABORTING, Event.FAILED, State.FAILED, Actor.ADMIN, reasons=(Reason.UNRESOLVED,)),
    _arrow(State.ABORTING, Event.TAKEN_OVER, State.ABORTING, Actor.RECOVERY),
)

_BY_MOVE: Final = {(move.source, move.event): move for move in TRANSITIONS if move.source is not None}


def transition(source: State, event: Event) -> Transition:
    """Return the one arrow that leaves `source` with `event`.

    Raises ValueError when the table has none: that is a defect in the caller, never a user's mistake.
    """
    try:
        return _BY_MOVE[source, event]
    except KeyError:
        raise ValueError(f"no move leaves {source} with {event}") from None
