"""Doors of signatures that need a second person: stamped papers, head offices, mandates."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from members.models import MemberUnit
from pledges import documents, queries
from pledges.actions import offers
from pledges.forms import MandateForm, ReasonForm, ScanForm
from pledges.models import Mandate, Offer, Pledge
from pledges.views.signing import password_again, sign_form
from pledges.workflow import PERMISSION_FOR


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Pledge)
def paper(request, pledge):
    """The pledge as a PDF to print, sign and stamp."""
    answer = HttpResponse(documents.paper(pledge), content_type="application/pdf")
    answer.headers["Content-Disposition"] = f'attachment; filename="pledge-{pledge.number}.pdf"'
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["hand_in"], on=Pledge)
def hand_in(request, pledge):
    """Print, stamp, scan, upload: the other way to sign."""
    form = ScanForm(request.POST or None, request.FILES or None)
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        try:
            scan = files.accept(
                form.cleaned_data["scan"], by=request.user, now=now, kinds=files.PAPERS
            )
            offers.hand_in(
                pledge, scan=scan, name=form.cleaned_data["name"], by=request.user, now=now
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "扫描件已上传，秘书处另一位同事核对后生效。")
            return redirect("pledges:detail", pk=pledge.pk)
    context = {
        "pledge": pledge,
        "form": form,
        "can_hand_in": "hand_in" in queries.acts_open_to(request.user, pledge),
        "heading": "盖章后上传",
        "back_url": reverse("pledges:detail", args=[pledge.pk]),
        "back_label": "承诺书",
    }
    return render(request, "pledges/hand_in.html", context)


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Offer)
def scan(request, offer):
    """The scan that was handed in."""
    return files.response(offer.scan, inline=True)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["sign_for"], on=Pledge)
def sign_for(request, pledge):
    """Sign as the head office; the shop has to confirm."""
    now = timezone.now()
    form = sign_form(request, pledge, None, now)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            offers.sign_for(
                pledge,
                ticked=form.ticked,
                confirmation=password_again(request, data["password"]),
                name=data["name"],
                drawing=data["drawing"],
                by=request.user,
                now=now,
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "已代签，门店负责人确认后生效。")
            return redirect("pledges:detail", pk=pledge.pk)
    context = {
        "pledge": pledge,
        "text": pledge.campaign.text,
        "form": form,
        "can_sign": "sign_for" in queries.acts_open_to(request.user, pledge),
        "button": "代门店签署",
        "is_for_shop": True,
        "heading": f"代签 {pledge.campaign.year} 年度承诺书",
        "back_url": reverse("pledges:index"),
        "back_label": "承诺书",
    }
    return render(request, "pledges/sign.html", context)


@require_POST
@requires(PERMISSION_FOR["accept"], on=Offer)
def accept(request, offer):
    """Find the stamped paper in order."""
    return _decided(request, offer, offers.accept, "已核对，承诺书生效。")


@require_POST
@requires(PERMISSION_FOR["refuse"], on=Offer)
def refuse(request, offer):
    """Send the paper back."""
    return _sent_back(request, offer, offers.refuse, "已退回，上传人会收到消息。")


@require_POST
@requires(PERMISSION_FOR["confirm"], on=Offer)
def confirm(request, offer):
    """Take the head office's signature as the shop's own."""
    return _decided(request, offer, offers.confirm, "已确认，承诺书生效，已在承诺墙公示。")


@require_POST
@requires(PERMISSION_FOR["decline"], on=Offer)
def decline(request, offer):
    """Refuse the head office's signature."""
    return _sent_back(request, offer, offers.decline, "已告知总部，您可以自己签署。")


def _decided(request, offer, act, said):
    try:
        act(offer, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("pledges:detail", pk=offer.pledge_id)


def _sent_back(request, offer, act, said):
    form = ReasonForm(request.POST)
    form.is_valid()
    reason = form.cleaned_data.get("reason", "")
    try:
        act(offer, reason=reason, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("pledges:detail", pk=offer.pledge_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.PLEDGE_MANAGE)
def mandates(request):
    """The companies whose head office may sign for their shops."""
    units = MemberUnit.objects.visible_to(request.user).order_by("name_sort", "pk")
    form = MandateForm(request.POST or None, request.FILES or None, units=units)
    now = timezone.now()
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            stored = files.accept(data["paper"], by=request.user, now=now, kinds=files.PAPERS)
            mandate = offers.record_mandate(
                data["unit"],
                paper=stored,
                starts_on=data["starts_on"],
                ends_on=data["ends_on"],
                by=request.user,
                now=now,
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{mandate}已登记，总部现在可以代签，门店仍要逐家确认。")
            return redirect("pledges:mandates")
    context = {
        "form": form,
        "mandates": queries.mandates(request.user),
        "today": timezone.localdate(now),
        "crumbs": [
            {"label": "承诺与公示", "url": reverse("pledges:index")},
            {"label": "代签授权"},
        ],
    }
    return render(request, "pledges/mandates.html", context)


@require_POST
@requires(Permission.PLEDGE_MANAGE, on=Mandate)
def end_mandate(request, mandate):
    """End a mandate today."""
    try:
        offers.end_mandate(mandate, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{mandate}已终止，已生效的承诺不受影响。")
    return redirect("pledges:mandates")


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Mandate)
def mandate_paper(request, mandate):
    """The paper behind a mandate."""
    return files.response(mandate.paper, inline=allowed(request.user, Permission.PLEDGE_MANAGE))
