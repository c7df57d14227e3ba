"""The programme: loading, obligations of a year, a rule that changes, why nothing was held."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from activities import actions
from activities.enums import OwedBy, Rhythm
from activities.models import Duty, Fulfilment, Obligation
from association.errors import BusinessRuleError
from association.models import AuditEvent
from party.enums import OrganisationKind
from tests.factories.accounts import make_user
from tests.factories.activities import ActivityFactory, DutyFactory, ObligationFactory
from tests.factories.association import CalendarDayFactory
from tests.factories.party import PartyOrganisationFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
NEW_YEAR = date(2026, 1, 1)


@pytest.fixture(autouse=True)
def year_2026():
    CalendarDayFactory()


def text_of(duty: Duty, **more) -> actions.RuleText:
    names = actions.RuleText.__dataclass_fields__
    return actions.RuleText(**{name: getattr(duty, name) for name in names} | more)


def rows(code: str) -> list[tuple]:
    found = Obligation.objects.filter(code=code).order_by("period_start")
    return list(found.values_list("period_start", "due_on", "duty__rhythm", "withdrawn_at"))


def test_load_programme_twice_enters_everything_once():
    row = {
        "code": "duty/B01",
        "name": "一志愿",
        "full_name": "每月一志愿",
        "programme": "six_ones",
        "rhythm": "month",
        "due_rule": "last_workday(month)",
        "source": "示例依据",
    }
    document = {"starts_on": date(2024, 1, 1), "duties": [row]}

    assert [actions.load_programme(document, now=NOON) for _ in range(2)] == [1, 0]
    assert Duty.objects.get().starts_on == date(2024, 1, 1)


def test_oblige_is_safe_to_repeat():
    DutyFactory()

    assert [actions.oblige(2026, since=NEW_YEAR, now=NOON) for _ in range(2)] == [12, 0]
    march = Obligation.objects.get(period_start=date(2026, 3, 1))
    assert (march.period_end, march.due_on) == (date(2026, 3, 31), date(2026, 3, 31))


def test_oblige_asks_for_nothing_before_its_day():
    DutyFactory()

    assert actions.oblige(2026, now=NOON) == 10  # from March on
    assert actions.oblige(2026, since=date(2026, 2, 1), now=NOON) == 1


def test_an_unannounced_year_is_unknown_until_it_is_announced():
    DutyFactory()

    assert actions.oblige(2031, now=NOON) == 12
    assert set(Obligation.objects.values_list("due_on", flat=True)) == {None}
    CalendarDayFactory(day=date(2031, 1, 1))
    assert actions.oblige(2031, now=NOON) == 0
    assert not Obligation.objects.filter(due_on=None).exists()


def test_a_duty_counts_only_in_its_days_of_validity():
    DutyFactory(starts_on=date(2026, 7, 1))
    DutyFactory(is_active=False)

    assert actions.oblige(2026, since=NEW_YEAR, now=NOON) == 6


def test_branches_and_groups_owe_their_own():
    branch = PartyOrganisationFactory(has_committee=True)
    PartyOrganisationFactory()  # without a committee
    group = PartyOrganisationFactory(
        kind=OrganisationKind.GROUP, parent=branch, founded_on=date(2026, 5, 20)
    )
    year = {"rhythm": Rhythm.MONTH, "programme": "party_life"}
    DutyFactory(code="duty/A02", owed_by=OwedBy.BRANCH, applies_if="committee", **year)
    DutyFactory(code="duty/A03", owed_by=OwedBy.GROUP, **year)

    actions.oblige(2026, since=NEW_YEAR, now=NOON)

    counted = Obligation.objects.values_list("code", "organisation")
    assert [
        list(counted).count(key) for key in [("duty/A02", branch.pk), ("duty/A03", group.pk)]
    ] == [12, 7]
    assert len(counted) == 19


def test_a_changed_rule_leaves_the_past_alone_and_keeps_what_is_linked():
    duty = DutyFactory()
    actions.oblige(2026, since=NEW_YEAR, now=NOON)
    may = Obligation.objects.get(period_start=date(2026, 5, 1))
    held = ActivityFactory(planned=True, held_on=date(2026, 5, 16), obligations=[may])

    new = actions.change_rule(
        duty,
        text_of(duty, rhythm=Rhythm.QUARTER, due_rule="last_workday(quarter)"),
        starts_on=date(2026, 4, 1),
        by=make_user(),
        now=NOON,
    )

    assert [(start.month, rhythm) for start, _, rhythm, _ in rows(duty.code)] == [
        (1, "month"), (2, "month"), (3, "month"), (4, "quarter"), (7, "quarter"), (10, "quarter"),
    ]  # fmt: skip
    second = Obligation.objects.get(period_start=date(2026, 4, 1))
    assert list(held.obligations.all()) == [second]
    duty.refresh_from_db()
    assert (duty.ends_on, new.starts_on) == (date(2026, 3, 31), date(2026, 4, 1))
    event = AuditEvent.objects.get(act="duty.changed")
    assert event.detail["changed"] == ["rhythm", "due_rule"]


def test_what_is_no_longer_asked_for_but_was_held_stays_readable():
    duty = DutyFactory()
    actions.oblige(2026, since=NEW_YEAR, now=NOON)
    april = Obligation.objects.get(period_start=date(2026, 4, 1))
    held = ActivityFactory(planned=True, held_on=date(2026, 4, 18), obligations=[april])

    actions.change_rule(
        duty, text_of(duty, is_active=False), starts_on=date(2026, 4, 1), by=make_user(), now=NOON
    )

    assert Obligation.objects.count() == 4
    april.refresh_from_db()
    assert april.withdrawn_at == NOON
    assert list(Obligation.objects.standing().filter(pk=april.pk)) == []
    assert Fulfilment.objects.get().activity == held


def test_a_version_that_is_not_in_force_yet_can_be_taken_back():
    duty = DutyFactory()
    actions.oblige(2026, since=NEW_YEAR, now=NOON)
    before = rows(duty.code)
    clerk = make_user()
    new = actions.change_rule(
        duty,
        text_of(duty, rhythm=Rhythm.QUARTER, due_rule="last_workday(quarter)"),
        starts_on=date(2026, 4, 1),
        by=clerk,
        now=NOON,
    )

    actions.drop_change(new, by=clerk, now=NOON)

    assert rows(duty.code) == before
    assert Duty.objects.get().ends_on is None
    with pytest.raises(actions.RuleInForceError, match="已经施行"):
        actions.drop_change(Duty.objects.get(), by=clerk, now=NOON)


@pytest.mark.parametrize(
    ("more", "starts_on", "words"),
    [
        ({"owner": "秘书处"}, date(2026, 3, 1), "不能早于今天"),
        ({"owner": "秘书处"}, date(2026, 4, 2), "从一个周期的第一天起施行"),
        ({"due_rule": "fixed_date(11-30)"}, date(2026, 4, 1), "不能用"),
        ({}, date(2026, 4, 1), "没有要保存的改动"),
    ],
    ids=["past", "in the middle of a period", "rule of another rhythm", "nothing new"],
)
def test_change_rule_refuses_and_changes_nothing(more, starts_on, words):
    duty = DutyFactory()

    with pytest.raises(BusinessRuleError, match=words):
        actions.change_rule(
            duty, text_of(duty, **more), starts_on=starts_on, by=make_user(), now=NOON
        )

    assert list(Duty.objects.values_list("pk", "ends_on")) == [(duty.pk, None)]
    assert not AuditEvent.objects.exists()


def test_an_old_version_is_not_changed_again():
    duty = DutyFactory()
    clerk = make_user()
    actions.change_rule(
        duty, text_of(duty, owner="秘书处"), starts_on=date(2026, 4, 1), by=clerk, now=NOON
    )

    with pytest.raises(actions.RuleInForceError, match="最新一版"):
        actions.change_rule(
            duty, text_of(duty, owner="会长"), starts_on=date(2026, 5, 1), by=clerk, now=NOON
        )


def test_the_reason_for_nothing_held_stops_the_demand_and_can_be_taken_back():
    obligation = ObligationFactory(
        period_start=date(2026, 2, 1), period_end=date(2026, 2, 28), due_on=date(2026, 2, 27)
    )
    clerk = make_user()
    today = NOON.date()

    assert Obligation.objects.overdue(on=today).count() == 1
    actions.explain(obligation, "台风红色预警，停止聚集", by=clerk, now=NOON)
    assert Obligation.objects.overdue(on=today).count() == 0
    assert AuditEvent.objects.get().detail == {"reason": "台风红色预警，停止聚集"}
    actions.explain(obligation, "", by=clerk, now=NOON + timedelta(hours=1))
    assert Obligation.objects.overdue(on=today).count() == 1


def test_a_period_that_is_not_over_needs_no_excuse():
    with pytest.raises(actions.NotOverError, match="还没到最晚日期"):
        actions.explain(ObligationFactory(), "忙", by=make_user(), now=NOON)
