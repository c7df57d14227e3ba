"""What people write about a meeting of the association."""

from datetime import date

from django import forms

from activities.actions import AgendaLine, MinutesText, NewItem
from activities.forms.fields import DayField
from activities.models import Activity, Obligation

SPARE_LINES = 2
SPARE_ITEMS = 4
LONGEST_TITLE, LONGEST_TEXT, LONGEST_NAME = 120, 200, 40
INP, MID = {"class": "inp"}, {"class": "inp inp-mid"}


class MinutesForm(forms.Form):
    """Who was there, what was said to each point, who does what by when.

    The points come from the template of the duty; some empty lines are for what came up besides.
    """

    chair = forms.CharField(
        label="主持人", max_length=LONGEST_NAME, widget=forms.TextInput(attrs=MID)
    )
    recorder = forms.CharField(
        label="记录人", max_length=LONGEST_NAME, widget=forms.TextInput(attrs=MID)
    )
    present = forms.CharField(
        label="到会",
        max_length=1000,
        help_text="写姓名，用顿号隔开。",
        widget=forms.TextInput(attrs=INP),
    )
    away = forms.CharField(
        label="请假、缺席",
        max_length=500,
        required=False,
        help_text="写姓名和原因；没有就空着。",
        widget=forms.TextInput(attrs=INP),
    )

    def __init__(self, *args, lines: list[AgendaLine], names: list[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.names = names
        self.line_count = len(lines) + SPARE_LINES
        for number in range(self.line_count):
            line = lines[number] if number < len(lines) else AgendaLine("")
            self.fields[f"title_{number}"] = forms.CharField(
                label=f"议题 {number + 1}",
                max_length=LONGEST_TITLE,
                required=False,
                initial=line.title,
                widget=forms.TextInput(attrs=INP),
            )
            self.fields[f"said_{number}"] = forms.CharField(
                label="讨论与结论",
                max_length=4000,
                required=False,
                initial=line.said,
                widget=forms.Textarea(
                    attrs={"class": "inp", "rows": 2, "placeholder": "讨论与结论"}
                ),
            )
        for number in range(SPARE_ITEMS):
            self.fields[f"text_{number}"] = forms.CharField(
                label="做什么",
                max_length=LONGEST_TEXT,
                required=False,
                widget=forms.TextInput(attrs=INP),
            )
            self.fields[f"owner_{number}"] = forms.CharField(
                label="谁来做",
                max_length=LONGEST_NAME,
                required=False,
                widget=forms.TextInput(attrs={"class": "inp", "list": "names"}),
            )
            self.fields[f"due_{number}"] = DayField(label="哪天前", required=False)

    @staticmethod
    def initial_of(activity: Activity, last: Activity | None) -> dict:
        """Return what is written already, else who sat at the last meeting of this kind."""
        minutes = getattr(activity, "minutes", None)
        if minutes is not None:
            return {n: getattr(minutes, n) for n in ("chair", "recorder", "present", "away")}
        before = getattr(last, "minutes", None)
        return {n: getattr(before, n, "") for n in ("chair", "recorder", "present")}

    @staticmethod
    def lines_of(activity: Activity, duties: list[Obligation]) -> list[AgendaLine]:
        """Return the agenda as it was written, else that of the duty."""
        minutes = getattr(activity, "minutes", None)
        if minutes is not None:
            rows = minutes.agenda.order_by("order").values_list("title", "said")
            return [AgendaLine(*row) for row in rows]
        template = dict.fromkeys(title for duty in duties for title in duty.duty.agenda)
        return [AgendaLine(title) for title in template]

    def clean(self) -> dict:
        """A started line is finished: a text has a title, an item all its three parts."""
        data = super().clean()
        for number in range(self.line_count):
            if data.get(f"said_{number}") and not data.get(f"title_{number}"):
                self.add_error(f"title_{number}", "请写这一项是什么议题。")
        for number in range(SPARE_ITEMS):
            parts = {
                f"text_{number}": "请写做什么。",
                f"owner_{number}": "请写谁来做。",
                f"due_{number}": "请选哪天前办完。",
            }
            given = [name for name in parts if data.get(name) or name in self.errors]
            for name, said in parts.items():
                if given and name not in given:
                    self.add_error(name, said)
        return data

    def agenda_rows(self) -> list[tuple]:
        """Return the pairs of fields as the page draws them."""
        return [(self[f"title_{n}"], self[f"said_{n}"]) for n in range(self.line_count)]

    def item_rows(self) -> list[tuple]:
        """Return the fields of new items, three in a row."""
        return [
            (self[f"text_{n}"], self[f"owner_{n}"], self[f"due_{n}"]) for n in range(SPARE_ITEMS)
        ]

    def text(self) -> MinutesText:
        """Return what was typed as the plain value that the act takes."""
        data = self.cleaned_data
        return MinutesText(
            chair=data["chair"],
            recorder=data["recorder"],
            present=data["present"],
            away=data["away"],
            agenda=tuple(
                AgendaLine(data[f"title_{n}"], data[f"said_{n}"])
                for n in range(self.line_count)
                if data[f"title_{n}"]
            ),
            items=tuple(
                NewItem(data[f"text_{n}"], data[f"owner_{n}"], data[f"due_{n}"])
                for n in range(SPARE_ITEMS)
                if data[f"text_{n}"]
            ),
        )


class NoteForm(forms.Form):
    """What came of an item."""

    note = forms.CharField(
        label="办结情况",
        max_length=LONGEST_TEXT,
        required=False,
        help_text="一句话，例如“已发 62 家，回收回执 58 份”。",
        widget=forms.TextInput(attrs=INP),
    )


class HandOnForm(forms.Form):
    """Somebody else, or another day."""

    owner = forms.CharField(
        label="责任人",
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"class": "inp inp-mid", "list": "names"}),
    )
    due_on = DayField(label="完成期限")


class ConveneForm(forms.Form):
    """On which day a meeting is held."""

    day = DayField(label="日期")

    @staticmethod
    def usual_day(obligation: Obligation, today: date) -> date:
        """Return today within the days that count, else the nearest of them."""
        return min(max(today, obligation.counts_from), obligation.counts_until)
