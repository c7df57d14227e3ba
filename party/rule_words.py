"""A rule's value as people read it, and the numbers in it that a superior may set. Pure."""

from typing import Any

KEY_WORDS: dict[str, str] = {
    "min": "每期至少几次",
    "max_units": "最多覆盖几家单位",
    "members_gte": "党员达到几名",
    "members_lt": "党员不到几名",
    "full_members_gte": "正式党员达到几名",
    "full_members_lt": "正式党员不足几名",
    "size_min": "委员最少几名",
    "size_max": "委员一般最多几名",
    "size_abs_max": "委员最多几名",
    "max": "一般最多几名",
    "abs_max": "最多几名",
    "months_gte": "满几个月",
    "months_max": "最长几个月",
    "years": "几年",
    "freq": "频次",
    "quorum": "到会",
    "pass": "通过",
    "attendees": "参加",
    "days_before": "提前几天",
    "plan_latest": "请示时间",
    "posts": "岗位",
    "deputy": "副职",
    "applicant": "申请",
    "approver": "批复",
    "filed_with": "备案",
    "need": "须经",
    "when": "情形",
    "principles": "原则",
    "forms": "形式",
    "before": "会前",
    "during": "会上",
    "after": "会后",
    "steps": "步骤",
    "usual": "一般在",
    "fixed_day": "时间",
    "on_demand": "可随时召开",
    "can_merge_with": "可合并",
    "grades": "等次",
    "excellent_max_share": "优秀最多",
    "base": "基数",
    "ballot": "投票",
    "probationary": "预备党员",
    "pairs": "对象",
    "min_per_year": "每年至少几次",
    "who": "对象",
    "to": "向谁",
    "leader": "负责人",
    "may_not": "不能",
    "none_for": "没有表决权",
    "suspended_for": "暂停表决权",
    "cause": "原因",
    "no_formal_transfer": "未转组织关系",
    "cannot_attend": "不能参加",
    "principle": "原则",
    "type_B_defaults": "前置研究事项",
    "bodies": "议事主体",
    "rule": "规定",
    "flags": "情形",
    "secretary": "书记",
    "non_member_leaders": "非党员负责人",
    "secretary_also": "书记兼任",
    "per": "选派",
    "may_cover_many": "可联系多家",
    "months_6": "满六个月",
    "from": "起算",
    "extend_times": "可延长几次",
    "extend_months_min": "延长最少几个月",
    "extend_months_max": "延长最多几个月",
}
VALUE_WORDS = {
    "quarterly": "每季",
    "monthly": "每月",
    "yearly": "每年",
    "Q4": "第四季度",
}
COMPARISONS = {">=": "不少于", ">": "超过"}


def is_number(value: Any) -> bool:
    """Return whether the value is a whole number; ``True`` is none."""
    return isinstance(value, int) and not isinstance(value, bool)


def number_leaves(value: Any) -> list[tuple[str, str, int]]:
    """Return the numbers of a value that a superior may set otherwise: field, words, number."""
    if is_number(value):
        return [("number", "数值", value)]
    if not isinstance(value, dict):
        return []
    return [
        (f"number_{key}", KEY_WORDS.get(str(key), str(key)), int(number))
        for key, number in value.items()
        if is_number(number)
    ]


def in_words(value: Any) -> str:
    """Return a value in words: 频次：每季；每期至少几次：1."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, dict):
        if {"op", "ratio", "base"} <= value.keys():
            return f"{value['base']}的 {value['ratio']}（{COMPARISONS[value['op']]}）"
        return "；".join(
            f"{KEY_WORDS.get(key, key)}：{in_words(item)}" for key, item in value.items()
        )
    if isinstance(value, list):
        return "、".join(in_words(item) for item in value)
    return VALUE_WORDS.get(value, str(value)) if isinstance(value, str) else str(value)
