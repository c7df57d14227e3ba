"""Pages without a login: the shop behind the code on the door, the star list, verification."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.guards import public_page
from accounts.models import Area
from association.models import AuditSeal
from members.models import Pharmacy
from reports import documents
from reports.queries import public
from starrating.models import Award, Cycle

PAGE = 200
SEALS_SHOWN = 30


@require_safe
@public_page
def shop(request, token):
    """One shop as its customers see it."""
    pharmacy = get_object_or_404(Pharmacy.objects.on_register().with_place(), public_token=token)
    now = timezone.localtime()
    page = public.shop_page(pharmacy, now=now)
    context = {"page": page, "pharmacy": pharmacy, "now": now}
    return render(request, "reports/public/shop.html", context)


@require_safe
@public_page
@cache_control(public=True, max_age=86400)
def code_picture(request, token):
    """The code on the door as a picture: WeChat keeps a picture by a long press, a drawing not."""
    get_object_or_404(Pharmacy.objects.on_register(), public_token=token)
    picture = documents.door_code(token)
    return HttpResponse(picture, content_type="image/png")


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
        "found": len(rows) if len(rows) <= PAGE else awards.count(),
    }
    return render(request, "reports/public/stars.html", context)


@require_safe
@public_page
def how(request):
    """How stars are given, from the scheme itself."""
    scheme = public.scheme_in_force()
    context = {"scheme": scheme, "rules": scheme.rules if scheme else None}
    return render(request, "reports/public/how.html", context)


@require_safe
@public_page
def verify(request, token):
    """Is this certificate real, and does it hold today? The state comes first."""
    now = timezone.localtime()
    award = Award.objects.for_paper().filter(token=token).first()
    context = {"award": award, "now": now}
    if award is not None:
        context["verdict"] = public.verdict(award, today=now.date())
        context["code"] = public.live_code(award.token, now=now)
    status = 200 if award else 404
    return render(request, "reports/public/verify.html", context, status=status)


@require_safe
@public_page
def publicity(request, pk):
    """The frozen list of a cycle with its days, its hash and where to object."""
    cycle = get_object_or_404(Cycle.objects.public().select_related("scheme"), pk=pk)
    if cycle.publicity_text is None:
        raise Http404
    lines = cycle.publicity_text["lines"]
    chosen, text = request.GET.get("area", ""), request.GET.get("q", "").strip()
    found = public.publicity_found(lines, area=chosen, text=text)
    context = {
        "cycle": cycle,
        "text": cycle.publicity_text,
        "units": public.publicity_units(lines),
        "total": len(lines),
        "area_names": list(dict.fromkeys(line["area"] or public.NO_AREA for line in lines)),
        "chosen": chosen,
        "typed": text,
        "areas": public.by_area(found[:PAGE]),
        "found": len(found),
        "has_more": len(found) > PAGE,
        "is_running": timezone.localdate() <= cycle.publicity_ends_on,
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
    today = timezone.localdate()
    counts = public.star_counts(on=today)
    context = {
        "today": today,
        "counts": counts,
        "numbers": [row["count"] for row in counts],
        "split": public.summed(row["split"] for row in counts),
        "publicities": public.publicities()[:3],
        "is_demo": settings.PORTAL_MODE == "demo",
    }
    return render(request, "reports/public/front.html", context)
