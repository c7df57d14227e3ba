"""A sheet of companies against the register."""

from datetime import UTC, date, datetime

import pytest

from members import actions
from members.actions import imports
from members.enums import UnitKind, Verdict
from members.models import ImportVerdict, MemberUnit
from members.sheets import preview
from tests.factories.accounts import UserFactory
from tests.factories.members import MemberUnitFactory, PharmacyFactory, checked, committed

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
CODE = "91350100M000100Y43"
OTHER = "91110000600037341L"


def unit_of(**fields) -> MemberUnit:
    return actions.add_unit(**{"name": "甲公司"} | fields, by=UserFactory(), now=NOW)


def verdicts_of(batch) -> list[str]:
    rows = ImportVerdict.objects.filter(batch=batch).order_by("number")
    return list(rows.values_list("verdict", flat=True))


def problem_of(batch, number=2) -> str:
    row = next(row for row in preview.page_of(batch).rows if row.number == number)
    return row.problems[0].reason


def test_new_companies_are_entered_with_their_keys():
    committed(
        ("会员名称", "经营方式", "信用代码", "入会时间", "联系人", "手机"),
        ("厦门示例医药有限公司", "零售连锁", CODE, "2024.1.5", "李某", "+86 138 0000 0000"),
        ("示例药店", "", "", "", "", ""),
        kind="units",
        now=NOW,
    )

    first, second = MemberUnit.objects.order_by("-name_initials")
    assert (first.name_initials, first.kind) == ("xmslyyyxgs", UnitKind.CHAIN)
    assert (first.credit_code, first.joined_on) == (CODE, date(2024, 1, 5))
    assert (first.contact_name, first.contact_phone) == ("李某", "13800000000")
    assert (second.kind, second.credit_code, second.joined_on) == (UnitKind.SINGLE, None, None)
    assert first.updated_at == NOW


def test_a_company_is_known_by_its_code_else_by_its_name():
    coded, named = unit_of(name="旧名公司", credit_code=CODE), unit_of(name="乙公司")

    batch = committed(
        ("单位名称", "信用代码", "联系人"),
        ("新名公司", CODE, ""),
        ("乙 公司", OTHER, "王某"),
        kind="units",
    )

    coded.refresh_from_db()
    named.refresh_from_db()
    assert batch.result["written"] == {"new": 0, "changed": 2}
    assert (coded.name, coded.name_folded) == ("新名公司", "新名公司")
    assert (named.name, named.credit_code, named.contact_name) == ("乙 公司", OTHER, "王某")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", CODE), "没有单位名称。"),
        (("甲公司", OTHER), f"名册上这家的信用代码是 {CODE}。"),
        (("同名公司", ""), "有 2 家会员单位都叫这个名称。"),
    ],
    ids=["no name", "another code", "two of one name"],
)
def test_a_row_that_cannot_be_taken_says_why(row, reason):
    unit_of(credit_code=CODE)
    MemberUnitFactory.create_batch(2, name="同名公司", name_folded="同名公司")

    batch = checked(("单位名称", "信用代码"), row, kind="units")

    assert verdicts_of(batch) == [Verdict.ERROR]
    assert problem_of(batch) == reason


def test_the_same_company_twice_is_taken_once():
    batch = checked(
        ("单位名称", "信用代码"), ("甲公司", CODE), ("甲公司二", CODE), ("乙", ""), ("乙", ""),
        kind="units",
    )  # fmt: skip

    assert verdicts_of(batch) == [Verdict.NEW, Verdict.ERROR, Verdict.NEW, Verdict.ERROR]
    assert problem_of(batch, 3) == "与第 2 行是同一家单位。"


def test_the_same_sheet_again_is_no_change():
    rows = (("单位名称", "类型", "信用代码"), ("甲公司", "连锁企业", CODE), ("乙药店", "", ""))
    committed(*rows, kind="units")

    assert verdicts_of(checked(*rows, kind="units")) == [Verdict.SAME] * 2


def test_an_undo_leaves_what_has_shops_or_was_changed_since():
    old = unit_of(name="旧名公司", credit_code=CODE)
    batch = committed(
        ("单位名称", "信用代码", "入会日期", "类型"),
        ("新名公司", CODE, "2024-01-01", "连锁企业"),
        ("有店的公司", "", "", ""),
        ("没动的公司", "", "", ""),
        kind="units",
    )
    PharmacyFactory(unit=MemberUnit.objects.get(name="有店的公司"))

    batch = imports.undo(batch, by=UserFactory(), now=NOW)

    old.refresh_from_db()
    assert (old.name, old.name_folded, old.joined_on) == ("旧名公司", "旧名公司", None)
    assert (old.kind, old.credit_code) == (UnitKind.SINGLE, CODE)
    assert not MemberUnit.objects.filter(name="没动的公司").exists()
    assert batch.result["left"] == [(3, "有店的公司", "已有药店")]
    assert batch.result["undone"] == {"left": 1, "changed": 1, "new": 1}
