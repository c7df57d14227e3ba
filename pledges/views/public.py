"""Without a login: the wall of pledges."""

from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guards import public_page
from members.models import Pharmacy
from pledges import queries
from pledges.forms import AreaFilterForm, CheckForm

ROWS = 50


@require_safe
@public_page
def wall(request):
    """The public wall: who stands by the pledge, by sub-district."""
    today = timezone.localdate()
    form = AreaFilterForm(request.GET)
    word = request.GET.get("q", "").strip()[:50]
    area = form.cleaned_data["area"] if form.is_valid() else None
    pledges = queries.wall(on=today)
    if area:
        pledges = pledges.filter(pharmacy__area=area)
    if word:
        pledges = pledges.filter(pharmacy__in=Pharmacy.objects.matching(word))
    page = Paginator(pledges, ROWS).get_page(request.GET.get("page"))
    campaign = queries.current_campaign(on=today)
    context = {
        "form": form,
        "word": word,
        "page": page,
        "campaign": campaign,
        "clauses": campaign.text.clauses.order_by("seq") if campaign else (),
        "named": queries.names_shown(on=today, to_public=True),
        "base": f"?area={area.code if area else ''}&q={word}",
    }
    return render(request, "pledges/wall.html", context)


@require_safe
@public_page
def wall_shop(request, token):
    """One shop on the wall with the clauses it stands by."""
    pledge = get_object_or_404(
        queries.wall(on=timezone.localdate()).select_related("campaign__text"),
        pharmacy__public_token=token,
    )
    context = {
        "pledge": pledge,
        "text": pledge.campaign.text,
        "clauses": pledge.campaign.text.clauses.order_by("seq"),
    }
    return render(request, "pledges/wall_shop.html", context)


@require_http_methods(["GET", "POST"])
@public_page
def verify(request, token):
    """Is this receipt real, and does the pledge hold today? Also checks a PDF that is handed in."""
    today = timezone.localdate()
    pledge = get_object_or_404(queries.signed_pledges(), receipt_token=token)
    is_sent = request.method == "POST"
    form = CheckForm(request.POST, request.FILES) if is_sent else CheckForm()
    verdict = None
    if is_sent and form.is_valid():
        verdict = queries.verdict_on_file(pledge, form.cleaned_data["receipt"])
    context = {
        "pledge": pledge,
        "text": pledge.campaign.text,
        "state": queries.public_state(pledge, on=today),
        "place": queries.place_of_signature(pledge),
        "receipts": pledge.receipts.order_by("-issue"),
        "form": form,
        "verdict": verdict,
    }
    return render(request, "pledges/verify.html", context)
