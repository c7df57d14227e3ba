"""The list of shops as a file: exactly the rows that are on the screen, in their order."""

from collections.abc import Iterator

from django.contrib import messages
from django.http import Http404, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association.sheet_writing import CSV, XLSX, csv_line
from members import queries, resources
from members.actions.exports import note_export
from members.forms import ShopFilterForm
from members.models import Pharmacy
from members.views.imports import download, file_name
from members.views.shops import query_without, view_named

# A workbook of more shops takes longer than a person waits; text goes out as it is read.
WORKBOOK_ROWS = 20_000


@require_safe
@requires(Permission.PHARMACY_VIEW, somewhere=True)
def export(request, form):
    """Send the shops of the list as .xlsx or CSV."""
    if form not in ("xlsx", "csv"):
        raise Http404
    filters = ShopFilterForm(request.GET)
    wanted = filters.cleaned_data if filters.is_valid() else {}
    today = timezone.localdate()
    lists = queries.views_of(Pharmacy.objects.visible_to(request.user), today=today)
    view = view_named(request, lists)
    order = queries.ORDER_OF_VIEW.get(view, "name_sort")
    shops = queries.narrowed(lists[view], wanted).order_by(order, "pk")
    count = shops.count()
    if form == "xlsx" and count > WORKBOOK_ROWS:
        messages.error(
            request,
            f"共 {count:,} 家，一份 Excel 最多 {WORKBOOK_ROWS:,} 家。请先筛选，或导出 CSV。",
        )
        return redirect(f"{reverse('members:list')}?{query_without(request, 'before', 'after')}")
    note_export(
        rows=count, view=view, filters=wanted, form=form, by=request.user, now=timezone.now()
    )
    name = f"药店名册（{today}，{count} 家）.{form}"
    if form == "xlsx":
        return download(resources.shops_workbook(shops), name, XLSX)
    answer = StreamingHttpResponse(_lines(shops), content_type=CSV)
    answer.headers["Content-Disposition"] = file_name(name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def _lines(shops) -> Iterator[bytes]:
    yield "\ufeff".encode() + csv_line(resources.shop_headings())
    for row in resources.shop_rows(shops):
        yield csv_line(row)
