"""Pages of 三会一课: the year, one meeting from plan to filed minutes, roll sheet, ledger."""

from datetime import date

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from party import queries as room
from party import voting
from party.actions import meetings as actions
from party.documents import minutes_pdf
from party.enums import Ballot, MeetingKind, MeetingPaperKind, MeetingState, Presence
from party.forms import (
    MeetingForm,
    MeetingPaperForm,
    MinutesForm,
    MotionForm,
    ReasonForm,
    TallyForm,
    usual_hour,
)
from party.models import Meeting, MeetingPaper, Motion, PartyOrganisation
from party.queries import meetings as queries
from party.views.pages import asked_number, crumb, form_page, press, stored
from party.workflow import MEETING, PERMISSION_FOR

ROWS = 100


def chosen_branch(request) -> tuple[PartyOrganisation | None, list[PartyOrganisation]]:
    """Return the branch that the page is about, and all the person may choose from.

    Without a choice it is the branch with most members: the association's own.
    """
    visible = PartyOrganisation.objects.visible_to(request.user).standing().branches()
    branches = list(visible.with_member_count().order_by("pk"))
    asked = asked_number(request, "organisation")
    found = next((each for each in branches if each.pk == asked), None)
    if found is None and branches:
        found = max(branches, key=lambda each: (each.member_count, -each.pk))
    return found, branches


def chosen_year(request) -> int:
    """Return the year that the page is about."""
    asked = asked_number(request, "year")
    return asked if asked and 2000 <= asked <= 2100 else timezone.localdate().year


@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def index(request):
    """The year of a branch as a matrix of kinds and periods, and the meetings below it."""
    branch, branches = chosen_branch(request)
    year, today = chosen_year(request), timezone.localdate()
    if branch is None:
        return render(request, "party/meetings.html", {"branch": None})
    table = queries.life_table(branch, year, today=today)
    own = queries.with_groups(branch)
    shown = (
        Meeting.objects.visible_to(request.user)
        .filter(organisation__in=own, starts_at__year=year)
        .select_related("organisation")
        .order_by("-starts_at", "-pk")
    )
    cells = [cell for row in table for cell in row["cells"]]
    done = sum(cell["state"] == "done" for cell in cells)
    over = sum(cell["state"] == "over" for cell in cells)
    part = sum(cell["state"] == "part" for cell in cells)
    situation = f"{year} 年已开展 {done} 次，{over} 次没有记录，{part} 次待归档"
    context = {
        "branch": branch,
        "branches": branches,
        "year": year,
        "columns": [
            {"label": f"{m}月", "current": (year, m) == (today.year, today.month)}
            for m in range(1, 13)
        ],
        "rows": [_drawn(row, branch) for row in table],
        "meetings": list(shown[:ROWS]),
        "situation": situation,
        "may": allowed(request.user, Permission.PARTY_MANAGE, branch),
    }
    return render(request, "party/meetings.html", context)


def _drawn(row: dict, branch: PartyOrganisation) -> dict:
    """Return a row as components/matrix.html draws it: words and a link in every cell."""
    cells = []
    for cell in row["cells"]:
        owed, meeting = cell["owed"], cell["meeting"]
        text = ""
        if meeting is not None and cell["span"] > 1:
            text = f"{meeting.held_on.month}/{meeting.held_on.day}"
        elif meeting is None and cell["span"] > 1 and cell["state"] != "todo":
            text = cell["words"]
        url = f"{reverse('party:plan')}?organisation={branch.pk}&kind={row['kind']}"
        url += f"&day={min(owed.end, timezone.localdate()).isoformat()}"
        if meeting is not None:
            url = reverse("party:meeting", args=[meeting.meeting])
        cells.append(
            {
                "span": cell["span"],
                "state": cell["state"],
                "text": text,
                "label": f"{owed.period}{row['name']}，{cell['words']}",
                "url": "" if meeting is None and cell["state"] == "todo" else url,
            }
        )
    return {"name": row["name"], "note": "", "cells": cells}


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, somewhere=True)
def plan(request):
    """Enter a meeting to come or one that was held; a cell of the matrix fills most of it in."""
    places = PartyOrganisation.objects.visible_to(request.user).standing().order_by("pk")
    kind, day = request.GET.get("kind", ""), request.GET.get("day", "")
    initial = {
        "organisation": asked_number(request, "organisation") or _usual_place(request),
        "kind": kind if kind in MeetingKind.values else MeetingKind.GENERAL,
        "day": day or timezone.localdate(),
        "hour": usual_hour(),
        "title": MeetingKind(kind).label if kind in MeetingKind.values else "",
    }
    if kind == MeetingKind.GROUP:
        below = places.filter(parent=initial["organisation"], kind="group")
        initial["organisation"] = below.first() or initial["organisation"]
    form = MeetingForm(request.POST or None, organisations=places, initial=initial)
    return form_page(
        request,
        form,
        lambda: actions.plan(
            form.cleaned_data["organisation"], _facts(form), by=request.user, now=timezone.now()
        ),
        heading="登记会议",
        save="登记",
        back=reverse("party:meetings"),
        after=lambda made: reverse("party:meeting", args=[made.pk]),
        done=lambda made: (
            "会议已登记，可以发通知了。"
            if made.starts_at > timezone.now()
            else "会议已登记，接着点名、写记录。"
        ),
        crumbs=[crumb("三会一课", "party:meetings"), crumb("登记会议")],
        situation="还没开的先登记再发通知，开过的直接补记",
    )


def _usual_place(request) -> int | None:
    """Return the branch that the form proposes: the one whose year the list would show."""
    branch, _ = chosen_branch(request)
    return branch.pk if branch else None


def _facts(form: MeetingForm) -> actions.MeetingFacts:
    data = form.cleaned_data
    return actions.MeetingFacts(
        kind=data["kind"],
        also=tuple(data["also"]),
        title=data["title"],
        starts_at=form.starts_at(),
        place=data["place"],
        agenda=data["agenda"],
        chair=data["chair"],
        recorder=data["recorder"],
        guests=data["guests"],
    )


@require_safe
@requires(Permission.PARTY_VIEW, on=Meeting)
def detail(request, meeting):
    """One meeting: where it stands, the roll in numbers, votes, minutes, papers, what is next."""
    return _detail(request, meeting)


def _detail(request, meeting, *, status=200, **forms):
    roll = queries.roll_of(meeting)
    day = timezone.localdate(meeting.starts_at)
    decides = meeting.kind in actions.DECIDING
    rule = room.rule_book(day, meeting.organisation).vote(meeting.kind) if decides else None
    entries = meeting.roll.select_related("member").order_by("member__name", "pk")
    may = allowed(request.user, Permission.PARTY_MANAGE, meeting)
    context = {
        "meeting": meeting,
        "kinds": [MeetingKind(kind).label for kind in meeting.counts_for],
        "roll": roll,
        "entries": entries,
        "away": [entry for entry in entries if entry.presence in ("excused", "absent")],
        "has_roll": bool(entries) and all(entry.presence for entry in entries),
        "quorum": voting.quorum(rule, roll) if rule and roll.due else None,
        "needed": rule.majority.needed(roll.base(rule.majority.base))
        if rule and rule.majority and roll.due
        else None,
        "can_pass": voting.still_possible(rule, roll) if rule and rule.majority else None,
        "decides": decides,
        "motions": meeting.motions.order_by("order"),
        "papers": meeting.papers.select_related("stored").order_by("pk"),
        "missing": queries.missing_before_filing(meeting)
        if meeting.state == MeetingState.HELD
        else [],
        "acts": acts_open_to(request.user, meeting),
        "may": may,
        "is_open": may and meeting.state == MeetingState.HELD,
        "minutes_form": MinutesForm(initial={"minutes": meeting.minutes}),
        "motion_form": MotionForm(initial={"ballot": Ballot.SHOW_OF_HANDS}),
        "paper_form": MeetingPaperForm(initial={"kind": MeetingPaperKind.ROLL}),
        "reason_form": ReasonForm(),
        "history": queries.history_of(meeting),
        "is_past": meeting.starts_at <= timezone.now(),
        "crumbs": [crumb("三会一课", "party:meetings"), crumb(meeting.title)],
    } | forms
    return render(request, "party/meeting.html", context, status=status)


def acts_open_to(user, meeting: Meeting) -> tuple[str, ...]:
    """Return the acts that the state allows now and the person may do."""
    acts = MEETING.acts_from(meeting.state)
    return tuple(act for act in acts if allowed(user, PERMISSION_FOR[act], meeting))


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["amend"], on=Meeting)
def amend(request, meeting):
    """Correct a meeting that has not been filed."""
    visible = PartyOrganisation.objects.visible_to(request.user)
    places = visible.filter(pk=meeting.organisation_id)
    form = MeetingForm(
        request.POST or None, organisations=places, initial=MeetingForm.initial_of(meeting)
    )
    return form_page(
        request,
        form,
        lambda: actions.amend(meeting, _facts(form), by=request.user, now=timezone.now()),
        heading=f"修改：{meeting}",
        save="保存",
        back=_url(meeting),
        done="会议已更新。",
        crumbs=_crumbs(meeting, "修改"),
    )


@require_POST
@requires(PERMISSION_FOR["announce"], on=Meeting)
def announce(request, meeting):
    """Tell those who are due."""
    return press(
        request,
        lambda: actions.announce(meeting, by=request.user, now=timezone.now()),
        done=lambda told: (
            f"通知已发给 {told} 名有账号的党员，其他人请另行通知。"
            if told
            else "已记为通知。应到党员都没有登录账号，请另行通知。"
        ),
        back=_url(meeting),
    )


@require_POST
@requires(PERMISSION_FOR["hold"], on=Meeting)
def hold(request, meeting):
    """Open the roll."""
    try:
        actions.hold(meeting, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        return _detail(request, meeting, status=422, refusal=str(error))
    return press(request, lambda: None, done="应到名单已列出，请点名。", back=_roll_url(meeting))


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=Meeting)
def roll(request, meeting):
    """Tick who came; leave with its reason."""
    entries = list(meeting.roll.select_related("member").order_by("member__name", "pk"))
    if request.method == "POST":
        presence = {
            entry.pk: (
                request.POST.get(f"presence_{entry.pk}", ""),
                request.POST.get(f"reason_{entry.pk}", "")[:100],
            )
            for entry in entries
        }
        try:
            counted = actions.take_roll(meeting, presence, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            for entry in entries:
                entry.presence, entry.reason = presence[entry.pk]
            return _roll(request, meeting, entries, refusal=str(error), status=422)
        done = f"应到 {counted.due} 人，实到 {counted.present} 人。"
        return press(request, lambda: None, done=done, back=_url(meeting))
    return _roll(request, meeting, entries)


def _roll(request, meeting, entries, *, refusal="", status=200):
    context = {
        "meeting": meeting,
        "entries": entries,
        "choices": Presence.choices,
        "refusal": refusal,
        "crumbs": _crumbs(meeting, "点名"),
    }
    return render(request, "party/roll.html", context, status=status)


@require_safe
@requires(Permission.PARTY_VIEW, on=Meeting)
def roll_sheet(request, meeting):
    """The roll sheet (签到表) on paper, printed before the meeting."""
    entries = list(meeting.roll.select_related("member").order_by("member__name", "pk"))
    people = [entry.member for entry in entries] or room.due_members(meeting)
    context = {"meeting": meeting, "people": people, "back_url": _url(meeting)}
    return render(request, "party/roll_sheet.html", context)


# ------------------------------------------------------------------ votes and minutes


@require_POST
@requires(Permission.PARTY_MANAGE, on=Meeting)
def propose(request, meeting):
    """Put a matter on the list of votes."""
    form = MotionForm(request.POST)
    if form.is_valid():
        try:
            actions.propose(meeting, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            return press(request, lambda: None, done="议题已列出，表决后计票。", back=_url(meeting))
    return _detail(request, meeting, motion_form=form, status=422)


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=Meeting)
def count(request, meeting, motion):
    """Enter the tally of one vote."""
    row = _motion(meeting, motion)
    day = timezone.localdate(meeting.starts_at)
    rule = room.rule_book(day, meeting.organisation).vote(meeting.kind)
    counted = queries.roll_of(meeting)
    form = TallyForm(
        request.POST or None,
        asks_result=rule.majority is None,
        initial={"votes_for": counted.voters_present, "against": 0, "abstentions": 0},
    )
    words = f"应到有表决权 {counted.voters_due} 人，到会 {counted.voters_present} 人"
    if rule.majority is not None:
        words += f"，赞成满 {rule.majority.needed(counted.base(rule.majority.base))} 票通过"
    return form_page(
        request,
        form,
        lambda: actions.count_votes(row, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading=f"计票：{row}",
        save="记下票数",
        back=_url(meeting),
        done=_what_came_of,
        crumbs=_crumbs(meeting, "计票"),
        situation=words,
    )


def _what_came_of(motion: Motion) -> str:
    if motion.is_passed:
        return f"“{motion}”通过。"
    if motion.basis["verdict"] == voting.Verdict.NO_QUORUM:
        short = motion.basis["quorum_needed"] - motion.basis["voters_present"]
        return f"到会有表决权的人数不够，还差 {short} 人，“{motion}”不能表决。"
    if short := motion.basis.get("short"):
        return f"“{motion}”未通过，还差 {short} 票。"
    return f"“{motion}”未通过。"


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=Meeting)
def void(request, meeting, motion):
    """Set a mistaken count aside."""
    row = _motion(meeting, motion)
    form = ReasonForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: actions.void_motion(row, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading=f"作废计票：{row}",
        save="作废",
        back=_url(meeting),
        done="这次计票已作废，留在记录里。需要时重新提出议题。",
        crumbs=_crumbs(meeting, "作废计票"),
    )


def _motion(meeting: Meeting, pk: int) -> Motion:
    return get_object_or_404(Motion, meeting=meeting, pk=pk)


@require_POST
@requires(Permission.PARTY_MANAGE, on=Meeting)
def minutes(request, meeting):
    """Keep the minutes."""
    form = MinutesForm(request.POST)
    if form.is_valid():
        try:
            actions.write_minutes(
                meeting, form.cleaned_data["minutes"], by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            return press(request, lambda: None, done="会议记录已保存。", back=_url(meeting))
    return _detail(request, meeting, minutes_form=form, status=422)


@require_safe
@requires(Permission.PARTY_VIEW, on=Meeting)
def minutes_paper(request, meeting):
    """The minutes as a PDF to print and sign."""
    answer = HttpResponse(minutes_pdf(meeting), content_type="application/pdf")
    answer["Content-Disposition"] = f'inline; filename="minutes-{meeting.pk}.pdf"'
    answer["Cache-Control"] = "private, no-store"
    return answer


@require_POST
@requires(Permission.PARTY_MANAGE, on=Meeting)
def attach(request, meeting):
    """Add a paper or a photo."""
    form, now = MeetingPaperForm(request.POST, request.FILES), timezone.now()
    if form.is_valid():
        try:
            kept = stored(form.cleaned_data["file"], by=request.user, now=now)
            actions.attach(meeting, kept, kind=form.cleaned_data["kind"], by=request.user, now=now)
        except BusinessRuleError as error:
            form.add_error("file", str(error))
        else:
            return press(request, lambda: None, done="材料已存。", back=_url(meeting))
    return _detail(request, meeting, paper_form=form, status=422)


@require_safe
@requires(Permission.PARTY_VIEW, on=MeetingPaper)
def paper(request, paper):
    """The file itself."""
    return files.response(paper.stored, inline=True)


@require_POST
@requires(PERMISSION_FOR["close"], on=Meeting)
def close(request, meeting):
    """File the meeting."""
    return press(
        request,
        lambda: actions.close(meeting, by=request.user, now=timezone.now()),
        done="会议已归档，计入三会一课。",
        back=_url(meeting),
    )


def _counter_act(request, meeting, act, *, heading, save, done):
    form = ReasonForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: act(meeting, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading=f"{heading}：{meeting}",
        save=save,
        back=_url(meeting),
        done=done,
        crumbs=_crumbs(meeting, heading),
    )


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["cancel"], on=Meeting)
def cancel(request, meeting):
    """Call a meeting off."""
    return _counter_act(
        request,
        meeting,
        actions.cancel,
        heading="取消会议",
        save="取消会议",
        done="会议已取消，收到通知的人会知道。",
    )


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["reopen"], on=Meeting)
def reopen(request, meeting):
    """Take a filing back."""
    return _counter_act(
        request,
        meeting,
        actions.reopen,
        heading="重新打开",
        save="重新打开",
        done="会议已重新打开，更正后再归档。",
    )


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["discard"], on=Meeting)
def discard(request, meeting):
    """Set a mistaken record aside."""
    return _counter_act(
        request,
        meeting,
        actions.discard,
        heading="作废记录",
        save="作废",
        done="记录已作废，不再计入三会一课。",
    )


@never_cache
@require_safe
@requires(Permission.PARTY_VIEW, on=PartyOrganisation)
def ledger(request, organisation):
    """The year's meetings of a branch as a ledger (台账) on paper."""
    year, today = chosen_year(request), timezone.localdate()
    own = [organisation.pk, *organisation.children.standing().values_list("pk", flat=True)]
    held = (
        Meeting.objects.visible_to(request.user)
        .held()
        .filter(organisation__in=own, starts_at__date__range=(date(year, 1, 1), date(year, 12, 31)))
        .select_related("organisation")
        .prefetch_related("roll", "motions", "papers")
        .order_by("starts_at", "pk")
    )
    context = {
        "branch": organisation,
        "year": year,
        "rows": [_ledger_row(meeting) for meeting in held],
        "gaps": [
            f"{gap.period}{MeetingKind(gap.kind).label}"
            for gap in queries.life_gaps(organisation, year, today=today)
        ],
        "back_url": f"{reverse('party:meetings')}?organisation={organisation.pk}&year={year}",
    }
    return render(request, "party/ledger.html", context)


def _ledger_row(meeting: Meeting) -> dict:
    roll = list(meeting.roll.all())
    return {
        "meeting": meeting,
        "kinds": "、".join(MeetingKind(kind).label for kind in meeting.counts_for),
        "due": len(roll),
        "present": sum(entry.presence == Presence.PRESENT for entry in roll),
        "excused": sum(entry.presence == Presence.EXCUSED for entry in roll),
        "absent": sum(entry.presence == Presence.ABSENT for entry in roll),
        "motions": [
            motion
            for motion in sorted(meeting.motions.all(), key=lambda m: m.order)
            if motion.voted_at and not motion.voided_at
        ],
        "papers": len(meeting.papers.all()),
    }


def _url(meeting: Meeting) -> str:
    return reverse("party:meeting", args=[meeting.pk])


def _roll_url(meeting: Meeting) -> str:
    return reverse("party:roll", args=[meeting.pk])


def _crumbs(meeting: Meeting, here: str) -> list[dict]:
    return [
        crumb("三会一课", "party:meetings"),
        {"label": meeting.title, "url": _url(meeting)},
        crumb(here),
    ]
