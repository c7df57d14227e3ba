from datetime import date
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from accounts.roles import Role
from activities import queries
from activities.enums import Programme
from activities.models import Activity, Obligation
from tests.factories.accounts import make_user
from tests.factories.activities import (
    ActivityFactory,
    ActivityPaperFactory,
    AttendanceFactory,
    DutyFactory,
    ObligationFactory,
)
from tests.factories.members import PharmacyFactory, owner_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(client):
    clerk = make_user(Role.SECRETARIAT)
    client.force_login(clerk)
    return clerk


def photo() -> SimpleUploadedFile:
    drawn = BytesIO()
    Image.new("RGB", (40, 30), "teal").save(drawn, "JPEG")
    return SimpleUploadedFile("义诊.jpg", drawn.getvalue(), "image/jpeg")


def test_the_clinic_of_march_goes_from_its_cell_to_duty_and_points(client, office):
    volunteer = ObligationFactory(duty=DutyFactory(code="duty/B01"))
    clinic = ObligationFactory(
        duty=DutyFactory(
            code="duty/D01",
            name="义诊",
            programme=Programme.FURTHER,
            suggested_bonus="bonus/B01",
            usually_also="duty/B01",
        )
    )
    shop = PharmacyFactory()

    year = client.get(reverse("activities:index"), {"year": 2026}).content.decode()
    cell = f"{reverse('activities:record')}?obligation={clinic.pk}"
    assert cell in year
    form = client.get(cell).context["form"]
    assert form.initial["duties"] == ["duty/D01", "duty/B01"]

    answer = client.post(
        cell,
        {
            "duties": ["duty/D01", "duty/B01"],
            "title": "3月义诊",
            "held_on": "2026-03-14",
            "bonus": "bonus/B01",
        },
    )
    activity = Activity.objects.get()
    client.post(
        reverse("activities:attend", args=[activity.pk]),
        {"shop": [shop.pk], f"people_{shop.pk}": "2"},
    )
    client.post(reverse("activities:attach", args=[activity.pk]), {"file": photo()})
    page = client.get(answer.url).content.decode()
    assert "请另一位同事核实" in page

    client.force_login(make_user(Role.SECRETARIAT))
    assert "请另一位同事核实" not in client.get(answer.url).content.decode()
    client.post(reverse("activities:verify", args=[activity.pk]))

    assert set(activity.obligations.all()) == {volunteer, clinic}
    credits = queries.charity_credits([shop.pk], date(2026, 1, 1), date(2026, 12, 31))
    assert [(c["code"], c["times"]) for c in credits[shop.pk]] == [("B01", 1)]
    rows = queries.completion_matrix(2026, today=date(2026, 11, 20))
    assert [row.cells[0].state for row in rows] == ["done", "done"]
    shown = client.get(reverse("activities:paper", args=[activity.papers.get().pk]))
    assert shown.headers["Content-Type"] == "image/jpeg"


def test_a_year_without_obligations_offers_to_make_them(client, office):
    page = client.get(reverse("activities:index"), {"year": 2025}).content.decode()
    assert "2025 年的任务清单还没有生成" in page

    DutyFactory()
    answer = client.post(reverse("activities:oblige"), {"year": "2031", "month": "3"}, follow=True)

    words = answer.content.decode()
    assert "新增 10 项" in words
    assert "期限待定" not in words  # in 2031 nothing is due yet
    assert Obligation.objects.filter(due_on=None).count() == 10


def test_an_upload_that_is_no_picture_is_refused_in_words(client, office):
    activity = ActivityFactory()

    answer = client.post(
        reverse("activities:attach", args=[activity.pk]),
        {"file": SimpleUploadedFile("x.jpg", b"<html>")},
    )

    assert answer.status_code == 422
    assert "这里只收" in answer.content.decode()


def test_undoing_asks_for_the_reason(client, office):
    verified = ActivityFactory(verified=True)
    recorded = ActivityFactory()

    asked = client.post(reverse("activities:revoke", args=[verified.pk]), {"reason": ""})
    assert "请写明原因" in asked.content.decode()
    client.post(reverse("activities:revoke", args=[verified.pk]), {"reason": "误核"})
    client.post(reverse("activities:discard", args=[recorded.pk]), {"reason": "重复登记"})

    assert set(Activity.objects.values_list("state", flat=True)) == {"recorded", "discarded"}


def test_amend_prefills_and_strike_removes(client, office):
    attendance = AttendanceFactory(activity__obligations=[ObligationFactory()])
    activity = attendance.activity

    form = client.get(reverse("activities:amend", args=[activity.pk])).context["form"]
    assert form.initial["title"] == activity.title
    client.post(
        reverse("activities:amend", args=[activity.pk]),
        {"title": "改名", "held_on": "2026-03-14"},
    )
    client.post(
        reverse("activities:strike", args=[activity.pk]), {"pharmacy": attendance.pharmacy_id}
    )

    activity.refresh_from_db()
    assert (activity.title, activity.obligations.count()) == ("改名", 0)
    assert not activity.attendances.exists()


def test_a_shop_sees_its_own_activity_on_the_phone_and_no_other(client):
    mine, other = AttendanceFactory.create_batch(2)
    AttendanceFactory(activity=mine.activity, pharmacy=other.pharmacy)
    client.force_login(owner_of(mine.pharmacy))

    listed = client.get(reverse("activities:index")).content.decode()
    page = client.get(reverse("activities:detail", args=[mine.activity_id])).content.decode()

    assert mine.activity.title in listed
    assert other.activity.title not in listed
    assert mine.pharmacy.name in page
    assert other.pharmacy.name not in page
    assert client.get(reverse("activities:detail", args=[other.activity_id])).status_code == 404
    for act in ("verify", "amend", "discard"):
        address = reverse(f"activities:{act}", args=[mine.activity_id])
        assert client.post(address).status_code == 403


def test_a_regulator_reads_and_does_not_act(client):
    activity = ActivityPaperFactory().activity
    obligation = ObligationFactory()
    client.force_login(make_user(Role.REGULATOR))

    for address in (
        reverse("activities:index"),
        reverse("activities:detail", args=[activity.pk]),
        reverse("activities:period", args=[obligation.pk]),
    ):
        assert client.get(address).status_code == 200
    assert client.get(reverse("activities:record")).status_code == 403
    assert client.post(reverse("activities:verify", args=[activity.pk])).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_the_year_page_asks_the_same_number_of_queries(
    client, office, count, django_assert_max_num_queries
):
    for _ in range(count):
        AttendanceFactory(activity__obligations=[ObligationFactory()])
    client.get(reverse("activities:index"), {"year": 2026})

    with django_assert_max_num_queries(18):
        page = client.get(reverse("activities:index"), {"year": 2026}).content.decode()

    assert page.count("示例义诊") >= count
