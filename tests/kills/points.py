"""The named points at which a server is killed: around every call at the store, and every commit to the ledger.

`store.<call>.before_send`                 nothing has been sent
`store.<call>.after_send`                  the whole request is under way, and reaches the store when its sender is dead
`store.<call>.after_response`              the answer has been read, and nothing has come of it yet
`<commit>.before_commit`                   the statement has not been sent, or COMMIT has not
`<commit>.commit_acknowledgement_lost`     Postgres has committed, and its answer lies unread in the dead process's socket
`<commit>.commit_connection_cut`           the same, but the server lives on and its connection to Postgres does not
`<commit>.after_commit`                    the answer has been read, and nothing has come of it yet

A commit is a move of the transition table (`move.<source>.<event>`) or another write of the ledger (`ledger.<method>`).
"""

from typing import Final

from coordinator.uploads.state import TRANSITIONS, Actor, Event, State

__all__ = ["COMMIT_MOMENTS", "POINTS", "STORE_CALLS", "STORE_MOMENTS", "WRITES", "move_name", "survives"]

STORE_CALLS: Final = (
    "create_multipart_upload",
    "list_multipart_uploads",
    "list_parts",
    "upload_part",
    "send_object",
    "complete_multipart_upload",
    "abort_multipart_upload",
    "head_object",
    "delete_object",
)
"""`check` is not here: start-up and readiness make it, and nothing is decided about an upload by it."""

STORE_MOMENTS: Final = ("before_send", "after_send", "after_response")

WRITES: Final = (
    "renew_lease",
    "postpone",
    "claim_due",
    "settle",
    "extend",
    "record_parts",
    "fix_stream_end",
)

COMMIT_MOMENTS: Final = (
    "before_commit",
    "commit_acknowledgement_lost",
    "commit_connection_cut",
    "after_commit",
)


def survives(point: str) -> bool:
    return point.endswith(".commit_connection_cut")


def move_name(source: State | None, event: Event) -> str:
    return f"move.{source.value if source else 'none'}.{event.value.removeprefix('upload.')}"


_MOVES: Final = tuple(
    # an admin's command makes the others, and no server does; the two births are one statement
    dict.fromkeys(move_name(move.source, move.event) for move in TRANSITIONS if move.actors != {Actor.ADMIN})
)

POINTS: Final = (
    *(f"store.{call}.{moment}" for call in STORE_CALLS for moment in STORE_MOMENTS),
    *(
        f"{commit}.{moment}"
        for commit in (*_MOVES, *(f"ledger.{name}" for name in WRITES))
        for moment in COMMIT_MOMENTS
    ),
)
