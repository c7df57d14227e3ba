from association.sheet_layout import Target, find_layout, header_key, is_footer, suggest_columns

TARGETS = (
    Target("name", "门店名称", ("门店名称", "药店名称", "名称")),
    Target("unit", "单位名称", ("单位名称", "企业名称", "公司名称")),
    Target("licence", "许可证号", ("药品经营许可证号", "许可证编号")),
    Target("phone", "电话", ("联系电话", "电话"), parts=(("区号",), ("电话号码",)), glue="-"),
)


def rows(*cells):
    return [(number, list(row)) for number, row in enumerate(cells, start=1)]


def test_the_header_is_found_under_title_and_date_rows():
    layout = find_layout(
        rows(
            ["示例区药品经营企业名册（2026年）"],
            ["填报单位：示例协会", "", "", "2026年3月5日"],
            ["序号", "企业名称", "门店名称（必填）", "药品经营许可证号", "备 注"],
            ["1", "示例公司", "示例一店", "闽DA0001", ""],
        ),
        TARGETS,
    )

    assert (layout.header_row, layout.first_row) == (3, 4)
    assert layout.columns == {"unit": (1,), "name": (2,), "licence": (3,)}


def test_two_header_rows_are_read_together():
    layout = find_layout(
        rows(
            ["门店名称", "许可证", "", "电话"],
            ["", "编号", "有效期", ""],
            ["示例一店", "闽DA0001", "2027-01-01", "0592-6051234"],
        ),
        TARGETS,
        merges=[(0, 1, 0, 2)],
    )

    assert layout.headers == ["门店名称", "许可证 编号", "许可证 有效期", "电话"]
    assert layout.first_row == 3
    assert layout.columns == {"name": (0,), "licence": (1,), "phone": (3,)}


def test_a_value_kept_in_two_columns_is_joined():
    assert suggest_columns(["电话号码", "区号", "药店名称"], TARGETS) == {
        "name": (2,),
        "phone": (1, 0),
    }


def test_no_column_is_used_twice_and_the_exact_name_wins():
    assert suggest_columns(["单位名称", "门店名称", "法人姓名名称"], TARGETS) == {
        "unit": (0,),
        "name": (1,),
    }


def test_signature_says_that_it_is_the_same_kind_of_file():
    one = find_layout(rows(["门店名称", "电 话"], ["甲", "1"]), TARGETS)
    other = find_layout(rows(["标题"], ["门店名称（全称）", "电话"], ["乙", "2"]), TARGETS)

    assert one.signature == other.signature


def test_headings_are_compared_without_marks_and_brackets():
    assert header_key("* 药品经营\n许可证号（必填）") == "药品经营许可证号"
    assert header_key("（备注）") == "备注"


def test_sums_and_signatures_are_no_records():
    assert is_footer(["合计", "", "", "166"])
    assert is_footer(["", "合  计："])
    assert is_footer(["制表人：某某", "", "审核人：某某", "", "日期：2026-03-05"])
    assert is_footer(["填报单位（盖章）"])
    assert not is_footer(["1", "示例公司", "合计大药房"])
    assert not is_footer(["合计大药房", "海沧区一路1号", "闽DA1", "0592-1"])
    assert not is_footer(["总计堂药店", "海沧区一路1号", "0592-6051234"])
