"""A scheme that contradicts itself is refused, with every place named."""

import copy
import json
from decimal import Decimal

import pytest

from starrating.scheme_format import (
    CONTENT,
    SchemeError,
    canonical_json,
    document_hash,
    load,
    read_yaml,
)
from tests.starrating.schemes import SCHEMES

SOUND = read_yaml(
    """
format: 1
code: sound
name: 没有矛盾的方案
version: "1"
total: {full: 20, min: 0, max: 25}
sections:
- {code: s1, name: 制度, minutes: 3, items: [A1]}
- {code: s2, name: 陈列, minutes: 2, items: [A2]}
dimensions:
- code: A
  name: 自评
  points: 10
  scorer: owner
  stars: [{stars: 2, when: [{of: points, gte: 8}]}, {stars: 1, when: []}]
  items:
  - {code: A1, name: 制度, points: 6, method: deduct, each: 2}
  - code: A2
    name: 陈列
    points: 4
    method: level
    levels: [{name: 好, points: 4}, {name: 差, points: 0}]
- code: B
  name: 监管
  points: 10
  scorer: department
  stars: [{stars: 2, when: [{of: points, gte: 8}]}, {stars: 1, when: []}]
  items:
  - {code: B1, name: 比率, points: 4, method: ratio, target: 1}
  - code: B2
    name: 实测
    points: 4
    method: measured
    steps: [{gte: 4, points: 4}, {gte: 2, points: 1}, {otherwise: true, points: 0}]
  - {code: B3, name: 计分, points: 2, method: points, min: -1, max: 3}
bonus:
  cap: 4
  max_extra_stars: 1
  lines:
  - {code: X1, name: 义诊, each: 1, cap: 3}
  - {code: X2, name: 捐赠, each: 1, cap: 3}
  switch_off: {lost_in: [A, B1], over: 5, exempt: [X2]}
vetoes:
- {code: V1, name: 售假, effect: no_star}
- {code: V2, name: 警告, effect: cap, cap: 1}
bands:
- {stars: 3, when: [{of: total, gte: 18}, {of: base, gte: 16}]}
- {stars: 2, when: [{of: total, gte: 15}, {of: dimension_ratio, code: A, gte: 0.5}]}
- {stars: 1, when: [{of: total, gte: 10}]}
statuses:
- {code: moved, name: 搬迁}
periods: {count: 2, combine: mean, names: [上半年, 下半年]}
"""
)
ADJUSTED = {
    "start": "A",
    "lowest": 1,
    "highest": 3,
    "steps": [
        {"dimension": "B", "gte": 2, "add": 2},
        {"dimension": "B", "lte": 1, "add": -1},
    ],
    "limits": [{"start": 1, "add": 1}],
}


def changed(*changes):
    """Return the sound document with changes: (path, value); value None takes the part away."""
    document = copy.deepcopy(SOUND)
    for path, value in changes:
        *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
        here = document
        for step in way:
            here = here[step]
        if value is None:
            del here[last]
        elif isinstance(last, int) and last == len(here):
            here.append(value)
        else:
            here[last] = value
    return document


def sentences(document):
    with pytest.raises(SchemeError) as refused:
        load(document)
    return {problem.place: problem.sentence for problem in refused.value.problems}


def test_the_sound_document_is_sound():
    assert load(SOUND).name == "没有矛盾的方案"


@pytest.mark.parametrize("path", sorted(SCHEMES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_is_sound(path):
    assert load(read_yaml(path.read_text(encoding="utf-8"))).dimensions


A1, A2 = "dimensions.0.items.0", "dimensions.0.items.1"
B1, B2, B3 = "dimensions.1.items.0", "dimensions.1.items.1", "dimensions.1.items.2"
CONTRADICTIONS = {
    # weights
    "dimensions that do not add up": (
        [("total.full", 21)],
        "dimensions",
        "各部分满分合计应为 21 分，现为 20 分。",
    ),
    "items that do not add up": (
        [("dimensions.0.points", 11), ("total.full", 21)],
        "dimensions.A",
        "“自评”（A）的满分写的是 11 分，各项合计却是 10 分。",
    ),
    "shares of some": (
        [("dimensions.0.share", Decimal("0.5"))],
        "dimensions",
        "有的部分写了占比，有的没有；请全部写占比或全部不写。",
    ),
    "shares that are not a whole": (
        [("dimensions.0.share", Decimal("0.5")), ("dimensions.1.share", Decimal("0.4"))],
        "dimensions",
        "各部分占比合计应为 1，现为 0.9。",
    ),
    "a dimension without points": (
        [("dimensions.0.points", 0), ("dimensions.1.points", 20)],
        "dimensions.A",
        "“自评”（A）的满分写的是 0 分，各项合计却是 10 分。",
    ),
    "means of different marks": (
        [("dimensions.0.combine", "mean")],
        "dimensions.A.items.A2",
        "“自评”（A）取平均分，A2 的满分应与该部分一样为 10 分，现为 4 分。",
    ),
    "a weight that is never read": (
        [(f"{A1}.weight", 2)],
        "dimensions.A.items.A1",
        "A1 写了权重，但“自评”（A）不是加权计分，权重永远用不到。",
    ),
    "a weight of nothing": (
        [("dimensions.0.combine", "weighted"), (f"{A1}.weight", 0)],
        "dimensions.A.items.A1",
        "A1 的权重应大于 0。",
    ),
    "a ceiling that is never met": (
        [("dimensions.1.ceiling", 11)],
        "dimensions.B",
        "“监管”（B）的上限 11 分不低于各项最多能得的分，永远用不到。",
    ),
    "a mean with a ceiling that is never met": (
        [
            ("dimensions.1.combine", "mean"),
            ("dimensions.1.ceiling", 99),
        ],
        "dimensions.B",
        "“监管”（B）的上限 99 分不低于各项最多能得的分，永远用不到。",
    ),
    "a small sample without its value": (
        [("dimensions.0.small_sample", {"below": 30, "use": "ratio"})],
        "dimensions.A",
        "“自评”（A）样本不足时的取值应写明，并在 0 到 1 之间。",
    ),
    "a small sample with a value that is never read": (
        [(f"{A1}.small_sample", {"below": 3, "use": "missing", "value": 1})],
        "dimensions.A.items.A1",
        "A1样本不足时的取值永远用不到，请删去或改处理办法。",
    ),
    "a small sample worth more than the marks": (
        [(f"{A1}.small_sample", {"below": 3, "use": "points", "value": 7})],
        "dimensions.A.items.A1",
        "A1样本不足时的取值应写明，并在 0 到 6 之间。",
    ),
    # codes
    "an item code twice": (
        [(f"{B1}.code", "A1")],
        "items.A1",
        "编号 A1 用了不止一次，请改成不同的编号。",
    ),
    "a bonus that is also an item": (
        [("bonus.lines.0.code", "A1")],
        "bonus.A1",
        "编号 A1 既是评分项又是加分项，请改掉其中一个。",
    ),
    # items
    "an item that nobody scores": (
        [("dimensions.1.scorer", None)],
        "dimensions.B.items.B1",
        "B1 没有写由谁评分（scorer）。",
    ),
    "an item without points": (
        [(f"{A1}.points", 0)],
        "dimensions.A.items.A1",
        "A1 的最低分不低于满分，永远扣不到分。",
    ),
    "no levels": (
        [(f"{A2}.levels", None)],
        "dimensions.A.items.A2",
        "A2 是分档制，却没有写各档（levels）。",
    ),
    "two levels of one name": (
        [(f"{A2}.levels.1.name", "好")],
        "dimensions.A.items.A2",
        "A2 有两档都叫“好”。",
    ),
    "levels that miss the full marks": (
        [(f"{A2}.levels.0.points", 3)],
        "dimensions.A.items.A2",
        "A2 最高一档应为满分 4 分。",
    ),
    "levels below nothing": (
        [(f"{A2}.levels.1.points", -1)],
        "dimensions.A.items.A2",
        "A2 各档分值不能小于 0。",
    ),
    "no step to deduct": (
        [(f"{A1}.each", None)],
        "dimensions.A.items.A1",
        "A1 是扣分制，应写每处扣几分（each），并大于 0。",
    ),
    "a step greater than the marks": (
        [(f"{A1}.each", 7)],
        "dimensions.A.items.A1",
        "A1 每处扣 7 分，比能扣的分还多。",
    ),
    "a floor at the top": (
        [(f"{A1}.floor", 6)],
        "dimensions.A.items.A1",
        "A1 的最低分不低于满分，永远扣不到分。",
    ),
    "no target": (
        [(f"{B1}.target", None)],
        "dimensions.B.items.B1",
        "B1 是比率制，应写目标（target），并大于 0。",
    ),
    "low is good without an end": (
        [(f"{B1}.good", "low")],
        "dimensions.B.items.B1",
        "B1 是越低越好的比率，应写得 0 分的数值（zero_at），并大于目标。",
    ),
    "high is good with an end": (
        [(f"{B1}.zero_at", 2)],
        "dimensions.B.items.B1",
        "B1 是越高越好的比率，用不到 zero_at。",
    ),
    "nothing due though it always applies": (
        [(f"{B1}.none_due", "not_applicable")],
        "dimensions.B.items.B1",
        "B1 应有为 0 时按不适用处理，但该项不允许不适用（na）。",
    ),
    "no steps": (
        [(f"{B2}.steps", [{"otherwise": True, "points": 4}])],
        "dimensions.B.items.B2",
        "B2 是实测制，却没有写各档的界线（steps）。",
    ),
    "a gap below the last step": (
        [(f"{B2}.steps.2", None)],
        "dimensions.B.items.B2",
        "B2 最后一档应是“其余情况”（otherwise: true），否则有的数值落在各档之外，没有分值。",
    ),
    "steps in both directions": (
        [(f"{B2}.steps.1", {"lte": 2, "points": 1})],
        "dimensions.B.items.B2",
        "B2 的界线有的写不低于，有的写不高于，请统一。",
    ),
    "steps out of order": (
        [(f"{B2}.steps.1.gte", 5)],
        "dimensions.B.items.B2",
        "B2 的界线应由高到低排列，且不能重复。",
    ),
    "upward steps out of order": (
        [
            (
                f"{B2}.steps",
                [
                    {"lte": 3, "points": 4},
                    {"lte": 2, "points": 1},
                    {"otherwise": True, "points": 0},
                ],
            )
        ],
        "dimensions.B.items.B2",
        "B2 的界线应由低到高排列，且不能重复。",
    ),
    "steps up and down": (
        [(f"{B2}.steps.2.points", 2)],
        "dimensions.B.items.B2",
        "B2 各档分值忽高忽低，请按界线的顺序排列。",
    ),
    "steps that miss the full marks": (
        [(f"{B2}.steps.0.points", 3)],
        "dimensions.B.items.B2",
        "B2 最高一档应为满分 4 分。",
    ),
    "steps below nothing": (
        [(f"{B2}.steps.2.points", -1)],
        "dimensions.B.items.B2",
        "B2 各档分值不能小于 0。",
    ),
    "limits crossed": (
        [(f"{B3}.min", 5)],
        "dimensions.B.items.B3",
        "B3 的下限应低于上限。",
    ),
    "full marks outside the limits": (
        [(f"{B3}.max", 1)],
        "dimensions.B.items.B3",
        "B3 的满分 2 分不在下限和上限之间。",
    ),
    "low is good with other full marks": (
        [(f"{B3}.good", "low")],
        "dimensions.B.items.B3",
        "B3 是分数越低越好，分值应等于上限。",
    ),
    "a score outside the limits": (
        [(f"{B3}.one_of", [0, 4])],
        "dimensions.B.items.B3",
        "B3 可取的分数 4 不在下限和上限之间。",
    ),
    "a part that the method never reads": (
        [(f"{A1}.target", 1)],
        "dimensions.A.items.A1",
        "A1 的计分方法用不到“target”，请删去或改方法。",
    ),
    "a direction that the method never reads": (
        [(f"{A1}.good", "low")],
        "dimensions.A.items.A1",
        "A1 的计分方法用不到“good”，请删去或改方法。",
    ),
    "a pass mark of no key item": (
        [(f"{A1}.passes_at", 3)],
        "dimensions.A.items.A1",
        "A1 写了合格线，但不是关键项，合格线永远用不到。",
    ),
    "points finer than what is kept": (
        [(f"{A1}.each", Decimal("0.25"))],
        "dimensions.A.items.A1",
        "A1 写了 0.25 分，但每项只保留 1 位小数。",
    ),
    # sections
    "an own item in no section": (
        [("sections.1", None)],
        "sections.A2",
        "A2 由药店自评，但不在自评表的任何一部分里。",
    ),
    "an own item in two sections": (
        [("sections.1.items", ["A1", "A2"])],
        "sections.A1",
        "A1 同时在“制度”、“陈列”里，只能属于一个部分。",
    ),
    "a section with an unknown item": (
        [("sections.1.items", ["A2", "A9"])],
        "sections.s2",
        "“陈列”列了 A9，但没有这一项。",
    ),
    "a section with another's item": (
        [("sections.1.items", ["A2", "B1"])],
        "sections.s2",
        "“陈列”列了 B1，但这一项不由药店自评。",
    ),
    # bonus
    "a bonus of nothing": (
        [("bonus.lines.0.each", 0)],
        "bonus.X1",
        "加分项 X1 每次应加 0 分以上。",
    ),
    "a cap below one time": (
        [("bonus.lines.0.cap", Decimal("0.5"))],
        "bonus.X1",
        "加分项 X1 每次加 1 分，上限却只有 0.5 分，一次也加不满。",
    ),
    "an overall cap that never applies": (
        [("bonus.cap", 7)],
        "bonus.cap",
        "加分总上限 7 分高于各项上限之和 6 分，永远用不到。",
    ),
    "an overall cap of nothing": ([("bonus.cap", 0)], "bonus.cap", "加分总上限应大于 0。"),
    "a limit of extra stars that never applies": (
        [("bonus.max_extra_stars", 3)],
        "bonus.max_extra_stars",
        "加分最多提高 3 星的限制永远用不到，请改小。",
    ),
    "a switch that looks at nothing": (
        [("bonus.switch_off.lost_in", ["A", "Z"])],
        "bonus.switch_off",
        "停用加分的条件提到 Z，但没有这一部分或这一项。",
    ),
    "a switch that spares nothing": (
        [("bonus.switch_off.exempt", ["X9"])],
        "bonus.switch_off",
        "停用加分的例外提到 X9，但没有这个加分项。",
    ),
    "a switch that never moves": (
        [("bonus.switch_off.over", 14)],
        "bonus.switch_off",
        "扣分不可能超过 14 分，加分永远不会停用。",
    ),
    # vetoes
    "a cap without stars": (
        [("vetoes.1.cap", None)],
        "vetoes.V2",
        "否决项 V2 限制星级，应写最高几星（cap）。",
    ),
    "a cap at the top": (
        [("vetoes.1.cap", 3)],
        "vetoes.V2",
        "否决项 V2 限制为 3 星，永远限制不到。",
    ),
    "stars of a veto that caps nothing": (
        [("vetoes.0.cap", 1)],
        "vetoes.V1",
        "否决项 V1 不是限制星级，用不到 cap。",
    ),
    # total
    "a total of nothing": ([("total.full", 0)], "total.full", "总分的满分应大于 0。"),
    "limits of the total crossed": (
        [("total.min", 30)],
        "total",
        "总分的下限应低于上限。",
    ),
    "a limit of the total that never applies": (
        [("total.max", 26)],
        "total.max",
        "总分上限 26 分高于最多能得的 25 分，永远用不到。",
    ),
    # bands
    "no stars at all": (
        [("bands", None), ("vetoes", None), ("bonus.max_extra_stars", None)],
        "bands",
        "没有写星级条件（bands），也没有写星级调整（adjustments）。",
    ),
    "bands and adjustments": (
        [("adjustments", ADJUSTED)],
        "bands",
        "星级条件（bands）和星级调整（adjustments）只能写一种。",
    ),
    "a band out of reach": (
        [("bands.0.when.0.gte", 26)],
        "bands.3星",
        "3 星要求“总分不低于 26 分”，但最多只能得 25 分，永远达不到。",
    ),
    "bands out of order": (
        [("bands.0.stars", 1), ("vetoes.1", None)],
        "bands.2星",
        "2 星应排在 1 星之前，由高到低。",
    ),
    "a band harder than the one above": (
        [("bands.1.when.0.gte", 19)],
        "bands.2星",
        "2 星要求“总分不低于 19 分”，比 3 星的“总分不低于 18 分”还高。",
    ),
    "a band that never comes": (
        [("bands.1.when", [{"of": "total", "gte": 10}])],
        "bands.1星",
        "凡达到 1 星的也都达到 2 星，这一行永远轮不到。",
    ),
    "a band below one for everybody": (
        [("bands.1.when", [])],
        "bands.1星",
        "凡达到 1 星的也都达到 2 星，这一行永远轮不到。",
    ),
    "an unknown dimension": (
        [("bands.1.when.1.code", "Z")],
        "bands.2星",
        "条件提到“Z”，但没有这一部分。",
    ),
    "stars of a dimension without stars": (
        [
            ("bands.1.when.1", {"of": "dimension_stars", "code": "A", "gte": 1}),
            ("dimensions.0.stars", None),
        ],
        "bands.2星",
        "条件用到 A 的星级，但这一部分没有写星级。",
    ),
    "an unknown item": (
        [("bands.1.when.1", {"of": "item_points", "code": "Z", "gte": 1})],
        "bands.2星",
        "条件提到“Z”，但没有这一项。",
    ),
    "a word of a dimension's own table": (
        [("bands.1.when.1", {"of": "ratio", "gte": 1})],
        "bands.2星",
        "条件“ratio”只能写在一个部分自己的星级里。",
    ),
    "a gap between ranges": (
        [
            ("bands.0.when", [{"of": "total", "gte": 18, "lte": 25}]),
            ("bands.1.when", [{"of": "total", "gte": 15, "lt": 17}]),
        ],
        "bands.3星",
        "2 星到 16.9 分为止，3 星从 18 分开始，中间的分数没有着落。",
    ),
    "ranges that overlap": (
        [
            ("bands.0.when", [{"of": "total", "gt": 17, "lte": 25}]),
            ("bands.1.when", [{"of": "total", "gte": 15, "lte": 18}]),
        ],
        "bands.3星",
        "2 星和 3 星都包含 17.1 分，两行重叠。",
    ),
    "a range upside down": (
        [("bands.0.when", [{"of": "total", "gte": 18, "lte": 17}])],
        "bands.3星",
        "3 星的总分下限高于上限，永远达不到。",
    ),
    "a dimension's table that looks elsewhere": (
        [("dimensions.0.stars.0.when", [{"of": "total", "gte": 8}])],
        "dimensions.A.stars",
        "“自评”自己的星级只能看该部分的得分或得分率。",
    ),
    "a dimension's table out of order": (
        [("dimensions.0.stars.1.stars", 2)],
        "dimensions.A.stars.2星",
        "2 星应排在 2 星之前，由高到低。",
    ),
    # adjustments
    "adjustments without stars to start from": (
        [
            ("bands", None),
            ("bonus.max_extra_stars", None),
            ("adjustments", ADJUSTED),
            ("dimensions.1.stars", None),
        ],
        "adjustments",
        "星级调整用到 B 的星级，但没有这一部分，或它没有写星级。",
    ),
    "adjustments upside down": (
        [
            ("bands", None),
            ("bonus.max_extra_stars", None),
            ("vetoes.1", None),
            ("adjustments", {**ADJUSTED, "lowest": 3}),
        ],
        "adjustments",
        "最低星级应低于最高星级。",
    ),
    "a step of nothing": (
        [
            ("bands", None),
            ("bonus.max_extra_stars", None),
            (
                "adjustments",
                {
                    **ADJUSTED,
                    "steps": [
                        *ADJUSTED["steps"],
                        {"dimension": "B", "gte": 2, "add": 0},
                    ],
                },
            ),
        ],
        "adjustments",
        "“监管不低于 2 星”加减 0 星，永远没有作用。",
    ),
    "a step without its moment": (
        [
            ("bands", None),
            ("bonus.max_extra_stars", None),
            (
                "adjustments",
                {**ADJUSTED, "steps": [*ADJUSTED["steps"], {"dimension": "B", "add": 1}]},
            ),
        ],
        "adjustments",
        "B 的调整没有写在几星时适用（gte 或 lte）。",
    ),
    "a limit of steps that never applies": (
        [
            ("bands", None),
            ("bonus.max_extra_stars", None),
            ("adjustments", {**ADJUSTED, "limits": [{"start": 1, "add": 2}]}),
        ],
        "adjustments",
        "起点 1 星时最多加 2 星的限制永远用不到。",
    ),
    # statuses and periods
    "a status of the engine": (
        [("statuses.0.code", "rated")],
        "statuses.rated",
        "状态编号 rated 是系统用的，请换一个编号。",
    ),
    "more names than periods": (
        [("periods.names", ["一", "二", "三"])],
        "periods",
        "一年由 2 期组成，却写了 3 个名称。",
    ),
}


@pytest.mark.parametrize(
    ("changes", "place", "sentence"), CONTRADICTIONS.values(), ids=CONTRADICTIONS.keys()
)
def test_contradiction_is_refused_with_its_place(changes, place, sentence):
    found = sentences(changed(*changes))

    assert place in found, found
    with pytest.raises(SchemeError) as refused:
        load(changed(*changes))
    assert (place, sentence) in refused.value.problems
    assert sentence in str(refused.value)


def test_adjustments_alone_are_sound():
    changes = [("bands", None), ("bonus.max_extra_stars", None), ("adjustments", ADJUSTED)]

    assert load(changed(*changes)).adjustments.start == "A"


FORMS = {
    "a part missing": ([("total", None)], "全文", "“全文”缺少“total”。"),
    "a part of an item missing": (
        [(f"{A1}.method", None)],
        "dimensions.A.items.A1",
        "“dimensions.A.items.A1”缺少“method”。",
    ),
    "a foreign word": (
        [(f"{A1}.point", 3)],
        "dimensions.A.items.A1",
        "“dimensions.A.items.A1”里有不认识的内容“point”。",
    ),
    "a text for a number": (
        [(f"{A1}.points", "六")],
        "dimensions.A.items.A1.points",
        "“dimensions.A.items.A1.points”应为数字。",
    ),
    "a number for a text": (
        [("name", 3)],
        "name",
        "“name”应为文字。",
    ),
    "an unknown method": (
        [(f"{A1}.method", "guess")],
        "dimensions.A.items.A1.method",
        "“dimensions.A.items.A1.method”只能是 bool、level、deduct、ratio、measured、points 之一。",
    ),
    "another format": ([("format", 2)], "format", "“format”只能是 1。"),
    "a code with a space": (
        [(f"{A1}.code", "A 1")],
        "dimensions.A.items.A 1.code",
        "“dimensions.A.items.A 1.code”只能用字母、数字、横线和下划线，并以字母开头。",
    ),
    "an empty name": ([("name", "")], "name", "“name”不能为空。"),
    "no dimension": ([("dimensions", [])], "dimensions", "“dimensions”至少要有一行。"),
    "an item twice in a section": (
        [("sections.0.items", ["A1", "A1"])],
        "sections.s1.items",
        "“sections.s1.items”里有重复的内容。",
    ),
    "an effort of nothing": (
        [(f"{A1}.effort", 0)],
        "dimensions.A.items.A1.effort",
        "“dimensions.A.items.A1.effort”不能小于 1。",
    ),
    "an effort beyond": (
        [(f"{A1}.effort", 4)],
        "dimensions.A.items.A1.effort",
        "“dimensions.A.items.A1.effort”不能大于 3。",
    ),
    "a row without a code": (
        [("bands.0.stars", None)],
        "bands.第1行",
        "“bands.第1行”缺少“stars”。",
    ),
}


@pytest.mark.parametrize(("changes", "place", "sentence"), FORMS.values(), ids=FORMS.keys())
def test_wrong_form_is_refused_with_its_place(changes, place, sentence):
    assert sentences(changed(*changes))[place] == sentence


def test_what_is_no_document_is_refused():
    assert sentences(None) == {"全文": "“全文”应为一组名称和内容。"}


@pytest.mark.parametrize(
    ("text", "place"),
    [("a: [1, 2", "第 1 行"), ("a: 1\n b: 2\n", "第 2 行"), ("\x07", "全文")],
)
def test_what_is_no_yaml_is_refused_with_its_line(text, place):
    with pytest.raises(SchemeError) as refused:
        read_yaml(text)

    assert refused.value.problems[0].place == place


def test_yaml_reads_words_as_words_and_decimals_exactly():
    document = read_yaml("a: 0.1\nb: no\nc: 2026-01-01\nd: 012\ne: true\nf:\ng: ~\nh: -3.50\n")

    assert document == {
        "a": Decimal("0.1"),
        "b": "no",
        "c": "2026-01-01",
        "d": 12,
        "e": True,
        "f": None,
        "g": None,
        "h": Decimal("-3.50"),
    }


def test_canonical_json_is_one_text_for_one_content():
    assert canonical_json({"b": Decimal("1.50"), "a": ["甲"]}) == '{"a":["甲"],"b":"1.50"}'
    with pytest.raises(TypeError, match="set has no canonical form"):
        canonical_json({1})


def test_the_hash_survives_the_database():
    stored = json.loads(canonical_json(SOUND))

    assert document_hash(stored) == document_hash(SOUND)
    assert load(stored).hash == load(SOUND).hash


def test_the_schema_itself_is_well_formed():
    schema = json.loads((CONTENT / "scheme.schema.json").read_text(encoding="utf-8"))

    assert schema["additionalProperties"] is False
    assert set(schema["required"]) <= set(schema["properties"])
