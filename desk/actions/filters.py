"""The filters of lists that somebody keeps under a name."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from association import audit
from association.errors import BusinessRuleError
from desk.models import SavedFilter


class FilterRefusedError(BusinessRuleError):
    """The filter has no name, asks for nothing, or belongs to somebody else."""


@transaction.atomic
def save_filter(
    list_name: str,
    *,
    name: str,
    parameters: Mapping[str, str],
    is_shared: bool,
    by,
    now: datetime,
) -> SavedFilter:
    """Keep what a list is asked for under a name; the same name again replaces one's own."""
    name = name.strip()
    asked = {key: value for key, value in parameters.items() if value}
    if not name or len(name) > SavedFilter._meta.get_field("name").max_length:
        raise FilterRefusedError("请给这组条件起个名字，30 字以内。")
    if not asked:
        raise FilterRefusedError("现在没有筛选条件。请先选好条件，再保存。")
    kept, _ = SavedFilter.objects.update_or_create(
        owner=by,
        list_name=list_name,
        name=name,
        defaults={"parameters": asked, "is_shared": is_shared, "saved_at": now},
    )
    audit.record("filter.saved", by=by, target=kept, now=now, list=list_name, shared=is_shared)
    return kept


@transaction.atomic
def drop_filter(kept: SavedFilter, *, by, now: datetime) -> None:
    """Take one's own filter away."""
    if kept.owner_id != by.pk:
        raise FilterRefusedError("这组条件是别人存的，只有本人能删除。")
    audit.record("filter.dropped", by=by, target=kept, now=now, list=kept.list_name)
    kept.delete()
