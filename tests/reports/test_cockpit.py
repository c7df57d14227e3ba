"""The regulator's page: figures that count their lists, by sub-district, on paper, as a sheet."""

import io
from decimal import Decimal

import openpyxl
import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.roles import Role
from association.models import AuditEvent
from reports.queries.cockpit import cockpit
from starrating.models import Assessment
from tests.factories.accounts import UserFactory, make_user
from tests.factories.inspections import ViolationFactory
from tests.factories.members import AreaFactory, PharmacyFactory, owner_of
from tests.factories.starrating import AssessmentFactory, CycleFactory

pytestmark = pytest.mark.django_db

URL = "/reports/cockpit/"


@pytest.fixture
def cycle():
    return CycleFactory(state="review", name="2026 年度")


def rated(cycle, *, stars, total, parts=("36", "28", "20"), status="rated", **fields):
    return AssessmentFactory(
        cycle=cycle,
        preview={"parts": dict(zip("RSP", parts, strict=True))},
        preview_evidence={},
        preview_status=status,
        preview_stars=stars,
        preview_total=Decimal(total) if total else None,
        **fields,
    )


def figures(user=None, area=None):
    code = area.code if area else ""
    return cockpit(user or make_user(Role.REGULATOR), area=code, today=timezone.localdate())


def value(page, label):
    return next(figure["value"] for figure in page.figures if figure["label"] == label)


def test_the_figures_count_shops_stars_and_mean(cycle):
    rated(cycle, stars=5, total="96")
    rated(cycle, stars=2, total="72")
    PharmacyFactory()
    page = figures()
    assert value(page, "会员药店") == 3
    assert value(page, "三星及以上") == 1
    assert value(page, "平均得分") == Decimal("84.0")
    assert page.units == {"5": 1, "2": 1}


def test_a_shop_without_a_file_is_drawn_as_not_taking_part_in_its_area(cycle):
    area = AreaFactory()
    rated(cycle, stars=5, total="96", pharmacy__area=area)
    PharmacyFactory(area=area)
    [row] = [row for row in figures().areas if row.pk == area.pk]
    assert (row.shops, row.units) == (2, {"5": 1, "none": 1})


def test_an_incomplete_file_enters_no_mean(cycle):
    rated(cycle, stars=4, total="90")
    rated(cycle, stars=None, total=None, status="incomplete")
    assert value(figures(), "平均得分") == Decimal("90.0")


def test_the_parts_are_compared_with_the_cycle_before(cycle):
    before = CycleFactory(
        state="final", name="2025 年度", scheme=cycle.scheme, starts_on="2025-01-01",
        ends_on="2025-12-31",
    )  # fmt: skip
    rated(before, stars=4, total="88", parts=("32", "28", "20"))
    rated(cycle, stars=5, total="96", parts=("36", "28", "20"))
    first = figures().parts[0]
    assert (first.ratio, first.before, first.change) == (
        Decimal("90.0"), Decimal("80.0"), Decimal("10.0"),
    )  # fmt: skip


def test_without_a_cycle_before_there_is_nothing_to_compare(cycle):
    rated(cycle, stars=5, total="96")
    assert figures().parts[0].change is None


def test_one_sub_district_shows_its_own_shops_and_risks_only(cycle):
    here, there = AreaFactory(), AreaFactory()
    rated(cycle, stars=5, total="96", pharmacy__area=here)
    rated(cycle, stars=3, total="81", pharmacy__area=there)
    ViolationFactory(pharmacy__area=there)
    page = figures(area=here)
    assert [row.pk for row in page.areas] == [here.pk]
    assert page.risk_count == 0
    assert value(page, "平均得分") == Decimal("96.0")


def test_a_regulator_of_one_sub_district_sees_no_other(cycle):
    here = AreaFactory()
    rated(cycle, stars=5, total="96", pharmacy__area=here)
    rated(cycle, stars=1, total="61")
    page = figures(make_user(Role.REGULATOR, area=here))
    assert value(page, "会员药店") == 1
    assert page.units == {"5": 1}


def test_an_empty_district_says_so_and_shows_no_zero_as_a_mean(client):
    client.force_login(make_user(Role.REGULATOR))
    shown = client.get(URL).content.decode()
    assert "辖区内还没有登记的药店" in shown
    assert "导出 Excel" not in shown


def test_the_cockpit_is_closed_to_everybody_else(client):
    for user in (make_user(Role.SECRETARIAT), owner_of(PharmacyFactory()), UserFactory()):
        client.force_login(user)
        assert client.get(URL).status_code == 403
        assert client.post(reverse("reports:cockpit_export")).status_code == 403


def test_the_export_holds_the_figures_and_is_recorded(client, cycle):
    area = AreaFactory(name="示例街道")
    rated(cycle, stars=5, total="96", pharmacy__area=area)
    user = make_user(Role.REGULATOR)
    client.force_login(user)
    answer = client.post(reverse("reports:cockpit_export"), {"area": area.code})
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert book.sheetnames == ["各片区", "各部分得分率", "未结风险"]
    assert [cell.value for cell in book["各片区"][2]][:3] == ["示例街道", 1, 1]
    event = AuditEvent.objects.get(act="cockpit.exported")
    assert (event.actor_id, event.detail["area"]) == (str(user.pk), "示例街道")


def test_an_export_of_nothing_is_refused_and_not_recorded(client):
    client.force_login(make_user(Role.REGULATOR))
    answer = client.post(reverse("reports:cockpit_export"), follow=True)
    assert "没有可导出的内容" in answer.content.decode()
    assert not AuditEvent.objects.filter(act="cockpit.exported").exists()


@pytest.mark.parametrize("shops", [1, 3])
def test_the_cockpit_costs_the_same_queries_for_one_and_three(
    client, cycle, shops, django_assert_num_queries
):
    before = CycleFactory(
        state="final", name="2025 年度", scheme=cycle.scheme, starts_on="2025-01-01",
        ends_on="2025-12-31",
    )  # fmt: skip
    for _ in range(shops):
        shop = rated(cycle, stars=5, total="96").pharmacy
        rated(before, stars=4, total="90", pharmacy=shop)
        ViolationFactory(pharmacy=shop)
    client.force_login(make_user(Role.REGULATOR))
    client.get(URL)
    assert Assessment.objects.count() == 2 * shops
    with django_assert_num_queries(12):
        client.get(URL)
