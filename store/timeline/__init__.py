"""The timeline: read tables that follow the ledger, and the questions they answer."""

from store.timeline.queries import Article, Counts, Feed, Revision
from store.timeline.timeline import Timeline, TimelineGap

__all__ = ["Article", "Counts", "Feed", "Revision", "Timeline", "TimelineGap"]
