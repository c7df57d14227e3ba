"""The calendar of the office: month, agenda, completion matrix, ledger, what is due."""

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import refusal
from accounts.roles import Permission
from activities import actions
from activities.enums import Programme, Rhythm
from activities.forms.records import ExplainForm
from activities.models import Activity, Obligation, follows_programme
from activities.queries import calendar, hosts, ledger, matrix, radar
from activities.views.phone import own_activities
from activities.views.tabs import crumbs, may_manage, reader_of, tabs
from association.errors import BusinessRuleError

TASKS = 6
AGENDA_DAYS = 45
# Which programmes stand beside the month, and which fill the whole matrix.
PARTY = (Programme.PARTY_LIFE, Programme.PARTY_WORK)
OWN = tuple(programme for programme in Programme if programme not in PARTY)


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def index(request):
    """The month with the matrix of the six ones beside it; for a shop its own activities."""
    if not follows_programme(request.user):
        return own_activities(request)
    today = timezone.localdate()
    year, month = _month(request, today)
    activities = Activity.objects.visible_to(request.user)
    places = hosts.hosts_of(request.user)
    shown = calendar.month_of(activities, year, month, today=today, life=places.life)
    branch = places.chosen(request.GET.get("host", ""))
    rows = matrix.completion_matrix(
        year,
        today=today,
        programmes=[Programme.SIX_ONES, Programme.FURTHER, Programme.PARTY_LIFE],
        hosts=[None, *(branch.keys if branch else ())],
        any_branch=places.all_branches,
    )
    six_ones = [row for row in rows if _stands_beside_the_month(row.duty)]
    life = [row for row in rows if row.duty.programme == Programme.PARTY_LIFE]
    reader = reader_of(request, today)
    context = {
        "tabs": tabs(request, "activities:index"),
        "year": year,
        "month": month,
        "weeks": shown.weeks,
        "situation": _situation(month, shown),
        "columns": matrix.drawn_columns(year, today=today),
        "six_ones": matrix.drawn_rows(six_ones, reader),
        "life": matrix.drawn_rows(life, reader),
        "lacking": sum(cell.state == "part" for row in six_ones for cell in row.cells),
        "missed": [cell for row in life for cell in row.cells if cell.state == "over"],
        "branch": branch,
        "branches": places.seen,
        "tasks": _tasks(six_ones + life, reader),
        "has_year": bool(rows),
        "may_record": reader.may_record,
        "on_today": activities.coming().filter(held_on=today).order_by("starts_at", "pk").first(),
        "previous_url": f"?month={_shifted(year, month, -1)}",
        "next_url": f"?month={_shifted(year, month, 1)}",
        "is_this_month": (year, month) == (today.year, today.month),
    }
    return render(request, "activities/index.html", context)


def _stands_beside_the_month(duty) -> bool:
    """The six ones, and what is held every month like them (每月一诊)."""
    is_monthly = duty.programme == Programme.FURTHER and duty.rhythm == Rhythm.MONTH
    return duty.programme == Programme.SIX_ONES or is_monthly


def _month(request, today: date) -> tuple[int, int]:
    asked = request.GET.get("month", "")
    try:
        found = date.fromisoformat(f"{asked}-01")
    except ValueError:
        asked_year = request.GET.get("year", "")
        year = int(asked_year) if asked_year.isdecimal() and len(asked_year) == 4 else today.year
        return max(2000, min(year, 2100)), today.month
    return found.year, found.month


def _shifted(year: int, month: int, by: int) -> str:
    months = year * 12 + month - 1 + by
    return f"{months // 12}-{months % 12 + 1:02}"


def _year(request, this_year: int) -> int:
    asked = request.GET.get("year", "")
    return int(asked) if asked.isdecimal() and 2000 <= int(asked) <= 2100 else this_year


def _situation(month: int, shown: calendar.Month) -> str:
    if not shown.count:
        return f"{month} 月还没有安排"
    said = f"{month} 月共 {shown.count} 场，已开展 {shown.held} 场"
    return f"{said}，其中 {shown.lacking} 场缺材料" if shown.lacking else said


def _tasks(rows: list[matrix.Row], reader: matrix.Reader) -> list[dict]:
    """Return what somebody has to do something about: papers first, then by its last day."""
    cells = [cell for row in rows for cell in row.cells]
    waiting = [
        cell
        for cell in cells
        if cell.state in {"part", "over", "now"} and not cell.obligation.explanation
    ]
    waiting.sort(key=lambda c: (c.state != "part", c.obligation.last_day or date.max))
    return [_task(cell, reader) for cell in waiting[:TASKS]]


def _task(cell: matrix.Cell, reader: matrix.Reader) -> dict:
    obligation, step = cell.obligation, matrix.next_step(cell, reader)
    if cell.state == "part":
        name = cell.activity.title if cell.activity else str(obligation)
        shown = {
            "title": f"{name}{cell.words}",
            "why": str(obligation) if cell.activity else obligation.duty.full_name,
            "due": None,
            "icon": "alert-circle" if cell.missing else "user-check",
            "tone": "warn",
        }
    else:
        is_over = cell.state == "over"
        shown = {
            "title": f"{obligation}{'没有记录' if is_over else '还没排'}",
            "why": obligation.duty.full_name,
            "due": obligation.last_day,
            "icon": "calendar-event",
            "tone": "bad" if is_over else "",
        }
    page = reverse("activities:period", args=[obligation.pk])
    if step is None:
        return shown | {"url": page}
    return shown | {"url": step.url, "action": step.label}


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def agenda(request):
    """The coming weeks day by day; good on a phone, where a grid has no room."""
    if not follows_programme(request.user):
        return own_activities(request)
    today = timezone.localdate()
    activities = Activity.objects.visible_to(request.user)
    context = {
        "tabs": tabs(request, "activities:agenda"),
        "days": calendar.agenda(
            activities,
            first=today,
            days=AGENDA_DAYS,
            today=today,
            life=hosts.hosts_of(request.user).life,
        ),
        "span": AGENDA_DAYS,
        "may_record": may_manage(request),
    }
    return render(request, "activities/agenda.html", context)


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def completion(request):
    """The whole year: every duty of the association and of one branch, month by month."""
    if not follows_programme(request.user):
        return own_activities(request)
    today = timezone.localdate()
    year = _year(request, today.year)
    places = hosts.hosts_of(request.user)
    branch = places.chosen(request.GET.get("host", ""))
    rows = matrix.completion_matrix(
        year,
        today=today,
        hosts=[None, *(branch.keys if branch else ())],
        any_branch=places.all_branches,
    )
    reader = reader_of(request, today)
    sections = [
        {
            "programme": programme,
            "rows": matrix.drawn_rows(found, reader),
            "counts": matrix.counts_of(found),
        }
        for programme in Programme
        if (found := [row for row in rows if row.duty.programme == programme])
    ]
    counts = matrix.counts_of(rows)
    context = {
        "tabs": tabs(request, "activities:matrix"),
        "year": year,
        "is_this_year": year == today.year,
        "columns": matrix.drawn_columns(year, today=today),
        "sections": sections,
        "party": PARTY,
        "branch": branch,
        "branches": places.seen,
        "situation": (
            f"{year} 年已完成 {counts['done']} 项，缺材料或待核实 {counts['part']} 项，"
            f"未开展 {counts['over']} 项"
        ),
        "may_record": reader.may_record,
    }
    return render(request, "activities/matrix.html", context)


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def print_ledger(request):
    """The year on paper: each duty, each period, what was held and what is on file."""
    today = timezone.localdate()
    year = _year(request, today.year)
    places = hosts.hosts_of(request.user)
    branch = places.chosen(request.GET.get("host", ""))
    asked = request.GET.get("programme", "")
    programmes = [asked] if asked in Programme.values else list(Programme)
    context = {
        "year": year,
        "branch": branch,
        "sections": ledger.sections(
            year,
            today=today,
            programmes=programmes,
            hosts=[None, *(branch.keys if branch else ())],
        ),
        "programmes": Programme.choices,
        "asked": asked,
        "back_url": reverse("activities:matrix"),
    }
    return render(request, "activities/ledger.html", context)


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def due(request):
    """What is still due, by when, under which article; one tap to a prepared draft."""
    if not follows_programme(request.user):
        return own_activities(request)
    today = timezone.localdate()
    bands = radar.radar(request.user, today=today, reader=reader_of(request, today))
    counts = {band.key: len(band.lines) for band in bands}
    context = {
        "tabs": tabs(request, "activities:radar"),
        "bands": bands,
        "situation": _due_words(counts),
    }
    return render(request, "activities/radar.html", context)


def _due_words(counts: dict[str, int]) -> str:
    said = []
    if counts.get("over"):
        said.append(f"{counts['over']} 项已过期限")
    if counts.get("week"):
        said.append(f"{counts['week']} 项 7 天内到期")
    if counts.get("papers"):
        said.append(f"{counts['papers']} 项等补材料或核实")
    return "，".join(said) or "眼下没有要赶的事"


@require_http_methods(["GET", "POST"])
@requires(Permission.ACTIVITY_VIEW, on=Obligation)
def period(request, obligation):
    """One duty in one period: until when, what was held, and why nothing was."""
    may_record = may_manage(request)
    if request.method == "POST" and not may_record:
        raise PermissionDenied(refusal(request.user, Permission.ACTIVITY_MANAGE))
    form = ExplainForm(request.POST or None, initial={"explanation": obligation.explanation})
    if request.method == "POST" and form.is_valid():
        try:
            actions.explain(
                obligation,
                form.cleaned_data["explanation"],
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            form.add_error("explanation", str(error))
        else:
            said = form.cleaned_data["explanation"]
            messages.success(
                request, "说明已记下，不再提醒这一期。" if said else "说明已去掉，恢复提醒。"
            )
            return redirect("activities:period", pk=obligation.pk)
    today = timezone.localdate()
    reader = reader_of(request, today)
    (cell,) = matrix.cells_of([matrix.read_along(obligation)], today)
    context = {
        "obligation": obligation,
        "duty": obligation.duty,
        "cell": cell,
        "activities": calendar.with_duties(
            Activity.objects.visible_to(request.user).standing().filter(obligations=obligation)
        ).order_by("held_on", "pk"),
        "meetings": [(meeting, reader.url_of(meeting)) for meeting in cell.meetings],
        "count": len(cell.activities) + len(cell.meetings),
        "entry_url": reader.entry(obligation),
        "plan_url": reader.entry(obligation, "schedule"),
        "may_record": may_record,
        "is_over": obligation.last_day is not None and obligation.last_day < today,
        "form": form,
        "crumbs": crumbs(str(obligation), (obligation.duty.name, _rule_url(obligation))),
    }
    return render(request, "activities/period.html", context)


def _rule_url(obligation: Obligation) -> str:
    return reverse("activities:duty", args=[obligation.duty_id])


@require_POST
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def oblige(request):
    """Make the duties of a year, from a month on."""
    year = int(request.POST["year"]) if request.POST.get("year", "").isdecimal() else 0
    month = request.POST.get("month", "1")
    since = date(year, int(month), 1) if _is_month(year, month) else None
    if since is None:
        messages.error(request, "请选择年份和月份。")
        return redirect("activities:matrix")
    try:
        made = actions.oblige(year, since=since, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{year} 年的任务清单有了，新增 {made} 项。")
    return redirect(f"{reverse('activities:matrix')}?year={year}")


def _is_month(year: int, month: str) -> bool:
    return 2000 <= year <= 2100 and month.isdecimal() and 1 <= int(month) <= 12
