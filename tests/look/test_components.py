"""The words and shapes of the components that carry a rule."""

from datetime import UTC, date, datetime

import pytest
from django.contrib.messages import INFO
from django.contrib.messages.storage.base import Message
from django.template import Context, Template, TemplateSyntaxError

from association import styleguide
from association.templatetags import ui

TODAY = date(2026, 11, 20)


def render(source: str, **context) -> str:
    return Template(source).render(Context(context))


@pytest.mark.parametrize(
    ("stars", "status", "word"),
    [
        (5, "rated", "五星"), (1, "rated", "一星"), ("4", "rated", "四星"), (0, "rated", "未达星"),
        (None, "rated", "未达星"), (None, "incomplete", "资料不全"), (4, "vetoed", "暂不授星"),
        (4, "suspended", "星级暂停"), (None, "too_new", "新店未评"), (None, "", "待评定"),
    ],
)  # fmt: skip
def test_stars_are_said_in_a_word(stars, status, word):
    assert word in render("{% stars n status %}", n=stars, status=status)


def test_no_star_is_never_drawn_as_empty_stars():
    assert "<svg" not in render("{% stars 0 %}{% stars None 'incomplete' %}")


def test_four_stars_are_four_filled_outlines_and_one_empty():
    drawn = ui.stars(4)
    assert (drawn["filled"].count("M"), drawn["empty"].count("M")) == (4, 1)


@pytest.mark.parametrize(
    ("until", "words", "tone"),
    [
        (date(2026, 11, 19), "已超 1 天", "over"),
        (date(2026, 11, 20), "今天截止", "over"),
        (datetime(2026, 11, 20, 9, tzinfo=UTC), "今天 17:00 前", "over"),
        (date(2026, 11, 21), "明天，11月21日前", "soon"),
        (date(2026, 11, 24), "11月24日前", "soon"),
        (date(2026, 12, 31), "12月31日前", ""),
        (None, "—", ""),
    ],
)
def test_a_deadline_is_said_in_words(until, words, tone, monkeypatch):
    monkeypatch.setattr(ui.timezone, "localdate", lambda: TODAY)
    drawn = ui.deadline(until)
    assert (drawn["words"], drawn["tone"]) == (words, tone)


def test_a_deadline_that_is_met_is_only_a_date(monkeypatch):
    monkeypatch.setattr(ui.timezone, "localdate", lambda: TODAY)
    assert ui.deadline(date(2026, 11, 1), done=True)["tone"] == ""


def test_dates_are_written_the_chinese_way():
    assert ui.cn_date(date(2026, 11, 20)) == "2026年11月20日"
    assert ui.cn_day(date(2026, 11, 24)) == "11月24日（周二）"
    assert ui.cn_date(None) == "—"
    assert ui.cn_date(datetime(2026, 11, 19, 17, tzinfo=UTC)) == "2026年11月20日"


@pytest.mark.parametrize(
    ("value", "text"),
    [("88.6", "88.6"), ("88.65", "88.7"), (-1.5, "−1.5"), (0, "0.0"), (None, "—"), ("", "—")],
)
def test_points_have_one_decimal_a_real_minus_and_no_zero_for_a_blank(value, text):
    assert ui.points(value) == text


def test_differences_carry_their_sign():
    assert [ui.signed(value) for value in ("1.5", "-0.4", "0", None)] == [
        "+1.5",
        "−0.4",
        "0.0",
        "—",
    ]


@pytest.mark.parametrize(
    ("phone", "shown"),
    [("13800000000", "138****0000"), ("+86 138 0000 0000", "138****0000"), ("", "未登记"),
     (None, "未登记"), ("5550123", "****23")],
)  # fmt: skip
def test_phone_numbers_are_masked(phone, shown):
    assert ui.mask_phone(phone) == shown


def test_a_bar_is_never_wider_than_its_frame_nor_negative():
    assert [ui.bar(v, 50)["percent"] for v in ("46.5", 60, -3, None)] == [
        "93.0",
        "100.0",
        "0.0",
        "0",
    ]


def test_units_draw_one_capsule_a_shop_and_say_the_counts():
    drawn = render("{% units counts legend=True %}", counts={5: 2, 0: 1, "veto": 1})
    assert drawn.count('class="u ') == 4
    assert "五星 2 家，未达星 1 家，涉否决 1 家" in drawn


def test_an_icon_is_drawn_in_place_and_an_unknown_one_is_a_mistake():
    assert "<path" in render('{% icon "check" %}')
    assert "aria-hidden" in render('{% icon "check" %}')
    assert 'aria-label="消息"' in render('{% icon "bell" label="消息" %}')
    with pytest.raises(TemplateSyntaxError):
        render('{% icon "no-such-icon" %}')


def test_a_state_is_a_sign_and_a_word():
    assert "退回补充" in render('{% state "returned" %}')
    assert "待合议" in render('{% state "unheard_of" "待合议" %}')


def test_a_score_explanation_shows_total_gap_lost_points_and_ways_back():
    page = render("{% score_explanation result '拟评' links %}", **styleguide.context())
    for words in ("88.6", "拟评四星", "距五星差 6.4 分", "−1.0", "怎样更进一步", "到五星"):
        assert words in page
    assert 'href="#main"' in page


def test_a_veto_never_hides_the_score_and_is_named_with_its_document():
    page = render("{% score_explanation vetoed %}", **styleguide.context())
    assert "88.6" in page
    assert "暂不授星" in page
    assert "示例市监处罚〔2026〕7 号" in page


def test_a_result_with_blanks_names_them():
    page = render("{% score_explanation incomplete %}", **styleguide.context())
    assert "还缺 1 项" in page
    assert "暗访评分" in page


def test_the_gap_names_the_condition_when_it_is_not_the_total():
    failed = {
        "stars": 5,
        "kind": "ratio",
        "label": "每个维度不低于 85%",
        "need": "0.85",
        "have": "0.74",
    }
    words = ui.gap_words({"status": "rated", "failed": failed})
    assert words == "距五星还差一条：每个维度不低于 85%"


def test_a_line_chart_leaves_a_missing_quarter_out_and_carries_its_numbers():
    page = render(
        "{% line_chart lines labels 0 100 '走势' %}",
        lines=[{"name": "部门监管", "tone": "d1", "values": [80, None, 90]}],
        labels=["1", "2", "3"],
    )
    assert page.count("—") == 1
    assert "部门监管 90.0" in page


def test_a_form_field_shows_label_hint_error_and_input_in_this_order():
    form = styleguide.ExampleForm({})
    page = str(form["licence"].as_field_group())
    places = [
        page.index(w)
        for w in ("药品经营许可证号", "在许可证正本", "请填写药品经营许可证号", "<input")
    ]
    assert places == sorted(places)
    assert 'aria-invalid="true"' in page
    assert 'id="id_licence_error"' in page
    assert "（可不填）" in str(form["note"].as_field_group())


@pytest.mark.parametrize(
    ("total", "scale", "words"),
    [(0, 1, "一格一店"), (240, 1, "一格一店"), (241, 2, "一格 2 家"), (10_000, 50, "一格 50 家")],
)
def test_one_capsule_stands_for_more_shops_where_there_are_many(total, scale, words):
    assert ui.unit_scale_of(total) == scale
    assert ui.unit_words({"5": total}) == words


def test_a_single_veto_among_thousands_keeps_its_capsule():
    rows = ui.units({"5": 9_999, "veto": 1})["rows"]
    assert [(row["word"], row["count"], len(row["range"])) for row in rows] == [
        ("五星", 9_999, 200),
        ("涉否决", 1, 1),
    ]


def test_periods_keep_their_order():
    drawn = ui.pips_of(["done", "over", "done", "now", "todo"], "一主题")
    assert drawn == {"marks": ["on", "stop", "on", "cur", ""], "label": "一主题 2 / 5"}


def test_what_was_removed_can_be_put_back_from_the_toast():
    page = render(
        '{% include "components/messages.html" %}',
        messages=[
            Message(INFO, "已移除 1 份材料。", extra_tags="undo:/ratings/evidence/1/restore/")
        ],
        csrf_token="token",
    )
    assert 'action="/ratings/evidence/1/restore/"' in page
    assert 'value="token"' in page
    assert "撤销" in page
