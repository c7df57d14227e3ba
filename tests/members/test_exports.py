"""The list of shops as a file: as on the screen, safe to open, no change when it returns."""

import io
from datetime import date

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from tablib import Dataset

from accounts.roles import Role
from association.models import AuditEvent
from members import sheets
from members.actions import imports
from members.enums import PharmacyStatus
from members.models import MemberUnit, Pharmacy
from members.resources import PharmacyResource, shop_headings
from tests.factories.accounts import AreaFactory, UserFactory, make_user
from tests.factories.members import MemberUnitFactory, PharmacyFactory, head_office_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def secretary(client):
    user = make_user(Role.SECRETARIAT)
    client.force_login(user)
    return user


def export(client, form: str, **query) -> bytes:
    answer = client.get(reverse("members:export", args=[form]), query)
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def rows_of(content: bytes) -> list[tuple]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))


def messy_register() -> None:
    area = AreaFactory(name="滨海街道")
    PharmacyFactory(name="示例一店（总店）", area=area, phone="020-81633852",
                    unit__credit_code="91350100M000100Y43", source="别的名册",
                    source_id="A1")  # fmt: skip
    PharmacyFactory(name="示例二店", area=None, licence_number=None, licence_expires_on=None,
                    joined_on=None, opened_on=None, address="")  # fmt: skip
    PharmacyFactory(name="=2+5", status=PharmacyStatus.CLOSED, area=area)
    twins = MemberUnitFactory.create_batch(2, name="同名公司", name_folded="同名公司")
    for unit in twins:
        PharmacyFactory(unit=unit, name="示例三店", address="示例路1号", licence_number=None)


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_an_exported_list_comes_back_as_no_change(client, secretary, form):
    messy_register()
    content = export(client, form)

    file = SimpleUploadedFile(f"名册.{form}", content)
    batch = imports.upload(file, sheets.kind_named("shops"), by=secretary, now=timezone.now())
    batch = imports.read(batch)
    now = timezone.now()
    batch = imports.map_columns(batch, batch.mapping, source=batch.source, now=now)
    batch = imports.check(batch, now=now)

    assert batch.counts == {"new": 0, "changed": 0, "same": 5, "error": 0}


def test_the_file_holds_what_is_on_the_screen_in_its_order(client, secretary):
    PharmacyFactory(name="乙店", licence_expires_on=date(2020, 2, 1))
    PharmacyFactory(name="甲店", licence_expires_on=date(2020, 1, 1))
    PharmacyFactory(name="丙店", licence_expires_on=date(2099, 1, 1))

    everything = rows_of(export(client, "xlsx"))
    over = rows_of(export(client, "xlsx", view="over"))
    found = rows_of(export(client, "xlsx", q="丙店"))

    name = everything[0].index("门店名称")
    assert list(everything[0]) == shop_headings()
    assert [row[name] for row in everything[1:]] == ["丙店", "甲店", "乙店"]
    assert [row[name] for row in over[1:]] == ["甲店", "乙店"]
    assert [row[name] for row in found[1:]] == ["丙店"]


def test_days_are_days_and_codes_are_text(client, secretary):
    PharmacyFactory(
        name="=cmd|' /C calc'!A0",
        licence_number="0012",
        licence_expires_on=date(2028, 6, 30),
        phone="+8613800000000",
    )

    sheet = openpyxl.load_workbook(io.BytesIO(export(client, "xlsx"))).active
    cells = dict(zip(shop_headings(), sheet[2], strict=True))
    text = export(client, "csv").decode("utf-8-sig")

    assert cells["许可证有效期至"].is_date
    assert cells["药品经营许可证号"].value == "0012"
    assert {cells[name].data_type for name in ("门店名称", "电话")} == {"s"}
    assert "\"'=cmd" in text
    assert '"\'+8613800000000"' in text


def test_an_export_is_on_record(client, secretary):
    PharmacyFactory.create_batch(2)

    export(client, "csv", q="示例")

    event = AuditEvent.objects.get(act="pharmacy.exported")
    assert event.detail == {"rows": 2, "view": "all", "form": "csv", "q": "示例"}


def test_people_take_out_only_what_they_see(client):
    mine = PharmacyFactory(name="自己的店")
    PharmacyFactory(name="别家的店")
    client.force_login(head_office_of(mine.unit))

    rows = rows_of(export(client, "xlsx"))

    assert [row[rows[0].index("门店名称")] for row in rows[1:]] == ["自己的店"]
    client.force_login(UserFactory())
    assert client.get(reverse("members:export", args=["csv"])).status_code == 403


def test_a_list_too_long_for_a_workbook_is_offered_as_text(client, secretary, monkeypatch):
    monkeypatch.setattr("members.views.exports.WORKBOOK_ROWS", 1)
    PharmacyFactory.create_batch(2)

    answer = client.get(reverse("members:export", args=["xlsx"]), {"q": "示例"}, follow=True)

    assert "共 2 家，一份 Excel 最多 1 家" in answer.content.decode()
    assert answer.redirect_chain == [(f"{reverse('members:list')}?q=%E7%A4%BA%E4%BE%8B", 302)]
    assert not AuditEvent.objects.filter(act="pharmacy.exported").exists()


def test_another_form_does_not_exist(client, secretary):
    assert client.get(reverse("members:export", args=["pdf"])).status_code == 404


def test_the_resource_takes_a_few_rows_row_by_row():
    unit = MemberUnitFactory(credit_code="91350100M000100Y43")
    headings = shop_headings()
    values = {
        "统一社会信用代码": unit.credit_code,
        "门店名称": "厦门示例店",
        "地址": "示例路1号",
        "药品经营许可证号": "示例DA1",
        "许可证有效期至": "2028-06-30",
        "状态": "营业",
    }
    data = Dataset([values.get(heading, "") for heading in headings], headers=headings)

    result = PharmacyResource().import_data(data, raise_errors=True, now=timezone.now())

    shop = Pharmacy.objects.get()
    assert result.totals["new"] == 1
    assert (shop.unit, shop.name_initials, shop.address_folded) == (unit, "xmsld", "示例路1号")
    assert shop.licence_expires_on == date(2028, 6, 30)
    assert shop.tenures.get().unit == unit
    assert MemberUnit.objects.count() == 1
