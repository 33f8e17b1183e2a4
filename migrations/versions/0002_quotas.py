"""Quotas, and the indexes by which what is old is found. Only adds: the release before goes on working beside it."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE quotas (
        tenant text NOT NULL,
        owner text NOT NULL,
        bytes_limit bigint,
        reserved bigint DEFAULT '0' NOT NULL,
        used bigint DEFAULT '0' NOT NULL,
        live integer DEFAULT '0' NOT NULL,
        CONSTRAINT pk_quotas PRIMARY KEY (tenant, owner),
        CONSTRAINT ck_quotas_counts CHECK (reserved >= 0 AND used >= 0 AND live >= 0),
        CONSTRAINT ck_quotas_bytes CHECK (reserved + used <= bytes_limit)
    )
    """,
    "ALTER TABLE uploads ADD COLUMN quota_reserved bigint, ADD COLUMN quota_owner boolean DEFAULT false NOT NULL",
)

INDEXES = {
    "ix_uploads_ended": "uploads (updated_at) WHERE wake_at IS NULL",
    "ix_idempotency_keys_created_at": "idempotency_keys (created_at)",
}


def upgrade():
    for statement in STATEMENTS:
        op.execute(statement)
    # outside a transaction, so that the tables stay writable; one that was broken off is not valid and made anew
    with op.get_context().autocommit_block():
        for name, columns in INDEXES.items():
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {columns}")


def downgrade():
    for name in INDEXES:
        op.execute(f"DROP INDEX {name}")
    op.execute("ALTER TABLE uploads DROP COLUMN quota_owner, DROP COLUMN quota_reserved")
    op.execute("DROP TABLE quotas")
