"""What the engine refuses, and how the tree tells a result."""

import dataclasses
import json
from datetime import date
from decimal import Decimal

import pytest

from starrating.evidence_record import EvidenceError, evidence_json, evidence_to_dict
from starrating.reckoning import LARGEST_MEMORY, reckoner, remember
from starrating.scheme_format import DEFAULT_SCHEME, canonical_json, load, read_yaml
from starrating.scoring import Evidence, Override, Value, Veto, rate
from tests.starrating.make_golden import best_shop
from tests.starrating.schemes import cases_of, evidence_of, scheme_named

SCHEME = load(read_yaml(DEFAULT_SCHEME.read_text(encoding="utf-8")))
BEST = best_shop(SCHEME)


def seen(**changes):
    """Return the evidence of the nearly perfect shop with other answers, None = no answer."""
    items = dict(BEST.items)
    for code, value in changes.items():
        if value is None:
            del items[code]
        else:
            items[code] = (items[code][0]._replace(value=value),)
    return dataclasses.replace(BEST, items=items)


def case_named(name, title):
    scheme = scheme_named(name)
    case = next(case for case in cases_of(name) if case["name"] == title)
    return rate(scheme, evidence_of(scheme, case))


def test_the_tree_has_the_shape_that_pages_read():
    tree = rate(SCHEME, BEST).as_dict()

    assert {name: tree[name] for name in ("status", "stars", "total", "base", "bonus", "full")} == {
        "status": "rated",
        "stars": 5,
        "total": "99.5",
        "base": "98.0",
        "bonus": "1.5",
        "full": "100",
    }
    assert tree["failed"] is None
    assert [(d["code"], d["points"], d["full"], d["ratio"]) for d in tree["dimensions"]] == [
        ("R", "38.0", "40", "0.9500"),
        ("S", "35.0", "35", "1.0000"),
        ("P", "25.0", "25", "1.0000"),
    ]
    assert tree["dimensions"][0]["items"][4] == {
        "code": "R05",
        "name": "执业药师或药学技术人员配备符合要求且营业时间在岗",
        "method": "deduct",
        "points": "2.0",
        "full": "4",
        "lost": "2.0",
        "status": "scored",
        "why": "1 处不符合，每处扣 2 分",
        "sources": [{"id": "mark/0", "kind": "department", "label": "", "value": "1"}],
        "rule": "item/R05@1.0-default",
        "basis": ["dal:52", "dal:58", "yinzhou", "gsp"],
    }
    assert tree["bonus_lines"] == [
        {
            "code": "B01",
            "name": "参加协会义诊",
            "times": "3",
            "each": "0.5",
            "points": "1.5",
            "cap": "2",
            "counted": "1.5",
            "why": "",
            "rule": "bonus/B01@1.0-default",
            "sources": [{"id": "activity/1", "kind": "system", "label": "", "value": "3"}],
        }
    ]
    assert tree["bands"][0] == {
        "stars": 5,
        "holds": True,
        "conditions": [
            {
                "kind": "total",
                "label": "总分不低于 95 分",
                "need": "95",
                "have": "99.5",
                "holds": True,
            },
            {
                "kind": "base",
                "label": "基础分不低于 92 分",
                "need": "92",
                "have": "98.0",
                "holds": True,
            },
            {
                "kind": "each_dimension_ratio",
                "label": "各部分得分率不低于 85%",
                "need": "0.85",
                "have": "0.9500",
                "holds": True,
            },
        ],
    }
    assert tree["regain"][0] == {
        "code": "B04",
        "name": "公益捐赠（不按金额排名）",
        "gain": "1.0",
        "effort": 1,
        "total_after": "100.5",
        "stars_after": 5,
        "how": "再做 2 次，每次加 0.5 分",
    }
    assert (tree["path"], tree["vetoes"], tree["blanks"]) == (None, [], [])
    assert tree["scheme"] == {"code": "default", "version": "1.0-default", "hash": SCHEME.hash}


def test_the_cheapest_path_to_the_next_star_is_told():
    rating = rate(SCHEME, dataclasses.replace(seen(S01="0", S05="4", S13="3"), bonus={}))
    tree = rating.as_dict()

    assert (tree["stars"], tree["total"]) == (4, "91.0")
    assert tree["failed"] == {
        "stars": 5,
        "kind": "total",
        "label": "总分不低于 95 分",
        "need": "95",
        "have": "91.0",
    }
    assert tree["path"] == {"codes": ["S01", "S05"], "effort": 2, "total_after": "95.0", "stars": 5}
    assert [way["code"] for way in tree["regain"][:2]] == ["S01", "S05"]
    assert tree["regain"][0]["how"] == "做到符合要求"


def test_a_value_that_does_not_count_is_shown_beside_the_one_that_does():
    items = {**BEST.items, "S01": (Value("self", "1", "sheet/1"), Value("reviewed", "0", "rev/1"))}

    tree = rate(SCHEME, dataclasses.replace(BEST, items=items)).as_dict()

    assert tree["dimensions"][1]["items"][0]["sources"] == [
        {"id": "rev/1", "kind": "reviewed", "label": "", "value": "0"},
        {"id": "sheet/1", "kind": "self", "label": "", "value": "1", "unused": True},
    ]


def test_a_claim_that_waits_shows_who_said_what():
    claim = Value("self", "NA", "sheet/1", "", None, "没有党员")
    tree = rate(SCHEME, Evidence(items={"S18": (claim,)})).as_dict()

    item = tree["dimensions"][1]["items"][17]
    assert (item["status"], item["points"], item["lost"]) == ("missing", None, None)
    assert item["sources"] == [
        {
            "id": "sheet/1",
            "kind": "self",
            "label": "",
            "value": "NA",
            "reason": "没有党员",
            "unused": True,
        }
    ]


def test_scaling_is_told_where_an_item_does_not_apply():
    rating = rate(
        SCHEME, Evidence(items={**BEST.items, "P09": (Value("public", "NA", reason="无"),)})
    )
    whole = rate(SCHEME, seen(P05="10/20"))
    items = {**seen(P05="10/20").items, "P09": (Value("public", "NA", n=None, reason="无夜班"),)}
    scaled = rate(SCHEME, Evidence(items=items)).as_dict()["dimensions"][2]

    assert rating.as_dict()["dimensions"][2]["points"] == "25.0"
    assert (rating.base, rating.bonus) == (98, 0)
    assert whole.as_dict()["dimensions"][2]["points"] == "23.5"
    # 22.5 of 24 becomes 23.4 of 25
    assert {name: scaled[name] for name in ("points", "earned", "applicable", "adjustment")} == {
        "points": "23.4",
        "earned": "22.5",
        "applicable": "24",
        "adjustment": "+0.9",
    }


def test_a_total_held_within_its_limits_says_so():
    tree = case_named("bonus_limits", "总分到上限为止").as_dict()

    assert tree["total_adjustment"] == {"points": "-1.0", "why": "总分超出上下限"}


def test_a_dimension_that_does_not_apply_says_what_it_did_to_the_base():
    tree = case_named("not_applicable_scaled", "整个部分都不适用，总分折算").as_dict()

    assert tree["base_adjustment"] == {
        "points": "+7.3",
        "why": "有不适用的部分，其余按满分折算",
    }


def test_a_year_shows_its_periods():
    tree = case_named("periods_mean", "停业的一期不进平均").as_dict()

    assert [(p["name"], p["status"], p["counts"]) for p in tree["periods"]] == [
        ("一季度", "rated", True),
        ("二季度", "exempt", False),
        ("三季度", "rated", True),
        ("四季度", "rated", True),
    ]
    assert tree["dimensions"][0]["why"] == "3 期的平均"
    assert tree["regain"] == []


def test_steps_of_an_adjustment_are_told():
    tree = case_named("adjustments", "一星起步最多加一星").as_dict()

    assert tree["steps"][0] == {"label": "人员不低于 4 星", "add": 1, "holds": True}
    assert tree["dimensions"][0]["stars"] == 1


def test_a_decision_stands_beside_what_was_computed():
    tree = case_named("override", "决定降为一星").as_dict()

    assert tree["computed"] == {"status": "rated", "stars": 2}
    assert tree["override"]["reason"] == "异议复核"
    assert tree["path"] is None


def test_a_veto_keeps_the_regain_list_without_promising_stars():
    rating = rate(SCHEME, dataclasses.replace(seen(), vetoes=(Veto("V02", "处罚", id="veto/1"),)))
    tree = rating.as_dict()

    assert {way["stars_after"] for way in tree["regain"]} == {None}
    assert tree["path"] is None
    assert tree["vetoes"] == [
        {
            "code": "V02",
            "name": "销售假药",
            "document": "处罚",
            "effect": "no_star",
            "cap": None,
            "from": None,
            "to": None,
            "source": "veto/1",
        }
    ]


def test_a_path_does_not_promise_more_than_a_veto_leaves():
    rating = case_named("vetoes", "限制高于所得时不起作用")

    assert rating.as_dict()["path"] is None
    assert {way["stars_after"] for way in rating.as_dict()["regain"]} == {1}


def test_two_results_of_one_source_are_refused():
    items = {"R01": (Value("department", "1", "mark/1"), Value("department", "0", "mark/2"))}

    with pytest.raises(EvidenceError, match="R01：同一来源有两个不同的结果，请先改成一个"):
        rate(SCHEME, Evidence(items=items))


def test_a_claim_that_an_item_does_not_apply_stands_above_a_value_of_the_same_source():
    values = (Value("self", "3"), Value("self", "NA", reason="没有党员"))
    forwards = rate(SCHEME, Evidence(items={"S18": values}), preview=True)
    backwards = rate(SCHEME, Evidence(items={"S18": values[::-1]}), preview=True)

    assert forwards.brief()["items"]["S18"] == "not_applicable"
    assert forwards.as_json() == backwards.as_json()


def test_two_equal_results_of_one_source_count_once():
    values = (Value("department", "1", "mark/2"), Value("department", "1", "mark/1"))
    forwards = rate(SCHEME, Evidence(items={"R01": values}))
    backwards = rate(SCHEME, Evidence(items={"R01": values[::-1]}))

    assert forwards.as_json() == backwards.as_json()


@pytest.mark.parametrize(
    ("evidence", "code", "sentence"),
    [
        (Evidence(items={"X": (Value("self", "1"),)}), "X", "方案里没有这一项"),
        (Evidence(bonus={"X": (Value("self", "1"),)}), "X", "方案里没有这个加分项"),
        (
            Evidence(bonus={"B01": (Value("system", "-1"),)}),
            "B01",
            "“-1”不是次数，请填 0 或正整数",
        ),
        (Evidence(vetoes=(Veto("V99", "甲"),)), "V99", "方案里没有这个否决项"),
        (Evidence(status="lost"), "status", "方案里没有“lost”这个状态"),
        (
            Evidence(items={"R12": (Value("department", "NA", reason="无"),)}),
            "R12",
            "这一项不能填“不适用”",
        ),
    ],
    ids=["item", "bonus", "times", "veto", "status", "not applicable"],
)
def test_evidence_that_cannot_be_rated_is_refused(evidence, code, sentence):
    with pytest.raises(EvidenceError) as refused:
        rate(SCHEME, evidence)

    assert refused.value.problems == {code: sentence}


def test_a_cleared_answer_is_a_blank():
    items = {"R01": (Value("department", ""),), "S01": (Value("reviewed", ""), Value("self", "1"))}
    waiting = {code: who for code, _, who in rate(SCHEME, Evidence(items=items)).blanks}

    assert waiting["R01"] == "department"
    assert waiting["S01"] == "reviewer"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"reason": " "}, "改变星级的决定要写明理由和文件"),
        ({"document": ""}, "改变星级的决定要写明理由和文件"),
        ({"confirmed_by": ""}, "改变星级的决定要写明决定人和复核人"),
        ({"confirmed_by": "user/1"}, "改变星级的决定要由另一个人复核"),
        ({"stars": None}, "授星的决定要写明几星，不授星的不写"),
    ],
    ids=["no reason", "no document", "nobody", "one person", "no stars"],
)
def test_a_decision_without_its_form_is_refused(changes, sentence):
    decision = Override(1, "rated", "理由", "文件", "user/1", "user/2")
    evidence = dataclasses.replace(BEST, override=dataclasses.replace(decision, **changes))

    with pytest.raises(EvidenceError) as refused:
        rate(SCHEME, evidence)

    assert refused.value.problems == {"override": sentence}


@pytest.mark.parametrize(
    ("names", "problems"),
    [
        (("一季度", "五季度"), {"五季度": "方案里没有这一期"}),
        (("一季度", "一季度"), {"periods": "有一期给了两次"}),
    ],
    ids=["unknown", "twice"],
)
def test_periods_that_cannot_be_are_refused(names, problems):
    part = Evidence(status="exempt")

    with pytest.raises(EvidenceError) as refused:
        rate(scheme_named("periods_mean"), Evidence(periods=tuple((n, part) for n in names)))

    assert refused.value.problems == problems


@pytest.mark.parametrize(
    ("answers", "sentence"),
    [
        ({"YESNO": "也许"}, "“也许”不是“符合”或“不符合”（也可填 1 或 0）"),
        ({"LEVEL": "优"}, "没有“优”这一档，只能是“好”、“中”、“差”"),
        ({"DEDUCT": "-1"}, "“-1”不是不符合的处数，请填 0 或正整数"),
        ({"DEDUCT": "1.5"}, "“1.5”不是不符合的处数，请填 0 或正整数"),
        ({"DEDUCT": "三"}, "“三”不是不符合的处数，请填 0 或正整数"),
        ({"RATIO": "多"}, "“多”不是比率，请填数字或“18/20”这样的实际数/应有数"),
        ({"RATIO": "-1/2"}, "“-1/2”不是比率，请填数字或“18/20”这样的实际数/应有数，不能小于 0"),
        ({"RATIO": "95"}, "“95”大于 1，百分数请写成“95%”"),
        ({"TARGET": "0/0"}, "“0/0”的应有数量为 0，请核对；确实不适用的，填不适用并写明理由"),
        ({"ATLEAST": "高"}, "“高”不是数字"),
        ({"PLUS": "4"}, "“4”不在 -5 到 3 分之间"),
        ({"PLUS": "1e3"}, "“1e3”不是分数"),
    ],
    ids=lambda value: value if isinstance(value, str) else next(iter(value)),
)
def test_an_answer_that_does_not_fit_is_refused_and_never_zero(answers, sentence):
    scheme = scheme_named("items_methods")
    ((code, answer),) = answers.items()
    kind = {"LEVEL": "reviewed", "TARGET": "system", "ATLEAST": "public"}.get(code, "department")

    with pytest.raises(EvidenceError) as refused:
        rate(scheme, Evidence(items={code: (Value(kind, answer),)}))

    assert refused.value.problems == {code: sentence}


def test_a_score_that_is_not_one_of_those_allowed_is_refused():
    with pytest.raises(EvidenceError, match="“7”只能是 0、5、10、15、20、25 之一"):
        rate(scheme_named("fhrs"), Evidence(items={"hygiene": (Value("department", "7"),)}))


def test_where_low_is_good_the_way_up_is_downwards():
    values = {
        code: (Value("department", answer),)
        for code, answer in (
            ("hygiene", "10"),
            ("structural", "5"),
            ("confidence_in_management", "5"),
        )
    }
    tree = rate(scheme_named("fhrs"), Evidence(items=values)).as_dict()

    assert (tree["stars"], tree["total"]) == (4, "20")
    assert tree["regain"][0] == {
        "code": "hygiene",
        "name": "食品卫生",
        "gain": "10",
        "effort": 2,
        "total_after": "10",
        "stars_after": 5,
        "how": "降到 0 分",
    }
    assert tree["path"]["codes"] == ["hygiene"]


def test_nothing_due_can_take_an_item_out():
    document = read_yaml((DEFAULT_SCHEME).read_text(encoding="utf-8"))
    item = document["dimensions"][2]["items"][2]
    item.update(none_due="not_applicable", na=True)
    scheme = load(document)

    rating = rate(scheme, Evidence(items={"P03": (Value("public", "0/0"),)}))

    assert rating.brief()["items"]["P03"] == "not_applicable"


def test_low_scores_fail_a_key_item_from_above():
    document = read_yaml(
        """
format: 1
code: low-key
name: 低分为好的关键项
version: "1"
total: {full: 20, good: low}
dimensions:
- code: A
  name: 检查
  points: 20
  scorer: department
  items:
  - {code: K1, name: 甲, points: 10, method: points, good: low, key: true}
  - {code: K2, name: 乙, points: 10, method: points, good: low, key: true, passes_at: 5}
bands:
- {stars: 2, when: [{of: failed_key_items, lt: 1}]}
- {stars: 1, when: [{of: failed_key_items, lt: 2}]}
"""
    )
    scheme = load(document)

    def stars(first, second):
        values = {"K1": (Value("department", first),), "K2": (Value("department", second),)}
        return rate(scheme, Evidence(items=values)).stars

    assert [stars("0", "5"), stars("1", "5"), stars("0", "6"), stars("1", "6")] == [2, 1, 1, None]


def test_worst_year_of_low_scores_is_the_highest():
    document = read_yaml(
        """
format: 1
code: low-year
name: 低分为好的一年
version: "1"
total: {full: 10, good: low}
dimensions:
- code: A
  name: 检查
  points: 10
  items: [{code: K1, name: 甲, points: 10, method: points, good: low, scorer: department}]
periods: {count: 2, combine: worst}
bands:
- {stars: 1, when: [{of: total, lte: 9}, {of: worst_item, lte: 9}]}
"""
    )

    def year(combine, *scores):
        scheme = load({**document, "periods": {"count": 2, "combine": combine}})
        periods = tuple(
            (f"第 {n} 期", Evidence(items={"K1": (Value("department", score),)}))
            for n, score in enumerate(scores, 1)
        )
        return rate(scheme, Evidence(periods=periods))

    assert year("worst", "3", "7").total == Decimal("7.0")
    assert year("mean", "3", "7").numbers.worst == 7


def test_a_scheme_knows_its_items_by_code():
    assert SCHEME.item("R01").name == "证照齐全有效并在营业场所悬挂公示"
    with pytest.raises(KeyError):
        SCHEME.item("R99")


def test_a_shop_where_nothing_applies_has_no_total():
    scheme = load(
        read_yaml(
            """
format: 1
code: all-na
name: 都可以不适用
version: "1"
not_applicable: {rule: scale, need_reason: false}
total: {full: 10}
dimensions:
- code: A
  name: 检查
  points: 10
  combine: mean
  stars: [{stars: 1, when: [{of: ratio, gte: 0.5}]}]
  items: [{code: A1, name: 甲, points: 10, method: bool, scorer: department, na: true}]
adjustments:
  start: A
  lowest: 1
  highest: 3
  steps: [{dimension: A, gte: 1, add: 1}]
"""
        )
    )
    nothing = rate(scheme, Evidence(items={"A1": (Value("department", "NA"),)}))
    failed = rate(scheme, Evidence(items={"A1": (Value("department", "0"),)}))
    blank = rate(scheme, Evidence())

    assert (nothing.status, nothing.total) == ("incomplete", None)
    assert (failed.status, failed.stars) == ("below_bands", None)
    assert blank.as_dict()["possible"] == "10.0"


def test_canonical_evidence_is_the_same_text_written_fast_or_slowly():
    evidence = dataclasses.replace(
        BEST,
        items={
            **BEST.items,
            "S01": (Value("self", "1", n=3), Value("reviewed", 'a"b\\', "x", "标\n签", None, "因")),
            "S02": (),
            "S03": (Value("self", ""),),
        },
        vetoes=(Veto("V02", "乙", date(2026, 1, 1), date(2026, 2, 1), "veto/1"),),
        samples={"P": 3},
        on=date(2026, 1, 5),
    )

    assert evidence_json(evidence) == canonical_json(evidence_to_dict(evidence))
    assert json.loads(evidence_json(evidence))["on"] == "2026-01-05"
    assert canonical_json({"on": date(2026, 1, 5)}) == '{"on":"2026-01-05"}'
    assert evidence_json(Evidence()) == "{}"


def test_memories_of_the_engine_do_not_grow_without_end():
    memory = dict.fromkeys(range(LARGEST_MEMORY))

    remember(memory, "new", 1)

    assert memory == {"new": 1}


def test_a_dimension_that_does_not_apply_meets_every_condition_on_it():
    tree = case_named("adjustments", "质量不适用就不调整").as_dict()
    assert [step["holds"] for step in tree["steps"]] == [False, False, False, False]

    scheme = load(
        read_yaml(
            """
format: 1
code: na-stars
name: 不适用的部分
version: "1"
not_applicable: {rule: scale, need_reason: false}
total: {full: 20}
dimensions:
- code: A
  name: 检查
  points: 10
  scorer: department
  items: [{code: A1, name: 甲, points: 10, method: bool}]
- code: B
  name: 抽检
  points: 10
  scorer: department
  stars: [{stars: 1, when: [{of: ratio, gte: 0.5}]}]
  items: [{code: B1, name: 乙, points: 10, method: bool, na: true}]
bands:
- stars: 1
  when:
  - {of: dimension_stars, code: B, gte: 1}
  - {of: dimension_points, code: B, gte: 5}
  - {of: dimension_ratio, code: B, gte: 0.5}
  - {of: item_points, code: B1, gte: 5}
"""
        )
    )
    values = {"A1": (Value("department", "1"),), "B1": (Value("department", "NA"),)}
    tree = rate(scheme, Evidence(items=values)).as_dict()

    assert tree["stars"] == 1
    assert {gate["have"] for gate in tree["bands"][0]["conditions"]} == {"不适用"}


def test_an_answer_is_worked_out_once():
    item = reckoner(SCHEME).by_code["R04"]

    assert item.outcome("11/20") is item.outcome("11/20")
    assert item.outcome("11/20", 5) is item.outcome("11/20", 5)


def test_a_reckoner_is_made_once_for_a_scheme():
    assert reckoner(SCHEME) is reckoner(SCHEME)
