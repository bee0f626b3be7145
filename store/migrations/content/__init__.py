"""Revisions of the contents' database, oldest first. What was released is never changed."""
