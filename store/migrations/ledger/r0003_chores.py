"""The rows of chores: what is to be done once, by whom it was taken and until when, how often it was tried."""

import sqlalchemy as sa
from alembic import op

from store.migrations.spelling import columns

revision = "0003"
down_revision = "0002"

CHORES = (
    "id:bigserial! kind:text key:text payload:text state:text due:big attempts:int token:big owner:text? "
    "lease_until:big? sent_at:big? ended_at:big? last_error:text?"
)


def upgrade() -> None:
    op.create_table("chores", *columns(CHORES))
    under_way = sa.text("state IN ('open', 'taken')")
    op.create_index(
        "chores_open_key", "chores", ["key"], unique=True, sqlite_where=under_way, postgresql_where=under_way
    )  # fmt: skip
    op.create_index("chores_state_due", "chores", ["state", "due"])
    op.create_index("chores_ended_at", "chores", ["ended_at"])
