"""What the portal reminds the keepers of: terms, probations, work of the list. Safe to repeat."""

from datetime import datetime

from django.db import transaction
from django.utils.timezone import localdate

from association import outbox
from party import queries, structure
from party.enums import Standing
from party.models import PartyMember, PartyOrganisation, WorkTask

PROBATION_LEADS = (60, 30, 7, 0)
WORK_LEADS = (7, 1)


@transaction.atomic
def of_term(organisation: PartyOrganisation, *, now: datetime) -> int:
    """Tell the keepers once for each mark of the term watch, and once when the term is over."""
    today = localdate(now)
    if organisation.term_ends_on is None or organisation.dissolved_on is not None:
        return 0
    watch = queries.rule_book(today, organisation).term_watch
    mark = structure.term_warning(organisation.term_ends_on, today, watch)
    if mark is None:
        return 0
    day = organisation.term_ends_on
    subject = (
        f"{organisation}任期已满，还没有换届"
        if mark == 0
        else f"{organisation}任期 {(day - today).days} 天后届满"
    )
    return outbox.post(
        f"party:term:{organisation.pk}:{day}:{mark}",
        to=queries.keepers_of(organisation),
        subject=subject,
        body=(
            f"本届任期到 {day.year}年{day.month}月{day.day}日。"
            "请着手换届：支委会研究，向上级报换届请示。经批准延期的，登记延期。"
        ),
        link=organisation.get_absolute_url(),
        about=organisation,
        now=now,
    )


@transaction.atomic
def of_probation(member: PartyMember, *, now: datetime) -> int:
    """Tell the keepers that a probation ends; the portal never changes the membership itself."""
    today = localdate(now)
    if member.standing != Standing.PROBATIONARY or member.probation_ends_on is None:
        return 0
    left = (member.probation_ends_on - today).days
    mark = min((lead for lead in PROBATION_LEADS if left <= lead), default=None)
    if mark is None or left < -max(PROBATION_LEADS):
        return 0
    return outbox.post(
        f"party:probation:{member.pk}:{member.probation_ends_on}:{mark}",
        to=queries.keepers_of(member.organisation),
        subject="有一名同志的预备期将满" if left > 0 else "有一名同志的预备期已满",
        body=f"预备期到 {member.probation_ends_on}，请本人提出转正申请，支部大会讨论。",
        link=f"/party/members/{member.pk}/",
        about=member.organisation,
        now=now,
    )


@transaction.atomic
def of_work(organisation: PartyOrganisation, *, now: datetime) -> int:
    """Tell the keepers once a day what of the list comes due or is late, in one message."""
    today = localdate(now)
    tasks = WorkTask.objects.filter(organisation=organisation).unfinished()
    soon = [task for task in tasks.select_related("item") if _is_due(task, today)]
    if not soon:
        return 0
    names = "；".join(f"{task}（{task.due_on.month}月{task.due_on.day}日前）" for task in soon[:8])
    more = f"，另有 {len(soon) - 8} 项" if len(soon) > 8 else ""
    return outbox.post(
        f"party:work:{organisation.pk}:{today}",
        to=queries.keepers_of(organisation),
        subject=f"责任清单有 {len(soon)} 项快到期",
        body=f"{names}{more}。",
        link=f"/party/work-list/?organisation={organisation.pk}",
        about=organisation,
        now=now,
    )


def _is_due(task: WorkTask, today) -> bool:
    return (task.due_on - today).days in WORK_LEADS
