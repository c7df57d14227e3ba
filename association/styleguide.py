"""What the style guide shows: the form and the states; the examples are content/styleguide.yaml."""

from datetime import date
from functools import cache
from pathlib import Path

import segno
import yaml
from django import forms
from django.utils.safestring import mark_safe

CONTENT = Path(__file__).parent / "content" / "styleguide.yaml"
TODAY = date(2026, 11, 20)
PAGES = {
    "workspace": "工作区",
    "phone": "药店首页",
    "phone-form": "自评",
    "public": "公众页",
    "print": "打印页",
}


class ExampleForm(forms.Form):
    """One field of every kind."""

    licence = forms.CharField(
        label="药品经营许可证号",
        help_text="在许可证正本右上角，例如 示例-DA-0000",
        error_messages={"required": "请填写药品经营许可证号"},
    )
    expires = forms.DateField(
        label="有效期至",
        widget=forms.DateInput(attrs={"type": "date", "class": "inp inp-mid"}),
        error_messages={"invalid": "有效期要晚于今天（2026年11月20日）"},
    )
    kind = forms.ChoiceField(
        label="经营类型", choices=[("single", "单体"), ("chain", "连锁")], required=False
    )
    scope = forms.MultipleChoiceField(
        label="经营范围",
        choices=[("otc", "非处方药"), ("rx", "处方药"), ("herb", "中药饮片")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    night = forms.ChoiceField(
        label="夜间售药",
        choices=[("yes", "有夜间窗口"), ("no", "没有")],
        widget=forms.RadioSelect,
        required=False,
    )
    note = forms.CharField(label="想说明的话", widget=forms.Textarea, required=False)
    agree = forms.BooleanField(label="以上内容与店内实际一致", required=False)


@cache
def examples() -> dict:
    """Return the invented examples, read once."""
    return yaml.safe_load(CONTENT.read_text(encoding="utf-8"))


def context() -> dict:
    """Return everything the pages of the style guide show."""
    given = examples()
    result = given["result"]
    unrated = {"stars": None, "failed": None, "regain": []}
    return given | {
        "today": TODAY,
        "check_in_picture": _picture("https://portal.example/c/992084"),
        "form": ExampleForm({"expires": "昨天", "kind": "single"}),
        "vetoed": result | unrated | {"status": "vetoed", "vetoes": given["vetoes"]},
        "incomplete": result
        | unrated
        | {
            "status": "incomplete",
            "total": None,
            "dimensions": result["dimensions"][:1],
            "blanks": [{"code": "P05", "name": "暗访评分", "waiting_for": "public"}],
        },
    }


def _picture(text: str) -> str:
    drawn = segno.make(text, error="m").svg_inline(
        svgclass="qr-code", lineclass=None, border=2, omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308 -- drawn by segno out of a word of our own
