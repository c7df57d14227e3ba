"""Stars on the wall: the list of a cycle, one certificate and its acts, printing."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association import keyset
from association.errors import BusinessRuleError
from association.templatetags.ui import cn_date
from starrating import documents
from starrating.actions import award as acts
from starrating.actions import printing
from starrating.enums import AwardState
from starrating.forms.fields import ReasonForm
from starrating.models import Award, Cycle
from starrating.queries import award as queries
from starrating.views.crumbs import cycle_crumbs, shop_crumbs
from starrating.workflow import PERMISSION_FOR

HINTS = {
    "suspend": ("暂停的原因", "公众扫码会看到“证书暂停”和这句话；不写个人信息。"),
    "restore": ("恢复的理由", "公众扫码会看到“证书有效”；这句话药店能看到。"),
    "withdraw": ("撤销的原因", "公众扫码会看到“证书已撤销”和这句话；撤销后不能恢复。"),
}
DONE = {
    "suspend": "星级已暂停，核验页和药店公开页已同时改变，药店会收到通知。",
    "restore": "星级已恢复，核验页显示证书有效，药店会收到通知。",
    "withdraw": "星级已撤销，星级名单里不再有这家药店，药店会收到通知。",
}


@require_safe
@requires(Permission.RESULT_VIEW, on=Award)
def certificate(request, award):
    """The certificate of one shop as a PDF."""
    response = HttpResponse(documents.certificates([award]), content_type=documents.CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=documents.file_name(award)
    )
    return response


@require_safe
@requires(Permission.CYCLE_VIEW, on=Cycle, somewhere=True)
def awards(request, cycle):
    """The awards of a cycle by serial, with what happened to them since."""
    seen = queries.awards_of(cycle, request.user)
    counts = queries.counts_of(seen)
    state = request.GET.get("state", "")
    state = state if state in AwardState.values else ""
    text = request.GET.get("q", "").strip()[:100]
    rows = queries.narrowed(seen, state=state, text=text)
    page = keyset.page(rows, request.GET, by="serial")
    here = reverse("starrating:awards", args=[cycle.pk])
    kept = {name: value for name, value in (("state", state), ("q", text)) if value}
    context = {
        "cycle": cycle,
        "awards": page.rows,
        "count": sum(counts.values()),
        "state": state,
        "text": text,
        "today": timezone.localdate(),
        "may_print": allowed(request.user, Permission.CYCLE_MANAGE, cycle),
        "tabs": _tabs(here, counts, state),
        "previous_url": _page_url(here, kept, "before", page.before),
        "next_url": _page_url(here, kept, "after", page.after),
        "crumbs": cycle_crumbs(cycle, request.user),
    }
    return render(request, "starrating/awards/list.html", context)


def _tabs(here: str, counts: dict, state: str) -> list[dict]:
    tabs = [{"label": "全部", "url": here, "count": sum(counts.values()), "current": not state}]
    return tabs + [
        {
            "label": label,
            "url": f"{here}?state={value}",
            "count": counts.get(value, 0),
            "current": state == value,
        }
        for value, label in AwardState.choices
        if counts.get(value) or state == value
    ]


def _page_url(here: str, kept: dict, side: str, key: str) -> str:
    return f"{here}?{urlencode({**kept, side: key})}" if key else ""


@require_POST
@requires(Permission.CYCLE_MANAGE, on=Cycle)
def print_all(request, cycle):
    """Ask the worker for all certificates, in one PDF or as a zip of single files."""
    as_zip = request.POST.get("form") == "zip"
    job = printing.request_certificates(cycle, as_zip=as_zip, by=request.user, now=timezone.now())
    messages.info(request, f"正在生成：{job.label}。完成后在“后台任务”里下载。")
    return redirect("starrating:awards", pk=cycle.pk)


# ------------------------------------------------------------------ one award


@require_safe
@requires(Permission.RESULT_VIEW, on=Award)
def award(request, award):
    """One certificate: what it says, what the public sees now, what may be done."""
    return _page(request, award)


def _page(request, award: Award, *, failed: str = "", form=None, status: int = 200):
    open_acts = queries.acts_open_to(request.user, award)
    forms = {
        act: ReasonForm(label=label, hint=hint, prefix=act)
        for act, (label, hint) in HINTS.items()
        if act in open_acts
    }
    cycle = award.result.assessment.cycle
    context = {
        "award": award,
        "cycle": cycle,
        "public": queries.public_words(award, today=timezone.localdate()),
        "forms": forms | ({failed: form} if failed else {}),
        "failed": failed,
        "history": queries.history_of(award),
        "facts": [
            {"name": "授予对象", "value": award.holder_name},
            {"name": "证书编号", "value": award.serial},
            {"name": "评定", "value": str(cycle)},
            {
                "name": "有效期",
                "value": f"{cn_date(award.valid_from)}至 {cn_date(award.valid_to)}",
            },
            {"name": "授予时间", "value": cn_date(award.issued_at)},
        ],
        "crumbs": shop_crumbs(
            cycle, award.pharmacy, request.user, over=("授牌与证书", "starrating:awards")
        ),
    }
    return render(request, "starrating/awards/award.html", context, status=status)


def _moved(request, award: Award, act: str):
    label, hint = HINTS[act]
    form = ReasonForm(request.POST, label=label, hint=hint, prefix=act)
    if form.is_valid():
        try:
            acts.move_award(
                award, act, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error("reason", str(error))
        else:
            messages.success(request, DONE[act])
            return redirect("starrating:award", pk=award.pk)
    return _page(request, award, failed=act, form=form, status=422)


@require_POST
@requires(PERMISSION_FOR["suspend"], on=Award)
def suspend(request, award):
    """Take a star off the public pages for a while."""
    return _moved(request, award, "suspend")


@require_POST
@requires(PERMISSION_FOR["restore"], on=Award)
def restore(request, award):
    """Put a suspended star back."""
    return _moved(request, award, "restore")


@require_POST
@requires(PERMISSION_FOR["withdraw"], on=Award)
def withdraw(request, award):
    """Take a star away for good."""
    return _moved(request, award, "withdraw")
