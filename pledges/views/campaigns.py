"""The office’s doors: the campaigns, how far each has come, and who has not signed."""

from datetime import date

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association.errors import BusinessRuleError
from desk.queries import saved_filters
from members.queries import SHOP_LIST
from pledges import queries
from pledges.actions import campaigns
from pledges.forms import AreaFilterForm, CampaignForm
from pledges.models import Campaign, Pledge, follows_campaigns
from pledges.views.signing import own_pledges

ROWS = 50
DECEMBER = 12  # from here on people prepare the next year


@require_safe
@requires(Permission.PLEDGE_VIEW, somewhere=True)
def index(request):
    """The campaigns for the office; for a shop its own pledges."""
    today = timezone.localdate()
    if not follows_campaigns(request.user):
        return own_pledges(request, today)
    recent = (
        Campaign.objects.visible_to(request.user)
        .select_related("text")
        .order_by("-year", "-opened_at", "-pk")
    )
    pledges = Pledge.objects.visible_to(request.user)
    rows = [
        {"campaign": campaign, **queries.progress(pledges.filter(campaign=campaign))}
        for campaign in recent[:10]
    ]
    may_open = allowed(request.user, Permission.PLEDGE_MANAGE)
    context = {"rows": rows, "texts": queries.texts(request.user)[:10], "today": today}
    context["actions"] = [
        {"label": "违诺处理", "url": reverse("pledges:breaches"), "icon": "flag"},
        {"label": "公开承诺墙", "url": reverse("pledges:wall"), "icon": "external-link"},
    ]
    if may_open:
        context["offers"] = list(queries.offers_waiting(request.user)[:20])
        context["actions"].append(
            {"label": "代签授权", "url": reverse("pledges:mandates"), "icon": "license"}
        )
        context["actions"].append(
            {"label": "发起签署", "url": reverse("pledges:open"), "icon": "plus", "primary": True}
        )
    return render(request, "pledges/index.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PLEDGE_MANAGE)
def open_campaign(request):
    """The form that opens a campaign: first who will be asked, then the invitation itself."""
    kept = saved_filters(request.user, SHOP_LIST)
    chosen = next((one for one in kept if str(one.pk) == request.GET.get("filter")), None)
    initial = _next_campaign(request.user) | (chosen.parameters if chosen else {})
    form = CampaignForm(request.POST or None, initial=initial, texts=queries.texts(request.user))
    preview = None
    if form.is_valid():
        call = form.call()
        try:
            if "confirm" in request.POST:
                campaign = campaigns.open_campaign(
                    call, expected=_shown(request), by=request.user, now=timezone.now()
                )
                messages.success(
                    request,
                    f"已邀请 {campaign.pledges.count()} 家药店签署，负责人会收到站内消息。",
                )
                return redirect("pledges:campaign", pk=campaign.pk)
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        preview = queries.audience_preview(call.text, call.year, call.audience)
        preview["words"] = queries.audience_words(call.audience)
    context = {
        "form": form,
        "preview": preview,
        "kept": kept,
        "chosen": chosen,
        "crumbs": _crumbs("发起签署"),
    }
    return render(request, "pledges/open.html", context)


def _shown(request) -> int | None:
    """Return how many shops the preview on the page had, if the page says so."""
    seen = request.POST.get("seen", "")
    return int(seen) if seen.isascii() and seen.isdigit() else None


def _next_campaign(user) -> dict:
    today = timezone.localdate()
    latest = Campaign.objects.order_by("-year").first()
    is_late = today.month == DECEMBER
    year = today.year + (latest is not None and latest.year >= today.year and is_late)
    starts_on = max(date(year, 1, 1), today)
    return {
        "year": year,
        "starts_on": starts_on,
        "ends_on": date(year, 12, 31),
        "sign_by": max(date(year, 1, 31), starts_on),
        "text": queries.texts(user).first(),
    }


@require_safe
@requires(Permission.PLEDGE_VIEW, on=Campaign)
def campaign(request, campaign):
    """How far a campaign has come, by area, and who has not signed."""
    pledges = Pledge.objects.visible_to(request.user).filter(campaign=campaign)
    progress = queries.progress(pledges)
    form = AreaFilterForm(request.GET)
    view = "signed" if request.GET.get("view") == "signed" else "waiting"
    area = form.cleaned_data["area"] if form.is_valid() else None
    rows = (
        pledges.filter(signed_at__isnull=False).order_by("-signed_at", "pk")
        if view == "signed"
        else pledges.unsigned().order_by("pharmacy__area__order", "pharmacy__name_sort", "pk")
    )
    if area:
        rows = rows.filter(pharmacy__area=area)
    page = Paginator(rows.select_related("pharmacy__area", "pharmacy__unit"), ROWS).get_page(
        request.GET.get("page")
    )
    base = f"{reverse('pledges:campaign', args=[campaign.pk])}?area={area.code if area else ''}"
    today = timezone.localdate()
    context = {
        "campaign": campaign,
        "progress": progress,
        "form": form,
        "view": view,
        "page": page,
        "base": f"{base}&view={view}",
        "units": queries.progress_by_unit(pledges),
        "audience": queries.audience_words(campaign.audience),
        "is_open": today <= campaign.ends_on,
        "is_late": campaign.sign_by < today,
        "may_manage": allowed(request.user, Permission.PLEDGE_MANAGE, campaign),
        "tabs": [
            {
                "label": "还没签",
                "url": f"{base}&view=waiting",
                "count": progress["waiting"],
                "current": view == "waiting",
            },
            {
                "label": "已签署",
                "url": f"{base}&view=signed",
                "count": progress["signed"],
                "current": view == "signed",
            },
        ],
        "crumbs": _crumbs(str(campaign)),
    }
    return render(request, "pledges/campaign.html", context)


@require_POST
@requires(Permission.PLEDGE_MANAGE, on=Campaign)
def invite(request, campaign):
    """Invite shops that joined since."""
    try:
        invited = campaigns.invite(campaign, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        said = f"已补发 {invited} 家。" if invited else "营业中的药店都已在名单里，没有新增。"
        messages.success(request, said)
    return redirect("pledges:campaign", pk=campaign.pk)


@require_POST
@requires(Permission.PLEDGE_MANAGE, on=Pledge)
def remind_one(request, pledge):
    """Remind the owner of one shop."""
    pledges = Pledge.objects.visible_to(request.user).filter(pk=pledge.pk)
    return _remind(request, pledge.campaign, pledges)


@require_POST
@requires(Permission.PLEDGE_MANAGE, on=Campaign)
def remind(request, campaign):
    """Remind everybody who has not signed."""
    return _remind(request, campaign, Pledge.objects.visible_to(request.user))


def _remind(request, campaign, pledges):
    try:
        told = campaigns.remind(campaign, pledges=pledges, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        said = (
            f"已提醒 {told} 位负责人。"
            if told
            else "今天已经提醒过，或未签的药店还没有负责人账号；没有账号的请打印邀请单。"
        )
        messages.success(request, said)
    return redirect("pledges:campaign", pk=campaign.pk)


def _crumbs(here: str) -> list[dict]:
    return [{"label": "承诺与公示", "url": reverse("pledges:index")}, {"label": here}]
