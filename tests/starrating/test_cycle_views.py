"""The home of a cycle through the door: what is shown, who may, what moves and what is refused."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association import jobs
from association.models import AuditEvent, Delivery, Job
from starrating.actions import rating
from starrating.models import Assessment, Cycle
from tests.factories.accounts import AreaFactory, RoleGrantFactory, UserFactory, make_user
from tests.factories.association import CalendarDayFactory
from tests.factories.inspections import ViolationFactory
from tests.factories.members import PharmacyFactory, owner_of
from tests.factories.starrating import (
    AssessmentFactory,
    AwardFactory,
    CycleFactory,
    MarkPaperFactory,
    ResultFactory,
    SchemeFactory,
)

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


def day(offset):
    return TODAY + timedelta(days=offset)


@pytest.fixture
def secretary(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


def in_force():
    return SchemeFactory(valid_from=day(-400), valid_to=day(400))


def cycle_in(state, **fields):
    """A cycle in ``state`` with days around today."""
    defaults = {
        "scheme": in_force(),
        "state": state,
        "entry_closes_on": day(5),
        "review_closes_on": day(20),
    }
    return CycleFactory(**(defaults | fields))


def page(client, cycle, name="cycle"):
    answer = client.get(reverse(f"starrating:{name}", args=[cycle.pk]))
    assert answer.status_code == 200
    return answer.content.decode()


def post(client, name, cycle, **data):
    return client.post(reverse(f"starrating:{name}", args=[cycle.pk]), data)


def said(client, answer):
    """The sentences that the next page shows."""
    shown = client.get(answer.url).content.decode()
    return "".join(re.findall(r'<div class="note[^>]*>.*?</div></div>', shown, re.DOTALL))


def state_of(cycle):
    return Cycle.objects.get(pk=cycle.pk).state


def finished(cycle):
    """The worker has rated the cycle."""
    pks = list(cycle.assessments.values_list("pk", flat=True))
    rating.rate_batch(cycle, pks, now=timezone.now())
    rating.finish_rating(cycle, now=timezone.now())


# ------------------------------------------------------------------ list, plan, change


def test_the_list_leads_from_nothing_to_a_plan_and_shows_every_cycle(client, secretary):
    empty = client.get(reverse("starrating:cycles")).content.decode()
    assert "还没有评定周期" in empty
    assert reverse("starrating:plan") in empty
    cycle = cycle_in("self_review")
    AssessmentFactory(cycle=cycle)
    AssessmentFactory(cycle=cycle, state="declined", closing_reason="搬迁")
    shown = client.get(reverse("starrating:cycles"))
    assert [(row.name, row.shops) for row in shown.context["cycles"]] == [(cycle.name, 1)]


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_three(
    client, secretary, count, django_assert_num_queries
):
    for _ in range(count):
        AssessmentFactory(cycle=cycle_in("review"))
    client.get(reverse("starrating:cycles"))
    with django_assert_num_queries(8):
        client.get(reverse("starrating:cycles"))


def plan_data(scheme, **fields):
    return {
        "name": "示例年度",
        "scheme": scheme.pk,
        "starts_on": day(-100),
        "ends_on": day(200),
        "entry_closes_on": day(30),
        "review_closes_on": day(60),
        "newest_opening_on": "",
        "objection_working_days": 10,
        "publicity_working_days": 5,
        "valid_from": day(300),
        "valid_to": day(600),
        "expected_top_share": 30,
    } | fields


def test_a_cycle_is_planned_with_sensible_days_and_changed_before_it_opens(client, secretary):
    scheme = in_force()
    form = client.get(reverse("starrating:plan")).context["form"]
    assert form.initial["scheme"] == scheme
    assert form.initial["name"] == f"{TODAY.year} 年度"
    assert TODAY < form.initial["entry_closes_on"] < form.initial["review_closes_on"]
    answer = client.post(reverse("starrating:plan"), plan_data(scheme))
    cycle = Cycle.objects.get()
    assert answer.url == reverse("starrating:cycle", args=[cycle.pk])
    address = reverse("starrating:replan", args=[cycle.pk])
    assert client.get(address).context["form"].initial["name"] == "示例年度"
    client.post(address, plan_data(scheme, name="改过的年度"))
    assert Cycle.objects.get().name == "改过的年度"
    assert "改过的年度" in client.get(reverse("starrating:cycles")).content.decode()


def test_the_next_plan_takes_the_next_free_year(client, secretary):
    cycle_in("review", name=f"{TODAY.year} 年度")
    form = client.get(reverse("starrating:plan")).context["form"]
    assert form.initial["name"] == f"{TODAY.year + 1} 年度"
    assert form.initial["entry_closes_on"].year == TODAY.year + 1


def test_a_refused_plan_says_why_at_the_field_and_stores_nothing(client, secretary):
    scheme = in_force()
    answer = client.post(
        reverse("starrating:plan"), plan_data(scheme, review_closes_on=day(29), valid_to="")
    )
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["valid_to"]
    answer = client.post(reverse("starrating:plan"), plan_data(scheme, review_closes_on=day(29)))
    assert answer.status_code == 422
    assert answer.context["form"].errors == {"review_closes_on": ["评审截止日不能早于自评截止日。"]}
    assert not Cycle.objects.exists()


def test_an_open_cycle_is_not_planned_anew(client, secretary):
    cycle = cycle_in("self_review")
    answer = client.get(reverse("starrating:replan", args=[cycle.pk]))
    assert "期限可以在周期页延长" in said(client, answer)


# ------------------------------------------------------------------ what blocks the next step


@pytest.mark.parametrize(
    ("fields", "blocker"),
    [
        pytest.param(
            {"state": "draft", "entry_closes_on": day(-1)}, "已经过了", id="own day is over"
        ),
        pytest.param({"state": "self_review"}, "24:00 截止，还有 5 天", id="entry still runs"),
        pytest.param(
            {"state": "self_review", "entry_closes_on": TODAY}, "就在今天", id="last day of entry"
        ),
        pytest.param(
            {"state": "notified", "notified_at": timezone.now(), "objections_close_on": day(3)},
            "异议期到",
            id="objections",
        ),
        pytest.param(
            {
                "state": "publicised",
                "publicised_at": timezone.now(),
                "publicity_starts_on": day(1),
                "publicity_ends_on": day(5),
                "publicity_hash": "0" * 64,
                "publicity_text": {"lines": []},
            },
            "公示到",
            id="publicity",
        ),
    ],
)
def test_what_blocks_the_next_step_is_said_and_its_button_is_not_there(
    client, secretary, fields, blocker
):
    PharmacyFactory()
    cycle = cycle_in(**fields)
    shown = page(client, cycle)
    assert blocker in shown
    step = client.get(reverse("starrating:cycle", args=[cycle.pk])).context["step"]
    assert f'action="{reverse(f"starrating:{step.act}", args=[cycle.pk])}"' not in shown


def test_an_unpublished_scheme_blocks_and_the_link_leads_to_its_publication(client, secretary):
    scheme = SchemeFactory(state="draft", published_at=None, published_by=None)
    cycle = cycle_in("draft", scheme=scheme)
    shown = page(client, cycle)
    assert "还没有发布" in shown
    assert reverse("starrating:scheme", args=[scheme.pk]) in shown
    assert "评分标准还没有发布" in said(client, post(client, "open", cycle))
    assert state_of(cycle) == "draft"


def test_an_unknown_year_blocks_the_notice_and_leads_to_the_working_days(client, secretary):
    cycle = cycle_in("gated")
    shown = page(client, cycle)
    assert "节假日安排还没有录入" in shown
    assert reverse("desk:working_days") in shown
    post(client, "notify", cycle)
    assert state_of(cycle) == "gated"
    assert not Job.objects.filter(kind="starrating.issue_results").exists()


def test_the_review_names_what_is_worth_a_look_before_signing(client, secretary):
    cycle = cycle_in("review")
    AssessmentFactory(cycle=cycle)
    AssessmentFactory(cycle=cycle, state="returned")
    case = AssessmentFactory(cycle=cycle)
    ViolationFactory(pharmacy=case.pharmacy)
    MarkPaperFactory(
        cycle=cycle,
        kind="bonus",
        document_number="示例1号",
        needs_confirmation=True,
        value_count=1,
    )
    shown = page(client, cycle)
    for words in (
        "3 家没有试评结果",
        "3 家还没有评审员",
        "1 家退回还没有补",
        "2 家没有交自评",
        "3 家的监管或口碑评分没有录齐",
        "1 份加分材料等第二个人确认",
        "1 条否决线索还没有认定",
    ):
        assert words in shown
    finished(cycle)
    assert "没有试评结果" not in page(client, cycle)


def test_stale_figures_name_their_shops_and_ask_for_a_new_rating(client, secretary):
    case = AssessmentFactory(cycle=cycle_in("review"))
    finished(case.cycle)
    Assessment.objects.filter(pk=case.pk).update(
        sheet={"R01": {"department": {"value": "1", "paper": 1}}}
    )
    shown = page(client, case.cycle)
    assert f"1 家的依据在试评后变了（{case.pharmacy.name}）" in shown
    assert "重新试评" in shown


# ------------------------------------------------------------------ acts


def test_opening_makes_files_tells_owners_and_again_only_for_new_shops(client, secretary):
    shop = PharmacyFactory()
    owner = owner_of(shop)
    cycle = cycle_in("draft")
    assert "为 1 家营业中的药店各开一份自评表" in page(client, cycle)
    assert "已为 1 家药店开出自评表" in said(client, post(client, "open", cycle))
    assert state_of(cycle) == "self_review"
    assert Delivery.objects.filter(recipient=owner).count() == 1
    PharmacyFactory()
    assert "给新增的 1 家开自评表" in page(client, cycle)
    assert "已为 1 家药店开出自评表" in said(client, post(client, "open", cycle))
    assert "没有新增的药店" in said(client, post(client, "open", cycle))
    assert cycle.assessments.count() == 2
    assert Delivery.objects.filter(recipient=owner).count() == 1


def test_late_shops_are_reminded_with_one_click_once_a_day(client, secretary):
    case = AssessmentFactory(cycle=cycle_in("self_review"))
    owner_of(case.pharmacy)
    assert "提醒没交的 1 家" in page(client, case.cycle)
    assert "已提醒 1 人" in said(client, post(client, "remind_late", case.cycle))
    assert "今天已经提醒过" in said(client, post(client, "remind_late", case.cycle))


def test_after_self_assessment_only_returned_shops_are_reminded(client, secretary):
    cycle = cycle_in("review")
    open_, returned = AssessmentFactory(cycle=cycle), AssessmentFactory(cycle=cycle)
    Assessment.objects.filter(pk=returned.pk).update(state="returned")
    too_late, still = owner_of(open_.pharmacy), owner_of(returned.pharmacy)
    post(client, "remind_late", cycle)
    assert [row.recipient for row in Delivery.objects.all()] == [still]
    assert too_late != still


def test_entry_is_closed_after_its_day_and_refused_before(client, secretary):
    cycle = cycle_in("self_review")
    assert "24:00 截止，之后才能结束" in said(client, post(client, "close_entry", cycle))
    assert state_of(cycle) == "self_review"
    over = cycle_in("self_review", entry_closes_on=day(-1))
    post(client, "close_entry", over)
    assert state_of(over) == "review"


def test_the_last_days_are_put_off_from_the_page(client, secretary):
    cycle = cycle_in("self_review")
    data = {"entry_closes_on": day(9), "review_closes_on": day(25), "reason": "台风停业"}
    refused = post(client, "extend", cycle, **(data | {"reason": ""}))
    assert refused.status_code == 422
    assert "请写明延期的原因" in refused.content.decode()
    backwards = post(client, "extend", cycle, **(data | {"entry_closes_on": day(1)}))
    assert "只能往后延，不能提前" in backwards.content.decode()
    assert Cycle.objects.get(pk=cycle.pk).entry_closes_on == day(5)
    assert "期限已延长" in said(client, post(client, "extend", cycle, **data))
    assert Cycle.objects.get(pk=cycle.pk).entry_closes_on == day(9)


@pytest.mark.parametrize(
    ("act", "state", "after"),
    [
        pytest.param("cancel", "draft", "cancelled", id="a plan"),
        pytest.param("cancel", "self_review", "cancelled", id="while shops fill"),
        pytest.param("reopen", "gated", "review", id="back to the review"),
    ],
)
def test_acts_that_need_words_are_refused_without_and_done_with_them(
    client, secretary, act, state, after
):
    cycle = cycle_in(state)
    refused = post(client, act, cycle, reason="  ")
    assert refused.status_code == 422
    assert "请写明原因" in refused.content.decode()
    assert state_of(cycle) == state
    post(client, act, cycle, reason="重新讨论")
    assert state_of(cycle) == after
    assert "重新讨论" in page(client, cycle)


def test_a_finished_cycle_is_put_away_and_stays_readable(client, secretary):
    cycle = cycle_in("final")
    post(client, "archive", cycle)
    assert state_of(cycle) == "archived"
    assert "已归档" in page(client, cycle)


MOVES = {
    "open": "cancelled",
    "close_entry": "draft",
    "rate": "gated",
    "remind_late": "final",
    "notify": "review",
    "publicise": "gated",
    "finalise": "notified",
    "archive": "publicised",
}


@pytest.mark.parametrize(("act", "state"), MOVES.items())
def test_an_act_out_of_its_turn_is_refused_with_a_sentence_and_changes_nothing(
    client, secretary, act, state
):
    extra = {}
    if state in ("notified", "publicised"):
        extra = {"notified_at": timezone.now(), "objections_close_on": day(-1)}
    if state == "publicised":
        extra |= {
            "publicised_at": timezone.now(),
            "publicity_ends_on": day(-1),
            "publicity_hash": "0" * 64,
            "publicity_text": {"lines": []},
        }
    cycle = cycle_in(state, **extra)
    before = AuditEvent.objects.count()
    assert "。" in said(client, post(client, act, cycle))
    assert state_of(cycle) == state
    assert AuditEvent.objects.count() == before


ACTS = [
    "open",
    "close_entry",
    "rate",
    "remind_late",
    "extend",
    "sign_first",
    "gate",
    "reopen",
    "notify",
    "publicise",
    "finalise",
    "archive",
    "cancel",
    "print_certificates",
    "share_out",
]


@pytest.mark.parametrize("act", ACTS)
def test_who_may_only_look_does_not_move_a_cycle(client, act):
    cycle = cycle_in("review")
    client.force_login(make_user(Role.REGULATOR))
    assert post(client, act, cycle).status_code == 403
    assert state_of(cycle) == "review"


@pytest.mark.parametrize("act", [*ACTS, "replan"])
def test_for_shops_and_strangers_there_is_no_cycle(client, act):
    cycle = cycle_in("review")
    AssessmentFactory(cycle=cycle)
    for user in (owner_of(PharmacyFactory()), UserFactory()):
        client.force_login(user)
        assert post(client, act, cycle).status_code == 404


def test_a_secretary_of_one_sub_district_reads_and_does_not_move(client):
    area = AreaFactory()
    cycle = cycle_in("draft")
    user = make_user()
    RoleGrantFactory(user=user, role=Role.SECRETARIAT, area=area)
    client.force_login(user)
    assert "由秘书处办理" in page(client, cycle)
    assert post(client, "open", cycle).status_code == 403


def test_sight_narrows_the_figures_of_the_page(client):
    cycle = cycle_in("review")
    inside, outside = AssessmentFactory(cycle=cycle), AssessmentFactory(cycle=cycle)
    user = make_user()
    RoleGrantFactory(user=user, role=Role.REGULATOR, area=inside.pharmacy.area)
    client.force_login(user)
    finished(cycle)
    shown = client.get(reverse("starrating:cycle", args=[cycle.pk]))
    assert shown.context["numbers"]["all"] == 1
    assert shown.context["outcome"].all == 1
    listed = client.get(reverse("starrating:results", args=[cycle.pk])).content.decode()
    assert inside.pharmacy.name in listed
    assert outside.pharmacy.name not in listed


# ------------------------------------------------------------------ rating


def test_rating_runs_as_a_job_with_progress_and_ends_in_figures(client, secretary):
    cycle = cycle_in("review")
    AssessmentFactory(cycle=cycle)
    AssessmentFactory(cycle=cycle, state="excused", closing_reason="停业")
    post(client, "rate", cycle)
    waiting = page(client, cycle)
    assert "正在试评" in waiting
    assert f'data-poll="{reverse("starrating:rating", args=[cycle.pk])}"' in waiting
    while jobs.run_due()[0]:
        pass
    part = client.get(reverse("starrating:rating", args=[cycle.pk])).content.decode()
    assert "<html" not in part
    assert "data-poll" not in part
    assert "资料不全 <b>1</b> 家" in part


def test_a_job_that_broke_says_so_on_the_page(client, secretary):
    case = AssessmentFactory(cycle=cycle_in("review"))
    finished(case.cycle)
    post(client, "rate", case.cycle)
    Job.objects.update(state="failed", last_error="示例原因")
    assert "上次试评没有完成" in page(client, case.cycle)


def test_movement_is_counted_against_the_last_published_cycle(client, secretary):
    last = cycle_in("final", starts_on="2025-01-01", ends_on="2025-12-31", name="上年度")
    cycle = cycle_in("review")
    shops = [PharmacyFactory() for _ in range(4)]
    for shop, before, now in zip(shops, (3, 4, 5, None), (4, 4, 3, 5), strict=True):
        row = AssessmentFactory(
            cycle=cycle, pharmacy=shop, preview={}, preview_status="rated", preview_stars=now
        )
        if before:
            old = AssessmentFactory(
                cycle=last, pharmacy=shop, preview_status="rated", preview_stars=before
            )
            ResultFactory(assessment=old, stars=before)
        assert row.pk
    outcome = client.get(reverse("starrating:quality", args=[cycle.pk])).context["outcome"]
    assert (outcome.up, outcome.down, outcome.same, outcome.previous) == (1, 1, 1, last)
    for view, names in (("up", shops[:1]), ("down", shops[2:3])):
        found = client.get(reverse("starrating:results", args=[cycle.pk]), {"view": view})
        assert [line["row"].pharmacy for line in found.context["rows"]] == names


@pytest.mark.parametrize(
    ("expected", "is_warned"),
    [pytest.param(40, True, id="above"), pytest.param(50, False, id="at the line"),
     pytest.param(None, False, id="no line")],
)  # fmt: skip
def test_a_share_above_what_the_council_expects_is_a_hint_and_no_bar(
    client, secretary, expected, is_warned
):
    cycle = cycle_in("review", expected_top_share=expected)
    for stars in (5, 3):
        AssessmentFactory(cycle=cycle, preview={}, preview_status="rated", preview_stars=stars)
    shown = page(client, cycle, "quality")
    assert ("五星占 50%，超过提示线" in shown) == is_warned
    assert "第一签" in shown


@pytest.mark.parametrize("count", [1, 3])
def test_the_home_of_a_cycle_costs_the_same_queries_for_one_and_three(
    client, secretary, count, django_assert_num_queries
):
    cycle = cycle_in("review")
    for _ in range(count):
        AssessmentFactory(cycle=cycle)
    finished(cycle)
    page(client, cycle)
    with django_assert_num_queries(24):
        page(client, cycle)


# ------------------------------------------------------------------ the gate


@pytest.fixture
def rated(secretary):
    cycle = cycle_in("review")
    for _ in range(2):
        AssessmentFactory(cycle=cycle)
    finished(cycle)
    return cycle


def test_two_people_sign_the_second_after_looking_at_the_sample(client, secretary, rated):
    assert "第一签" in page(client, rated, "quality")
    answer = post(client, "sign_first", rated, note="汇总表已核对")
    assert "抽样 2 家" in said(client, answer)
    own = page(client, rated, "quality")
    assert "第二签要由复核员签" in own
    assert 'name="checked"' not in own
    assert post(client, "gate", rated).status_code == 403

    client.force_login(make_user(Role.ADJUDICATOR))
    assert "汇总表已核对" in page(client, rated, "quality")
    sample = Cycle.objects.get(pk=rated.pk).gate_sample
    refused = post(client, "gate", rated, checked=sample[:1])
    assert refused.status_code == 422
    shown = refused.content.decode()
    assert "还有 1 家没有核对" in shown
    assert shown.count("checked>") == 1
    assert state_of(rated) == "review"
    post(client, "gate", rated, checked=sample, note="一致")
    fresh = Cycle.objects.get(pk=rated.pk)
    assert (fresh.state, fresh.gate_note) == ("gated", "汇总表已核对\n一致")


def test_the_same_person_in_two_roles_does_not_sign_twice(client, secretary, rated):
    RoleGrantFactory(user=secretary, role=Role.ADJUDICATOR)
    client.force_login(type(secretary).objects.get(pk=secretary.pk))
    post(client, "sign_first", rated)
    sample = Cycle.objects.get(pk=rated.pk).gate_sample
    refused = post(client, "gate", rated, checked=sample)
    assert "第二签要由另一个人签" in refused.content.decode()
    assert state_of(rated) == "review"


def test_two_secretaries_in_the_same_minute_sign_first_only_once(client, secretary, rated):
    post(client, "sign_first", rated)
    client.force_login(make_user(Role.SECRETARIAT))
    again = post(client, "sign_first", rated)
    assert again.status_code == 422
    assert f"{secretary}已经签过" in again.content.decode()
    assert Cycle.objects.get(pk=rated.pk).gate_first_by == secretary


def test_two_adjudicators_in_the_same_minute_pass_the_gate_once(client, secretary, rated):
    post(client, "sign_first", rated)
    sample = Cycle.objects.get(pk=rated.pk).gate_sample
    first = make_user(Role.ADJUDICATOR)
    client.force_login(first)
    post(client, "gate", rated, checked=sample)
    client.force_login(make_user(Role.ADJUDICATOR))
    again = post(client, "gate", rated, checked=sample)
    assert again.status_code == 422
    assert "不能进行此操作" in again.content.decode()
    assert Cycle.objects.get(pk=rated.pk).gate_second_by == first


def test_facts_that_change_between_the_signatures_stop_the_second(client, secretary, rated):
    post(client, "sign_first", rated)
    sample = Cycle.objects.get(pk=rated.pk).gate_sample
    Assessment.objects.filter(pk=sample[0]).update(
        sheet={"R01": {"department": {"value": "1", "paper": 1}}}
    )
    client.force_login(make_user(Role.ADJUDICATOR))
    refused = post(client, "gate", rated, checked=sample)
    assert "有 1 家的依据变了" in refused.content.decode()
    client.force_login(secretary)
    post(client, "rate", rated)
    assert Cycle.objects.get(pk=rated.pk).gate_first_by is None


def test_the_way_from_the_gate_to_the_wall_is_walked_button_by_button(client, secretary):
    for year in (TODAY.year, TODAY.year + 1):
        CalendarDayFactory(day=f"{year}-01-01", is_working=False)
    case = AssessmentFactory(cycle=cycle_in("gated"))
    finished_cycle = Cycle.objects.filter(pk=case.cycle_id)
    finished_cycle.update(state="review")
    finished(case.cycle)
    finished_cycle.update(state="gated")
    assert "正在逐家签发并告知" in said(client, post(client, "notify", case.cycle))
    assert "还有 1 家的结果正在签发" in page(client, case.cycle)
    while jobs.run_due()[0]:
        pass
    finished_cycle.update(objections_close_on=day(-1))
    assert "名单已公示" in said(client, post(client, "publicise", case.cycle))
    assert reverse("reports:publicity", args=[case.cycle_id]) in page(client, case.cycle)
    finished_cycle.update(publicity_ends_on=day(-1))
    assert "已授牌，生成 0 张证书" in said(client, post(client, "finalise", case.cycle))
    assert state_of(case.cycle) == "final"


def test_a_second_cycle_runs_beside_the_certificates_of_the_first(client, secretary):
    award = AwardFactory(valid_from=day(-300), valid_to=day(60))
    Cycle.objects.filter(pk=award.result.assessment.cycle_id).update(
        state="final", starts_on="2025-01-01", ends_on="2025-12-31"
    )
    cycle = cycle_in("draft")
    post(client, "open", cycle)
    fresh = Assessment.objects.get(cycle=cycle, pharmacy=award.pharmacy)
    shown = client.get(reverse("starrating:detail", args=[fresh.pk])).content.decode()
    assert "还没有试评" in shown
    award.refresh_from_db()
    assert award.state == "valid"
