"""Benchmarks: what Dateline does in a second, beside a peer that is timed in the same breath."""
