"""Meetings of the Party room meet obligations here: pulled, and without their subject."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.timezone import localdate

from accounts.roles import Role
from activities import actions
from activities.models import Activity, Obligation
from activities.queries import calendar, hosts, matrix
from association.models import Delivery
from party.enums import MeetingKind, MeetingState, OrganisationKind
from tests.factories.accounts import make_user
from tests.factories.activities import ActivityFactory, DutyFactory, obligation_in
from tests.factories.party import MeetingFactory, PartyOrganisationFactory, secretary_of

pytestmark = pytest.mark.django_db

SHANGHAI = ZoneInfo("Asia/Shanghai")
TODAY = date(2026, 4, 10)
SECRET = "研究示例某转正"


def meeting(branch, day: date, state=MeetingState.CLOSED, kind=MeetingKind.THEME_DAY, **more):
    more |= {"starts_at": datetime(day.year, day.month, day.day, 15, tzinfo=SHANGHAI)}
    if state == MeetingState.CLOSED:
        more |= {"minutes": "记录", "closed_at": datetime.now(UTC), "closed_by": make_user()}
    return MeetingFactory(organisation=branch, kind=kind, title=SECRET, state=state, **more)


def theme_day(**more):
    return DutyFactory(name="主题党日", meeting=MeetingKind.THEME_DAY, owed_by="branch", **more)


def owed_in(month: int, branch=None, **more) -> Obligation:
    start, end = date(2026, month, 1), date(2026, month, 28)
    return obligation_in(start, end, end, organisation=branch, **more)


def cell(obligation: Obligation, today=TODAY) -> matrix.Cell:
    (found,) = matrix.cells_of([matrix.read_along(obligation)], today)
    return found


@pytest.mark.parametrize(
    ("state", "said"),
    [
        (MeetingState.CLOSED, ("done", "已完成")),
        (MeetingState.HELD, ("part", "待归档")),
        (MeetingState.PLANNED, ("over", "未开展")),
        (MeetingState.CANCELLED, ("over", "未开展")),
        (MeetingState.DISCARDED, ("over", "未开展")),
    ],
)
def test_an_obligation_is_met_by_the_filed_meeting_of_its_kind(state, said):
    branch = PartyOrganisationFactory()
    owed = owed_in(3, branch, duty=theme_day())
    aside = state in (MeetingState.CANCELLED, MeetingState.DISCARDED)
    meeting(branch, date(2026, 3, 16), state, **({"set_aside_reason": "暴雨"} if aside else {}))

    found = cell(owed)

    assert (found.state, found.words) == said


def test_a_meeting_to_come_is_a_date_in_the_plan():
    branch = PartyOrganisationFactory()
    owed = owed_in(4, branch, duty=theme_day())
    meeting(branch, date(2026, 4, 15), MeetingState.ANNOUNCED)

    assert (cell(owed).state, cell(owed).words) == ("plan", "已排在4月15日")


@pytest.mark.parametrize(
    ("more", "is_met"),
    [
        ({"day": date(2026, 3, 28)}, True),
        ({"day": date(2026, 3, 29)}, False),
        ({"day": date(2026, 2, 28)}, False),
        ({"day": date(2026, 3, 9), "kind": MeetingKind.LECTURE}, False),
        ({"day": date(2026, 3, 9), "kind": "general", "also": ["theme_day"]}, True),
    ],
    ids=["last day", "day after", "day before", "another kind", "counts for it too"],
)
def test_kind_and_day_decide_and_the_query_says_the_same(more, is_met):
    branch = PartyOrganisationFactory()
    owed = owed_in(3, branch, duty=theme_day())
    meeting(branch, **more)

    assert (cell(owed).state == "done") is is_met
    assert Obligation.objects.overdue(on=TODAY).contains(owed) is not is_met


def test_each_organisation_meets_its_own_and_any_branch_what_the_association_owes():
    mine, other = PartyOrganisationFactory.create_batch(2)
    duty, of_house = theme_day(), DutyFactory(meeting=MeetingKind.THEME_DAY)
    own, theirs = owed_in(3, mine, duty=duty), owed_in(3, other, duty=duty)
    whole = owed_in(3, duty=of_house)

    meeting(mine, date(2026, 3, 16))

    assert [cell(each).state for each in (own, theirs, whole)] == ["done", "over", "done"]
    assert list(Obligation.objects.unmet()) == [theirs]


def test_the_meeting_of_a_group_does_not_meet_what_the_association_owes():
    branch = PartyOrganisationFactory()
    group = PartyOrganisationFactory(kind=OrganisationKind.GROUP, parent=branch)
    whole = owed_in(3, duty=DutyFactory(meeting=MeetingKind.THEME_DAY))

    meeting(group, date(2026, 3, 16))

    assert cell(whole).state == "over"
    assert Obligation.objects.unmet().contains(whole)


def test_meetings_and_verified_activities_are_counted_together():
    branch = PartyOrganisationFactory()
    owed = owed_in(3, branch, duty=theme_day(times=2, evidence=[]))
    meeting(branch, date(2026, 3, 16))
    assert (cell(owed).state, cell(owed).words) == ("over", "1/2 次，未开展")

    ActivityFactory(verified=True, organisation=branch, obligations=[owed])

    assert cell(owed).state == "done"
    assert not Obligation.objects.unmet().exists()


def test_a_tap_leads_the_keeper_into_the_party_room_and_the_office_to_the_period():
    branch = PartyOrganisationFactory()
    held, missed = (owed_in(month, branch, duty=theme_day()) for month in (2, 3))
    record = meeting(branch, date(2026, 2, 16))
    rows = matrix.completion_matrix(2026, today=TODAY, hosts=[branch.pk])

    def urls(reader: matrix.Reader) -> list[str]:
        drawn = matrix.drawn_rows(rows, reader)
        return [each["url"] for row in drawn for each in row["cells"]]

    plan = f"{reverse('party:plan')}?organisation={branch.pk}&kind=theme_day&day=2026-03-28"
    keeper = matrix.Reader(TODAY, may_record=True, kept=frozenset({branch.pk}))
    assert urls(keeper) == [reverse("party:meeting", args=[record.pk]), plan]
    office = matrix.Reader(TODAY, may_record=True)
    assert urls(office) == [reverse("activities:period", args=[owed.pk]) for owed in (held, missed)]


def test_the_calendar_shows_kind_and_host_and_opens_only_for_keepers():
    branch = PartyOrganisationFactory(name="示例党支部")
    other = PartyOrganisationFactory()
    record = meeting(branch, date(2026, 4, 7), MeetingState.HELD)
    meeting(other, date(2026, 4, 7))
    lead, clerk = secretary_of(branch), make_user(Role.SECRETARIAT)

    def events(user) -> list[tuple]:
        none = Activity.objects.none()
        life = hosts.hosts_of(user).life
        month = calendar.month_of(none, 2026, 4, today=TODAY, life=life)
        return [
            (e.title, e.count, e.url, e.words)
            for week in month.weeks
            for day in week
            for e in day.events
        ]

    page = reverse("party:meeting", args=[record.pk])
    assert events(lead) == [("主题党日", 1, page, "示例党支部，待归档")]
    assert events(clerk) == [
        ("主题党日", 1, "", "示例党支部，待归档"),
        ("主题党日", 1, "", f"{other.name}，已归档"),
    ]
    assert events(make_user(Role.REGULATOR)) == []


@pytest.mark.parametrize(
    "name",
    ["index", "agenda", "matrix", "ledger", "radar", "period", "duty"],
)
def test_no_page_of_the_office_names_the_subject_of_a_meeting(client, name):
    branch = PartyOrganisationFactory()
    duty = theme_day(evidence=[])
    year = localdate().year
    owed = obligation_in(
        date(year, 1, 1), date(year, 12, 31), date(year, 12, 31), organisation=branch, duty=duty
    )
    for state in (MeetingState.HELD, MeetingState.PLANNED):
        meeting(branch, localdate(), state)
    args = {"period": [owed.pk], "duty": [duty.pk]}.get(name, [])
    client.force_login(make_user(Role.SECRETARIAT))

    page = client.get(reverse(f"activities:{name}", args=args)).content.decode()

    assert "主题党日" in page
    assert SECRET not in page


def test_what_a_party_organisation_owes_is_told_to_those_who_keep_its_ledger():
    branch = PartyOrganisationFactory()
    lead, clerk = secretary_of(branch), make_user(Role.SECRETARIAT)
    owed = owed_in(3, branch, duty=theme_day(lead_days=[3]))
    without = owed_in(3, PartyOrganisationFactory(), duty=owed.duty)
    now = datetime(2026, 3, 25, 9, tzinfo=SHANGHAI)

    assert [actions.remind(owed, now=now), actions.remind(without, now=now)] == [1, 1]

    assert list(Delivery.objects.order_by("pk").values_list("recipient", flat=True)) == [
        lead.pk,
        clerk.pk,
    ]
    assert "三会一课" in Delivery.objects.filter(recipient=lead).get().message.body
    meeting(branch, date(2026, 3, 24))
    later = datetime(2026, 4, 2, 9, tzinfo=SHANGHAI)
    assert actions.remind(owed, now=later) == 0
