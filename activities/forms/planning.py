"""What people type about activities to come."""

from datetime import date, datetime, time, timedelta

from django import forms
from django.db.models import TextChoices
from django.utils.timezone import get_default_timezone, localtime

from activities.actions import DraftRow, Schedule
from activities.enums import Audience, CharityCode, JointCode, Kind
from activities.forms.fields import ClockField, DayField, DutyField, HostField
from activities.models import Activity, Obligation
from activities.plan_draft import same_weekday
from activities.queries.duties import duty_choices
from activities.queries.planning import Scope

MOST_REPEATS = 60
END_OF_DAY = time(23, 59)


class Repeat(TextChoices):
    NONE = "", "只这一次"
    WEEK = "week", "每周同一天"
    MONTH = "month", "每月同一个星期几"


class ScheduleForm(forms.Form):
    """An activity that is to be held, once or again and again."""

    duties = DutyField(help_text="一般选一项；规则允许合并的可以再选，例如义诊和“一志愿”。")
    title = forms.CharField(
        label="活动名称", max_length=80, widget=forms.TextInput(attrs={"class": "inp"})
    )
    held_on = DayField(label="日期")
    starts_at = ClockField(label="开始")
    ends_at = ClockField(label="结束")
    place = forms.CharField(
        label="地点",
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp"}),
    )
    audience = forms.ChoiceField(
        label="对谁开放",
        help_text="内部安排只有协会和支部看得到；其余发布后药店在手机上报名。",
        choices=Audience.choices,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    places = forms.IntegerField(
        label="总名额",
        help_text="不填就不限。",
        required=False,
        min_value=1,
        max_value=100_000,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    places_per_shop = forms.IntegerField(
        label="每店最多几人",
        required=False,
        min_value=1,
        max_value=200,
        widget=forms.NumberInput(attrs={"class": "inp inp-num"}),
    )
    sign_up_until = DayField(
        label="报名截止日", help_text="到当天 24:00 为止；不填就到活动开始。", required=False
    )
    notice = forms.CharField(
        label="通知正文",
        help_text="要带什么、怎么到，药店报名前能看到。",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"class": "inp", "rows": 3}),
    )
    bonus = forms.ChoiceField(
        label="给参加药店计公益加分",
        choices=[("", "不计公益加分"), *CharityCode.choices],
        required=False,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    kind = forms.ChoiceField(
        label="类别",
        help_text="月历上的颜色；不选就按任务。",
        choices=[("", "按任务"), *Kind.choices],
        required=False,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    joint = forms.MultipleChoiceField(
        label="八联八通",
        required=False,
        choices=JointCode.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    repeat = forms.ChoiceField(
        label="重复",
        choices=Repeat.choices,
        required=False,
        widget=forms.Select(attrs={"class": "inp inp-mid"}),
    )
    repeat_until = DayField(label="重复到", required=False)

    host = HostField()

    def __init__(self, *args, user, obligation: Obligation | None = None, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["duties"].choices = duty_choices()
        if not self.fields["host"].offer_to(user):
            del self.fields["host"]
        if obligation is not None:
            self.fields["held_on"].widget.attrs |= {
                "min": obligation.counts_from.isoformat(),
                "max": obligation.counts_until.isoformat(),
            }

    @classmethod
    def initial_for(cls, obligation: Obligation | None, day: date | None) -> dict:
        """Return what is known when a person comes from a cell or from a day of the grid."""
        known = {"held_on": day} if day else {}
        if obligation is None:
            return known | {"audience": Audience.OFFICE}
        duty = obligation.duty
        is_open = duty.kind in {Kind.VOLUNTEER, Kind.TRAINING}
        return known | {
            "duties": [code for code in (duty.code, duty.usually_also) if code],
            "bonus": duty.suggested_bonus,
            "title": f"{obligation.period}{duty.name.removeprefix('一')}",
            "host": obligation.organisation_id,
            "audience": Audience.MEMBERS if is_open else Audience.OFFICE,
        }

    @classmethod
    def initial_of(cls, activity: Activity) -> dict:
        """Return what is planned now, for a change."""
        direct = set(cls.base_fields) - {"duties", "joint", "host", "repeat", "repeat_until"}
        until = activity.sign_up_until
        return {name: getattr(activity, name) for name in direct} | {
            "host": activity.organisation_id,
            "sign_up_until": localtime(until).date() if until else None,
            "duties": list(activity.fulfilments.values_list("code", flat=True)),
            "joint": list(activity.joint_marks.values_list("code", flat=True)),
        }

    @property
    def shows_sign_up(self) -> bool:
        """Whether the part about sign-up is open: the activity is for shops, or has an error."""
        names = ("places", "places_per_shop", "sign_up_until", "notice")
        is_open = self["audience"].value() not in (None, "", Audience.OFFICE)
        return is_open or any(self[name].errors for name in names)

    def schedule(self) -> Schedule:
        """Return what was typed as the plain value that the act takes."""
        data = {name: self.cleaned_data.get(name) for name in Schedule.__dataclass_fields__}
        data["duties"], data["joint"] = tuple(data["duties"]), tuple(data["joint"])
        if data["sign_up_until"] is not None:
            data["sign_up_until"] = datetime.combine(
                data["sign_up_until"], END_OF_DAY, tzinfo=get_default_timezone()
            )
        return Schedule(**data)

    def days(self) -> list[date]:
        """Return the days of the activity, the repeated ones included."""
        first, repeat = self.cleaned_data["held_on"], self.cleaned_data["repeat"]
        last = self.cleaned_data["repeat_until"] or first
        if not repeat:
            return [first]
        if repeat == Repeat.WEEK:
            count = (last - first).days // 7 + 1
            return [first + timedelta(weeks=n) for n in range(count)]
        days, month = [first], first
        while len(days) < MOST_REPEATS:
            following = (month.replace(day=1) + timedelta(days=32)).replace(day=1)
            month = _same_weekday_of(first, following)
            if month > last:
                break
            days.append(month)
        return days

    def clean(self) -> dict:
        """A repeated activity says until when, and not for ever."""
        data = super().clean()
        if data.get("repeat"):
            first, last = data.get("held_on"), data.get("repeat_until")
            if last is None:
                self.add_error("repeat_until", "请填重复到哪一天。")
            elif first and last < first:
                self.add_error("repeat_until", "重复到的日期要在第一次之后。")
            elif first and (last - first).days > MOST_REPEATS * 7:
                self.add_error("repeat_until", "一次最多排一年多一点，请把日期改近。")
        return data


def _same_weekday_of(first: date, month: date) -> date:
    """Return the day of ``month`` with the weekday of ``first``, counted alike."""
    shifted = same_weekday(first.replace(day=min(first.day, 28)), first.year)
    number = (first.day - 1) // 7
    found = month + timedelta(days=(shifted.weekday() - month.weekday()) % 7)
    found += timedelta(weeks=number)
    return found if found.month == month.month else found - timedelta(weeks=1)


class ScopeForm(forms.Form):
    """How far a change or a cancellation reaches."""

    scope = forms.ChoiceField(
        label="改哪些", choices=Scope.choices, initial=Scope.ONE, widget=forms.RadioSelect
    )


class PublishForm(forms.Form):
    """Whether the shops get a message."""

    tell = forms.BooleanField(label="同时给各药店负责人发消息", required=False)


class FixForm(forms.Form):
    """A word on why the plan is fixed now."""

    note = forms.CharField(
        label="说明",
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"class": "inp", "placeholder": "例如：理事会通过"}),
    )


class DraftForm:
    """The kept lines of a draft: ``keep``, and for each key ``day_<key>`` and ``title_<key>``."""

    def __init__(self, posted) -> None:
        self.posted = posted
        self.errors: list[str] = []

    def rows(self) -> list[DraftRow]:
        """Return the kept lines; what cannot be read is left out and named in ``errors``."""
        field, rows = DayField(), []
        for key in self.posted.getlist("keep"):
            obligation = key.partition("-")[0]
            if not obligation.isdecimal():
                continue
            title = self.posted.get(f"title_{key}", "").strip()[:80]
            try:
                day = field.clean(self.posted.get(f"day_{key}", ""))
            except forms.ValidationError:
                self.errors.append(f"“{title or key}”的日期读不懂，请重新选。")
                continue
            if not title:
                self.errors.append(f"{day} 那一行没有名称。")
                continue
            rows.append(DraftRow(obligation=int(obligation), title=title, held_on=day))
        return rows
