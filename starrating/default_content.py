"""The default scheme, as a draft that the association publishes with its own legal frame."""

from datetime import datetime

from association.defaults import default
from starrating import scheme_format
from starrating.actions import scheme
from starrating.models import Scheme


@default(40, "默认评分标准（草案）")
def default_scheme(now: datetime) -> int:
    """Enter the default scheme, unless this version is there."""
    document = scheme_format.read_yaml(scheme_format.DEFAULT_SCHEME.read_text(encoding="utf-8"))
    before = Scheme.objects.count()
    scheme.load(document, title=document["name"], by=None, now=now)
    return Scheme.objects.count() - before
