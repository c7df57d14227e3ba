"""Mobile numbers as people type them, in one plain form: eleven digits."""

import re
import unicodedata

MOBILE = re.compile(r"1[3-9]\d{9}")
COUNTRY = re.compile(r"^(\+?86|0086)(?=1\d{10}$)")


def normalise(raw: str) -> str | None:
    """Return the eleven digits of a mainland mobile number, ``None`` when it is none.

    Takes +86 and 0086 in front, spaces, hyphens and full-width digits.
    """
    plain = unicodedata.normalize("NFKC", raw)
    plain = re.sub(r"[\s\-‐–—()]", "", plain)
    plain = COUNTRY.sub("", plain)
    return plain if MOBILE.fullmatch(plain) else None
