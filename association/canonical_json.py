"""One spelling of a JSON document, so that the same content always has the same digest."""

import hashlib
import json
from datetime import date
from decimal import Decimal


def canonical_json(value: object) -> bytes:
    """Return ``value`` as UTF-8 JSON with sorted keys, no spaces, decimals and days as text."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain
    ).encode()


def sha256_hex(value: object) -> str:
    """Return the SHA-256 of the canonical spelling of ``value``, in hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no canonical spelling.")
