"""What a reviewer types beside a sheet, and how cases are given out."""

from django import forms

from accounts.models import User
from accounts.roles import Role


class DecisionForm(forms.Form):
    """The bar under the case: pass it or send it back, with words."""

    decision = forms.ChoiceField(choices=[("pass", "通过"), ("return", "退回补充")])
    opinion = forms.CharField(label="评审意见", max_length=500, required=False)

    def values(self, items) -> dict[str, str]:
        """What the reviewer found otherwise, by item."""
        return {code: self.data.get(f"v-{code}", "") for code in items}

    def notes(self, items) -> dict[str, str]:
        """What the shop must supply, by item."""
        return {code: self.data.get(f"n-{code}", "")[:500] for code in items}


class ReviewerForm(forms.Form):
    """Give one case to one reviewer."""

    reviewer = forms.ModelChoiceField(
        label="评审员",
        queryset=User.objects.none(),
        empty_label="请选择",
        error_messages={"required": "请选择评审员。"},
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reviewer"].queryset = reviewers()


def reviewers():
    """People who hold the reviewer's role today: a handful, never a growing table."""
    return (
        User.objects.filter(is_active=True, role_grants__in=_reviewer_grants())
        .distinct()
        .order_by("real_name", "pk")
    )


def _reviewer_grants():
    return User.role_grants.rel.related_model.objects.in_force().filter(role=Role.REVIEWER)
