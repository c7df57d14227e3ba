"""Pages of the desk: inbox, jobs, the association, sub-districts, working days, audit trail."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions as account_actions
from accounts.guards import public_page, requires, signed_in_page
from accounts.navigation import SHOP_ROLES
from accounts.queries import areas as all_areas
from accounts.roles import Permission, Role
from accounts.workspace import current_workspace
from association import files, jobs
from association.errors import BusinessRuleError
from association.htmx import render_page
from association.models import Job, JobState
from association.sheet_reading import open_sheet
from desk import actions, queries
from desk.act_words import acts_matching, word_for
from desk.forms import AreaForm, AuditFilterForm, ProfileForm, WorkingDaysForm
from desk.guarded_trail import is_shut
from desk.help_text import content as help_content
from desk.help_text import sections_for
from desk.release_notes import read_releases
from desk.working_day_table import read_rows, read_text

ROWS_A_PAGE = 50
ROLE_WORDS = dict(Role.choices)


# ------------------------------------------------------------------ inbox


@require_safe
@signed_in_page
def inbox(request):
    """A person's messages, newest first; the demo, which has no phone, shows the texts beside."""
    if settings.PORTAL_MODE == "demo" and request.GET.get("view") == "texts":
        return _texts(request)
    page = Paginator(queries.inbox_of(request.user), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "tabs": _inbox_tabs("inbox"),
        "deliveries": page.object_list,
        "unread": queries.unread_count(request.user),
        "heading": "消息",
        **_pages(page, {}),
    }
    return render(request, "desk/inbox.html", context)


def _texts(request):
    page = Paginator(queries.texts_of(request.user), ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "texts": page.object_list,
        "heading": "消息",
        "tabs": _inbox_tabs("texts"),
        **_pages(page, {"view": "texts"}),
    }
    return render(request, "desk/texts.html", context)


def _inbox_tabs(current: str) -> list[dict]:
    if settings.PORTAL_MODE != "demo":
        return []
    pages = [("inbox", "站内消息", "?"), ("texts", "手机短信（试用）", "?view=texts")]
    return [
        {"label": label, "url": url, "count": None, "current": key == current}
        for key, label, url in pages
    ]


@require_safe
@signed_in_page
def message(request, pk):
    """Open a message: it is read from now on, and its link leads to the thing it speaks of."""
    delivery = get_object_or_404(queries.inbox_of(request.user), pk=pk)
    actions.read(delivery, now=timezone.now())
    context = {"delivery": delivery, "back_url": reverse("desk:inbox"), "back_label": "消息"}
    return render(request, "desk/message.html", context)


@require_POST
@signed_in_page
def read_all(request):
    """Mark everything as read."""
    actions.read_all(request.user, now=timezone.now())
    return redirect("desk:inbox")


# ------------------------------------------------------------------ jobs


@require_safe
@requires(Permission.JOB_VIEW)
def job_list(request):
    """Background work that people asked for; the house's own work in a tab."""
    of_house = request.GET.get("view") == "house"
    rows = queries.jobs_of_the_house() if of_house else queries.jobs_of_people()
    page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("page"))
    context = {
        "jobs": page.object_list,
        "is_quiet": queries.worker_is_quiet(timezone.now()),
        "tabs": [
            {"label": "大家提交的", "url": "?", "count": None, "current": not of_house},
            {"label": "系统定时的", "url": "?view=house", "count": None, "current": of_house},
        ],
        **_pages(page, {"view": "house"} if of_house else {}),
    }
    return render(request, "desk/jobs.html", context)


@require_safe
@requires(Permission.JOB_VIEW)
def job(request, pk):
    """One job: how far it is, what went wrong, its result again."""
    found = get_object_or_404(Job.objects.select_related("created_by", "result_file"), pk=pk)
    is_open = found.state in {JobState.WAITING, JobState.RUNNING}
    context = {
        "job": found,
        "is_open": is_open,
        "is_quiet": is_open and queries.worker_is_quiet(timezone.now()),
        "crumbs": [{"label": "后台任务", "url": reverse("desk:jobs")}],
    }
    return render_page(request, "desk/job.html", "desk/_job.html", context)


@require_POST
@requires(Permission.JOB_VIEW)
def cancel_job(request, pk):
    """Stop a job; what it has done so far stays."""
    found = get_object_or_404(Job, pk=pk)
    try:
        jobs.cancel(found, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "任务已取消，取消前做完的部分保留。")
    return redirect("desk:job", pk=pk)


@require_POST
@requires(Permission.JOB_VIEW)
def retry_job(request, pk):
    """Run a job that did not come to its end once more."""
    found = get_object_or_404(Job, pk=pk)
    try:
        jobs.retry(found, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "任务已重新排队，从没做完的地方接着做。")
    return redirect("desk:job", pk=pk)


@require_safe
@requires(Permission.JOB_VIEW)
def job_result(request, pk):
    """The result file of a job, again."""
    found = get_object_or_404(Job.objects.select_related("result_file"), pk=pk)
    if found.result_file is None or found.result_file.erased_at is not None:
        raise Http404
    return files.response(found.result_file)


# ------------------------------------------------------------------ the association


@require_http_methods(["GET", "POST"])
@requires(Permission.DESK_MANAGE)
def set_up(request):
    """The first-run set-up: three steps, then done."""
    if request.method == "POST":
        try:
            actions.finish_set_up(by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, "设置完成。下一步：导入会员与药店名册。")
            return redirect("/")
    steps = queries.set_up_steps(timezone.localdate())
    first_open = next((step for step in steps if not step.is_done), None)
    context = {"steps": steps, "first_open": first_open, "is_open": queries.set_up_is_open()}
    return render(request, "desk/set_up.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.DESK_MANAGE)
def association(request):
    """What the association says about itself: on pages, papers and certificates."""
    profile = queries.profile()
    form = ProfileForm(request.POST or None, request.FILES or None, instance=profile)
    if form.is_valid():
        values = dict(form.cleaned_data)
        upload = values.pop("mark_upload")
        try:
            actions.save_profile(**values, mark=upload, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "协会资料已保存，页面和以后的证书都用新的。")
            return redirect("desk:set_up" if queries.set_up_is_open() else "desk:association")
    return render(request, "desk/association.html", {"form": form, "profile": profile})


@require_safe
@public_page
def mark(request):
    """The association's mark, as uploaded; it stands on public pages and papers."""
    stored = queries.remembered_profile().mark
    if stored is None or stored.erased_at is not None:
        raise Http404
    return files.response(stored, inline=True)


@require_safe
@requires(Permission.DESK_MANAGE)
def areas(request):
    """The sub-districts in their order."""
    context = {
        "areas": all_areas(),
        "actions": [{"label": "新增片区", "url": reverse("desk:add_area"), "primary": True}],
    }
    return render(request, "desk/areas.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.DESK_MANAGE)
def add_area(request):
    """Add a sub-district."""
    return _area_form(request, None, "新增片区")


@require_http_methods(["GET", "POST"])
@requires(Permission.DESK_MANAGE)
def change_area(request, pk):
    """Rename a sub-district or move it in the order."""
    area = get_object_or_404(all_areas(), pk=pk)
    return _area_form(request, area, f"更改“{area}”")


def _area_form(request, area, heading):
    initial = {"name": area.name, "code": area.code, "order": area.order} if area else None
    form = AreaForm(request.POST or None, initial=initial)
    if form.is_valid():
        try:
            saved = account_actions.save_area(
                area, **form.cleaned_data, by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"片区“{saved}”已保存。")
            return redirect("desk:areas")
    context = {
        "form": form,
        "heading": heading,
        "save": "保存片区",
        "back_url": reverse("desk:areas"),
        "crumbs": [{"label": "片区", "url": reverse("desk:areas")}],
    }
    return render(request, "accounts/form.html", context)


# ------------------------------------------------------------------ working days


@require_safe
@requires(Permission.DESK_MANAGE)
def working_days(request):
    """The announced years and the days of one of them."""
    today = timezone.localdate()
    years = queries.calendar_years()
    known = [row.year for row in years]
    wanted = request.GET.get("year", "")
    year = int(wanted) if wanted.isdigit() and int(wanted) in known else None
    year = year or (today.year if today.year in known else next(iter(known), None))
    context = {
        "years": years,
        "year": year,
        "days": queries.days_of(year) if year else [],
        "missing": queries.missing_years(today),
        "tabs": [
            {"label": f"{y} 年", "url": f"?year={y}", "count": None, "current": y == year}
            for y in known
        ],
        "actions": [
            {
                "label": "导入一年安排",
                "url": reverse("desk:import_working_days"),
                "icon": "upload",
                "primary": True,
            }
        ],
    }
    return render(request, "desk/working_days.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.DESK_MANAGE)
def import_working_days(request):
    """Enter the yearly notice: a sheet or pasted lines."""
    missing = queries.missing_years(timezone.localdate())
    form = WorkingDaysForm(
        request.POST or None,
        request.FILES or None,
        initial={"year": missing[0] if missing else timezone.localdate().year + 1},
    )
    if form.is_valid():
        given = form.cleaned_data
        try:
            if given["sheet"]:
                days = read_rows(open_sheet(given["sheet"]).rows(), year=given["year"])
            else:
                days = read_text(given["text"], year=given["year"])
            count = actions.import_working_days(
                days,
                year=given["year"],
                source=given["source"],
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{given['year']} 年安排已录入，共 {count} 天。")
            return redirect(f"{reverse('desk:working_days')}?year={given['year']}")
    context = {
        "form": form,
        "crumbs": [{"label": "工作日", "url": reverse("desk:working_days")}],
        "back_url": reverse("desk:working_days"),
    }
    return render(request, "desk/import_working_days.html", context)


# ------------------------------------------------------------------ audit trail


@require_safe
@requires(Permission.AUDIT_VIEW)
def audit_trail(request):
    """Who did what to what, newest first; nothing here can be changed."""
    form = AuditFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    text = wanted.pop("act", "")
    events = queries.audit_events(**wanted)
    if text:
        events = events.filter(act__in=acts_matching(text) or [text])
    before = request.GET.get("before", "")
    if before.isdigit():
        events = events.filter(pk__lt=int(before))
    rows = list(events.order_by("-pk")[: ROWS_A_PAGE + 1])
    state = {key: value for key, value in {**wanted, "act": text}.items() if value}
    older = {**state, "before": rows[ROWS_A_PAGE - 1].pk} if len(rows) > ROWS_A_PAGE else None
    context = {
        "form": form,
        "events": [
            (
                event,
                word_for(event.act),
                ROLE_WORDS.get(event.actor_role, ""),
                is_shut(request.user, event.act),
            )
            for event in rows[:ROWS_A_PAGE]
        ],
        "is_filtered": bool(state),
        "previous_url": f"?{urlencode(state)}" if before else "",
        "next_url": f"?{urlencode(older)}" if older else "",
    }
    return render(request, "desk/audit.html", context)


def _pages(page, state: dict) -> dict:
    def url(number):
        return f"?{urlencode({**state, 'page': number})}"

    count, last = page.paginator.count, page.paginator.num_pages
    return {
        "summary": f"第 {page.number} / {last} 页，共 {count} 条",
        "previous_url": url(page.previous_page_number()) if page.has_previous() else "",
        "next_url": url(page.next_page_number()) if page.has_next() else "",
    }


# ------------------------------------------------------------------ the portal itself


@require_safe
@public_page
def help_(request):
    """Who does what here, and what people ask; one's own work on top."""
    workspace = current_workspace(request) if request.user.is_authenticated else None
    if workspace is None:
        layout = "layouts/public.html"
    else:
        layout = "layouts/phone.html" if workspace in SHOP_ROLES else "layouts/staff.html"
    context = {
        "layout": layout,
        "roles": help_content()["roles"],
        "sections": sections_for(workspace),
        "is_desk": layout == "layouts/staff.html",
        "is_public": workspace is None,
    }
    return render(request, "desk/help.html", context)


@require_safe
@requires(Permission.DESK_MANAGE)
def release_notes(request):
    """What each version of the portal changed, in the office's words."""
    text = (settings.BASE_DIR / "CHANGELOG.md").read_text(encoding="utf-8")
    return render(request, "desk/release_notes.html", {"releases": read_releases(text)})
