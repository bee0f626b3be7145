"""What Alembic runs: the caller's connection, in the caller's transaction, with the line's own version table."""

from alembic import context

given = context.config.attributes
context.configure(connection=given["connection"], version_table=given["version_table"], render_as_batch=True)
context.run_migrations()
