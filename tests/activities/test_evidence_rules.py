import pytest

from activities.evidence_rules import EVERYTHING, OnFile, missing, wants_paper

VOLUNTEER = ["活动照片", "参与人", "时长", "受益人数"]


@pytest.mark.parametrize(
    ("asked", "on_file", "lacking"),
    [
        (VOLUNTEER, OnFile(), VOLUNTEER),
        (VOLUNTEER, OnFile(has_photo=True, has_list=True), ["时长", "受益人数"]),
        (VOLUNTEER, OnFile(has_photo=True, has_list=True, has_hours=True, has_heads=True), []),
        (["方案", "签到", "记录"], OnFile(has_list=True, has_minutes=True), ["方案"]),
        (["方案", "照片"], OnFile(filed=frozenset({"方案"})), ["照片"]),
        (["课件", "场次"], OnFile(filed=frozenset({EVERYTHING})), []),
        (["课件", "场次", "课件"], OnFile(), ["课件"]),
        ([], OnFile(), []),
    ],
    ids=["nothing", "half", "all facts", "meeting", "one filed", "bound together", "once", "none"],
)
def test_what_is_still_missing(asked, on_file, lacking):
    assert missing(asked, on_file) == lacking


def test_figures_need_no_paper():
    assert [name for name in VOLUNTEER if wants_paper(name)] == ["活动照片", "参与人"]
