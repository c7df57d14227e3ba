"""What a person types on the owner's sheet, one form a part."""

from dataclasses import dataclass

from django import forms

from starrating.self_assessment import Line, Part

RATIO_SIDES = ("actual", "due")
LONGEST_SHORT_CHOICE = 6


class PartForm:
    """One section of the sheet as it arrives: answers and claims by item code.

    Not a Django form: its fields are the scheme's items. Names in the request are the item's
    code, ``<code>-actual`` and ``<code>-due`` for a ratio, ``<code>-na`` and
    ``<code>-reason`` for the claim that it does not apply. ``<name>-was`` is what stood in the
    box when the page was opened: a box that nobody touched says nothing, so that an old page
    never puts back what another phone has changed meanwhile.
    """

    def __init__(self, parts: list[Part], data) -> None:
        self.answers: dict[str, str] = {}
        self.na_reasons: dict[str, str] = {}
        self.seen: dict[str, str] = {}
        self.problems: dict[str, str] = {}
        for part in parts:
            for line in part.lines:
                self._read(line.item, data)

    def _read(self, item, data) -> None:
        code = item.code
        wants_na = bool(data.get(f"{code}-na"))
        reason = data.get(f"{code}-reason", "").strip()[:200]
        if (
            item.na
            and f"{code}-asked" in data
            and _is_touched(data, f"{code}-na", f"{code}-reason")
        ):
            if wants_na and not reason:
                self.problems[code] = "申请不适用，请写一句原因。"
            else:
                self.na_reasons[code] = reason if wants_na else ""
        if wants_na:
            return
        boxes = [f"{code}-{side}" for side in RATIO_SIDES] if item.method == "ratio" else [code]
        if not _is_touched(data, *boxes):
            return
        if f"{boxes[0]}-was" in data:
            self.seen[code] = "/".join(filter(None, (data.get(f"{box}-was") for box in boxes)))
        if item.method == "ratio" and f"{code}-actual" in data:
            actual, due = (data.get(f"{code}-{side}", "").strip() for side in RATIO_SIDES)
            if bool(actual) != bool(due):
                self.problems[code] = "实际和应有两个数都要填。"
            else:
                self.answers[code] = f"{actual}/{due}" if actual else ""
        elif code in data:
            self.answers[code] = data.get(code, "")


def _is_touched(data, *names: str) -> bool:
    """Whether one of the boxes holds something else than when the page was opened."""
    return any(
        f"{name}-was" not in data or data.get(name, "").strip() != data[f"{name}-was"].strip()
        for name in names
    )


@dataclass(frozen=True)
class Row:
    """One item ready for the page: the line, and what stands in its boxes."""

    line: Line
    answer: str
    actual: str
    due: str
    wants_na: bool
    reason: str
    problem: str
    papers: tuple
    known: str

    @property
    def was_actual(self) -> str:
        """The stored ratio's first number; the boxes may show something typed and refused."""
        return self.line.answer.partition("/")[0]

    @property
    def was_due(self) -> str:
        return self.line.answer.partition("/")[2]

    @property
    def choices(self) -> list[dict]:
        """The answers of a yes/no or level item, as the segmented control takes them."""
        item = self.line.item
        names = ["符合", "不符合"] if item.method == "bool" else [v.name for v in item.levels]
        return [{"value": n, "label": n, "checked": n == self.answer} for n in names]

    @property
    def has_long_choices(self) -> bool:
        """Whether the choices read better under one another on a phone."""
        return any(len(choice["label"]) > LONGEST_SHORT_CHOICE for choice in self.choices)


def rows_of(part: Part, *, typed, problems, papers, known) -> list[Row]:
    """Lay out a part for the page; after a refusal what was typed stays in its box.

    ``typed`` is the refused request (empty otherwise), ``problems`` maps items to sentences,
    ``papers`` to their evidence files, ``known`` to what the portal knows already.
    """
    rows = []
    for line in part.lines:
        code = line.item.code
        fact = known.get(code)
        told = line.answer or (fact.answer if fact else "")
        answer = typed.get(code, line.answer) if typed else told
        actual, _, due = line.answer.partition("/")
        rows.append(
            Row(
                line=line,
                answer=answer,
                actual=typed.get(f"{code}-actual", actual),
                due=typed.get(f"{code}-due", due),
                wants_na=bool(typed.get(f"{code}-na")) if typed else line.claims_na,
                reason=typed.get(f"{code}-reason", line.na_reason),
                problem=problems.get(code, ""),
                papers=tuple(papers.get(code, ())),
                known=fact.said if fact else "",
            )
        )
    return rows


class PaperForm(forms.Form):
    """A photo or scan beside one item."""

    item = forms.CharField(max_length=20)
    upload = forms.FileField(
        label="照片或扫描件", error_messages={"required": "请先选一张照片或一份 PDF。"}
    )
    caption = forms.CharField(max_length=100, required=False)


class SignedSheetForm(forms.Form):
    """The signed paper that stands behind a sheet typed by the secretariat."""

    signed_paper = forms.FileField(
        label="签字的自评表（照片或 PDF）",
        help_text="药店负责人签字后的纸质自评表。药店之后会在手机上确认一次。",
        error_messages={"required": "请上传药店签字的自评表，再提交。"},
    )
