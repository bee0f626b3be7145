"""What goes wrong, and with which exit code the command ends. The codes are part of the interface."""

OK = 0
FAILED = 1
USAGE = 2
MISMATCH = 3
"""A verification found a difference."""
PARTIAL = 4
"""Some of what was asked was done; standard error says what was not."""
TEMPORARY = 75
"""A service did not answer; the same command may work later."""
CONFIG = 78
"""Settings are wrong or missing."""
INTERRUPTED = 130


class UserError(Exception):
    """Something the user can put right. The message says what is wrong and what to do; no traceback is shown."""

    def __init__(self, message: str, code: int = USAGE) -> None:
        super().__init__(message)
        self.code = code
