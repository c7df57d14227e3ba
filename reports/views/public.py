"""Pages without a login: the shop behind the code on the door, the star list, verification."""

from django.conf import settings
from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import public_page
from accounts.models import Area
from association.models import AuditSeal
from members.models import Pharmacy
from reports.queries import public
from starrating.models import Award, Cycle
from starrating.scheme_format import canonical_json

PAGE = 200
SEALS_SHOWN = 30


@require_safe
@public_page
def shop(request, token):
    """One shop as its customers see it."""
    pharmacy = get_object_or_404(Pharmacy.objects.on_register().with_place(), public_token=token)
    page = public.shop_page(pharmacy, today=timezone.localdate())
    return render(request, "reports/public/shop.html", {"page": page, "pharmacy": pharmacy})


@require_safe
@public_page
def stars(request):
    """Star shops by sub-district; filters stand in the address."""
    today = timezone.localdate()
    awards = public.star_awards(on=today)
    areas = list(Area.objects.order_by("order", "name"))
    area = next((a for a in areas if a.code == request.GET.get("area")), None)
    chosen = request.GET.get("stars", "")
    text = request.GET.get("q", "").strip()
    if area:
        awards = awards.filter(pharmacy__area=area)
    if chosen in {"1", "2", "3", "4", "5"}:
        awards = awards.filter(stars=int(chosen))
    if text:
        awards = public.search_awards(awards, text)
    rows = list(awards[: PAGE + 1])
    context = {
        "awards": rows[:PAGE],
        "has_more": len(rows) > PAGE,
        "areas": areas,
        "area": area,
        "stars": chosen,
        "text": text,
        "counts": public.star_counts(on=today),
    }
    return render(request, "reports/public/stars.html", context)


@require_safe
@public_page
def how(request):
    """How stars are given, from the scheme itself."""
    cycle = public.publicities().first()
    scheme = cycle.scheme if cycle else None
    context = {"scheme": scheme, "rules": scheme.rules if scheme else None}
    return render(request, "reports/public/how.html", context)


@require_safe
@public_page
def verify(request, token):
    """Is this certificate real, and does it hold today? The state comes first."""
    now = timezone.localtime()
    award = Award.objects.for_paper().filter(token=token).first()
    context = {"award": award, "now": now, "today": now.date()}
    if award is not None:
        context["code"] = public.live_code(award, now=now)
        context["page"] = public.shop_page(award.pharmacy, today=now.date())
    status = 200 if award else 404
    return render(request, "reports/public/verify.html", context, status=status)


@require_safe
@public_page
def publicity(request, pk):
    """The frozen list of a cycle with its days, its hash and where to object."""
    cycle = get_object_or_404(Cycle.objects.public().select_related("scheme"), pk=pk)
    if cycle.publicity_text is None:
        raise Http404
    areas: dict[str, list] = {}
    for line in cycle.publicity_text["lines"]:
        areas.setdefault(line["area"] or "未登记片区", []).append(line)
    context = {
        "cycle": cycle,
        "text": cycle.publicity_text,
        "areas": areas,
        "is_running": timezone.localdate() <= cycle.publicity_ends_on,
        "size": len(canonical_json(cycle.publicity_text)),
    }
    return render(request, "reports/public/publicity.html", context)


@require_safe
@public_page
def seals(request):
    """The newest seals of the audit trail: what anybody may note down and compare later."""
    context = {"seals": list(AuditSeal.objects.order_by("-number")[:SEALS_SHOWN])}
    return render(request, "reports/public/seals.html", context)


def front(request):
    """What a visitor without a login finds at the address itself."""
    context = {
        "counts": public.star_counts(on=timezone.localdate()),
        "publicities": public.publicities()[:3],
        "is_demo": settings.PORTAL_MODE == "demo",
    }
    return render(request, "reports/public/front.html", context)
