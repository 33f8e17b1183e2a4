"""An upload's method is one that we know. The release before writes no other and goes on working beside it."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    # outside a transaction, so that the rows are looked at while the table stays writable; one that was broken off is made anew
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE uploads DROP CONSTRAINT IF EXISTS ck_uploads_method")
        op.execute(
            "ALTER TABLE uploads ADD CONSTRAINT ck_uploads_method CHECK (method IN ('multipart', 'put')) NOT VALID"
        )
        op.execute("ALTER TABLE uploads VALIDATE CONSTRAINT ck_uploads_method")


def downgrade():
    op.execute("ALTER TABLE uploads DROP CONSTRAINT ck_uploads_method")
