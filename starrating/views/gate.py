"""The quality gate: the figures, the sample, and two signatures by two people."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association.errors import BusinessRuleError
from starrating.actions import notice
from starrating.forms.cycle import SecondSignatureForm, SignatureForm
from starrating.models import Cycle
from starrating.queries import cycle as queries
from starrating.queries.outcome import outcome_of, sample_of
from starrating.workflow import PERMISSION_FOR


@require_safe
@requires(Permission.CYCLE_VIEW, on=Cycle, somewhere=True)
def quality(request, cycle):
    """What the two who sign look at, and the form of the one whose turn it is."""
    first = cycle.gate_first_by_id is not None
    form = SecondSignatureForm(sample=cycle.gate_sample) if first else SignatureForm()
    return _page(request, cycle, form)


def _page(request, cycle: Cycle, form, status: int = 200):
    outcome = outcome_of(cycle, request.user)
    acts = queries.acts_open_to(request.user, cycle)
    ticked = set(form.data.getlist("checked")) if form.is_bound else set()
    context = {
        "cycle": cycle,
        "acts": acts,
        "outcome": outcome,
        "sample": [(row, str(row.pk) in ticked) for row in sample_of(cycle, request.user)],
        "form": form,
        "may_sign": bool({"sign_first", "gate"} & set(acts)),
        "is_own": cycle.gate_first_by_id == request.user.pk,
        "crumbs": [
            {"label": "星级评定", "url": reverse("starrating:cycles")},
            {"label": str(cycle), "url": reverse("starrating:cycle", args=[cycle.pk])},
        ],
    }
    return render(request, "starrating/cycles/quality.html", context, status=status)


@require_POST
@requires(PERMISSION_FOR["sign_first"], on=Cycle)
def sign_first(request, cycle):
    """Sign the figures as the secretariat; the sample is drawn."""
    form = SignatureForm(request.POST)
    if form.is_valid():
        try:
            done = notice.sign_first(
                cycle, **form.cleaned_data, by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
            cycle.refresh_from_db()
        else:
            said = f"第一签已签，抽样 {len(done.gate_sample)} 家，等复核员核对后第二签。"
            messages.success(request, said)
            return redirect("starrating:quality", pk=cycle.pk)
    return _page(request, cycle, form, status=422)


@require_POST
@requires(PERMISSION_FOR["gate"], on=Cycle)
def gate(request, cycle):
    """Sign second, after the sample was looked at: the figures may leave the office."""
    form = SecondSignatureForm(request.POST, sample=cycle.gate_sample)
    if form.is_valid():
        try:
            notice.gate(cycle, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
            cycle.refresh_from_db()
        else:
            messages.success(request, "第二签已签，质量审核通过。秘书处可以告知药店了。")
            return redirect("starrating:cycle", pk=cycle.pk)
    return _page(request, cycle, form, status=422)
