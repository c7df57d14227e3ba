"""The rotating check-in code: what the organiser's screen shows, for half a minute each.

Pure arithmetic on a key, an activity and a moment. The address in the picture and the six digits
come from the same time slot; both are still taken for a while after the picture has changed, so
that a slow phone gets through. A photo of the screen is worth nothing a few minutes later.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256

SLOT_SECONDS = 30
# A scan may take a minute to load, a person two to type six digits.
TOKEN_SLOTS = 4
CODE_SLOTS = 4
DIGITS = 6
MAC_LETTERS = 16
ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"


def slot_of(timestamp: float) -> int:
    """Return the number of the time slot, counted in half minutes since 1970."""
    return int(timestamp // SLOT_SECONDS)


def seconds_left(timestamp: float) -> int:
    """Return how many seconds the present picture will still be shown, 1 to 30."""
    return SLOT_SECONDS - int(timestamp % SLOT_SECONDS)


def token(key: bytes, activity: int, slot: int) -> str:
    """Return the word in the address ``/c/<token>/``: activity, slot and proof."""
    return f"{_short(activity)}-{_short(slot)}-{_proof(key, activity, slot).hex()[:MAC_LETTERS]}"


def code(key: bytes, activity: int, slot: int) -> str:
    """Return the six digits for those who cannot scan."""
    number = int.from_bytes(_proof(key, activity, slot)[:8]) % 10**DIGITS
    return f"{number:0{DIGITS}}"


def activity_of(key: bytes, word: str, slot: int) -> int | None:
    """Return the activity of a token that holds in ``slot``; ``None`` for a stale or false one."""
    parts = word.split("-")
    if len(parts) != 3 or not all(parts):
        return None
    try:
        activity, made_in = int(parts[0], 36), int(parts[1], 36)
    except ValueError:
        return None
    if not slot - TOKEN_SLOTS < made_in <= slot + 1:
        return None
    true = token(key, activity, made_in)
    return activity if hmac.compare_digest(true, word.lower()) else None


def matching(key: bytes, typed: str, activities: Iterable[int], slot: int) -> int | None:
    """Return which of ``activities`` the typed digits belong to, if any."""
    for activity in activities:
        for made_in in range(slot - CODE_SLOTS + 1, slot + 1):
            if hmac.compare_digest(code(key, activity, made_in), typed):
                return activity
    return None


def _proof(key: bytes, activity: int, slot: int) -> bytes:
    return hmac.new(key, f"check-in:{activity}:{slot}".encode(), sha256).digest()


def _short(number: int) -> str:
    """Return the number in base 36: a short address makes a coarse picture, easy to scan."""
    letters = ""
    while number:
        number, rest = divmod(number, 36)
        letters = ALPHABET[rest] + letters
    return letters or "0"
