"""Meetings of the association: the four kinds and their lists, minutes, action items."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from activities import actions
from activities.documents import minutes_pdf
from activities.enums import Programme
from activities.forms.meetings import ConveneForm, HandOnForm, MinutesForm, NoteForm
from activities.forms.records import ReasonForm
from activities.models import ActionItem, Activity, Obligation, follows_programme
from activities.queries import meetings as queries
from activities.queries.records import history_of
from activities.rolling import LIST_NAMES
from activities.views.phone import own_activities
from activities.views.tabs import crumbs, may_manage, reader_of, tabs
from activities.workflow import ACTIVITY
from association.errors import BusinessRuleError


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def meetings(request):
    """The meetings that are due now, and the four lists of what they gave people to do."""
    if not follows_programme(request.user):
        return own_activities(request)
    today = timezone.localdate()
    reader = reader_of(request, today)
    lists = queries.lists_of(request.user, today=today)
    late = sum(item.due_on < today for rung in lists for item in rung.items)
    count = sum(len(rung.items) for rung in lists)
    situation = f"督办事项 {count} 件没办结"
    context = {
        "tabs": tabs(request, "activities:meetings"),
        "situation": f"{situation}，其中 {late} 件过期" if late else situation,
        "cells": [
            {
                "cell": cell,
                "url": queries.entry_of(cell, reader),
                "day": ConveneForm.usual_day(cell.obligation, today),
            }
            for cell in queries.meetings_now(request.user, today=today)
        ],
        "lists": lists,
        "finished": queries.finished(request.user),
        "recent": queries.recent_meetings(request.user, today=today),
        "today": today,
        "may_record": reader.may_record,
    }
    return render(request, "activities/meetings.html", context)


@require_POST
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def convene(request):
    """Set a meeting for a day, from its duty, and go to its minutes."""
    asked = request.POST.get("obligation", "")
    owed = Obligation.objects.visible_to(request.user).standing().select_related("duty")
    obligation = owed.filter(
        duty__programme=Programme.MEETINGS, pk=asked if asked.isdecimal() else 0
    ).first()
    form, now = ConveneForm(request.POST), timezone.now()
    if obligation is None or not form.is_valid():
        messages.error(request, "请选择会议和开会的日期。")
        return redirect("activities:meetings")
    day, title = form.cleaned_data["day"], f"{obligation.period}{obligation.duty.name}"
    duties = (obligation.code,)
    try:
        if day < timezone.localdate(now):
            report = actions.Report(title[:80], day, duties=duties)
            activity = actions.record(report, by=request.user, now=now)
        else:
            schedule = actions.Schedule(title[:80], day, duties=duties)
            activity = actions.plan(schedule, by=request.user, now=now)
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("activities:meetings")
    return redirect("activities:minutes", pk=activity.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.ACTIVITY_MANAGE, on=Activity)
def minutes(request, activity):
    """Agenda, minutes and what is to be done; saved, or saved and filed at once."""
    duties = queries.meeting_duties(activity)
    if not duties:
        messages.error(request, "这次活动不是例会、办公会、小结或总结，没有纪要。")
        return redirect("activities:detail", pk=activity.pk)
    if not {"hold", "amend"} & set(ACTIVITY.acts_from(activity.state)):
        messages.error(request, "会议已经核实，纪要不能再改；要改请先撤销核实。")
        return redirect("activities:detail", pk=activity.pk)
    level = queries.level_of(duties)
    form = MinutesForm(
        request.POST or None,
        lines=MinutesForm.lines_of(activity, duties),
        names=queries.names_of_the_office(),
        initial=MinutesForm.initial_of(activity, queries.meeting_before(activity, duties)),
    )
    if form.is_valid():
        now = timezone.now()
        try:
            actions.write_minutes(activity, form.text(), by=request.user, now=now)
            if "file" in request.POST:
                actions.verify(activity, by=request.user, now=now)
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            said = "纪要已归档，这次会议计入任务。" if "file" in request.POST else "纪要已保存。"
            messages.success(request, said)
            return redirect("activities:detail", pk=activity.pk)
    today = timezone.localdate()
    context = {
        "activity": activity,
        "form": form,
        "list_name": LIST_NAMES[level],
        "carried": queries.carried_to(activity, level),
        "items": activity.action_items.order_by("due_on", "pk"),
        "figures": queries.figures_for(activity, duties, today=today),
        "may_verify": allowed(request.user, Permission.ACTIVITY_VERIFY, activity),
        "is_early": activity.held_on > today,
        "today": today,
        "back": request.get_full_path(),
        "crumbs": crumbs("纪要", (activity.title, _page_of(activity))),
    }
    return render(request, "activities/minutes.html", context)


def _page_of(activity: Activity) -> str:
    return reverse("activities:detail", args=[activity.pk])


@never_cache
@require_safe
@requires(Permission.ACTIVITY_VIEW, on=Activity)
def minutes_paper(request, activity):
    """The minutes to be printed and signed."""
    if not follows_programme(request.user):
        raise Http404
    if getattr(activity, "minutes", None) is None:
        messages.error(request, "这次活动还没有纪要。")
        return redirect("activities:detail", pk=activity.pk)
    duties = queries.meeting_duties(activity)
    figures = queries.figures_for(activity, duties, today=timezone.localdate())
    carried = queries.carried_to(activity, queries.level_of(duties))
    answer = HttpResponse(
        minutes_pdf(activity, carried=carried, figures=figures), content_type="application/pdf"
    )
    answer["Content-Disposition"] = f'inline; filename="minutes-{activity.pk}.pdf"'
    return answer


# ------------------------------------------------------------------ action items


@require_safe
@requires(Permission.ACTIVITY_VIEW, on=ActionItem)
def action_item(request, item):
    """One item: who, by when, on whose list, and what can be done about it."""
    return _item_page(request, item)


def _item_page(request, item, *, status=200, **forms):
    today = timezone.localdate()
    context = {
        "item": item,
        "list_name": LIST_NAMES[item.level_on(today)],
        "may": may_manage(request) and allowed(request.user, Permission.ACTIVITY_MANAGE, item),
        "note_form": NoteForm(),
        "hand_on_form": HandOnForm(initial={"owner": item.owner_name, "due_on": item.due_on}),
        "reason_form": ReasonForm(),
        "names": queries.names_of_the_office(),
        "history": history_of(item),
        "today": today,
        "crumbs": crumbs(item.text, ("会议与督办", reverse("activities:meetings"))),
    }
    return render(request, "activities/action_item.html", context | forms, status=status)


@require_POST
@requires(Permission.ACTIVITY_MANAGE, on=ActionItem)
def finish_item(request, item):
    """It is done; back to the page the button was on."""
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _item_page(request, item, note_form=form, status=422)
    try:
        actions.finish_item(
            item, note=form.cleaned_data["note"], by=request.user, now=timezone.now()
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{item.text}”已办结。")
    meeting = request.POST.get("meeting", "")
    if meeting.isdecimal():
        return redirect("activities:minutes", pk=int(meeting))
    return redirect("activities:meetings")


@require_POST
@requires(Permission.ACTIVITY_MANAGE, on=ActionItem)
def reopen_item(request, item):
    """It goes back on its list."""
    return _with_reason(request, item, actions.reopen_item, "已重新打开，回到督办清单。")


@require_POST
@requires(Permission.ACTIVITY_MANAGE, on=ActionItem)
def drop_item(request, item):
    """Nobody has to do it any more."""
    return _with_reason(request, item, actions.drop_item, "已从督办清单去掉，原因留在记录里。")


def _with_reason(request, item, act, said: str):
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            act(item, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, said)
            return redirect("activities:action_item", pk=item.pk)
    return _item_page(request, item, reason_form=form, status=422)


@require_POST
@requires(Permission.ACTIVITY_MANAGE, on=ActionItem)
def hand_item_on(request, item):
    """Somebody else does it, or until another day."""
    form = HandOnForm(request.POST)
    if form.is_valid():
        try:
            actions.hand_item_on(
                item,
                owner=form.cleaned_data["owner"],
                due_on=form.cleaned_data["due_on"],
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "责任人和期限已更新。")
            return redirect("activities:action_item", pk=item.pk)
    return _item_page(request, item, hand_on_form=form, status=422)
