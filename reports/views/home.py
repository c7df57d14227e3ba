"""The first page after the login, one for each kind of work."""

from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.guards import public_page, requires, signed_in_page
from accounts.navigation import SHOP_ROLES
from accounts.own_pages import pages_of
from accounts.permissions import allowed_somewhere
from accounts.roles import Permission, Role
from accounts.workspace import current_workspace
from activities.queries import six_ones_matrix
from members.models import Pharmacy
from members.queries import own_shops
from reports.queries import shop_home, workbench
from reports.queries.search import found
from reports.queries.stage_card import stage_card
from reports.queries.waiting import SHEET, waiting_for
from reports.views.public import front
from starrating.queries import stage


@require_safe
@public_page
def home(request):
    """The address itself: the public front, or the home of the workspace."""
    if not request.user.is_authenticated:
        return front(request)
    workspace = current_workspace(request)
    if workspace in SHOP_ROLES:
        return _shop_home(request)
    if workspace == Role.REGULATOR:
        return redirect("reports:cockpit")
    if workspace is None:
        homes = [page for page in pages_of(request.user) if page.get("is_home", True)]
        if homes:
            return redirect(homes[0]["url"])  # no role, and a page about oneself
    if workspace == Role.PARTY_SECRETARY:
        return redirect("party:desk")
    return _desk_home(request)


def _desk_home(request):
    """The workbench of secretariat, reviewers, adjudicators and inspectors."""
    today = timezone.localdate()
    user = request.user
    cycle = stage.current_cycle() if allowed_somewhere(user, Permission.CYCLE_VIEW) else None
    start = workbench.start_steps(user, today=today)
    tasks = workbench.staff_tasks(user, cycle, today=today, leads=not start)
    context = {
        "today": today,
        "start": start,
        "first_open": next((step for step in start if not step.is_done), None),
        "tasks": tasks,
        "situation": workbench.situation(tasks, today=today),
        "may_record": allowed_somewhere(user, Permission.ACTIVITY_MANAGE),
    }
    if cycle is not None:
        context["card"] = stage_card(cycle, today=today)
        if allowed_somewhere(user, Permission.ASSESSMENT_REVIEW):
            context |= {"cycle": cycle, "cases": workbench.own_cases(user, cycle)}
    if allowed_somewhere(user, Permission.VIOLATION_VIEW):
        context["risks"] = workbench.open_violations(user)
    if allowed_somewhere(user, Permission.ACTIVITY_VIEW):
        matrix = six_ones_matrix(today.year, today=today)
        context |= {
            "six_ones": workbench.six_ones_pips(matrix["six_ones"]),
            "days": workbench.coming(user, today),
        }
    return render(request, "reports/workbench.html", context)


def _shop_home(request):
    """The owner's phone: what is owed now, what else, and the score that was issued."""
    today = timezone.localdate()
    shops = own_shops(request.user)
    chosen = request.GET.get("shop") or request.session.get("shop")
    if not shops:
        return render(request, "reports/shop_home.html", {"shop": None})
    waits = waiting_for(request.user, today=today)
    # Whoever has not chosen a shop is led to the one that waits for something.
    owing = {row.shop for row in waits if row.kind == SHEET}
    shop = next((s for s in shops if str(s.pk) == str(chosen)), None)
    shop = shop or next((s for s in shops if s.pk in owing), shops[0])
    if "shop" in request.GET:
        request.session["shop"] = shop.pk
    assessment = shop_home.latest_assessment(shop)
    told, newest = shop_home.issued(shop, assessment)
    context = {
        "shop": shop,
        "shops": shops,
        "lead": shop_home.lead(assessment, told, today=today) if assessment else None,
        "tasks": shop_home.tasks(shop, waits, today=today),
        "score": shop_home.score_of(shop, newest, today=today),
    }
    return render(request, "reports/shop_home.html", context)


@require_safe
@signed_in_page
def waiting(request):
    """Everything that the person's shops owe, the earliest first: what the badge counts."""
    if current_workspace(request) not in SHOP_ROLES:
        return redirect("reports:home")
    today = timezone.localdate()
    waits = waiting_for(request.user, today=today)
    several = len({row.shop for row in waits}) > 1
    rows = [row.words(today) for row in waits]
    if several:
        for row, wait in zip(rows, waits, strict=True):
            row["note"] = f"{wait.shop_name} · {row['note']}"
    return render(request, "reports/waiting.html", {"rows": rows})


@require_safe
@requires(Permission.PHARMACY_VIEW, on=Pharmacy)
def door_code(request, pharmacy):
    """The code for the shop's counter: customers scan it for star, reasons and pledge."""
    return render(request, "reports/door_code.html", {"pharmacy": pharmacy})


@require_safe
@signed_in_page
def search(request):
    """Shops, companies, certificates, papers and activities by a few characters of their name."""
    typed = request.GET.get("q", "").strip()
    groups = found(request.user, typed)
    hits = [hit for group in groups for hit in group.hits]
    if len(hits) == 1 and request.GET.get("all") != "1":
        return redirect(hits[0].url)
    context = {"search_text": typed, "groups": groups, "number": len(hits)}
    return render(request, "reports/search.html", context)
