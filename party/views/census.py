"""Pages of a census (亮身份): the campaign, its poster, settling, and the public form."""

import segno
from django.conf import settings
from django.contrib import messages
from django.core import signing
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import public_page, requires
from accounts.roles import Permission
from association.errors import BusinessRuleError
from party.actions import census as actions
from party.enums import CensusState
from party.forms import CensusForm, ReasonForm, ReportForm
from party.models import Census, CensusEntry, PartyMember, PartyOrganisation
from party.queries import members as queries
from party.queries.organisations import branches_under
from party.views.pages import crumb, form_page, posted_uuid, press

SIGNER = signing.Signer(salt="party.census")


def address_of(census: Census) -> str:
    """Return the signed address behind the code; a renewed code makes it worthless."""
    token = SIGNER.sign(census.code)
    return settings.PUBLIC_URL + reverse("party:report", args=[token])


@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def index(request):
    """The campaigns and what waits in each."""
    censuses = Census.objects.visible_to(request.user).select_related("organisation")
    rows = [
        {
            "census": census,
            "waiting": census.entries.filter(state=CensusState.WAITING).count(),
            "all": census.entries.count(),
        }
        for census in censuses.order_by("-starts_on", "-pk")
    ]
    places = PartyOrganisation.objects.visible_to(request.user).standing().exclude(kind="group")
    context = {"rows": rows, "today": timezone.localdate(), "places": places.order_by("pk")}
    return render(request, "party/censuses.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def start(request, organisation):
    """Begin a census."""
    today = timezone.localdate()
    text = queries.consent_text_in_force(today)
    form = CensusForm(
        request.POST or None,
        initial={"title": f"{today.year}年亮身份登记", "starts_on": today},
    )
    return form_page(
        request,
        form,
        lambda: actions.open_census(
            organisation, text=text, **form.cleaned_data, by=request.user, now=timezone.now()
        ),
        heading=f"发起亮身份登记：{organisation}",
        save="发起",
        back=reverse("party:censuses"),
        after=lambda made: reverse("party:census", args=[made.pk]),
        done="登记已发起，打印二维码张贴即可。",
        crumbs=[crumb("亮身份登记", "party:censuses"), crumb("发起")],
        situation="党员扫码登记，名单只有经办党务的人能看",
    )


@never_cache
@require_safe
@requires(Permission.PARTY_VIEW, on=Census)
def detail(request, census):
    """One campaign: its code, what waits with whom it may be, what was settled."""
    found = queries.entries_of(census)
    waiting = [
        {"entry": entry, "likely": queries.likely_members(entry, request.user)}
        for entry in found[CensusState.WAITING]
    ]
    context = {
        "census": census,
        "address": address_of(census),
        "waiting": waiting,
        "settled": [
            *found[CensusState.MATCHED],
            *found[CensusState.ADDED],
            *found[CensusState.NOT_OURS],
        ],
        "branches": branches_under([census.organisation_id]),
        "is_open": census.closed_at is None and timezone.localdate() <= census.ends_on,
        "counts": {state: len(rows) for state, rows in found.items()},
        "crumbs": [crumb("亮身份登记", "party:censuses"), crumb(census.title)],
    }
    return render(request, "party/census.html", context)


@require_safe
@requires(Permission.PARTY_VIEW, on=Census)
def poster(request, census):
    """The code on paper, to be put up at the counter."""
    address = address_of(census)
    context = {
        "census": census,
        "address": address,
        "code": segno.make(address, error="m", micro=False).svg_data_uri(border=1, scale=6),
        "back_url": reverse("party:census", args=[census.pk]),
    }
    return render(request, "party/poster.html", context)


@require_POST
@requires(Permission.PARTY_MANAGE, on=Census)
def renew(request, census):
    """Make the printed codes worthless."""
    return press(
        request,
        lambda: actions.renew_code(census, by=request.user, now=timezone.now()),
        done="二维码已更换，旧码扫不开了，请重新打印张贴。",
        back=reverse("party:census", args=[census.pk]),
    )


@require_POST
@requires(Permission.PARTY_MANAGE, on=Census)
def close(request, census):
    """End a campaign."""
    return press(
        request,
        lambda: actions.close_census(census, by=request.user, now=timezone.now()),
        done="登记已结束，还没核对的可以继续核对。",
        back=reverse("party:census", args=[census.pk]),
    )


@require_POST
@requires(Permission.PARTY_MANAGE, on=CensusEntry)
def match(request, entry):
    """The person is this member."""
    members = PartyMember.objects.visible_to(request.user)
    member = members.filter(pk=posted_uuid(request, "member")).first()
    if member is None:
        return _refused(request, entry, "先选定是名册里的哪一位。")
    return press(
        request,
        lambda: actions.match(entry, member, by=request.user, now=timezone.now()),
        done=f"{entry}已对上名册里的{member}。",
        back=reverse("party:census", args=[entry.census_id]),
    )


@require_POST
@requires(Permission.PARTY_MANAGE, on=CensusEntry)
def add(request, entry):
    """The person is new."""
    chosen = request.POST.get("organisation", "")
    places = PartyOrganisation.objects.visible_to(request.user)
    place = places.filter(pk=chosen).first() if chosen.isdecimal() and len(chosen) < 12 else None
    if place is None:
        return _refused(request, entry, "先选定登记到哪个党支部。")
    return press(
        request,
        lambda: actions.add(entry, place, by=request.user, now=timezone.now()),
        done=f"{entry}已登记到“{place}”，请打开记录补全。",
        back=reverse("party:census", args=[entry.census_id]),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=CensusEntry)
def dismiss(request, entry):
    """The person does not belong here."""
    return _with_reason(
        request,
        entry,
        actions.dismiss,
        heading=f"不属于本组织：{entry}",
        save="登记",
        done=f"{entry}已标为不属于本组织，手机号已清除。",
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=CensusEntry)
def unsettle(request, entry):
    """Take a mistaken settling back."""
    return _with_reason(
        request,
        entry,
        actions.unsettle,
        heading=f"重新核对：{entry}",
        save="重新核对",
        done=f"{entry}回到待核对。",
    )


def _refused(request, entry: CensusEntry, sentence: str):
    messages.error(request, sentence)
    return redirect("party:census", pk=entry.census_id)


def _with_reason(request, entry, act, *, heading, save, done):
    form = ReasonForm(request.POST or None)
    back = reverse("party:census", args=[entry.census_id])
    return form_page(
        request,
        form,
        lambda: act(entry, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading=heading,
        save=save,
        back=back,
        done=done,
        crumbs=[
            crumb("亮身份登记", "party:censuses"),
            {"label": entry.census.title, "url": back},
            crumb(heading),
        ],
    )


# ------------------------------------------------------------------ behind the code


@never_cache
@require_http_methods(["GET", "POST"])
@public_page
def report(request, token):
    """What a person reports about themselves: a form, a word of thanks, and no list of anybody."""
    try:
        code = SIGNER.unsign(token)
    except signing.BadSignature:
        raise Http404 from None
    census = queries.census_behind(code)
    if census is None:
        raise Http404
    form = ReportForm(request.POST or None)
    thanks = False
    if form.is_valid():
        if form.cleaned_data["website"]:  # a robot: it is thanked and forgotten
            thanks = True
        else:
            try:
                actions.report(census, _said(form), now=timezone.now())
            except BusinessRuleError as error:
                form.add_error(None, str(error))
            else:
                thanks = True
    context = {"census": census, "form": form, "thanks": thanks}
    status = 422 if form.errors else 200
    return render(request, "party/report.html", context, status=status)


def _said(form: ReportForm) -> actions.Report:
    data = form.cleaned_data
    return actions.Report(
        name=data["name"],
        workplace=data["workplace"],
        standing=data["standing"],
        phone=data["phone"],
        relation_here=form.relation_here(),
        home_organisation=data["home_organisation"],
        agrees=data["agrees"],
    )
