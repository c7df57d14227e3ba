"""The owner's phone: the one thing owed and until when, then what else waits."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from reports.queries.shop_home import issued, latest_assessment, lead, score_of, tasks
from reports.queries.waiting import waiting_for
from tests.factories.accounts import UserFactory, make_user
from tests.factories.members import PharmacyFactory, head_office_of, owner_of, staff_of
from tests.factories.pledges import PledgeFactory
from tests.factories.starrating import (
    AssessmentFactory,
    AwardFactory,
    CycleFactory,
    ItemNoteFactory,
    ResultFactory,
    best_answers,
)

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 20)
MOMENT = "2026-11-01T00:00Z"


def file_in(state, *, cycle_state="self_review", **fields):
    cycle = CycleFactory(
        state=cycle_state,
        name="2026 年度",
        entry_closes_on=date(2026, 11, 30),
        review_closes_on=date(2026, 12, 10),
    )
    if state in {"submitted", "reviewed"}:
        fields |= {"submitted_at": MOMENT, "submitted_by": UserFactory()}
    if state == "reviewed":
        fields |= {"reviewed_at": MOMENT, "reviewed_by": UserFactory()}
        fields |= {"confirmed_at": MOMENT, "confirmed_by": UserFactory()}
    return AssessmentFactory(cycle=cycle, state=state, **fields)


def shown(assessment, today=TODAY):
    told, _ = issued(assessment.pharmacy, assessment)
    return lead(assessment, told, today=today)


def test_a_sheet_nobody_has_touched_says_how_long_it_takes():
    card = shown(file_in("open"))
    assert card.say.startswith("自评开始了，约 ")
    assert card.note == "11月30日（周一） 24:00 前提交 · 还有 10 天"
    assert (card.action, card.is_owed, card.total) == ("开始填自评", True, 6)


def test_a_sheet_begun_says_what_is_left():
    assessment = file_in("open")
    assessment.sheet = {"S01": {"self": {"value": "符合"}}}
    card = shown(assessment)
    assert (card.say, card.action) == ("还有 17 条没填", "继续填自评")


def test_a_full_sheet_is_to_be_checked_and_handed_in():
    assessment = file_in("open")
    answers = best_answers(assessment.cycle.scheme)
    assessment.sheet = {code: {"self": {"value": text}} for code, text in answers.items()}
    card = shown(assessment)
    assert card.action == "核对并提交"
    assert card.url == reverse("starrating:check", args=[assessment.pk])


def test_the_last_day_is_named_as_such():
    assert "今天截止" in shown(file_in("open"), today=date(2026, 11, 30)).note


@pytest.mark.parametrize(
    ("cycle_state", "today"),
    [("self_review", date(2026, 12, 1)), ("review", TODAY)],
    ids=["after the last day", "after entry was closed"],
)
def test_a_sheet_that_came_too_late_asks_for_nothing_any_more(cycle_state, today):
    card = shown(file_in("open", cycle_state=cycle_state), today=today)
    assert (card.say, card.is_owed) == ("自评没有按时交", False)


def test_a_returned_sheet_counts_what_is_to_be_supplied():
    assessment = file_in("returned", cycle_state="review")
    answers = best_answers(assessment.cycle.scheme)
    assessment.sheet = {code: {"self": {"value": text}} for code, text in answers.items()}
    ItemNoteFactory(assessment=assessment)
    card = shown(assessment)
    assert card.say == "还差 1 处要补，补完就能继续评审"
    assert (card.action, card.chip, card.tone) == ("去补充材料", "退回补充", "warn")


@pytest.mark.parametrize(
    ("state", "confirmed", "say", "is_owed"),
    [
        ("submitted", False, "有一份代填的自评，等您确认", True),
        ("submitted", True, "自评已交，正在评审", False),
        ("reviewed", True, "自评已通过评审", False),
        ("declined", False, "本周期不参评", False),
    ],
)
def test_every_state_is_said_in_words(state, confirmed, say, is_owed):
    fields = {"confirmed_at": MOMENT, "confirmed_by": UserFactory()} if confirmed else {}
    if state == "declined":
        fields["closing_reason"] = "本年度准备换址"
    card = shown(file_in(state, cycle_state="review", **fields))
    assert (card.say, card.is_owed) == (say, is_owed)


@pytest.mark.parametrize(
    ("cycle_state", "note"),
    [
        ("notified", "有异议，请在 12月4日（周五） 24:00 前书面交协会"),
        ("publicised", "公示到 12月22日（周二） 24:00，之后授牌"),
        ("final", "有效至 2027年12月31日"),
    ],
)
def test_an_issued_result_says_what_comes_next(cycle_state, note):
    assessment = file_in("reviewed", cycle_state="review")
    cycle = assessment.cycle
    cycle.state = cycle_state
    cycle.objections_close_on = date(2026, 12, 4)
    cycle.publicity_ends_on = date(2026, 12, 22)
    ResultFactory(assessment=assessment)
    card = shown(assessment)
    assert (card.say, card.note) == ("评定结果：四星", note)


def test_the_score_is_the_newest_result_with_the_certificate_of_today():
    award = AwardFactory(valid_from=date(2026, 1, 1), valid_to=date(2026, 12, 31))
    shop = award.pharmacy
    told, newest = issued(shop, latest_assessment(shop))
    assert told == newest == award.result
    score = score_of(shop, newest, today=TODAY)
    assert (score.result, score.award) == (award.result, award)
    assert score_of(shop, newest, today=date(2027, 1, 1)).award is None
    assert issued(PharmacyFactory(), None) == (None, None)


def test_last_years_result_stands_while_this_years_sheet_is_filled():
    award = AwardFactory(result__assessment__cycle__starts_on=date(2025, 1, 1))
    fresh = AssessmentFactory(pharmacy=award.pharmacy)
    assert issued(award.pharmacy, fresh) == (None, award.result)


def waits_of(user):
    return waiting_for(user, today=timezone.localdate())


def days(number):
    return timezone.localdate() + timedelta(days=number)


def cycle_of(**fields):
    dates = {"entry_closes_on": days(10), "review_closes_on": days(40)}
    return CycleFactory(**{"name": "示例 2026 年度", **dates, **fields})


def test_at_most_three_things_wait_each_with_its_reason():
    shop = PharmacyFactory(licence_expires_on=days(28))
    PledgeFactory(pharmacy=shop, campaign__ends_on=days(300))
    cycle = cycle_of()
    others = [AssessmentFactory(cycle=cycle).pharmacy for _ in range(3)]
    rows = tasks(shop, waits_of(owner_of(shop, *others)), today=timezone.localdate())
    assert len(rows) == 3
    assert any(row["title"] == "许可证 28 天后到期" for row in rows)
    assert all(row["note"] for row in rows)


@pytest.mark.parametrize(
    ("ends", "number"), [(days(400), 0), (None, 0), (days(90), 1), (days(-3), 1)],
    ids=["far", "unknown", "soon", "over"],
)  # fmt: skip
def test_a_licence_waits_only_near_its_end(ends, number):
    owner = owner_of(PharmacyFactory(licence_expires_on=ends))
    assert len(waits_of(owner)) == number


@pytest.mark.parametrize(
    ("state", "fields", "title"),
    [
        ("open", {}, "填 示例 2026 年度星级自评"),
        ("returned", {}, "补 示例 2026 年度自评材料"),
        ("submitted", {"submitted_at": MOMENT}, "确认代填的 示例 2026 年度自评"),
        ("open", {"cycle__entry_closes_on": days(-1)}, None),
        ("open", {"cycle__state": "review"}, None),
        ("returned", {"cycle__state": "review"}, "补 示例 2026 年度自评材料"),
        ("reviewed", {"submitted_at": MOMENT, "reviewed_at": MOMENT}, None),
    ],
    ids=["open", "returned", "to confirm", "too late", "entry closed", "returned later", "done"],
)
def test_a_sheet_waits_as_long_as_something_can_be_done_about_it(state, fields, title):
    cycle = {
        "cycle__name": "示例 2026 年度",
        "cycle__entry_closes_on": days(10),
        "cycle__review_closes_on": days(40),
    }
    people = {}
    if "submitted_at" in fields:
        people["submitted_by"] = UserFactory()
    if "reviewed_at" in fields:
        people |= {"reviewed_by": UserFactory(), "confirmed_at": MOMENT}
        people["confirmed_by"] = UserFactory()
    file = AssessmentFactory(state=state, **{**cycle, **fields, **people})
    waits = waits_of(owner_of(file.pharmacy))
    assert [row.words(timezone.localdate())["title"] for row in waits] == ([title] if title else [])


def test_what_only_the_owner_can_do_waits_for_the_owner_alone():
    pledge = PledgeFactory(campaign__ends_on=days(300))
    assert [row.kind for row in waits_of(owner_of(pledge.pharmacy))] == ["pledge"]
    assert waits_of(staff_of(pledge.pharmacy)) == []


def test_the_badge_counts_what_the_page_lists_over_all_shops(client):
    cycle = cycle_of()
    files = [AssessmentFactory(cycle=cycle) for _ in range(2)]
    shop = PharmacyFactory(licence_expires_on=days(5))
    AssessmentFactory(cycle=cycle)
    client.force_login(owner_of(shop, *(file.pharmacy for file in files)))
    page = client.get(reverse("reports:waiting")).content.decode()
    assert "3 件，按截止日排" in page
    assert page.index("许可证 5 天后到期") < page.index(files[0].pharmacy.name)
    assert '<span class="n">3</span>' in client.get("/").content.decode()


def test_without_a_task_the_page_says_so_and_the_office_goes_to_its_own(client):
    client.force_login(owner_of(PharmacyFactory()))
    assert "现在没有要办的事" in client.get(reverse("reports:waiting")).content.decode()
    client.force_login(make_user(Role.SECRETARIAT))
    assert client.get(reverse("reports:waiting")).url == "/"


def test_whoever_has_several_shops_is_led_to_the_one_that_waits(client):
    idle, waiting = PharmacyFactory(name="示例甲店"), PharmacyFactory(name="示例乙店")
    cycle = CycleFactory(entry_closes_on=date(2099, 11, 30), review_closes_on=date(2099, 12, 31))
    AssessmentFactory(cycle=cycle, pharmacy=waiting)
    owner = owner_of(idle, waiting)
    client.force_login(owner)
    assert "<h1>示例乙店</h1>" in client.get("/").content.decode()
    other = client.get("/", {"shop": idle.pk}).content.decode()
    assert "<h1>示例甲店</h1>" in other
    assert "自评还没交" in other


def test_a_head_office_sees_its_shops_and_no_others(client):
    own, foreign = PharmacyFactory(), PharmacyFactory()
    client.force_login(head_office_of(own.unit))
    shown = client.get("/").content.decode()
    assert own.name in shown
    assert foreign.name not in shown


def test_the_door_code_belongs_to_the_shops_people_and_the_office(client):
    shop = PharmacyFactory()
    client.force_login(owner_of(shop))
    address = reverse("reports:door_code", args=[shop.pk])
    assert shop.name in client.get(address).content.decode()
    client.force_login(owner_of(PharmacyFactory()))
    assert client.get(address).status_code == 404


@pytest.mark.parametrize("shops", [1, 3])
def test_the_owners_page_costs_the_same_queries_for_one_and_three_shops(
    client, shops, django_assert_num_queries
):
    cycle = CycleFactory(entry_closes_on=date(2099, 11, 30), review_closes_on=date(2099, 12, 31))
    files = [AssessmentFactory(cycle=cycle) for _ in range(shops)]
    client.force_login(owner_of(*(file.pharmacy for file in files)))
    client.get("/")
    with django_assert_num_queries(12):
        client.get("/")
    assert timezone.localdate() <= cycle.entry_closes_on
