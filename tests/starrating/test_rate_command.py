"""manage rate: a table in, a table out, the database untouched."""

import csv
import io

import pytest
from django.core.management import CommandError, call_command

from starrating.scheme_format import DEFAULT_SCHEME
from starrating.scoring import rate
from tests.starrating.schemes import SCHEMES, cases_of, evidence_of, scheme_named

ITEMS = "YESNO,LEVEL,DEDUCT,RATIO,TARGET,LOW,ATLEAST,ATMOST,PLUS"
FULL = "1,好,0,0.8,20,0.02,4.8,0,2"


@pytest.fixture
def run(tmp_path):
    """Return a function that rates a table and returns its rows and what was said."""

    def rate_table(text, scheme="items_methods", encoding="utf-8"):
        source, target = tmp_path / "rows.csv", tmp_path / "results.csv"
        source.write_bytes(text.encode(encoding))
        out, err = io.StringIO(), io.StringIO()
        path = SCHEMES / f"{scheme}.yaml" if isinstance(scheme, str) else scheme
        failed = None
        try:
            call_command("rate", scheme=path, input=source, output=target, stdout=out, stderr=err)
        except CommandError as error:
            failed = str(error)
        rows = []
        if target.exists():
            rows = list(csv.DictReader(target.read_text(encoding="utf-8").splitlines()))
        assert not target.with_name("results.csv.part").exists()
        return rows, err.getvalue(), failed

    return rate_table


def test_a_row_gets_stars_total_and_dimensions(run):
    rows, said, failed = run(f"id,{ITEMS}\n甲店,{FULL}\n")

    assert rows == [
        {
            "id": "甲店",
            "status": "rated",
            "stars": "1",
            "total": "33.0",
            "base": "33.0",
            "bonus": "0",
            "failed": "",
            "M": "33.0",
        }
    ]
    assert (said, failed) == ("", None)


def test_blank_is_missing_and_na_leaves_the_denominator(run):
    rows, _, _ = run(
        "id,A1,A2,A3,B1\n1,1,NA,1,0\n2,1, ,1,0\n3,1,不适用,符合,0\n",
        scheme="not_applicable_scaled",
    )

    assert [(r["status"], r["total"], r["failed"], r["A"]) for r in rows] == [
        ("rated", "18.5", "", "10.5"),
        ("incomplete", "", "缺少 A2", ""),
        ("rated", "18.5", "", "10.5"),
    ]


def test_bonus_veto_and_status_have_their_columns(run):
    rows, _, _ = run(
        "id,A1,B1,B2,veto,status\n1,90,2,4,,\n2,80,,,,\n3,100,,,V1;,\n4,,,,,免评\n",
        scheme="bonus_limits",
    )

    assert [(r["status"], r["stars"], r["total"], r["failed"]) for r in rows] == [
        ("rated", "2", "95.0", "加分最多提高 1 星"),
        ("below_bands", "", "80.0", "总分不低于 90 分，实得 80"),
        ("vetoed", "", "100.0", "一票否决：V1 售假"),
        ("exempt", "", "", ""),
    ]


def test_a_veto_can_cap_or_suspend(run):
    rows, _, _ = run("id,A1,veto\n1,0,V2\n2,0,V1；V3\n3,5,V2\n4,0,V3;V1\n5,,V1\n", scheme="vetoes")

    assert [(r["status"], r["stars"], r["failed"]) for r in rows] == [
        ("rated", "1", "V2 警告处罚，最高 1 星"),
        ("suspended", "", "一票否决：V3 整改逾期"),
        ("rated", "1", "总分不低于 7 分，实得 5"),
        ("suspended", "", "一票否决：V3 整改逾期"),
        ("vetoed", "", "一票否决：V1 售假"),
    ]


def test_a_ratio_condition_is_said_in_per_cent(run):
    rows, _, _ = run("id,K1,K2,K3\n1,1,0,6\n", scheme="items_key")

    assert rows[0]["failed"] == "单项最低得分率不低于 50%，实得 40%"


def test_a_table_of_office_programs_in_gb18030_is_read(run):
    rows, _, failed = run(
        f"id,{ITEMS}\n药店，{FULL[0]},".replace("，", ",") + FULL[2:] + "\n", encoding="gb18030"
    )

    assert failed is None
    assert rows[0]["status"] == "rated"


def test_bad_rows_are_named_and_the_good_ones_rated(run):
    rows, said, failed = run(
        f"id,{ITEMS}\n"
        f"1,{FULL}\n"
        f"2,9{FULL[1:]}\n"
        "\n"
        f"3,{FULL.replace('好', '优').replace('0.8', '80')}\n"
        f"4,NA{FULL[1:]}\n"
        f",{FULL}\n"
        f"5,{FULL},7\n"
        f"6,{FULL},\n"
        "7\n"
    )

    assert [r["status"] for r in rows] == [
        "rated",
        "error",
        "error",
        "error",
        "error",
        "error",
        "rated",
        "incomplete",
    ]
    assert said.splitlines() == [
        "第 3 行：YESNO：“9”不是“符合”或“不符合”（也可填 1 或 0）。",
        "第 5 行：LEVEL：没有“优”这一档，只能是“好”、“中”、“差”；"
        "RATIO：“80”大于 1，百分数请写成“80%”。",
        "第 6 行：YESNO：这一项不能填“不适用”。",
        "第 7 行：没有写 id。",
        "第 8 行：有 11 格，比表头的 10 格多。",
    ]
    assert rows[1]["failed"] == said.splitlines()[0]
    assert failed == "有 5 行不能评分，原因见上和结果表。"


def test_unknown_veto_status_and_times_are_bad_rows(run):
    _, said, _ = run(
        "id,A1,B1,veto,status\n1,80,,V9,\n2,80,,,休假\n3,80,半次,,\n", scheme="bonus_limits"
    )

    assert said.splitlines() == [
        "第 2 行：veto：方案里没有否决项“V9”。",
        "第 3 行：status：方案里没有“休假”这个状态。",
        "第 4 行：B1：“半次”不是次数，请填 0 或正整数。",
    ]


def test_many_bad_rows_are_counted_not_listed(run):
    _, said, failed = run("id,A1\n" + "1,坏\n" * 60, scheme="total_limits")

    assert len(said.splitlines()) == 51
    assert said.splitlines()[-1] == "还有 10 行，见结果表。"
    assert failed == "有 60 行不能评分，原因见上和结果表。"


def test_columns_that_are_not_in_the_scheme_or_the_table_are_named(run):
    rows, said, failed = run("id,店名,A1\n1,甲,0\n", scheme="periods_mean")

    assert said.splitlines() == [
        "方案里没有这些列，不看：店名。",
        "表里没有这些项，按空白算：B1。",
    ]
    assert rows[0]["status"] == "incomplete"
    assert failed is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "不能评分：表是空的。"),
        ("name,A1\n", "不能评分：表头没有 id 这一列。"),
        ("id,A1,A1\n", "不能评分：表头有重复的列：A1。"),
    ],
    ids=["empty", "no id", "a column twice"],
)
def test_a_table_without_a_usable_head_leaves_no_result(run, text, sentence):
    rows, _, failed = run(text, scheme="total_limits")

    assert rows == []
    assert failed == sentence


def test_a_scheme_that_contradicts_itself_is_refused(run, tmp_path):
    path = tmp_path / "scheme.yaml"
    text = DEFAULT_SCHEME.read_text(encoding="utf-8").replace("points: 40", "points: 41")
    path.write_text(text, encoding="utf-8")

    _, _, failed = run("id\n", scheme=path)

    assert "“部门监管”（R）的满分写的是 41 分，各项合计却是 40 分。" in failed


def test_a_file_that_is_not_there_is_a_sentence(run, tmp_path):
    _, _, failed = run("id\n", scheme=tmp_path / "none.yaml")

    assert failed.startswith("读不到方案")


def flat_cases():
    """Yield the example cases that a table can say."""
    for path in sorted((SCHEMES / "cases").glob("*.yaml")):
        for case in cases_of(path.stem):
            answers = case.get("items", {})
            plain = all(isinstance(answer, str) for answer in answers.values())
            special = {"preview", "samples", "periods", "override", "on"} & set(case)
            lifted = any({"lifted_by", "since"} & set(v) for v in case.get("vetoes", ()))
            own = any(not isinstance(times, str) for times in case.get("bonus", {}).values())
            if plain and not special and not lifted and not own:
                yield pytest.param(path.stem, case, id=f"{path.stem}: {case['name']}")


@pytest.mark.parametrize(("name", "case"), list(flat_cases()))
def test_the_table_gives_what_the_engine_gives(run, name, case):
    scheme = scheme_named(name)
    rating = rate(scheme, evidence_of(scheme, case))
    cells = {"id": "1", **case.get("items", {}), **case.get("bonus", {})}
    cells["veto"] = ";".join(veto["code"] for veto in case.get("vetoes", ()))
    cells["status"] = case.get("status", "")
    table = io.StringIO()
    csv.writer(table).writerows([cells.keys(), cells.values()])

    rows, _, _ = run(table.getvalue(), scheme=name)

    tree = rating.as_dict()
    wanted = [tree["status"], tree["stars"], tree["total"], tree["base"]]
    assert [rows[0][name] for name in ("status", "stars", "total", "base")] == [
        "" if value is None else str(value) for value in wanted
    ]
    assert bool(rows[0]["failed"]) == bool(tree["failed"] or tree["blanks"])
