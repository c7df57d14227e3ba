"""Two versions side by side: named cases, and laws over any two texts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pledges.text_diff import Wording, changes, marks, summary

A = Wording("law", 1, "守法经营", "持有效证照经营。")
B = Wording("quality", 2, "质量为先", "只从合法渠道进货。")
C = Wording("service", 3, "热心服务", "投诉在 3 个工作日内受理。")


def kinds(old, new):
    return [(change.kind, change.key) for change in changes(old, new)]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ([A, B], [A, B], [("same", "law"), ("same", "quality")]),
        ([A], [A, B], [("same", "law"), ("added", "quality")]),
        ([A, B], [B], [("same", "quality"), ("removed", "law")]),
        ([A, B, C], [C, A, B], [("moved", "service"), ("same", "law"), ("same", "quality")]),
        ([A], [Wording("law", 1, "守法经营", "另一句。")], [("changed", "law")]),
        ([], [], []),
    ],
    ids=["nothing", "one more", "one less", "one in front", "other words", "both empty"],
)
def test_changes_names_what_became_of_each_clause(old, new, expected):
    assert kinds(old, new) == expected


def test_a_clause_put_in_front_does_not_move_the_rest():
    new = Wording("new", 1, "新的一条", "内容。")

    assert kinds([A, B], [new, A, B]) == [("added", "new"), ("same", "law"), ("same", "quality")]


def test_marks_show_the_words_that_changed():
    assert marks("投诉在 3 个工作日内受理。", "投诉在 2 个工作日内受理。") == (
        ("kept", "投诉在 "),
        ("gone", "3"),
        ("new", "2"),
        ("kept", " 个工作日内受理。"),
    )


def test_marks_do_not_cut_a_replaced_word_at_a_chance_character():
    assert marks("门店的药师", "单位的店长") == (("gone", "门店的药师"), ("new", "单位的店长"))


@given(st.text(max_size=30), st.text(max_size=30))
def test_marks_hold_both_texts(old, new):
    found = marks(old, new)

    assert "".join(words for kind, words in found if kind != "new") == old
    assert "".join(words for kind, words in found if kind != "gone") == new


def test_summary_counts_in_words():
    other = Wording("law", 1, "守法", "持有效证照经营。")

    assert summary(changes([A, B], [other, C])) == "改 1 条，加 1 条，删 1 条"
    assert summary(changes([A], [A])) == "没有改动"
