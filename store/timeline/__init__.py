"""The timeline: read tables that follow the ledger, and the questions they answer."""

from store.timeline.answers import Article, Counts, Feed, Revision, StatusConcluded
from store.timeline.telling import Memory
from store.timeline.timeline import Timeline, TimelineGap, TimelineOutdated

__all__ = ["Article", "Counts", "Feed", "Memory", "Revision", "StatusConcluded", "Timeline", "TimelineGap", "TimelineOutdated"]
