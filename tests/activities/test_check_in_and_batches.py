"""Checking in on the day, by code or tick; and many small events entered at once."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from accounts.roles import Role
from activities import actions
from activities.enums import CheckIn
from activities.forms import batches
from activities.models import Activity, ActivityPaper, Attendance, Fulfilment
from association.errors import BusinessRuleError
from association.models import AuditEvent
from association.workflow import ForbiddenMoveError
from members.models import Pharmacy
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActivityFactory,
    AttendanceFactory,
    DutyFactory,
    ObligationFactory,
)
from tests.factories.association import StoredFileFactory
from tests.factories.members import PharmacyFactory, owner_of

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
TODAY = NOON.date()


def test_checking_in_twice_is_one_check_in():
    activity, shop = ActivityFactory(published=True, held_on=TODAY), PharmacyFactory()
    owner = owner_of(shop)

    for minutes in (0, 1, 5):
        now = NOON + timedelta(minutes=minutes)
        row = actions.check_in(activity, shop, people=2, by=owner, now=now)

    assert (row.people, row.way, row.checked_in_at) == (2, CheckIn.CODE, NOON)
    assert Attendance.objects.count() == AuditEvent.objects.count() == 1


def test_the_number_may_still_change_and_the_first_moment_stays():
    activity, shop = ActivityFactory(published=True, held_on=TODAY), PharmacyFactory()
    owner = owner_of(shop)

    actions.check_in(activity, shop, people=2, by=owner, now=NOON)
    row = actions.check_in(activity, shop, people=3, by=owner, now=NOON + timedelta(minutes=9))

    assert (row.people, row.checked_in_at) == (3, NOON)


def test_the_organiser_ticks_a_shop_that_was_on_the_list():
    row = AttendanceFactory(activity__planned=True, activity__held_on=TODAY)
    clerk = make_user(Role.SECRETARIAT)

    ticked = actions.check_in(
        row.activity, row.pharmacy, people=4, way=CheckIn.TICK, by=clerk, now=NOON
    )

    assert (ticked.pk, ticked.people, ticked.way, ticked.checked_in_by) == (
        row.pk, 4, CheckIn.TICK, clerk,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("held_on", "people", "who", "words"),
    [
        (date(2026, 3, 21), 1, "owner", "3月21日，只能当天签到"),
        (TODAY, 0, "owner", "到场人数请填"),
        (TODAY, 1, "stranger", "只能给自己的药店签到"),
    ],
    ids=["another day", "nobody", "another shop"],
)
def test_check_in_refuses_and_writes_nothing(held_on, people, who, words):
    activity, shop = ActivityFactory(published=True, held_on=held_on), PharmacyFactory()
    by = owner_of(shop if who == "owner" else PharmacyFactory())

    with pytest.raises(BusinessRuleError, match=words):
        actions.check_in(activity, shop, people=people, by=by, now=NOON)

    assert not Attendance.objects.exists()
    assert not AuditEvent.objects.exists()


def test_nobody_checks_in_at_what_is_verified():
    activity, shop = ActivityFactory(verified=True, held_on=TODAY), PharmacyFactory()

    with pytest.raises(ForbiddenMoveError, match="已核实"):
        actions.check_in(activity, shop, people=1, by=owner_of(shop), now=NOON)


# ------------------------------------------------------------------ batches


def birthday(day: int, shop: Pharmacy | None = None, people: int | None = 8, month: int = 3):
    return actions.SmallEvent(
        title="员工生日会",
        held_on=date(2026, month, day),
        pharmacy=shop.pk if shop else None,
        people=people,
    )


def test_a_batch_is_one_act_and_each_event_counts_for_its_own_period(django_assert_max_num_queries):
    duty = DutyFactory(code="duty/D02", kind="meeting")
    february = ObligationFactory(
        duty=duty, period_start=date(2026, 2, 1), period_end=date(2026, 2, 28), due_on=None
    )
    march = ObligationFactory(duty=duty)
    shop, clerk, paper = PharmacyFactory(), make_user(), StoredFileFactory()
    events = [birthday(3, shop), birthday(9, None, None), birthday(27, shop, month=2)] * 20

    with django_assert_max_num_queries(12):
        entered = actions.record_batch(events, duty="duty/D02", paper=paper, by=clerk, now=NOON)

    assert len(entered) == Activity.objects.filter(state="recorded", kind="meeting").count() == 60
    assert Fulfilment.objects.filter(obligation=march).count() == 40
    assert Fulfilment.objects.filter(obligation=february).count() == 20
    assert Attendance.objects.filter(pharmacy=shop, people=8).count() == 40
    assert ActivityPaper.objects.filter(stored=paper, filed_as=["*"]).count() == 60
    event = AuditEvent.objects.get()
    assert (event.act, event.detail["activities"]) == ("activity.batch_recorded", 60)


@pytest.mark.parametrize(
    ("events", "duty", "words"),
    [
        ([], "", "至少填一行"),
        ([birthday(21)], "", "不能晚于今天"),
        ([birthday(3)], "duty/D02", "第 1 行：这项任务在 2026-03-03 没有要办的周期"),
        ([birthday(3)] * 201, "", "最多登记 200 行"),
    ],
    ids=["empty", "future", "no period", "too many"],
)
def test_a_batch_is_refused_whole(events, duty, words):
    with pytest.raises(actions.BatchError, match=words):
        actions.record_batch(events, duty=duty, by=make_user(), now=NOON)

    assert not Activity.objects.exists()


def test_rows_pasted_from_a_sheet_are_read():
    text = "日期\t药店\t人数\t名称\r\n2026-03-14\t新桥店\t12\t\r\n\r\n3月9日\t\t8人\t走访慰问"

    lines = batches.pasted_lines(text)

    assert [(line.day, line.shop, line.people, line.title) for line in lines] == [
        ("2026-03-14", "新桥店", "12", ""),
        ("3月9日", "", "8人", "走访慰问"),
    ]


def read(*rows: tuple) -> list[batches.Line]:
    lines = [batches.Line(n, *row) for n, row in enumerate(rows, start=1)]
    good = batches.read(lines, title="生日会", shops=Pharmacy.objects.all(), today=TODAY)
    return [
        (line.number, event.held_on.isoformat(), event.people, event.pharmacy, event.title)
        for line, event in good
    ], [line.errors for line in lines if line.errors]


def test_what_clerks_write_is_understood():
    shop = PharmacyFactory(name="示例大药房·新桥店")

    good, bad = read(
        ("3月14日", "示例大药房·新桥店", "12", ""),
        ("3.9", "", "", "走访慰问"),
        ("12月28日", "", "3", ""),
        ("20260301", "", "5人", ""),
    )

    assert bad == []
    assert good == [
        (1, "2026-03-14", 12, shop.pk, "生日会"),
        (2, "2026-03-09", None, None, "走访慰问"),
        (3, "2025-12-28", 3, None, "生日会"),
        (4, "2026-03-01", 5, None, "生日会"),
    ]


def test_rows_that_make_no_sense_say_why_and_the_others_go_on():
    shop = PharmacyFactory()
    AttendanceFactory(activity__title="生日会", activity__held_on=date(2026, 3, 3), pharmacy=shop)

    good, bad = read(
        ("上周", "", "", ""),
        ("3月21日", "", "", ""),
        ("3月2日", "没有这家", "很多", ""),
        ("3月3日", shop.name, "4", ""),
        ("3月4日", shop.name, "4", ""),
        ("3月4日", shop.name, "4", ""),
    )

    assert [row[0] for row in good] == [5]
    assert [errors[0][:8] for errors in bad] == [
        "日期读不懂，写成",
        "日期还没到，办完",
        "人数要是数字",
        "同名、同日、同店",
        "同名、同日、同店",
    ]


def test_one_paper_for_many_records():
    records = ActivityFactory.create_batch(3)
    planned = ActivityFactory(planned=True)

    count = actions.attach_to_all(
        [*records, planned], StoredFileFactory(), is_photo=True, by=make_user(), now=NOON
    )

    assert count == ActivityPaper.objects.count() == 3
    assert AuditEvent.objects.get().detail["activities"] == [record.pk for record in records]
