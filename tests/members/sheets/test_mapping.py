"""Which column holds what: guessed, remembered, checked."""

import pytest
from django.utils import timezone

from members import sheets
from members.actions import imports
from members.models import HeadingMemory
from members.sheets.mapping import MappingError, checked, signature, source_of
from tests.factories.members import staged

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("headings", "mapping"),
    [
        (
            ("id", "ext_shop_id", "district", "name", "address", "phone", "lng", "lat", "access"),
            {"source_id": [0], "area": [2], "name": [3], "address": [4], "phone": [5]},
        ),
        (
            ("註記", "縣市別", "鄉鎮別", "醫事機構代碼", "醫事機構名稱", "機構地址",
             "電話區域號碼", "電話號碼"),
            {"area": [1, 2], "source_id": [3], "name": [4], "address": [5], "phone": [6, 7]},
        ),
        (
            ("企业名称", "许可证编号", "经营地址", "有效期至"),
            {"name": [0], "licence_number": [1], "address": [2], "licence_expires_on": [3]},
        ),
        (
            ("单位名称", "药店名称", "*统一社会信用代码（必填）", "许可证 有效期"),
            {"unit_name": [0], "name": [1], "credit_code": [2], "licence_expires_on": [3]},
        ),
    ],
    ids=["guangzhou", "taiwan", "licence register", "marks and brackets"],
)  # fmt: skip
def test_headings_of_real_lists_are_understood(headings, mapping):
    batch = staged(headings, tuple(f"甲{n}" for n in range(len(headings))))

    assert batch.mapping == mapping


def test_titles_above_the_headings_are_passed_over():
    batch = staged(
        ("示例区药品零售企业名册（2026年）", "", ""),
        ("填报单位：示例协会", "", "2026年9月30日"),
        ("药店名称", "地址", "电话"),
        ("一店", "示例路1号", ""),
    )

    assert (batch.header_row, batch.first_row) == (3, 4)
    assert batch.headings == ["药店名称", "地址", "电话"]


def test_a_person_may_say_which_row_the_headings_are():
    batch = staged(("甲", "乙"), ("店名", "地址"), ("一店", "示例路1号"), ("二店", "示例路2号"))

    batch = imports.choose_header(batch, 3)

    assert (batch.header_row, batch.first_row, batch.headings) == (3, 4, ["一店", "示例路1号"])
    with pytest.raises(MappingError, match="第 9 行没有内容"):
        imports.choose_header(batch, 9)


def test_what_a_person_chose_is_remembered_for_such_headings():
    rows = (("店", "在哪"), ("一店", "示例路1号"))
    first = staged(*rows)
    assert not imports.is_known(first)
    imports.map_columns(first, {"name": [0], "address": [1]}, source="街道名册", now=timezone.now())

    second = staged(("店", "在 哪"), ("二店", "示例路2号"), source="")

    assert second.mapping == {"name": [0], "address": [1]}
    assert imports.is_known(second)
    assert HeadingMemory.objects.get().source == "街道名册"


def test_the_columns_we_put_beside_wrong_rows_make_no_other_sheet():
    assert signature(["店名", "地址"]) == signature(["店名", "地址", "行号", "问题", "建议"])
    assert signature(["店名", "地址"]) != signature(["地址", "店名"])


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"address": [1]}, "请指出哪一列是门店名称。"),
        ({"name": [0], "address": [1, 2]}, "“地址”、“住所”都对应了地址，请只留一列。"),
    ],
    ids=["required column missing", "two columns for one thing"],
)
def test_a_mapping_that_cannot_work_says_what_to_choose(chosen, words):
    with pytest.raises(MappingError) as refusal:
        checked(sheets.kind_named("shops"), chosen, ["店名", "地址", "住所"])

    assert str(refusal.value) == words


def test_parts_of_a_value_are_joined_in_their_own_order():
    kind = sheets.kind_named("shops")
    headings = ["電話號碼", "電話區域號碼", "店名"]

    assert checked(kind, {"phone": [0, 1], "name": [2]}, headings)["phone"] == [1, 0]


def test_the_register_behind_the_numbers_is_named_after_the_file():
    assert source_of("药店名册.2026.xlsx") == "药店名册.2026"
    assert len(source_of("长" * 100)) == 60
