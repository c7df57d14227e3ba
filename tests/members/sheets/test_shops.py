"""A sheet of shops against the register: which shop a row means, what changes, what is wrong."""

from datetime import UTC, date, datetime

import pytest

from accounts.models import Area
from association.models import AuditEvent
from members import actions
from members.actions import imports
from members.enums import PharmacyStatus, UnitKind, Verdict
from members.models import ImportVerdict, MemberUnit, Pharmacy, Tenure
from members.sheets import preview
from members.sheets.undoing import holders
from tests.factories.accounts import AreaFactory, UserFactory
from tests.factories.members import (
    MemberUnitFactory,
    checked,
    committed,
    owner_of,
)

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CODES = ("91350100M000100Y43", "91110000600037341L")
HEAD = ("会员单位", "统一社会信用代码", "门店名称", "地址", "电话", "许可证号", "有效期至")


def row_of(batch, number=2):
    return next(row for row in preview.page_of(batch).rows if row.number == number)


def verdicts_of(batch) -> list[str]:
    rows = ImportVerdict.objects.filter(batch=batch).order_by("number")
    return list(rows.values_list("verdict", flat=True))


def problem_of(batch, number=2) -> str:
    return row_of(batch, number).problems[0].reason


def changes_of(batch, number=2) -> dict:
    return {c.label: (c.before, c.after) for c in row_of(batch, number).changes}


def shop_of(**fields) -> Pharmacy:
    """A shop on the register with the keys that the acts give it."""
    unit = fields.pop("unit", None) or actions.add_unit(
        name=fields.pop("unit_name", "示例医药有限公司"), by=UserFactory(), now=NOW
    )
    given = {"name": "示例一店", "address": "示例路1号"} | fields
    return actions.add_pharmacy(unit, **given, by=UserFactory(), now=NOW)


# ------------------------------------------------------------------ new rows


def test_new_shops_get_company_tenure_keys_and_an_address_outside():
    area = AreaFactory(name="滨海街道")
    batch = committed(
        ("会员单位", "药店名称", "街道", "经营地址", "联系电话", "许可证编号", "有效期至",
         "开业日期"),
        ("示例医药连锁有限公司", "示例大药房·滨湖店", "滨海街道", "示例路１号（A座）",
         "０２０－81633852", "示例ＤＡ０００１", "2028年6月30日", "2019.5.1"),
        ("示例医药连锁有限公司", "示例大药房·海岸店", "", "示例路2号", "", "示例DA0002", "", ""),
        now=NOW,
    )  # fmt: skip

    first, second = Pharmacy.objects.order_by("pk")
    assert batch.result["written"]["new"] == 2
    assert first.unit == second.unit
    assert (first.unit.name, first.unit.kind) == ("示例医药连锁有限公司", UnitKind.CHAIN)
    assert first.unit.credit_code is None
    assert first.unit.name_initials == "slyylsyxgs"
    assert (first.area, first.address, first.phone) == (area, "示例路1号（A座）", "020-81633852")
    assert first.address_folded == "示例路1号(a座)"
    assert (first.name_initials, first.name_sort[:3]) == ("sldyfbhd", "shi")
    assert (first.licence_number, first.licence_expires_on) == ("示例DA0001", date(2028, 6, 30))
    assert (first.created_at, first.updated_at) == (NOW, NOW)
    assert len(first.public_token) == 22
    assert first.public_token != second.public_token
    assert (second.area, second.phone, second.licence_expires_on) == (None, "", None)
    tenure = Tenure.objects.get(pharmacy=first)
    assert (tenure.unit, tenure.starts_on, tenure.ends_on) == (first.unit, date(2019, 5, 1), None)


def test_a_shop_that_names_no_company_gets_one_of_its_own_name():
    committed(("店名", "地址", "入会日期"), ("示例独立药房", "示例路3号", "2024-01-01"))

    shop = Pharmacy.objects.select_related("unit").get()
    assert (shop.unit.name, shop.unit.kind) == ("示例独立药房", UnitKind.SINGLE)
    assert shop.unit.joined_on == date(2024, 1, 1)


def test_the_company_of_a_row_is_found_by_code_or_by_name():
    by_code = MemberUnitFactory(name="甲公司", credit_code=CODES[0])
    by_name = MemberUnitFactory(name="乙 公司", name_folded="乙公司")

    committed(
        HEAD, ("甲公司", CODES[0], "一店", "", "", "", ""), ("乙公司", "", "二店", "", "", "", "")
    )

    assert [s.unit for s in Pharmacy.objects.order_by("pk")] == [by_code, by_name]


def test_a_company_known_by_name_alone_gets_the_code():
    unit = MemberUnitFactory(name="甲公司")
    shop = shop_of(unit=unit, name="一店", address="")
    batch = checked(HEAD, ("甲公司", CODES[0], "一店", "", "", "", ""))
    assert changes_of(batch) == {"统一社会信用代码": ("", CODES[0])}

    imports.commit(batch, digest=batch.digest, by=UserFactory(), now=NOW)

    unit.refresh_from_db()
    assert unit.credit_code == CODES[0]
    assert shop.unit == unit


def test_rows_without_the_code_go_with_the_row_that_gives_it():
    committed(
        HEAD,
        ("甲公司", "", "一店", "", "", "", ""),
        ("甲公司", CODES[0], "二店", "", "", "", ""),
    )

    assert MemberUnit.objects.get().credit_code == CODES[0]
    assert Pharmacy.objects.count() == 2


def test_two_companies_of_one_name_are_told_apart_by_their_codes():
    committed(
        HEAD,
        ("甲公司", CODES[0], "一店", "", "", "", ""),
        ("甲公司", CODES[1], "二店", "", "", "", ""),
    )

    assert sorted(MemberUnit.objects.values_list("credit_code", flat=True)) == sorted(CODES)


def test_a_new_shop_may_be_paused_or_struck_off_from_the_start():
    committed(("店名", "状态"), ("一店", "停业"), ("二店", "已注销"), ("三店", ""))

    states = Pharmacy.objects.order_by("pk").values_list("status", flat=True)
    assert list(states) == [PharmacyStatus.PAUSED, PharmacyStatus.CLOSED, PharmacyStatus.ACTIVE]


# ------------------------------------------------------------------ known rows


@pytest.mark.parametrize(
    ("head", "row"),
    [
        (("系统编号", "店名"), ("{pk}", "示例一店")),
        (("门店编号", "店名"), ("A7", "示例一店")),
        (("店名", "许可证号"), ("示例一店", "示例da 0001")),
        (("单位名称", "店名", "地址"), ("示例医药有限公司", "示例 一店", "示例路１号")),
        (("店名", "地址"), ("示例一店", "示例路1号")),
        (("单位名称", "店名"), ("示例医药有限公司", "示例一店")),
    ],
    ids=["own number", "other register", "licence", "company, name, address", "name and address",
         "company and name"],
)  # fmt: skip
def test_a_shop_is_known_again_by(head, row):
    shop = shop_of(licence_number="示例DA0001")
    Pharmacy.objects.filter(pk=shop.pk).update(source="示例名册", source_id="A7")

    batch = checked(head, tuple(cell.format(pk=shop.pk) for cell in row))

    assert row_of(batch).target == shop.pk
    assert row_of(batch).verdict in (Verdict.SAME, Verdict.CHANGED)


def test_only_what_differs_changes_and_blanks_take_nothing_away():
    old = AreaFactory(name="东湖街道")
    new = AreaFactory(name="滨海街道")
    shop = shop_of(licence_number="示例DA0001", area=old, phone="020-81633852",
                   licence_expires_on=date(2027, 1, 1))  # fmt: skip

    batch = checked(
        ("店名", "片区", "地址", "电话", "许可证号", "有效期至", "入会日期"),
        ("示例一店", "滨海街道", "", "", "示例DA0001", "2031-12-31", "2020-01-01"),
    )
    assert changes_of(batch) == {
        "片区": ("东湖街道", "滨海街道"),
        "许可证有效期至": ("2027-01-01", "2031-12-31"),
        "入会日期": ("", "2020-01-01"),
    }
    imports.commit(batch, digest=batch.digest, by=UserFactory(), now=NOW)

    shop.refresh_from_db()
    assert (shop.area, shop.address, shop.phone) == (new, "示例路1号", "020-81633852")
    assert (shop.licence_expires_on, shop.joined_on) == (date(2031, 12, 31), date(2020, 1, 1))
    assert Tenure.objects.filter(pharmacy=shop).count() == 1


def test_a_new_name_brings_its_keys():
    shop = shop_of(licence_number="示例DA0001")

    committed(("店名", "许可证号", "地址"), ("厦门新店", "示例DA0001", "示例路９号"))

    shop.refresh_from_db()
    assert (shop.name_folded, shop.name_initials) == ("厦门新店", "xmxd")
    assert shop.address_folded == "示例路9号"


def test_the_licence_of_a_shop_known_by_name_and_address_is_filled_in():
    shop = shop_of()

    committed(("店名", "地址", "许可证号"), ("示例一店", "示例路1号", "示例DA0009"))

    shop.refresh_from_db()
    assert shop.licence_number == "示例DA0009"
    assert Pharmacy.objects.count() == 1


def test_the_same_sheet_again_is_no_change():
    rows = (
        ("编号", "会员单位", "店名", "地址", "电话", "许可证号", "有效期至"),
        ("A1", "甲公司", "一店（总店）", "示例路1号", "13800000000", "示例DA1", "2028-01-01"),
        ("A2", "甲公司", "二店", "示例路2号", "", "", ""),
        ("A3", "", "独立药房", "", "", "", ""),
    )
    committed(*rows)

    batch = checked(*rows)

    assert verdicts_of(batch) == [Verdict.SAME] * 3
    with pytest.raises(imports.NothingToWriteError):
        imports.commit(batch, digest=batch.digest, by=UserFactory(), now=NOW)


# ------------------------------------------------------------------ what is wrong


def test_each_unreadable_cell_is_named_with_reason_and_suggestion():
    batch = checked(
        ("店名", "许可证号", "有效期至", "统一社会信用代码"),
        ("一店", "示例DA1", "2026/13/45", "9135"),
    )

    problems = row_of(batch).problems
    assert [(p.column, p.text) for p in problems] == [
        ("统一社会信用代码", "9135"),
        ("许可证有效期至", "2026/13/45"),
    ]
    assert problems[1].reason == "日历上没有“2026/13/45”这一天。"
    assert problems[1].hint == "写成 2026-03-05 的样子。"
    assert batch.counts == {"new": 0, "changed": 0, "same": 0, "error": 1}


@pytest.mark.parametrize(
    ("head", "row", "reason"),
    [
        (("店名", "许可证号"), ("", "示例DA7"), "没有门店名称"),
        (("系统编号", "店名"), ("999999", "一店"), "没有编号为 999999 的药店"),
        (("会员单位", "店名", "许可证号"), ("别家公司", "示例一店", "示例DA0001"),
         "登记在“示例医药有限公司”名下"),
        (("会员单位", "信用代码", "店名"), ("别家公司", CODES[0], "新店"),
         "这个信用代码登记的单位是“有代码的公司”"),
        (("店名", "许可证号", "状态"), ("示例一店", "示例DA0001", "注销"), "名册上是“营业”"),
        (("门店编号", "店名", "地址"), ("A7", "别的店", "别的路9号"), "店名和地址都不同"),
        (("系统编号", "店名", "许可证号"), ("{pk}", "示例一店", "示例DA0002"),
         "许可证号已登记在“示例二店”名下"),
        (("系统编号", "店名", "地址"), ("{pk}", "示例二店", "示例路2号"), "就与“示例二店”同名同址"),
    ],
    ids=["no name", "unknown own number", "another company", "code of another",
         "struck off by sheet", "renumbered", "licence of another", "twin"],
)  # fmt: skip
def test_a_row_that_cannot_be_taken_says_why(head, row, reason):
    MemberUnitFactory(name="有代码的公司", credit_code=CODES[0])
    shop = shop_of(licence_number="示例DA0001")
    Pharmacy.objects.filter(pk=shop.pk).update(source="示例名册", source_id="A7")
    shop_of(unit=shop.unit, name="示例二店", address="示例路2号", licence_number="示例DA0002")

    batch = checked(head, tuple(cell.format(pk=shop.pk) for cell in row))

    assert verdicts_of(batch) == [Verdict.ERROR]
    assert reason in problem_of(batch)


def test_two_companies_of_one_name_need_the_code():
    MemberUnitFactory.create_batch(2, name="甲公司", name_folded="甲公司")

    batch = checked(("会员单位", "店名"), ("甲公司", "一店"))

    assert problem_of(batch) == "有 2 家会员单位都叫这个名称。"


def test_two_shops_of_one_name_need_more_than_the_name():
    shop_of(unit_name="甲公司")
    shop_of(unit_name="乙公司")

    batch = checked(("店名", "地址"), ("示例一店", "示例路1号"))

    assert problem_of(batch) == "名册上有 2 家同名的药店。"


def test_one_code_with_two_names_is_refused_on_both_rows():
    batch = checked(
        HEAD,
        ("甲公司", CODES[0], "一店", "", "", "", ""),
        ("乙公司", CODES[0], "二店", "", "", "", ""),
    )

    assert verdicts_of(batch) == [Verdict.ERROR] * 2
    assert problem_of(batch) == "同一个信用代码写了不同的单位名称。"


@pytest.mark.parametrize(
    ("head", "first", "second"),
    [
        (("店名", "地址"), ("一店", "示例路1号"), ("一 店", "示例路１号")),
        (("店名", "许可证号"), ("一店", "示例DA1"), ("二店", "示例da1")),
        (("门店编号", "店名"), ("A1", "一店"), ("A1", "二店")),
    ],
    ids=["name and address", "licence", "number"],
)
def test_the_same_shop_twice_in_a_sheet_is_told_on_both_rows_where_they_differ(head, first, second):
    batch = checked(head, first, second)

    assert verdicts_of(batch) == [Verdict.ERROR] * 2
    assert problem_of(batch, 2) == "与第 3 行是同一家药店，内容却不同。"
    assert problem_of(batch, 3) == "与第 2 行是同一家药店，内容却不同。"


def test_of_two_equal_rows_the_first_is_taken():
    batch = checked(("店名", "地址"), ("一店", "示例路1号"), ("一店", "示例路1号"))

    assert verdicts_of(batch) == [Verdict.NEW, Verdict.ERROR]
    assert problem_of(batch, 3) == "与第 2 行是同一家药店。"


def test_two_rows_that_mean_the_same_shop_of_the_register_are_told():
    shop = shop_of(licence_number="示例DA0001")

    batch = checked(
        ("系统编号", "店名", "许可证号"),
        (str(shop.pk), "示例一店", ""),
        ("", "示例一店", "示例DA0001"),
    )

    assert verdicts_of(batch) == [Verdict.ERROR] * 2


def test_sums_signatures_and_repeated_headings_are_no_shops():
    head = ("门店名称", "地址", "电话")
    batch = checked(
        head,
        ("一店", "示例路1号", ""),
        head,
        ("二店", "示例路2号", ""),
        ("合计", "2", ""),
        ("制表人：李某", "", "审核人：王某"),
        ("", "", ""),
    )

    assert verdicts_of(batch) == [Verdict.NEW] * 2


def test_running_numbers_are_not_taken_for_numbers_of_shops():
    batch = checked(("编号", "店名"), ("1", "一店"), ("2", "二店"), ("3", "三店"))

    assert "source_id" not in batch.mapping


def test_a_text_longer_than_any_column_is_an_error_and_no_crash():
    batch = checked(("店名", "地址"), ("一店", "长" * 9000))

    assert problem_of(batch) == "地址超过 200 个字。"


# ------------------------------------------------------------------ sub-districts


def test_unknown_sub_districts_are_counted_and_left_out():
    AreaFactory(name="滨海街道")
    rows = (("店名", "街道"), ("一店", "北山街道"), ("二店", "滨海街道"), ("三店", "北山街道"))

    batch = checked(*rows)

    assert batch.remarks == {"unknown_areas": [["北山街道", 2]]}
    imports.commit(batch, digest=batch.digest, by=UserFactory(), now=NOW)
    assert Pharmacy.objects.filter(area=None).count() == 2
    assert verdicts_of(checked(*rows)) == [Verdict.SAME] * 3


@pytest.mark.parametrize("header", [("店名",), ("店名", "街道")], ids=["no column", "empty cells"])
def test_a_row_without_a_sub_district_names_no_unknown_one(header):
    batch = checked(header, *[("一店", "")[: len(header)], ("二店", "")[: len(header)]])

    assert batch.remarks == {}


def test_unknown_sub_districts_can_be_entered_first():
    AreaFactory(name="滨海街道", code="BSJD", order=3)
    batch = checked(("店名", "街道"), ("一店", "北山街道"), ("二店", "石桥镇"))

    assert imports.add_areas(batch, by=UserFactory(real_name="李某"), now=NOW) == 2

    batch.refresh_from_db()
    assert batch.remarks == {}
    added = Area.objects.exclude(name="滨海街道").order_by("order")
    assert list(added.values_list("code", "name", "order")) == [
        ("BSJD2", "北山街道", 4),
        ("SQZ", "石桥镇", 5),
    ]
    assert AuditEvent.objects.filter(act="area.added", actor_label="李某").count() == 2
    imports.commit(batch, digest=batch.digest, by=UserFactory(), now=NOW)
    assert Pharmacy.objects.get(name="一店").area.name == "北山街道"


# ------------------------------------------------------------------ taken back


def test_an_undo_removes_what_is_new_and_restores_what_was_changed():
    shop = shop_of(licence_number="示例DA0001", phone="020-81633852")
    before = Pharmacy.objects.filter(pk=shop.pk).values().get()
    batch = committed(
        ("店名", "地址", "电话", "许可证号", "有效期至"),
        ("厦门改名店", "示例路9号（A座）", "", "示例DA0001", "2030-01-01"),
        ("新店", "示例路2号", "", "示例DA0002", ""),
    )

    batch = imports.undo(batch, by=UserFactory(), now=NOW)

    after = Pharmacy.objects.filter(pk=shop.pk).values().get()
    assert {**after, "updated_at": None} == {**before, "updated_at": None}
    assert Pharmacy.objects.count() == 1
    assert not MemberUnit.objects.filter(name="新店").exists()
    assert batch.result["undone"] == {"left": 0, "changed": 1, "new": 1, "units": 1, "codes": 0}
    assert batch.result["left"] == []


def test_what_somebody_has_touched_since_stays_and_is_named():
    shop = shop_of(licence_number="示例DA0001")
    batch = committed(
        ("店名", "地址", "许可证号"),
        ("示例一店", "示例路9号", "示例DA0001"),
        ("改过的店", "示例路2号", ""),
        ("有人的店", "示例路3号", ""),
        ("没动的店", "示例路4号", ""),
    )
    clerk = UserFactory()
    actions.pause(shop, reason="装修。", by=clerk, now=NOW)
    touched = Pharmacy.objects.get(name="改过的店")
    actions.pause(touched, reason="装修。", by=clerk, now=NOW)
    owner_of(Pharmacy.objects.get(name="有人的店"))

    batch = imports.undo(batch, by=clerk, now=NOW)

    assert batch.result["left"] == [
        (2, "示例一店", "写入后有人改过"),
        (3, "改过的店", "写入后有人改过"),
        (4, "有人的店", "已有任职"),
        (0, "改过的店", "已有药店"),
        (0, "有人的店", "已有药店"),
    ]
    assert not Pharmacy.objects.filter(name="没动的店").exists()
    shop.refresh_from_db()
    assert shop.address == "示例路9号"


def test_an_old_licence_that_another_shop_has_by_now_is_not_taken_away():
    shop = shop_of(licence_number="示例DA0001")
    batch = committed(("店名", "地址", "许可证号"), ("示例一店", "示例路1号", "示例DA0009"))
    shop_of(unit_name="乙公司", name="后来的店", licence_number="示例DA0001")

    batch = imports.undo(batch, by=UserFactory(), now=NOW)

    shop.refresh_from_db()
    assert shop.licence_number == "示例DA0009"
    assert batch.result["left"] == [(2, "示例一店", "原来的证号或店名现在登记在别家")]


def test_the_code_that_an_import_filled_in_is_taken_back():
    unit = MemberUnitFactory(name="甲公司")
    batch = committed(HEAD, ("甲公司", CODES[0], "新店", "", "", "", ""))
    assert batch.result["written"]["codes"] == 1

    imports.undo(batch, by=UserFactory(), now=NOW)

    unit.refresh_from_db()
    assert unit.credit_code is None


def test_after_an_undo_the_sheet_can_be_imported_again():
    rows = (("编号", "店名", "许可证号"), ("A1", "一店", "示例DA1"))
    imports.undo(committed(*rows), by=UserFactory(), now=NOW)

    batch = committed(*rows)

    assert batch.result["written"]["new"] == 1
    assert Pharmacy.objects.get().source_id == "A1"


def test_every_table_that_points_at_a_shop_is_asked_before_it_is_removed():
    """A room that is added later is asked too: the question goes by foreign keys."""
    tables = {holder.table for holder in holders(Pharmacy, but={Tenure})}

    pointing = {
        relation.related_model._meta.db_table
        for relation in Pharmacy._meta.related_objects
        if relation.related_model is not Tenure
    }
    assert tables == pointing
    assert len(tables) > 5


def test_a_shop_told_by_its_number_may_belong_to_one_of_two_companies_of_one_name():
    shop_of(unit_name="同名公司", address="示例路8号")
    shop = shop_of(unit_name="同名公司", address="示例路9号")

    batch = checked(("系统编号", "会员单位", "店名"), (str(shop.pk), "同名公司", "示例一店"))

    assert verdicts_of(batch) == [Verdict.SAME]
