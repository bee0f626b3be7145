"""The door: command line, settings, and what each process does."""

import os

# Before numpy is loaded. A role computes in one thread, and products as small as the reader's gain nothing from a second: it
# spins while it waits for the next one, at the price of a whole core.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
