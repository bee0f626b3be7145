"""The databases' tables and how they came about: one line of revisions for each of the two databases, run by Alembic."""
