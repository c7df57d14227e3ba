"""The doors of the activities room: matrix, record, participants, papers, verification."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.models import Area
from accounts.permissions import allowed_somewhere
from accounts.roles import Permission
from activities import actions, queries
from activities.enums import PaperKind
from activities.forms import PaperForm, ReasonForm, ReportForm
from activities.models import Activity, ActivityPaper, Obligation, follows_programme
from activities.workflow import PERMISSION_FOR
from association import files
from association.errors import BusinessRuleError
from members.models import Pharmacy

ROWS = 50
TASKS = 12
SHOPS = 100  # one page of shops to tick; the search narrows a longer list


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def index(request):
    """The year as a matrix of duty and period, and the records below it; for a shop its own."""
    today = timezone.localdate()
    if not follows_programme(request.user):
        return _own_activities(request)
    year = _year(request, today.year)
    matrix = queries.six_ones_matrix(year, today=today)
    may_record = allowed_somewhere(request.user, Permission.ACTIVITY_MANAGE)
    counts = matrix["counts"]
    page = Paginator(queries.records_of_year(year), ROWS).get_page(request.GET.get("page"))
    address = reverse("activities:index")
    context = {
        "year": year,
        "is_this_year": year == today.year,
        "matrix": matrix,
        "columns": queries.drawn_columns(matrix),
        "six_ones": queries.drawn_rows(matrix["six_ones"], may_record=may_record),
        "further": queries.drawn_rows(matrix["further"], may_record=may_record),
        "open_cells": [_open_task(cell) for cell in _open_cells(matrix)][:TASKS],
        "situation": (
            f"{year} 年已完成 {counts['done']} 项，待核实 {counts['part']} 项，"
            f"未开展 {counts['over']} 项"
        ),
        "page": page,
        "may_record": may_record,
        "previous_url": f"{address}?year={year - 1}",
        "next_url": f"{address}?year={year + 1}",
        "base": f"?year={year}",
    }
    return render(request, "activities/index.html", context)


def _year(request, this_year: int) -> int:
    asked = request.GET.get("year", "")
    return int(asked) if asked.isdecimal() and 2000 <= int(asked) <= 2100 else this_year


def _open_cells(matrix: dict) -> list[dict]:
    """Return what somebody has to do something about: to verify first, then by its last day."""
    cells = [cell for row in matrix["rows"] for cell in row["cells"]]
    waiting = [cell for cell in cells if cell["state"] in {"part", "over", "now"}]
    return sorted(waiting, key=lambda c: (c["state"] != "part", c["obligation"].due_on))


def _open_task(cell: dict) -> dict:
    obligation, activity = cell["obligation"], cell["activity"]
    if activity is not None:
        return {
            "title": f"{activity.title} 等待核实",
            "why": str(obligation),
            "due": None,
            "url": reverse("activities:detail", args=[activity.pk]),
            "action": "去核实",
            "icon": "user-check",
            "tone": "warn",
        }
    return {
        "title": f"{obligation}{'没有记录' if cell['state'] == 'over' else '还没办'}",
        "why": obligation.duty.full_name,
        "due": obligation.due_on,
        "url": f"{reverse('activities:record')}?obligation={obligation.pk}",
        "action": "登记",
        "icon": "calendar-event",
        "tone": "bad" if cell["state"] == "over" else "",
    }


def _own_activities(request):
    mine = Activity.objects.visible_to(request.user).order_by("-held_on", "-pk")
    context = {
        "activities": mine[:100],
        "heading": "活动",
        "back_url": "/",
        "back_label": "首页",
    }
    return render(request, "activities/mine.html", context)


@require_safe
@requires(Permission.ACTIVITY_VIEW, on=Obligation)
def period(request, obligation):
    """One duty in one period: until when, what was held, and the way to enter more."""
    context = {
        "obligation": obligation,
        "duty": obligation.duty,
        "activities": Activity.objects.standing()
        .filter(obligations=obligation)
        .order_by("held_on"),
        "may_record": allowed_somewhere(request.user, Permission.ACTIVITY_MANAGE),
        "crumbs": _crumbs(str(obligation)),
    }
    return render(request, "activities/period.html", context)


@require_POST
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def oblige(request):
    """Make the duties of a year."""
    year = int(request.POST["year"]) if request.POST.get("year", "").isdecimal() else 0
    try:
        made = actions.oblige(year, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{year} 年的任务清单有了，新增 {made} 项。")
    return redirect(f"{reverse('activities:index')}?year={year}")


@require_http_methods(["GET", "POST"])
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def record(request):
    """Enter an activity; month and duty are known when a cell led here."""
    obligation = _asked_obligation(request)
    form = ReportForm(
        request.POST or None, obligation=obligation, initial=ReportForm.initial_for(obligation)
    )
    if form.is_valid():
        try:
            activity = actions.record(form.report(), by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "活动已登记。接着登记参加的药店、传材料，再请同事核实。")
            return redirect("activities:detail", pk=activity.pk)
    heading = f"登记：{obligation}" if obligation else "登记活动"
    context = {"form": form, "heading": heading, "crumbs": _crumbs("登记活动")}
    return render(request, "activities/record.html", context)


def _asked_obligation(request) -> Obligation | None:
    asked = request.GET.get("obligation", "")
    if not asked.isdecimal():
        return None
    return get_object_or_404(Obligation.objects.select_related("duty"), pk=asked)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["amend"], on=Activity)
def amend(request, activity):
    """Correct a record that nobody has verified yet."""
    form = ReportForm(request.POST or None, initial=ReportForm.initial_of(activity))
    if form.is_valid():
        try:
            actions.amend(activity, form.report(), by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "记录已更正。")
            return redirect("activities:detail", pk=activity.pk)
    context = {"form": form, "heading": f"更正：{activity}", "crumbs": _crumbs("更正")}
    return render(request, "activities/record.html", context)


@require_safe
@requires(Permission.ACTIVITY_VIEW, on=Activity)
def detail(request, activity):
    """One activity with its shops, papers, credits and what comes next."""
    return _detail(request, activity)


def _detail(request, activity, *, reason_form=None, paper_form=None, status=200):
    acts = queries.acts_open_to(request.user, activity)
    is_office = follows_programme(request.user)
    own = Pharmacy.objects.visible_to(request.user)
    attendances = activity.attendances.select_related("pharmacy__area").order_by(
        "pharmacy__name_sort", "pk"
    )
    credits = activity.credits.select_related("pharmacy").order_by("pk")
    if not is_office:
        attendances = attendances.filter(pharmacy__in=own)
        credits = credits.filter(pharmacy__in=own)
    context = {
        "activity": activity,
        "obligations": activity.obligations.select_related("duty"),
        "attendances": attendances,
        "credits": credits,
        "papers": activity.papers.select_related("stored").order_by("pk"),
        "missing": queries.missing_from(activity),
        "acts": acts,
        "is_own_record": activity.recorded_by_id == request.user.pk,
        "reason_form": reason_form or ReasonForm(),
        "paper_form": paper_form or PaperForm(),
        "history": queries.history_of(activity) if is_office else (),
        "is_office": is_office,
        "crumbs": _crumbs(activity.title),
    }
    return render(request, "activities/detail.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["amend"], on=Activity)
def attend(request, activity):
    """Tick the shops that took part and say how many of their people came."""
    if request.method == "POST":
        try:
            people = _ticked_shops(request.POST)
            count = actions.attend(
                activity,
                people,
                gone=_numbers(request.POST, "listed") - set(people),
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"名单里现在有 {count} 家药店。")
            return redirect("activities:detail", pk=activity.pk)
    word, area = request.GET.get("q", "").strip()[:50], request.GET.get("area", "")
    shops = Pharmacy.objects.visible_to(request.user).active()
    if word:
        shops = shops.matching(word)
    if area:
        shops = shops.filter(area__code=area)
    listed = dict(activity.attendances.values_list("pharmacy_id", "people"))
    found = list(
        shops.select_related("area").order_by("area__order", "name_sort", "pk")[: SHOPS + 1]
    )
    context = {
        "activity": activity,
        "rows": [
            {"shop": shop, "people": listed.get(shop.pk, 1), "is_listed": shop.pk in listed}
            for shop in found[:SHOPS]
        ],
        "is_cut": len(found) > SHOPS,
        "limit": SHOPS,
        "word": word,
        "area": area,
        "areas": Area.objects.order_by("order", "code"),
        "crumbs": _crumbs("参加的药店"),
    }
    return render(request, "activities/attend.html", context)


def _ticked_shops(posted) -> dict[int, int]:
    ticked = _numbers(posted, "shop")
    numbers = {pk: posted.get(f"people_{pk}", "1") for pk in ticked}
    return {pk: int(n) if n.isdecimal() and len(n) < 5 else 0 for pk, n in numbers.items()}


def _numbers(posted, name: str) -> set[int]:
    return {int(pk) for pk in posted.getlist(name) if pk.isdecimal()}


@require_POST
@requires(PERMISSION_FOR["amend"], on=Activity)
def strike(request, activity):
    """Take a shop off the list."""
    asked = request.POST.get("pharmacy", "")
    shop = get_object_or_404(Pharmacy, pk=asked if asked.isdecimal() else 0)
    try:
        actions.strike(activity, shop, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{shop.name}已从名单里去掉。")
    return redirect("activities:detail", pk=activity.pk)


@require_POST
@requires(PERMISSION_FOR["amend"], on=Activity)
def attach(request, activity):
    """Add a photo or a paper."""
    form, now = PaperForm(request.POST, request.FILES), timezone.now()
    if form.is_valid():
        try:
            stored = files.accept(
                form.cleaned_data["file"], by=request.user, now=now, kinds=files.PAPERS
            )
            is_photo = stored.content_type in files.INLINE
            kind = PaperKind.PHOTO if is_photo else PaperKind.PAPER
            actions.attach(activity, stored, kind=kind, by=request.user, now=now)
        except BusinessRuleError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, "材料已存。")
            return redirect("activities:detail", pk=activity.pk)
    return _detail(request, activity, paper_form=form, status=422)


@require_safe
@requires(Permission.ACTIVITY_VIEW, on=ActivityPaper)
def paper(request, paper):
    """The file itself, for those who may see the activity."""
    try:
        return files.response(paper.stored, inline=True)
    except BusinessRuleError as error:
        messages.error(request, str(error))
    return redirect("activities:detail", pk=paper.activity_id)


@require_POST
@requires(PERMISSION_FOR["verify"], on=Activity)
def verify(request, activity):
    """Confirm that it happened as recorded."""
    try:
        activity = actions.verify(activity, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        shops = activity.credits.filter(round=activity.verifications, reverses=None).count()
        earned = f"，{shops} 家药店计入公益加分" if shops else ""
        messages.success(request, f"活动已核实{earned}。")
    return redirect("activities:detail", pk=activity.pk)


@require_POST
@requires(PERMISSION_FOR["revoke"], on=Activity)
def revoke(request, activity):
    """Take a verification back, with a reason."""
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            actions.revoke(
                activity, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "核实已撤销，加分已冲销，可以更正后重新核实。")
            return redirect("activities:detail", pk=activity.pk)
    return _detail(request, activity, reason_form=form, status=422)


@require_POST
@requires(PERMISSION_FOR["discard"], on=Activity)
def discard(request, activity):
    """Set a mistaken record aside, with a reason."""
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            actions.discard(
                activity, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "记录已作废，不再计入任务。")
            return redirect("activities:index")
    return _detail(request, activity, reason_form=form, status=422)


def _crumbs(here: str) -> list[dict]:
    return [{"label": "活动与六个一", "url": reverse("activities:index")}, {"label": here}]
