"""Inviting people: one at a shop or company, or printed sheets for many shops."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guards import requires
from accounts.roles import Permission
from association import jobs, keyset
from association.errors import BusinessRuleError
from desk.queries import profile
from members import actions, documents, queries
from members.forms import InviteForm, ShopFilterForm
from members.models import MemberUnit, Pharmacy
from members.views.shops import count_words, crumbs_of, query_without, view_named

# So many slips come on the page at once; more are a job that leaves a PDF.
ON_PAGE = 24
IN_ONE_JOB = 300


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_INVITE, on=Pharmacy)
def invite_to_shop(request, pharmacy):
    """Give a person a position at a shop and a link to log in."""
    crumbs = crumbs_of(pharmacy.unit, pharmacy)
    return _invite(request, pharmacy, crumbs, reverse("members:shop", args=[pharmacy.pk]))


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_INVITE, on=MemberUnit)
def invite_to_unit(request, unit):
    """Give a person a position at a company's head office and a link to log in."""
    return _invite(request, unit, crumbs_of(unit), reverse("members:unit", args=[unit.pk]))


def _invite(request, place, crumbs, back_url):
    form = InviteForm(request.POST or None, at=place)
    if form.is_valid():
        try:
            invited = actions.invite_person(
                place, **form.cleaned_data, by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            if invited.token:
                return _slips(request, [documents.slip(place, invited)], back_url)
            messages.success(request, f"{invited.user} 已有账号，用原来的密码就能进入“{place}”。")
            return redirect(back_url)
    context = {
        "form": form,
        "heading": "邀请人员",
        "situation": f"为“{place}”登记一位人员，并给出 14 天内有效的设密码链接。",
        "crumbs": crumbs,
        "back_url": back_url,
        "save": "登记并生成链接",
    }
    return render(request, "members/form.html", context)


@never_cache
@require_POST
@requires(Permission.PHARMACY_INVITE, on=Pharmacy)
def invite_owner(request, pharmacy):
    """Show the invitation slip for the owner of one shop; older slips end."""
    back_url = reverse("members:shop", args=[pharmacy.pk])
    try:
        invited = actions.invite_owner(pharmacy, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect(back_url)
    if not invited.token:
        messages.info(request, f"负责人 {invited.user} 已设好密码，不用再邀请。")
        return redirect(back_url)
    return _slips(request, [documents.slip(pharmacy, invited)], back_url)


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_INVITE)
def sheets(request):
    """Print invitation slips for the shops that the filters of the list name."""
    form = ShopFilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    visible = Pharmacy.objects.visible_to(request.user)
    lists = queries.views_of(visible, today=timezone.localdate())
    shops = queries.narrowed(lists[view_named(request, lists)], wanted).on_register()
    waiting = queries.without_open_owner(shops)
    counts = keyset.capped_counts({"shops": shops, "waiting": waiting})
    count = counts["waiting"]
    back_url = f"{reverse('members:list')}?{query_without(request)}"
    if request.method == "POST" and 0 < count <= IN_ONE_JOB:
        keys = list(waiting.order_by("area__order", "name_sort", "pk").values_list("pk", flat=True))
        now = timezone.now()
        if count <= ON_PAGE:
            found = Pharmacy.objects.select_related("unit").in_bulk(keys)
            slips = []
            for pk in keys:
                invited = actions.invite_owner(found[pk], by=request.user, now=now)
                slips.append(documents.slip(found[pk], invited))
            return _slips(request, slips, back_url)
        job = jobs.enqueue(
            "members.print_invitations",
            key=f"members.print_invitations:{request.user.pk}:{now.isoformat()}",
            payload={"shops": keys, "organisation": profile().name, "user_id": request.user.pk},
            by=request.user,
            now=now,
        )
        return redirect("desk:job", pk=job.pk)
    context = {
        "crumbs": [{"label": "会员与药店", "url": back_url}],
        "shops": count_words(counts["shops"]),
        "waiting": count_words(count),
        "count": count,
        "on_page": count <= ON_PAGE,
        "too_many": count > IN_ONE_JOB,
        "limit": IN_ONE_JOB,
        "back_url": back_url,
    }
    return render(request, "members/invitations.html", context)


def _slips(request, slips, back_url):
    context = {"slips": slips, "back_url": back_url}
    return render(request, "members/slips.html", context)
