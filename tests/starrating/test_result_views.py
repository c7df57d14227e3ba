"""The list of results and the page that explains one star, for each kind of reader."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association.models import AuditEvent, Delivery
from starrating.actions import cycle as cycles
from starrating.actions import entry, notice, rating, review
from starrating.models import Assessment, Cycle, Result
from starrating.queries.explanation import draft_tree
from tests.factories.accounts import AreaFactory, RoleGrantFactory, make_user
from tests.factories.activities import CharityCreditFactory
from tests.factories.inspections import ViolationFactory
from tests.factories.members import PharmacyFactory, head_office_of, owner_of, staff_of
from tests.factories.starrating import (
    AssessmentFactory,
    CycleFactory,
    ReviewAssignmentFactory,
    best_answers,
)
from tests.starrating.test_cycle_actions import best_marks

pytestmark = pytest.mark.django_db


@pytest.fixture
def cycle():
    return CycleFactory(
        state="review",
        objections_close_on="2099-01-15",
        entry_closes_on="2099-11-30",
        review_closes_on="2099-12-31",
    )


def whole(cycle, *, pharmacy=None, **worse):
    """A shop with every value; ``worse`` gives single items another one."""
    case = AssessmentFactory(cycle=cycle, **({"pharmacy": pharmacy} if pharmacy else {}))
    owner, reviewer = owner_of(case.pharmacy), make_user(Role.REVIEWER)
    now = timezone.now()
    Cycle.objects.filter(pk=cycle.pk).update(state="self_review")
    entry.save_answers(case, answers=best_answers(cycle.scheme), by=owner, now=now)
    entry.submit(case, by=owner, now=now)
    ReviewAssignmentFactory(assessment=case, reviewer=reviewer)
    review.pass_(case, values=worse, by=reviewer, now=now)
    Cycle.objects.filter(pk=cycle.pk).update(state="review")
    fresh = Assessment.objects.get(pk=case.pk)
    fresh.sheet |= best_marks(cycle.scheme, "department") | best_marks(cycle.scheme, "public")
    fresh.save(update_fields=["sheet"])
    return fresh


def rated(cycle):
    pks = list(cycle.assessments.values_list("pk", flat=True))
    assert rating.rate_batch(cycle, pks, now=timezone.now()) == []


def told(case):
    """Issue the result as the notice does."""
    Cycle.objects.filter(pk=case.cycle_id).update(state="notified", notified_at=timezone.now())
    return notice.issue_and_tell(
        Assessment.objects.get(pk=case.pk), by=make_user(Role.SECRETARIAT), now=timezone.now()
    )


def read(client, user, case, **query):
    client.force_login(user)
    return client.get(reverse("starrating:detail", args=[case.pk]), query)


# ------------------------------------------------------------------ why this star


def test_before_the_notice_the_office_sees_the_draft_and_the_shop_does_not(client, cycle):
    case = whole(cycle, S03="2")
    rated(cycle)
    shop = case.pharmacy
    for user in (owner_of(shop), head_office_of(shop.unit)):
        shown = read(client, user, case).content.decode()
        assert "结果还没有出来" in shown
        assert "99.0" not in shown
    for role in (Role.SECRETARIAT, Role.REGULATOR, Role.ADJUDICATOR, Role.INSPECTOR):
        shown = read(client, make_user(role), case).content.decode()
        assert "试评，药店还看不到" in shown
        assert "99.0" in shown


def test_a_reviewer_who_owns_the_shop_does_not_see_its_draft_by_being_a_reviewer(client, cycle):
    case = whole(cycle)
    rated(cycle)
    owner = owner_of(case.pharmacy)

    RoleGrantFactory(user=owner, role=Role.REVIEWER)
    assert "结果还没有出来" in read(client, owner, case).content.decode()


def test_the_shop_reads_its_result_with_reasons_and_how_to_object(client, cycle):
    case = whole(cycle, S03="2")
    rated(cycle)
    told(case)
    shown = read(client, owner_of(case.pharmacy), case).content.decode()
    for words in ("99.0", "五星", "2 处不符合", "书面交协会秘书处", "怎样更进一步"):
        assert words in shown
    assert "bottom" not in shown.split("<title>")[0]
    assert "底部导航" in shown


def test_the_parts_on_the_page_add_up_to_the_total_on_it(client, cycle):
    case = whole(cycle, S03="2", S07="1")
    CharityCreditFactory(pharmacy=case.pharmacy, earned_on="2026-06-01")
    rated(cycle)
    tree = draft_tree(Assessment.objects.get(pk=case.pk))

    parts = sum(Decimal(part["points"]) for part in tree["dimensions"])
    assert parts + Decimal(tree["bonus"]) == Decimal(tree["total"])
    for part in tree["dimensions"]:
        lost = sum(Decimal(item["lost"] or 0) for item in part["items"])
        assert Decimal(part["full"]) - lost == Decimal(part["points"])


def test_every_loss_names_its_source_and_the_office_may_open_it(client, cycle):
    case = whole(cycle, S03="2")
    rated(cycle)
    address = f"{reverse('starrating:review', args=[cycle.pk])}?view=all&amp;case={case.pk}"
    assert address in read(client, make_user(Role.SECRETARIAT), case).content.decode()
    told(case)
    shown = read(client, owner_of(case.pharmacy), case).content.decode()
    assert reverse("starrating:fill", args=[case.pk]) in shown
    assert address not in shown


def test_a_veto_keeps_the_parts_and_its_document_opens_for_those_who_may(client, cycle):
    case = whole(cycle)
    violation = ViolationFactory(
        pharmacy=case.pharmacy, established=True, starts_on="2026-03-01", ends_on=None
    )
    rated(cycle)
    address = reverse("inspections:detail", args=[violation.pk])
    shown = read(client, make_user(Role.SECRETARIAT), case).content.decode()
    assert "暂不授星" in shown
    assert violation.document_number in shown
    assert address in shown
    told(case)
    to_shop = read(client, owner_of(case.pharmacy), case).content.decode()
    assert violation.document_number in to_shop
    assert address not in to_shop


def test_gates_missed_stand_with_what_is_there_and_the_cheapest_way(client, cycle):
    case = whole(cycle, S01="不符合", S13="3", S07="1")
    rated(cycle)
    shown = read(client, make_user(Role.SECRETARIAT), case).content.decode()
    assert "距五星差" in shown
    assert "到五星要同时做到" in shown
    assert "最省力的办法：做到" in shown


def test_older_versions_stay_readable_and_say_that_they_are_old(client, cycle):
    case = whole(cycle)
    rated(cycle)
    told(case)
    Cycle.objects.filter(pk=cycle.pk).update(state="review")
    fresh = Assessment.objects.get(pk=case.pk)
    fresh.sheet["R12"]["department"]["value"] = "不符合"
    fresh.save(update_fields=["sheet"])
    rated(cycle)
    told(case)
    assert list(Result.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    owner = owner_of(case.pharmacy)
    assert "98.0" in read(client, owner, case).content.decode()
    old = read(client, owner, case, version=1).content.decode()
    assert "100.0" in old
    assert "这是旧版结果" in old
    assert read(client, owner, case, version=3).status_code == 404
    assert read(client, owner, case, version="x").status_code == 404


def test_a_result_beside_last_years_shows_what_changed(client, cycle):
    shop = PharmacyFactory()
    last = CycleFactory(
        starts_on="2025-01-01",
        ends_on="2025-12-31",
        objections_close_on="2026-01-01",
        entry_closes_on="2099-11-30",
        review_closes_on="2099-12-31",
    )
    old = whole(last, pharmacy=shop, S01="不符合")
    rated(last)
    told(old)
    Cycle.objects.filter(pk=last.pk).update(state="final")
    case = whole(cycle, pharmacy=shop)
    rated(cycle)
    comparison = read(client, make_user(Role.SECRETARIAT), case).context["comparison"]
    assert comparison["columns"] == [last.name, "本次"]
    assert comparison["rows"][-1] == {
        "name": "总分",
        "values": ["98.0", "100.0"],
        "change": 2.0,
        "strong": True,
    }


def test_who_may_not_see_the_shop_finds_no_page(client, cycle):
    case = whole(cycle)
    rated(cycle)
    assert read(client, owner_of(PharmacyFactory()), case).status_code == 404
    assert read(client, make_user(Role.REVIEWER), case).status_code == 404
    elsewhere = make_user(Role.REGULATOR, area=AreaFactory())
    assert read(client, elsewhere, case).status_code == 404
    assert read(client, staff_of(case.pharmacy), case).status_code == 200


def test_a_shop_that_does_not_take_part_reads_why(client, cycle):
    case = AssessmentFactory(cycle=cycle)
    owner = owner_of(case.pharmacy)
    cycles.decline(case, reason="准备搬迁", by=owner, now=timezone.now())
    rated(cycle)
    assert "准备搬迁" in read(client, owner, case).content.decode()
    assert "准备搬迁" in read(client, make_user(Role.SECRETARIAT), case).content.decode()


@pytest.mark.parametrize("lines", [1, 3])
def test_the_page_costs_the_same_queries_for_few_and_many_sources(
    client, cycle, lines, django_assert_num_queries
):
    case = whole(cycle)
    for _ in range(lines):
        CharityCreditFactory(pharmacy=case.pharmacy, earned_on="2026-06-01")
    rated(cycle)
    user = make_user(Role.SECRETARIAT)
    read(client, user, case)
    with django_assert_num_queries(22):
        client.get(reverse("starrating:detail", args=[case.pk]))


# ------------------------------------------------------------------ who does not take part


def test_the_owner_declines_from_the_phone_and_the_office_takes_the_shop_in_again(client):
    cycle = CycleFactory(entry_closes_on="2099-11-30", review_closes_on="2099-12-31")
    case = AssessmentFactory(cycle=cycle)
    owner = owner_of(case.pharmacy)
    client.force_login(owner)
    address = reverse("starrating:decline", args=[case.pk])
    assert address in client.get(reverse("starrating:fill", args=[case.pk])).content.decode()
    assert "参评自愿" in client.get(address).content.decode()
    assert client.post(address, {"reason": ""}).status_code == 422
    client.post(address, {"reason": "门店搬迁"})
    hub = client.get(reverse("starrating:fill", args=[case.pk])).content.decode()
    assert "本周期不参评" in hub
    assert "门店搬迁" in hub
    assert "现在不能改参评情况" in client.get(address).content.decode()

    client.force_login(make_user(Role.SECRETARIAT))
    readmit = reverse("starrating:readmit", args=[case.pk])
    assert client.post(readmit, {"reason": ""}).status_code == 422
    client.post(readmit, {"reason": "搬迁取消"})
    assert Assessment.objects.get(pk=case.pk).state == "returned"
    assert Delivery.objects.filter(recipient=owner).exists()


def test_the_secretariat_excuses_with_a_reason_that_both_sides_see(client, cycle):
    case = AssessmentFactory(cycle=cycle)
    owner = owner_of(case.pharmacy)
    client.force_login(make_user(Role.SECRETARIAT))
    address = reverse("starrating:excuse", args=[case.pk])
    refused = client.post(address, {"reason": " "})
    assert refused.status_code == 422
    assert "请写明原因" in refused.content.decode()
    assert Assessment.objects.get(pk=case.pk).state == "open"
    client.post(address, {"reason": "经营主体变更未满一年"})
    for user in (owner, make_user(Role.SECRETARIAT)):
        assert "经营主体变更未满一年" in read(client, user, case).content.decode()


@pytest.mark.parametrize("act", ["excuse", "readmit", "decline"])
def test_who_takes_part_is_settled_by_the_right_people_only(client, cycle, act):
    case = AssessmentFactory(cycle=cycle)
    address = reverse(f"starrating:{act}", args=[case.pk])
    client.force_login(make_user(Role.REGULATOR))
    assert client.post(address, {"reason": "x"}).status_code == 403
    client.force_login(owner_of(PharmacyFactory()))
    assert client.post(address, {"reason": "x"}).status_code == 404
    assert Assessment.objects.get(pk=case.pk).state == "open"


# ------------------------------------------------------------------ the list


def listed(client, cycle, **query):
    answer = client.get(reverse("starrating:results", args=[cycle.pk]), query)
    assert answer.status_code == 200
    return [line["row"].pharmacy.name for line in answer.context["rows"]]


@pytest.fixture
def shops(cycle):
    """Three shops with made-up figures: a good one, one a point below a star, a blank."""
    rows = []
    for name, status, stars, total in (
        ("安泰示例药房", "rated", 5, 97),
        ("百草示例药房", "rated", 4, 94),
        ("长青示例药房", "incomplete", None, None),
    ):
        rows.append(
            AssessmentFactory(
                cycle=cycle,
                pharmacy=PharmacyFactory(name=name),
                preview={"parts": {"R": "38.0"}, "bonus": "1.0", "vetoes": []},
                preview_status=status,
                preview_stars=stars,
                preview_total=total,
            )
        )
    return rows


def test_the_list_is_narrowed_by_view_area_star_and_words(client, cycle, shops):
    client.force_login(make_user(Role.SECRETARIAT))
    good, near, blank = (row.pharmacy.name for row in shops)
    assert listed(client, cycle) == [good, near, blank]
    assert listed(client, cycle, view="good") == [good, near]
    assert listed(client, cycle, view="near") == [near]
    assert listed(client, cycle, view="incomplete") == [blank]
    assert listed(client, cycle, stars=4) == [near]
    assert listed(client, cycle, area=shops[0].pharmacy.area.pk) == [good]
    assert listed(client, cycle, q="百草") == [near]
    assert listed(client, cycle, q="没有这家") == []
    assert listed(client, cycle, view="nonsense", stars="9", area="x") == [good, near, blank]


@pytest.mark.parametrize("key", ["x", "a~b", "~", "a~99999999999999999999"])
def test_a_page_key_that_means_nothing_starts_at_the_top(client, cycle, shops, key):
    client.force_login(make_user(Role.SECRETARIAT))
    assert len(listed(client, cycle, after=key)) == 3
    assert len(listed(client, cycle, before=key)) == 3


def test_a_long_list_is_paged_by_key_and_loses_nobody(client, cycle):
    unit = PharmacyFactory().unit
    for _ in range(52):
        AssessmentFactory(cycle=cycle, pharmacy=PharmacyFactory(unit=unit))
    client.force_login(make_user(Role.SECRETARIAT))
    first = client.get(reverse("starrating:results", args=[cycle.pk]))
    second = client.get(first.context["next_url"])
    names = [line["row"].pk for page in (first, second) for line in page.context["rows"]]
    assert (len(names), len(set(names))) == (52, 52)
    back = client.get(second.context["previous_url"])
    assert [line["row"].pk for line in back.context["rows"]] == names[:50]


def test_the_sheet_holds_exactly_what_the_list_shows_and_the_trail_who_took_it(
    client, cycle, shops
):
    client.force_login(make_user(Role.REGULATOR))
    answer = client.get(reverse("starrating:export", args=[cycle.pk]), {"view": "good"})
    sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[1] for row in rows[1:]] == [row.pharmacy.name for row in shops[:2]]
    assert AuditEvent.objects.get(act="results.exported").detail == {"count": 2}


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_costs_the_same_queries_for_one_and_three(
    client, cycle, count, django_assert_num_queries
):
    for _ in range(count):
        AssessmentFactory(cycle=cycle)
    client.force_login(make_user(Role.SECRETARIAT))
    listed(client, cycle)
    with django_assert_num_queries(13):
        listed(client, cycle)


def test_every_figure_of_the_cockpit_opens_the_list_it_counts(client, cycle, shops):
    PharmacyFactory(status="closed")
    Assessment.objects.filter(pk=shops[0].pk).update(preview_stars=5)
    type(shops[0].pharmacy).objects.filter(pk=shops[0].pharmacy_id).update(status="closed")
    client.force_login(make_user(Role.REGULATOR))
    figures = client.get(reverse("reports:cockpit")).context["figures"]
    for figure in figures:
        assert client.get(figure["url"]).status_code == 200
    good = next(figure for figure in figures if figure["label"] == "三星及以上")
    rows = client.get(good["url"]).context["rows"]
    assert good["value"] == len(rows) == 2


def test_the_owner_is_led_to_the_result_once_it_is_told(client, cycle):
    case = whole(cycle)
    rated(cycle)
    owner = owner_of(case.pharmacy)
    client.force_login(owner)
    assert client.get(reverse("starrating:mine")).url == f"/ratings/{case.pk}/fill/"
    told(case)
    assert client.get(reverse("starrating:mine")).url == f"/ratings/{case.pk}/"
    home = client.get("/").content.decode()
    assert f'href="{reverse("starrating:detail", args=[case.pk])}"' in home
    assert "看得分和理由" in home


def test_the_page_of_the_shop_shows_its_stars_but_no_draft_to_its_people(client, cycle):
    case = whole(cycle)
    rated(cycle)
    address = reverse("members:shop", args=[case.pharmacy_id])
    client.force_login(make_user(Role.SECRETARIAT))
    assert "试评" in client.get(address).content.decode()
    client.force_login(owner_of(case.pharmacy))
    assert "100.0" not in client.get(address).content.decode()
    told(case)
    assert "100.0" in client.get(address).content.decode()
