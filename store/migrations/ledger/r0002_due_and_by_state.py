"""Two indexes: alert groups that fall due, asked at every step; alerts by state, asked at every look at the figures."""

from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_index("alert_groups_due_at", "alert_groups", ["due_at"])
    op.create_index("read_alerts_state_position", "read_alerts", ["state", "position"])
