from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from accounts.roles import Role
from inspections.models import Violation
from tests.factories.accounts import make_user
from tests.factories.inspections import GroundFactory, ViolationFactory
from tests.factories.members import PharmacyFactory, PositionFactory, owner_of

pytestmark = pytest.mark.django_db


def scan() -> SimpleUploadedFile:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "white").save(drawn, "PNG")
    return SimpleUploadedFile("决定书.png", drawn.getvalue(), "image/png")


def test_a_lead_goes_from_the_secretariat_to_the_second_person(client):
    GroundFactory()
    shop = PharmacyFactory()
    client.force_login(make_user(Role.SECRETARIAT))

    found = client.get(reverse("inspections:prepare"), {"q": shop.name}).content.decode()
    address = f"{reverse('inspections:prepare')}?pharmacy={shop.pk}"
    assert address in found
    answer = client.post(
        address,
        {
            "code": "veto/V05",
            "facts": "示例事实",
            "document_number": "示例罚1号",
            "authority": "示例局",
            "decided_on": "2026-03-01",
            "starts_on": "2026-03-01",
            "paper": scan(),
        },
    )
    violation = Violation.objects.get()
    assert answer.url == reverse("inspections:detail", args=[violation.pk])
    client.post(reverse("inspections:review", args=[violation.pk]))
    page = client.get(answer.url).content.decode()
    assert "复核中" in page
    assert "已否决" not in page
    assert client.post(reverse("inspections:establish", args=[violation.pk])).status_code == 403

    client.force_login(make_user(Role.ADJUDICATOR))
    assert "认定成立" in client.get(answer.url).content.decode()
    refused = client.post(reverse("inspections:establish", args=[violation.pk]), {"reason": ""})
    assert "请写明理由" in refused.content.decode()
    client.post(reverse("inspections:establish", args=[violation.pk]), {"reason": "文书属实"})
    assert Violation.objects.get().state == "established"
    shown = client.get(reverse("inspections:paper", args=[violation.pk]))
    assert shown.headers["Content-Type"] == "image/png"
    client.post(reverse("inspections:lift", args=[violation.pk]), {"reason": "复议撤销"})
    assert Violation.objects.get().state == "lifted"


def test_a_lead_is_completed_and_what_is_missing_is_said(client):
    GroundFactory()
    violation = ViolationFactory()
    client.force_login(make_user(Role.SECRETARIAT))

    said = client.post(reverse("inspections:review", args=[violation.pk]), follow=True)
    assert "还缺文书号" in said.content.decode()
    form = client.get(reverse("inspections:amend", args=[violation.pk])).context["form"]
    assert form.initial["facts"] == violation.facts
    client.post(
        reverse("inspections:amend", args=[violation.pk]),
        {"code": "veto/V05", "facts": "补充事实", "starts_on": "2026-03-01"},
    )
    assert Violation.objects.get().facts == "补充事实"
    assert client.get(reverse("inspections:paper", args=[violation.pk])).status_code == 404


def test_shops_and_strangers_do_not_see_violations(client):
    violation = ViolationFactory(established=True)
    address = reverse("inspections:detail", args=[violation.pk])

    for person, status in (
        (owner_of(violation.pharmacy), 404),
        (make_user(Role.REVIEWER), 404),
        (make_user(Role.REGULATOR), 200),
    ):
        client.force_login(person)
        assert client.get(address).status_code == status
    assert client.post(reverse("inspections:lift", args=[violation.pk])).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_number_of_queries(client, count, django_assert_max_num_queries):
    ViolationFactory.create_batch(count, in_review=True)
    client.force_login(make_user(Role.SECRETARIAT))
    client.get(reverse("inspections:violations"))

    with django_assert_max_num_queries(12):
        page = client.get(reverse("inspections:violations"), {"state": "in_review"})

    assert page.content.decode().count("示例大药房") == count


def test_the_list_finds_a_shop_and_the_page_of_a_shop_leads_to_a_new_lead(client):
    found = ViolationFactory(in_review=True)
    ViolationFactory(in_review=True, pharmacy=PharmacyFactory(name="别的药店"))
    client.force_login(make_user(Role.SECRETARIAT))

    page = client.get(reverse("inspections:violations"), {"q": found.pharmacy.name})

    assert list(page.context["page"]) == [found]
    nothing = client.get(reverse("inspections:violations"), {"q": "没有这样的店"})
    assert "没有符合条件的记录" in nothing.content.decode()
    shop = PharmacyFactory()
    address = f"{reverse('inspections:prepare')}?pharmacy={shop.pk}"
    shown = client.get(reverse("members:shop", args=[shop.pk])).content.decode()
    assert address in shown


def test_a_decision_says_whether_the_shop_hears_of_it(client):
    violation = ViolationFactory(in_review=True)
    client.force_login(make_user(Role.ADJUDICATOR))
    address = reverse("inspections:establish", args=[violation.pk])

    said = client.post(address, {"reason": "属实"}, follow=True).content.decode()

    assert "请书面告知" in said
    owner_of(violation.pharmacy)
    lifted = client.post(
        reverse("inspections:lift", args=[violation.pk]), {"reason": "复议撤销"}, follow=True
    ).content.decode()
    assert "药店负责人会收到消息" in lifted


def test_a_recused_adjudicator_is_told_why_there_is_no_button(client):
    violation = ViolationFactory(in_review=True)
    judge = make_user(Role.ADJUDICATOR)
    PositionFactory(user=judge, pharmacy=None, unit=violation.pharmacy.unit, role=Role.HEAD_OFFICE)
    client.force_login(judge)

    page = client.get(reverse("inspections:detail", args=[violation.pk])).content.decode()

    assert "须回避" in page
    assert "认定成立" not in page


def test_a_form_that_somebody_overtook_is_shown_again_with_what_was_typed(client):
    GroundFactory()
    lead = ViolationFactory()
    client.force_login(make_user(Role.SECRETARIAT))
    address = reverse("inspections:amend", args=[lead.pk])
    seen = client.get(address).context["seen"]
    data = {"code": "veto/V05", "starts_on": "2026-03-01", "seen": seen}
    client.post(address, data | {"facts": "甲补充"})

    late = client.post(address, data | {"facts": "乙补充"}).content.decode()

    assert "有人改过这条线索" in late
    assert "乙补充" in late
    assert Violation.objects.get().facts == "甲补充"


def test_the_shops_page_is_a_link_only_for_who_may_open_it(client):
    violation = ViolationFactory()
    link = f'href="{reverse("members:shop", args=[violation.pharmacy_id])}"'
    page = reverse("inspections:detail", args=[violation.pk])
    client.force_login(make_user(Role.SECRETARIAT))
    assert link in client.get(page).content.decode()
    client.force_login(make_user(Role.ADJUDICATOR))
    shown = client.get(page).content.decode()
    assert link not in shown
    assert violation.pharmacy.name in shown
