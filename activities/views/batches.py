"""Many small events on one page: typed, or pasted from a sheet, checked, then entered."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.guards import requires
from accounts.roles import Permission
from activities import actions
from activities.forms import batches
from activities.views.tabs import crumbs
from association import files
from association.errors import BusinessRuleError
from members.models import Pharmacy


@require_http_methods(["GET", "POST"])
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def batch(request):
    """The grid. Good rows are entered; bad ones stay on the page with what is wrong."""
    head = batches.BatchHeadForm(
        request.POST or None, request.FILES or None, initial=_initial(request)
    )
    lines = batches.blank_lines()
    if request.method == "POST":
        if "paste" in request.POST:
            lines = batches.pasted_lines(request.POST.get("pasted", ""))
            if not lines:
                messages.error(request, "没有读到内容。请从表格里复制几行，再粘贴到框里。")
                lines = batches.blank_lines()
        else:
            lines = batches.typed_lines(request.POST)
        if head.is_valid() and "save" in request.POST:
            answer = _save(request, head, lines)
            if answer is not None:
                return answer
            lines = [line for line in lines if line.errors] or lines
        elif head.is_valid() and lines:
            _read(request, head, lines)
    context = {
        "head": head,
        "lines": lines or batches.blank_lines(),
        "bad": sum(bool(line.errors) for line in lines),
        "most": batches.MOST_ROWS,
        "today": timezone.localdate(),
        "crumbs": crumbs("批量登记"),
    }
    return render(request, "activities/batch.html", context)


def _initial(request) -> dict:
    asked = request.GET.get("duty", "")
    return {"duty": asked, "title": request.GET.get("title", "")}


def _read(request, head, lines):
    return batches.read(
        lines,
        title=head.cleaned_data["title"],
        shops=Pharmacy.objects.visible_to(request.user).on_register(),
        today=timezone.localdate(),
    )


def _save(request, head, lines):
    """Enter the good rows; return the next page, or ``None`` when rows are left to mend."""
    if not lines:
        messages.error(request, "还没有填任何一行。")
        return None
    good = _read(request, head, lines)
    now = timezone.now()
    try:
        paper = None
        if good and head.cleaned_data["paper"] is not None:
            paper = files.accept(
                head.cleaned_data["paper"], by=request.user, now=now, kinds=files.PAPERS
            )
        entered = actions.record_batch(
            [event for _, event in good],
            duty=head.cleaned_data["duty"],
            paper=paper,
            is_photo=paper is not None and paper.content_type in files.INLINE,
            by=request.user,
            now=now,
        )
    except BusinessRuleError as error:
        messages.error(request, str(error) if good else "没有一行能登记，请看每行后面的说明。")
        return None
    left = len(lines) - len(good)
    if left:
        messages.warning(request, f"已登记 {len(entered)} 场，还有 {left} 行没登记，改好后再保存。")
        return None
    messages.success(request, f"已登记 {len(entered)} 场，等待核实。")
    return redirect(f"{reverse('activities:records')}?view=waiting")
