"""When a message may go out and when it is tried again: pure arithmetic over moments."""

import hashlib
from datetime import datetime, time, timedelta

FIRST_WAIT = timedelta(minutes=1)
LONGEST_WAIT = timedelta(hours=6)
LONGEST_REST = timedelta(minutes=15)
MAX_TRIES = 8
JITTER = 0.2  # a fifth to either side, so that what failed together does not come back together
QUIET_FROM, QUIET_UNTIL = time(21), time(8)


def wait_after(tries: int, key: str) -> timedelta:
    """Return how long to wait after the ``tries``-th try: 1 min · 2ⁿ up to 6 h, with jitter.

    The jitter comes from ``key`` and the try, so that a plan can be checked by hand.
    """
    plain = min(FIRST_WAIT * (1 << min(tries - 1, 20)), LONGEST_WAIT)
    dice = int.from_bytes(hashlib.sha256(f"{key}:{tries}".encode()).digest()[:4], "big") / 2**32
    return min(plain * (1 - JITTER + 2 * JITTER * dice), LONGEST_WAIT)


def rest_after(failures: int) -> timedelta:
    """Return how long a channel rests after nobody answered ``failures`` times in a row."""
    return min(FIRST_WAIT * (1 << min(failures - 1, 10)), LONGEST_REST)


def out_of_quiet(
    moment: datetime, quiet_from: time = QUIET_FROM, quiet_until: time = QUIET_UNTIL
) -> datetime:
    """Return ``moment``, or the end of the quiet hours that it falls into.

    ``moment`` is local time. Quiet hours may pass midnight; equal ends mean that there are none.
    """
    at = moment.timetz().replace(tzinfo=None)
    if quiet_from == quiet_until:
        return moment
    passes_midnight = quiet_from > quiet_until
    is_quiet = (
        at >= quiet_from or at < quiet_until if passes_midnight else quiet_from <= at < quiet_until
    )
    if not is_quiet:
        return moment
    end = moment.replace(hour=quiet_until.hour, minute=quiet_until.minute, second=0, microsecond=0)
    return end + timedelta(days=1) if passes_midnight and at >= quiet_from else end


def reference(key: str, host: str) -> str:
    """Return the Message-ID of a delivery: the same at every try, different for every other."""
    return f"<{hashlib.sha256(key.encode()).hexdigest()[:40]}@{host or 'localhost'}>"
