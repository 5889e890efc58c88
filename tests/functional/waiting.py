"""waiting - poll for a condition; the one place where tests pass time."""

import time

PATIENCE = 20.0     # seconds until a condition that should hold soon counts as failed
MARGIN = 8.0        # what a slow machine may add to a deadline before it counts as missed


def until(condition, what, patience=PATIENCE):
    """Return the first true value of condition(), or fail saying what never happened."""
    limit = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > limit:
            raise AssertionError(f"within {patience} s this never came true: {what}")
        time.sleep(0.01)
