"""The tables, their constraints and their indexes: what `migrations/` must add up to (a test compares the two).

The constraints hold what must never depend on our code being right: a key belongs to one upload, an upload has one
terminal event (invariant 3), an upload that is not terminal has a wake-up time (invariant 12), no quota with a limit
of its own is exceeded (invariant 7), and a live file is uploaded once. Every column has its type and bounds here; what the rows mean is said in `uploads.model`.
"""

from collections.abc import Iterable
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from coordinator.uploads.model import Method
from coordinator.uploads.state import TERMINAL, TRANSITIONS, State

__all__ = ["LIVE", "api_keys", "events", "idempotency_keys", "metadata", "parts", "quotas", "uploads"]

LIVE: Final = frozenset({State.CREATING, State.OPEN, State.COMPLETING})
"""States in which a file is on its way: a second upload of the same file joins it."""


def _among(column: str, values: Iterable[str]) -> str:
    listed = ", ".join(f"'{value}'" for value in sorted(values))
    return f"{column} IN ({listed})"


_TERMINAL: Final = _among("state", TERMINAL)
_TERMINAL_EVENTS: Final = {move.event for move in TRANSITIONS if move.target in TERMINAL}


def _text(name: str, *, nullable: bool = False) -> Column[str]:
    return Column(name, Text, nullable=nullable)


def _time(name: str, *, nullable: bool = True, now: bool = False) -> Column[Any]:
    default = func.now() if now else None
    return Column(name, DateTime(timezone=True), nullable=nullable and not now, server_default=default)


metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    }
)

uploads: Final = Table(
    "uploads",
    metadata,
    Column("id", Uuid, primary_key=True),
    _text("tenant"),
    _text("owner"),
    _text("policy"),
    _text("state"),
    _text("reason", nullable=True),
    _text("reason_text", nullable=True),
    Column("epoch", BigInteger, nullable=False, server_default="1"),
    _text("filename"),
    _text("content_type"),
    _text("content_encoding", nullable=True),
    Column("metadata", JSONB, nullable=False),
    Column("method", Text, nullable=False, server_default="multipart"),
    Column("size", BigInteger),
    Column("part_size", BigInteger, nullable=False),
    Column("part_count", Integer),
    _text("bucket"),
    _text("key"),
    _text("mark"),
    _text("multipart_upload_id", nullable=True),
    _text("fingerprint", nullable=True),
    # [[part_number, etag, size], ...]: a third of the bytes of objects with names
    Column("manifest", JSONB),
    _time("complete_attempted_at"),
    _text("lease_owner", nullable=True),
    _time("lease_until"),
    # a terminal row's wake-up time is its late check; null once that is settled
    _time("wake_at"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    _time("gone_since"),
    _time("urls_until"),
    Column("lifetime", Interval, nullable=False),
    _time("expires_at", nullable=False),
    _time("hard_expires_at", nullable=False),
    _text("etag", nullable=True),
    _text("version_id", nullable=True),
    Column("digest", JSONB),
    _time("created_at", now=True),
    _time("updated_at", now=True),
    _time("completed_at"),
    # what the part rows said when they went, at the terminal move
    Column("stored_parts", Integer),
    Column("stored_bytes", BigInteger),
    _time("stored_first_at"),
    _time("stored_last_at"),
    # what the end gives back to the quotas; null: no quota was kept when it began
    Column("quota_reserved", BigInteger),
    Column("quota_owner", Boolean, nullable=False, server_default="false"),
    UniqueConstraint("bucket", "key"),
    CheckConstraint(_among("state", State), name="state"),
    CheckConstraint(_among("method", Method), name="method"),
    CheckConstraint("epoch > 0", name="epoch"),
    CheckConstraint("size >= 0 AND part_size > 0 AND part_count > 0", name="plan"),
    CheckConstraint(f"wake_at IS NOT NULL OR {_TERMINAL}", name="wakes"),
    CheckConstraint("manifest IS NULL OR state = 'completing'", name="manifest"),
    CheckConstraint("(lease_owner IS NULL) = (lease_until IS NULL)", name="lease"),
    CheckConstraint("expires_at <= hard_expires_at", name="expiry"),
    CheckConstraint(f"({_TERMINAL}) = (stored_parts IS NOT NULL)", name="stored"),
    Index(
        "uq_uploads_live_fingerprint",
        "tenant",
        "owner",
        "policy",
        "fingerprint",
        unique=True,
        postgresql_where=text(f"fingerprint IS NOT NULL AND {_among('state', LIVE)}"),
    ),
    Index("ix_uploads_due", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
    # only ended rows have no wake-up time
    Index("ix_uploads_ended", "updated_at", postgresql_where=text("wake_at IS NULL")),
    Index("ix_uploads_own", "tenant", "owner", text("id DESC")),
    Index("ix_uploads_tenant", "tenant", text("id DESC")),
)

# No foreign key to uploads: the statement that records parts locks the upload's row and proves that it is open, so the
# key would prove the same again, row by row. Measured at batches of 100: 40 % more time.
parts: Final = Table(
    "parts",
    metadata,
    Column("upload_id", Uuid, primary_key=True),
    Column("part_number", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    _text("etag", nullable=True),
    _text("md5", nullable=True),
    _text("sha256", nullable=True),
    _time("recorded_at", now=True),
    CheckConstraint("part_number > 0", name="part_number"),
    CheckConstraint("size >= 0", name="size"),
)

events: Final = Table(
    "events",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("upload_id", Uuid, nullable=False),
    _text("tenant"),
    _text("owner"),
    _text("type"),
    Column("epoch", BigInteger, nullable=False),
    Column("payload", JSONB, nullable=False),
    _time("created_at", now=True),
    UniqueConstraint("upload_id", "epoch"),
    Index(
        "uq_events_terminal",
        "upload_id",
        unique=True,
        postgresql_where=text(_among("type", _TERMINAL_EVENTS)),
    ),
)

# The upload's row is written after its key's, hence the deferred check; an upload that is removed takes its key along.
idempotency_keys: Final = Table(
    "idempotency_keys",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("principal", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("request_hash", LargeBinary, nullable=False),
    Column(
        "upload_id",
        ForeignKey(uploads.c.id, ondelete="CASCADE", deferrable=True, initially="DEFERRED"),
        nullable=False,
        index=True,
    ),
    _time("created_at", now=True),
    Index("ix_idempotency_keys_created_at", "created_at"),
)

# The tenant as a whole has the owner ''. `bytes_limit` overrides the settings' limit; null: the settings' holds.
quotas: Final = Table(
    "quotas",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("owner", Text, primary_key=True),
    Column("bytes_limit", BigInteger),
    Column("reserved", BigInteger, nullable=False, server_default="0"),
    Column("used", BigInteger, nullable=False, server_default="0"),
    Column("live", Integer, nullable=False, server_default="0"),
    CheckConstraint("reserved >= 0 AND used >= 0 AND live >= 0", name="counts"),
    CheckConstraint("reserved + used <= bytes_limit", name="bytes"),
)

api_keys: Final = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("secret_hash", LargeBinary, nullable=False),
    _text("tenant"),
    _text("owner", nullable=True),
    _text("name"),
    Column("scopes", ARRAY(Text), nullable=False),
    _time("created_at", now=True),
    _time("last_used_at"),
    _time("revoked_at"),
    Index("ix_api_keys_tenant", "tenant"),
)
