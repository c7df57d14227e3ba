"""What is typed about marks: the source paper, the sheet, one shop's values."""

from collections.abc import Iterable, Mapping

from django import forms

from starrating.enums import MarkKind
from starrating.item_points import AnswerError, count_in
from starrating.mark_sheet import LONGEST_REASON, SAMPLE_MISSING, Mark, canonical_mark
from starrating.queries.marks import HandLine
from starrating.scheme_shape import Scheme

PAPER_KINDS = "image/jpeg,image/png,image/webp,application/pdf,.xlsx,.docx"
SHEET_KINDS = ".xlsx,.xls,.csv"
NOT_APPLICABLE = "不适用"


class SourceForm(forms.Form):
    """The paper that the marks rest on."""

    kind = forms.ChoiceField(
        label="评分类别",
        widget=forms.RadioSelect,
        error_messages={"required": "请选择评分类别。"},
    )
    title = forms.CharField(
        label="材料名称",
        help_text="写材料自己的标题，例如“2026 年度药品零售监督检查汇总表”。",
        max_length=100,
        widget=forms.TextInput(attrs={"class": "inp", "autocomplete": "off"}),
        error_messages={"required": "请写明材料名称。"},
    )
    document_number = forms.CharField(
        label="文号或编号",
        help_text="有就填，例如 示例市监〔2026〕12号；公益加分的材料必须填。",
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp inp-mid", "autocomplete": "off"}),
    )
    paper = forms.FileField(
        label="材料原件",
        help_text="盖章的扫描件或照片，PDF、图片、Word、Excel 都行，10 MB 以内。",
        required=False,
        widget=forms.FileInput(attrs={"class": "inp", "accept": PAPER_KINDS}),
    )

    def __init__(self, *args, kinds: Mapping[str, str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = list(kinds.items())

    def clean(self) -> dict:
        """A bonus names the paper by its number."""
        data = super().clean()
        if data.get("kind") == MarkKind.BONUS and not data.get("document_number", "").strip():
            self.add_error("document_number", "公益加分的材料要写文号或编号，例如证书编号。")
        return data

    @property
    def source(self) -> dict:
        """What the acts take."""
        data = self.cleaned_data
        return {
            "kind": data["kind"],
            "title": data["title"],
            "document_number": data["document_number"],
            "upload": data["paper"],
        }


class SheetForm(SourceForm):
    """A filled sheet, with the paper it was copied from."""

    sheet = forms.FileField(
        label="填好的评分表",
        help_text=".xlsx、.xls 或 .csv，20 MB 以内。先核对再写入，上传不会马上改动评分。",
        widget=forms.FileInput(attrs={"class": "inp", "accept": SHEET_KINDS}),
        error_messages={"required": "请选择填好的评分表。", "empty": "文件是空的，请重新选择。"},
    )
    field_order = ("kind", "sheet", "title", "document_number", "paper")


class MarksForm:
    """The values of one shop as they arrive, by item.

    Not a Django form: its fields are the scheme's items. Names in the request are the item's
    code, ``<code>-n`` for the number of cases, ``<code>-na`` where a number could not be
    given, ``<code>-reason`` why it does not apply. What is left blank stays as it is.
    """

    def __init__(self, lines: Iterable[HandLine], data, *, scheme: Scheme) -> None:
        self.marks: dict[str, Mark] = {}
        self.problems: dict[str, str] = {}
        for line in lines:
            if line.by_itself is not None:
                continue
            try:
                mark = self._typed(line, data)
                if mark is not None:
                    self.marks[line.item.code] = canonical_mark(line.item, mark, scheme)
            except AnswerError as error:
                self.problems[line.item.code] = f"{error}。"

    def _typed(self, line: HandLine, data) -> Mark | None:
        code = line.item.code
        text = data.get(code, "").strip()[:60]
        reason = data.get(f"{code}-reason", "").strip()[:LONGEST_REASON]
        sample = data.get(f"{code}-n", "").strip()[:9]
        if data.get(f"{code}-na") or text == NOT_APPLICABLE:
            if text not in ("", NOT_APPLICABLE):
                raise AnswerError("填了分值又勾了不适用，请只留一个")
            if not reason:
                raise AnswerError("不适用要写一句原因")
            return Mark(NOT_APPLICABLE, None, reason)
        if not text:
            return None
        if line.asks_sample and not sample:
            raise AnswerError(SAMPLE_MISSING)
        return Mark(text, count_in(sample, "样本数，请填 0 或正整数") if sample else None)
