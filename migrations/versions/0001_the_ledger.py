"""The ledger: uploads, their parts and events, idempotency keys, API keys."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATEMENTS = (
    """
    CREATE TABLE uploads (
        id uuid NOT NULL,
        tenant text NOT NULL,
        owner text NOT NULL,
        policy text NOT NULL,
        state text NOT NULL,
        reason text,
        reason_text text,
        epoch bigint DEFAULT '1' NOT NULL,
        filename text NOT NULL,
        content_type text NOT NULL,
        content_encoding text,
        metadata jsonb NOT NULL,
        method text DEFAULT 'multipart' NOT NULL,
        size bigint,
        part_size bigint NOT NULL,
        part_count integer,
        bucket text NOT NULL,
        key text NOT NULL,
        mark text NOT NULL,
        multipart_upload_id text,
        fingerprint text,
        manifest jsonb,
        complete_attempted_at timestamptz,
        lease_owner text,
        lease_until timestamptz,
        wake_at timestamptz,
        attempts integer DEFAULT '0' NOT NULL,
        gone_since timestamptz,
        urls_until timestamptz,
        lifetime interval NOT NULL,
        expires_at timestamptz NOT NULL,
        hard_expires_at timestamptz NOT NULL,
        etag text,
        version_id text,
        digest jsonb,
        created_at timestamptz DEFAULT now() NOT NULL,
        updated_at timestamptz DEFAULT now() NOT NULL,
        completed_at timestamptz,
        stored_parts integer,
        stored_bytes bigint,
        stored_first_at timestamptz,
        stored_last_at timestamptz,
        CONSTRAINT pk_uploads PRIMARY KEY (id),
        CONSTRAINT uq_uploads_bucket_key UNIQUE (bucket, key),
        CONSTRAINT ck_uploads_state CHECK (
            state IN ('aborted', 'aborting', 'completed', 'completing', 'creating', 'failed', 'open')
        ),
        CONSTRAINT ck_uploads_epoch CHECK (epoch > 0),
        CONSTRAINT ck_uploads_plan CHECK (size >= 0 AND part_size > 0 AND part_count > 0),
        CONSTRAINT ck_uploads_wakes CHECK (wake_at IS NOT NULL OR state IN ('aborted', 'completed', 'failed')),
        CONSTRAINT ck_uploads_manifest CHECK (manifest IS NULL OR state = 'completing'),
        CONSTRAINT ck_uploads_lease CHECK ((lease_owner IS NULL) = (lease_until IS NULL)),
        CONSTRAINT ck_uploads_expiry CHECK (expires_at <= hard_expires_at),
        CONSTRAINT ck_uploads_stored CHECK (
            (state IN ('aborted', 'completed', 'failed')) = (stored_parts IS NOT NULL)
        )
    )
    """,
    """
    CREATE UNIQUE INDEX uq_uploads_live_fingerprint ON uploads (tenant, owner, policy, fingerprint)
        WHERE fingerprint IS NOT NULL AND state IN ('completing', 'creating', 'open')
    """,
    "CREATE INDEX ix_uploads_due ON uploads (wake_at) WHERE wake_at IS NOT NULL",
    "CREATE INDEX ix_uploads_own ON uploads (tenant, owner, id DESC)",
    "CREATE INDEX ix_uploads_tenant ON uploads (tenant, id DESC)",
    """
    CREATE TABLE parts (
        upload_id uuid NOT NULL,
        part_number integer NOT NULL,
        size bigint NOT NULL,
        etag text,
        md5 text,
        sha256 text,
        recorded_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_parts PRIMARY KEY (upload_id, part_number),
        CONSTRAINT ck_parts_part_number CHECK (part_number > 0),
        CONSTRAINT ck_parts_size CHECK (size >= 0)
    )
    """,
    """
    CREATE TABLE events (
        id bigint GENERATED ALWAYS AS IDENTITY,
        upload_id uuid NOT NULL,
        tenant text NOT NULL,
        owner text NOT NULL,
        type text NOT NULL,
        epoch bigint NOT NULL,
        payload jsonb NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_events PRIMARY KEY (id),
        CONSTRAINT uq_events_upload_id_epoch UNIQUE (upload_id, epoch)
    )
    """,
    """
    CREATE UNIQUE INDEX uq_events_terminal ON events (upload_id)
        WHERE type IN ('upload.aborted', 'upload.completed', 'upload.failed')
    """,
    """
    CREATE TABLE idempotency_keys (
        tenant text NOT NULL,
        principal text NOT NULL,
        key text NOT NULL,
        request_hash bytea NOT NULL,
        upload_id uuid NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        CONSTRAINT pk_idempotency_keys PRIMARY KEY (tenant, principal, key),
        CONSTRAINT fk_idempotency_keys_upload_id FOREIGN KEY (upload_id) REFERENCES uploads (id)
            ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
    )
    """,
    "CREATE INDEX ix_idempotency_keys_upload_id ON idempotency_keys (upload_id)",
    """
    CREATE TABLE api_keys (
        id text NOT NULL,
        secret_hash bytea NOT NULL,
        tenant text NOT NULL,
        owner text,
        name text NOT NULL,
        scopes text[] NOT NULL,
        created_at timestamptz DEFAULT now() NOT NULL,
        last_used_at timestamptz,
        revoked_at timestamptz,
        CONSTRAINT pk_api_keys PRIMARY KEY (id)
    )
    """,
    "CREATE INDEX ix_api_keys_tenant ON api_keys (tenant)",
)


def upgrade():
    for statement in STATEMENTS:
        op.execute(statement)


def downgrade():
    for table in ("api_keys", "idempotency_keys", "events", "parts", "uploads"):
        op.drop_table(table)
