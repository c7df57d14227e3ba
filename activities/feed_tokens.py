"""The secret word in the address of a calendar feed: arithmetic on a key, a feed and a number.

Nothing secret is stored: whoever reads the database cannot read a calendar. A new number makes a
new word, and the old one opens nothing from then on.
"""

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

PURPOSE = b"activities.calendar_feed"
BYTES = 24  # 32 letters


def token(key: bytes, feed: int, number: int) -> str:
    """Return the word in ``/activities/ics/<feed>/<token>/`` for the ``number``-th address."""
    said = PURPOSE + f":{feed}:{number}".encode()
    return urlsafe_b64encode(hmac.new(key, said, sha256).digest()[:BYTES]).decode()


def is_right(key: bytes, feed: int, number: int, given: str) -> bool:
    """Return whether ``given`` is the present word, in the same time whatever it says."""
    return hmac.compare_digest(token(key, feed, number).encode(), given.encode())
