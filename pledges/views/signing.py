"""The shop’s doors: its pledges, the receipt, signing."""

from datetime import datetime

from allauth.core import ratelimit
from django.contrib import messages
from django.core import signing as signed_words
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from association.templatetags.ui import cn_date
from pledges import documents, queries, signature_path
from pledges.actions import receipts, signing
from pledges.actions.signing import NotConfirmedError
from pledges.confirmation import PasswordAgain
from pledges.forms import ReasonForm, SignForm
from pledges.models import Pledge
from pledges.workflow import PERMISSION_FOR

OPENED = "pledges.opened"


def own_pledges(request, today):
    mine = (
        Pledge.objects.visible_to(request.user)
        .select_related("campaign__text", "pharmacy")
        .order_by("-campaign__year", "pharmacy__name_sort", "pk")
    )
    waiting = queries.waiting_for(request.user, on=today)
    ids = {pledge.pk for pledge in waiting}
    context = {
        "waiting": waiting,
        "to_sign_for": queries.to_sign_for(request.user, on=today),
        "others": [pledge for pledge in mine[:200] if pledge.pk not in ids],
        "heading": "承诺书",
        "back_url": "/",
        "back_label": "首页",
    }
    return render(request, "pledges/mine.html", context)


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Pledge)
def detail(request, pledge):
    """The receipt: what was promised, by whom, when and how; and what still waits for somebody."""
    offer = queries.pending_offer(pledge)
    acts = queries.acts_open_to(request.user, pledge)
    context = {
        "pledge": pledge,
        "text": pledge.campaign.text,
        "clauses": pledge.campaign.text.clauses.order_by("seq"),
        "acts": acts,
        "offer": offer,
        "reason_form": ReasonForm(),
        "is_own_offer": offer is not None and offer.offered_by_id == request.user.pk,
        "refused": queries.last_refusal(pledge),
        "breaches": queries.breaches(request.user).filter(pledge=pledge),
        "receipts": pledge.receipts.order_by("-issue"),
        "place": queries.place_of_signature(pledge),
        "verify_url": documents.verify_url(pledge) if pledge.receipt_token else "",
        "may_issue": queries.may_issue(request.user, pledge),
        "facts": _facts(pledge),
        "board": f"0 0 {signature_path.WIDTH} {signature_path.HEIGHT}",
        "heading": f"{pledge.campaign.year} 年度承诺书",
        "back_url": reverse("pledges:index"),
        "back_label": "承诺书",
    }
    return render(request, "pledges/detail.html", context)


def _facts(pledge) -> list[dict]:
    period = (pledge.campaign.starts_on, pledge.campaign.ends_on)
    rows = [
        {"name": "药店", "value": pledge.pharmacy.name},
        {"name": "编号", "value": pledge.number},
        {"name": "签署人", "value": pledge.signed_name},
    ]
    if pledge.signed_at:
        rows += [
            {"name": "签署方式", "value": pledge.get_way_display()},
            {"name": "身份确认", "value": pledge.get_confirmed_with_display()},
        ]
    return [*rows, {"name": "承诺期", "value": "至 ".join(map(cn_date, period))}]


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["sign"], on=Pledge)
def sign(request, pledge):
    """Read, tick each clause, sign with the finger or by name, say once more who it is."""
    now = timezone.now()
    draft = queries.draft_of(request.user, pledge)
    form = sign_form(request, pledge, draft, now)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            signing.sign(
                pledge,
                ticked=form.ticked,
                confirmation=password_again(request, data["password"]),
                name=data["name"],
                drawing=data["drawing"],
                opened_at=opened_at(request, pledge),
                by=request.user,
                now=now,
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "承诺书已签署，已在承诺墙公示。")
            return redirect("pledges:detail", pk=pledge.pk)
    context = {
        "pledge": pledge,
        "text": pledge.campaign.text,
        "form": form,
        "can_sign": "sign" in queries.acts_open_to(request.user, pledge),
        "is_awaiting": pledge.state == "awaiting",
        "least": pledge.campaign.min_reading_seconds,
        "draft_url": reverse("pledges:draft", args=[pledge.pk]),
        "paper_url": reverse("pledges:hand_in", args=[pledge.pk]),
        "button": "签署承诺书",
        "heading": f"签署 {pledge.campaign.year} 年度承诺书",
        "back_url": reverse("pledges:index"),
        "back_label": "承诺书",
    }
    return render(request, "pledges/sign.html", context)


def password_again(request, typed: str) -> PasswordAgain:
    """Return the password as a confirmation; raise once too many were tried in a minute.

    Same bound as where the log-in asks for a password again: a phone that lies about with its
    owner logged in is no place for guessing.
    """
    if not ratelimit.consume(request, action="reauthenticate", user=request.user):
        raise NotConfirmedError("密码试得太多了。请过一分钟再签，勾选的条款还在。")
    return PasswordAgain(typed)


def sign_form(request, pledge, draft, now) -> SignForm:
    """Return the form as typed, or with what was ticked before."""
    ticked = draft.ticked if draft else []
    initial = {f"clause_{key}": True for key in ticked}
    since = draft.opened_at if draft else now
    initial["opened"] = signed_words.dumps(
        [pledge.pk, request.user.pk, since.isoformat()], salt=OPENED
    )
    clauses = list(pledge.campaign.text.clauses.order_by("seq"))
    return SignForm(request.POST or None, clauses=clauses, initial=initial)


def opened_at(request, pledge) -> datetime | None:
    """Return when the server showed this page to this person, by its own signed word."""
    try:
        of, person, moment = signed_words.loads(request.POST.get("opened", ""), salt=OPENED)
    except signed_words.BadSignature:
        return None
    is_ours = (of, person) == (pledge.pk, request.user.pk)
    return datetime.fromisoformat(moment) if is_ours else None


@require_POST
@requires(PERMISSION_FOR["sign"], on=Pledge)
def draft(request, pledge):
    """Keep what is ticked so far; asked for by the page itself."""
    now = timezone.now()
    ticked = {
        name.removeprefix("clause_")
        for name, value in request.POST.items()
        if name.startswith("clause_") and value
    }
    try:
        signing.keep_draft(
            pledge,
            ticked=ticked,
            opened_at=opened_at(request, pledge) or now,
            by=request.user,
            now=now,
        )
    except BusinessRuleError as error:
        return JsonResponse({"refusal": str(error)}, status=409)
    return JsonResponse({"saved_at": timezone.localtime(now).strftime("%H:%M")})


@require_POST
@requires(Permission.PLEDGE_SIGN, on=Pledge)
def issue_receipt(request, pledge):
    """Make the receipt, or a further one that names the seal."""
    try:
        receipts.issue(pledge, draw=documents.receipt, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "回执已生成，可以下载。以前下载的回执仍然有效。")
    return redirect("pledges:detail", pk=pledge.pk)


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Pledge)
def receipt(request, pledge):
    """The latest issue of the receipt as a file."""
    latest = pledge.receipts.select_related("file").order_by("-issue").first()
    if latest is None:
        raise Http404("回执还没有生成。")
    return files.response(latest.file)
