"""Fields that the forms of this room share."""

from django import forms

from activities.queries.hosts import host_choices
from party.models import PartyOrganisation

DAY_FORMATS = ["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日", "%Y.%m.%d"]


class DayField(forms.DateField):
    """A day, from the browser's own calendar or typed as clerks write it."""

    def __init__(self, **options):
        options.setdefault(
            "widget",
            forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "class": "inp inp-mid"}),
        )
        super().__init__(input_formats=DAY_FORMATS, **options)


class ClockField(forms.TimeField):
    """A time of day."""

    def __init__(self, **options):
        options.setdefault("required", False)
        widget = forms.TimeInput(format="%H:%M", attrs={"type": "time", "class": "inp inp-num"})
        super().__init__(widget=widget, input_formats=["%H:%M", "%H：%M", "%H%M"], **options)


class DutySelects(forms.Widget):
    """One list to choose from for each duty, and a free one more; all send the same name.

    Forty boxes to tick would hide the one that is wanted.
    """

    template_name = "activities/_duty_selects.html"
    choices: list = []
    FEWEST = 2

    def get_context(self, name, value, attrs):
        """Return what the template draws: a select for each chosen duty, at least two."""
        chosen = list(value or [])
        chosen += [""] * max(self.FEWEST - len(chosen), 1 if len(chosen) >= self.FEWEST else 0)
        context = super().get_context(name, value, attrs)
        context["widget"]["selects"] = [
            {"id": f"{attrs['id']}_{place}" if place else attrs["id"], "value": code}
            for place, code in enumerate(chosen)
        ]
        context["widget"]["groups"] = list(self.choices)
        return context

    def value_from_datadict(self, data, files, name):
        """Return the chosen codes, once each."""
        getter = data.getlist if hasattr(data, "getlist") else lambda key: data.get(key) or []
        return list(dict.fromkeys(code for code in getter(name) if code))

    def use_required_attribute(self, initial):
        """A free select stays free."""
        return False


class DutyField(forms.MultipleChoiceField):
    """The duties that an activity counts for, grouped by programme."""

    def __init__(self, **options):
        options.setdefault("label", "计入哪项任务")
        options.setdefault("required", False)
        super().__init__(widget=DutySelects, **options)


class HostField(forms.ModelChoiceField):
    """Who holds it: the association, or a Party organisation that the person may enter for."""

    def __init__(self, **options):
        super().__init__(
            label="主办",
            queryset=PartyOrganisation.objects.none(),
            required=False,
            empty_label="协会",
            widget=forms.Select(attrs={"class": "inp inp-mid"}),
            **options,
        )

    def offer_to(self, user) -> bool:
        """Offer the organisations in the person's sight; return whether there are any."""
        offered = host_choices(user)
        self.queryset = offered
        self.choices = [("", "协会"), *((o.pk, o.name) for o in offered)]
        return len(self.choices) > 1
