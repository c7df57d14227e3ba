"""The pages of the plan and the rules, as the secretariat uses them."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from activities.models import Activity, Duty, Obligation, PlanVersion
from association.models import CalendarDay
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActivityFactory,
    DutyFactory,
    JointMarkFactory,
    ObligationFactory,
    SeriesFactory,
    SignUpFactory,
    obligation_in,
)
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.party import PartyOrganisationFactory, secretary_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    clerk = make_user(Role.SECRETARIAT)
    client.force_login(clerk)
    return clerk


def soon(days: int = 7) -> date:
    return timezone.localdate() + timedelta(days=days)


def this_month() -> Obligation:
    today = timezone.localdate()
    first = today.replace(day=1)
    last = (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
    last += timedelta(days=40)  # so that there is always a working day left
    return obligation_in(first, last, last)


def form(**more) -> dict:
    return {
        "title": "社区义诊",
        "held_on": soon().isoformat(),
        "audience": "office",
        "duties": "",
        "repeat": "",
    } | more


def test_an_activity_is_scheduled_from_its_cell(client, office):
    obligation = this_month()
    address = f"{reverse('activities:schedule')}?obligation={obligation.pk}"

    page = client.get(address)
    assert page.context["form"].initial["duties"] == [obligation.code]
    answer = client.post(address, form(duties=[obligation.code, ""]))

    activity = Activity.objects.get()
    assert answer.url == reverse("activities:detail", args=[activity.pk])
    assert activity.obligations.get() == obligation


def test_a_weekly_meeting_is_scheduled_in_one_go_and_a_monthly_one_keeps_its_weekday(
    client, office
):
    address = reverse("activities:schedule")

    client.post(address, form(repeat="week", repeat_until=soon(28).isoformat()))
    assert list(Activity.objects.order_by("held_on").values_list("held_on", flat=True)) == [
        soon(days) for days in (7, 14, 21, 28)
    ]
    Activity.objects.all().delete()
    client.post(address, form(repeat="month", repeat_until=soon(100).isoformat()))
    days = list(Activity.objects.order_by("held_on").values_list("held_on", flat=True))
    assert len(days) >= 3
    assert {day.weekday() for day in days} == {soon().weekday()}
    assert {(day.day - 1) // 7 for day in days[:-1]} <= {(soon().day - 1) // 7, 3}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"held_on": "2020-01-01"}, "不能早于今天"),
        ({"repeat": "week"}, "请填重复到哪一天"),
        ({"repeat": "week", "repeat_until": "2020-01-01"}, "要在第一次之后"),
        ({"places": "2", "places_per_shop": "3"}, "不能多于总名额"),
        ({"title": ""}, "这个字段是必填项"),
    ],
)
def test_a_schedule_that_makes_no_sense_is_refused_in_words(client, office, more, words):
    page = client.post(reverse("activities:schedule"), form(**more)).content.decode()

    assert words in page
    assert not Activity.objects.exists()


def test_a_change_of_the_series_shows_days_and_people_before_it_is_made(client, office):
    series = SeriesFactory()
    first, second = (
        ActivityFactory(published=True, series=series, held_on=soon(days), title="周例会")
        for days in (7, 14)
    )
    entry = SignUpFactory(activity=second, people=3)
    ActivityFactory(series=series, held_on=soon(-7))
    address = reverse("activities:change", args=[first.pk])
    new = form(title="周例会", held_on=soon(8).isoformat(), audience="members", scope="all")

    preview = client.post(address, new)

    words = preview.content.decode()
    assert preview.templates[0].name == "activities/change_preview.html"
    assert f"{entry.pharmacy.name}（3 人）" in words
    assert "已经过去或登记过的 1 次不变" in words
    assert "要改的：日期" in words
    assert Activity.objects.filter(held_on=soon(7)).exists()
    carried = dict(preview.context["carried"])
    assert carried["scope"] == "all"

    answer = client.post(address, new | {"confirm": "1"}, follow=True)
    assert "已改 2 次。报了名的 1 家药店会收到消息。" in answer.content.decode()
    assert set(Activity.objects.coming().values_list("held_on", flat=True)) == {soon(8), soon(15)}


def test_a_single_change_that_touches_nobody_is_made_at_once(client, office):
    activity = ActivityFactory(planned=True, held_on=soon())

    client.post(
        reverse("activities:change", args=[activity.pk]),
        form(title=activity.title, held_on=soon(9).isoformat()),
    )

    activity.refresh_from_db()
    assert activity.held_on == soon(9)


def test_publish_cancel_and_restore_by_their_buttons(client, office):
    activity = ActivityFactory(planned=True, audience="members", held_on=soon())
    page = reverse("activities:detail", args=[activity.pk])

    def state() -> str:
        return Activity.objects.get(pk=activity.pk).state

    assert "发布" in client.get(page).content.decode()
    client.post(reverse("activities:publish", args=[activity.pk]))
    assert state() == "published"
    asked = client.post(reverse("activities:cancel", args=[activity.pk]), {"reason": ""})
    assert "请写明原因" in asked.content.decode()
    client.post(reverse("activities:cancel", args=[activity.pk]), {"reason": "台风"})
    assert state() == "cancelled"
    client.post(reverse("activities:restore", args=[activity.pk]))
    assert state() == "planned"


def test_the_plan_is_drafted_kept_in_part_and_fixed(client, office):
    CalendarDay.objects.create(day=soon().replace(month=1, day=1), is_working=False, name="元旦")
    CalendarDay.objects.create(day=date(soon().year + 1, 1, 1), is_working=False, name="元旦")
    keep, drop = this_month(), this_month()
    year = keep.period_start.year
    address = reverse("activities:draft")

    lines = client.get(address, {"year": year}).context["lines"]
    assert {line.obligation for line in lines} == {keep, drop}
    line = next(line for line in lines if line.obligation == keep)
    client.post(
        address,
        {
            "year": year,
            "keep": line.key,
            f"day_{line.key}": line.day.isoformat(),
            f"title_{line.key}": "志愿服务",
        },
    )

    assert Activity.objects.get().obligations.get() == keep
    plan = client.get(reverse("activities:plan"), {"year": Activity.objects.get().held_on.year})
    assert "还没有定稿" in plan.content.decode()
    fixed_year = Activity.objects.get().held_on.year
    client.post(reverse("activities:fix"), {"year": fixed_year, "note": "理事会通过"})
    version = PlanVersion.objects.get()
    page = client.get(reverse("activities:version", args=[version.pk])).content.decode()
    assert "志愿服务" in page
    again = client.post(reverse("activities:fix"), {"year": fixed_year}, follow=True)
    assert "和第 1 版一样" in again.content.decode()


def test_a_draft_line_with_a_bad_day_is_named_and_nothing_is_planned(client, office):
    answer = client.post(
        reverse("activities:draft"),
        {"year": 2026, "keep": "7-0", "day_7-0": "下周", "title_7-0": "志愿服务"},
    )

    assert "“志愿服务”的日期读不懂" in answer.content.decode()
    assert not Activity.objects.exists()


def test_last_years_activities_are_carried_forward_by_weekday(client, office):
    CalendarDay.objects.create(day=date(2025, 1, 1), is_working=False, name="元旦")
    today = timezone.localdate()
    CalendarDay.objects.get_or_create(
        day=date(today.year, 1, 1), defaults={"is_working": False, "name": "元旦"}
    )
    CalendarDay.objects.get_or_create(
        day=date(today.year + 1, 1, 1), defaults={"is_working": False, "name": "元旦"}
    )
    duty = DutyFactory()
    next_year = today.year + 1
    old = obligation_in(date(today.year, 5, 1), date(today.year, 5, 31), duty=duty)
    last = date(next_year, 5, 31)
    new = obligation_in(date(next_year, 5, 1), last, last, duty=duty)
    held = ActivityFactory(
        title=f"{today.year}年义诊", held_on=date(today.year, 5, 12), obligations=[old]
    )

    (line,) = client.get(reverse("activities:draft"), {"year": next_year, "from": "last"}).context[
        "lines"
    ]

    assert line.obligation == new
    assert line.day.weekday() == held.held_on.weekday()
    assert (line.title, line.note) == (f"{next_year}年义诊", "去年 5月12日")


def rule_form(duty: Duty, **more) -> dict:
    next_month = (timezone.localdate().replace(day=1) + timedelta(days=32)).replace(day=1)
    return {
        "name": duty.name,
        "full_name": duty.full_name,
        "is_active": "on",
        "rhythm": "month",
        "times": "1",
        "due_kind": "day_of_month",
        "due_n": "20",
        "shift": "next_workday",
        "applies_if": "",
        "owner": "秘书处",
        "evidence": "方案，照片",
        "lead_days": "7、3、-5",
        "source": "理事会 2026 年第 3 次会议",
        "source_status": "practice",
        "starts_on": next_month.isoformat(),
    } | more


def test_a_rule_gets_a_new_version_that_can_be_taken_back(client, office):
    duty = DutyFactory()
    address = reverse("activities:change_rule", args=[duty.pk])
    assert client.get(address).context["form"]["due_kind"].value() == "last_workday"

    answer = client.post(address, rule_form(duty))

    new = Duty.objects.get(ends_on=None)
    assert answer.url == reverse("activities:duty", args=[new.pk])
    assert (new.due_rule, new.evidence, new.lead_days) == (
        "day_of_month(20)",
        ["方案", "照片"],
        [7, 3, -5],
    )
    page = client.get(reverse("activities:duty", args=[duty.pk])).content.decode()
    assert "撤回这一版" in page
    client.post(reverse("activities:drop_change", args=[new.pk]))
    assert Duty.objects.get().pk == duty.pk


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"due_kind": "fixed_date", "due_n": "30"}, "期限规则"),
        ({"due_kind": "fixed_date", "due_n": "30", "due_month": "11"}, "不能用"),
        ({"lead_days": "一周"}, "只写天数"),
        ({"starts_on": "2020-01-01"}, "不能早于今天"),
        ({"source": ""}, "这个字段是必填项"),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_in_words(client, office, more, words):
    duty = DutyFactory()

    page = client.post(
        reverse("activities:change_rule", args=[duty.pk]), rule_form(duty, **more)
    ).content.decode()

    assert words in page
    assert Duty.objects.count() == 1


def test_unsure_sources_are_shown_as_such(client, office):
    DutyFactory(source_status="unverified")
    DutyFactory(source_status="conflict")

    page = client.get(reverse("activities:duties")).content.decode()

    assert "依据还要核对的 2 项" in page
    assert "未核实" in page
    assert "说法不一" in page


def test_a_missed_period_is_explained_on_its_page(client, office):
    obligation = ObligationFactory()
    address = reverse("activities:period", args=[obligation.pk])
    assert "保存说明" in client.get(address).content.decode()

    client.post(address, {"explanation": "台风红色预警"})

    assert "未开展：台风红色预警" in client.get(address).content.decode()


def test_the_eight_programmes_have_a_column_each(client, office):
    mark = JointMarkFactory(activity__title="送药上门")

    columns = client.get(reverse("activities:joint"), {"year": 2026}).context["columns"]

    assert [len(column["activities"]) for column in columns] == [0, 0, 0, 0, 1, 0, 0, 0]
    assert columns[4]["activities"] == [mark.activity]


def test_a_party_secretary_enters_for_their_own_branch_alone(client):
    branch, other = PartyOrganisationFactory(), PartyOrganisationFactory()
    client.force_login(secretary_of(branch))
    mine = ActivityFactory(organisation=branch)
    theirs = ActivityFactory(organisation=other)

    page = client.get(reverse("activities:record"))
    offered = [key for key, _ in page.context["form"].fields["host"].choices]
    assert offered == ["", branch.pk]
    assert client.get(reverse("activities:detail", args=[mine.pk])).status_code == 200
    assert client.get(reverse("activities:detail", args=[theirs.pk])).status_code == 404
    client.post(
        reverse("activities:record"),
        {"title": "走访", "held_on": "2026-03-14", "host": other.pk, "duties": ""},
    )
    assert Activity.objects.count() == 2


OFFICE_PAGES = [
    "index", "agenda", "matrix", "ledger", "radar", "duties", "plan", "records", "joint",
]  # fmt: skip


@pytest.mark.parametrize("name", OFFICE_PAGES)
def test_the_pages_of_the_office_stand_empty_and_full(client, office, name):
    address = reverse(f"activities:{name}")
    assert client.get(address).status_code == 200
    obligation = this_month()
    ActivityFactory(obligations=[obligation], held_on=timezone.localdate())
    ActivityFactory(planned=True, held_on=soon(), title="特别长的活动名称" * 9)

    assert client.get(address).status_code == 200


@pytest.mark.parametrize("name", ["schedule", "draft", "batch", "record"])
def test_a_regulator_and_a_shop_enter_nothing(client, name):
    for user in (make_user(Role.REGULATOR), owner_of(PharmacyFactory())):
        client.force_login(user)
        assert client.get(reverse(f"activities:{name}")).status_code == 403
