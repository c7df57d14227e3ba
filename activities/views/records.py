"""The record of an activity: entering, the list, one page for all of it, papers, verification."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.models import Area
from accounts.roles import Permission
from activities import actions
from activities.enums import Kind, PaperKind, Programme
from activities.forms.planning import PublishForm
from activities.forms.records import PaperForm, ReasonForm, ReportForm
from activities.models import Activity, ActivityPaper, follows_programme
from activities.queries import calendar, sign_ups
from activities.queries import records as looks
from activities.views.phone import own_activities, shop_in_hand
from activities.views.planning import asked_day, asked_obligation
from activities.views.tabs import crumbs, may_manage, tabs
from activities.workflow import PERMISSION_FOR
from association import files
from association.errors import BusinessRuleError
from members.models import Pharmacy
from members.queries import own_shops

ROWS = 50
SHOPS = 100  # one page of shops to tick; the search narrows a longer list
MOST_AT_ONCE = 100


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def record_list(request):
    """All records of a year: saved views, search by name, many verified at once."""
    if not follows_programme(request.user):
        return own_activities(request)
    today = timezone.localdate()
    asked_year = request.GET.get("year", "")
    year = int(asked_year) if asked_year.isdecimal() and len(asked_year) == 4 else today.year
    visible = Activity.objects.visible_to(request.user).filter(held_on__year=year)
    views = looks.views_of(visible, today=today)
    view = request.GET.get("view", "all")
    view = view if view in views else "all"
    word, kind = request.GET.get("q", "").strip()[:50], request.GET.get("kind", "")
    day = asked_day(request)
    found = views[view]
    if day is not None:
        found = found.filter(held_on=day)
    if word:
        found = found.filter(title__icontains=word)
    if kind in Kind.values:
        found = found.filter(kind=kind)
    page = Paginator(looks.list_rows(found), ROWS).get_page(request.GET.get("page"))
    base = f"?year={year}&view={view}&q={word}&kind={kind}&day={day or ''}"
    counts = {name: rows.count() for name, rows in views.items()}
    context = {
        "tabs": tabs(request, "activities:records"),
        "year": year,
        "view": view,
        "views": [
            {
                "label": label,
                "url": f"?year={year}&view={name}",
                "count": counts[name],
                "current": name == view,
            }
            for name, label in looks.VIEWS.items()
            if counts[name] or name in {"all", view}
        ],
        "page": page,
        "events": [calendar.event_of(row) for row in page.object_list],
        "word": word,
        "day": day,
        "kind": kind,
        "kinds": Kind.choices,
        "base": base,
        "may_record": may_manage(request),
        "may_verify": view == "waiting" and looks.may_verify(request.user),
    }
    return render(request, "activities/records.html", context)


@require_POST
@requires(Permission.ACTIVITY_VERIFY, somewhere=True)
def verify_many(request):
    """Verify the ticked records one by one; what cannot be is named with its reason."""
    ticked = [int(pk) for pk in request.POST.getlist("activity") if pk.isdecimal()]
    rows = Activity.objects.visible_to(request.user).filter(pk__in=ticked[:MOST_AT_ONCE])
    done, refused = 0, []
    for row in rows.order_by("held_on", "pk"):
        try:
            actions.verify(row, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            refused.append(f"{row}：{error}")
        else:
            done += 1
    if done:
        messages.success(request, f"已核实 {done} 场，计入任务。")
    for line in refused[:5]:
        messages.error(request, line)
    if len(refused) > 5:
        messages.error(request, f"另有 {len(refused) - 5} 场没有核实，原因见各条记录。")
    if not ticked:
        messages.error(request, "请先勾选要核实的活动。")
    return redirect(f"{reverse('activities:records')}?view=waiting")


@require_http_methods(["GET", "POST"])
@requires(Permission.ACTIVITY_MANAGE, somewhere=True)
def record(request):
    """Enter an activity; month and duty are known when a cell led here."""
    obligation = asked_obligation(request)
    form = ReportForm(
        request.POST or None,
        user=request.user,
        obligation=obligation,
        initial=ReportForm.initial_for(obligation),
    )
    if form.is_valid():
        try:
            activity = actions.record(form.report(), by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "活动已登记。接着登记参加的药店、传材料，再请同事核实。")
            return redirect("activities:detail", pk=activity.pk)
    heading = f"登记：{obligation}" if obligation else "登记活动"
    context = {"form": form, "heading": heading, "crumbs": crumbs("登记活动")}
    return render(request, "activities/record.html", context)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["hold"], on=Activity)
def hold(request, activity):
    """Enter what came of a planned activity."""
    return _report(
        request, activity, actions.hold, f"登记：{activity}", "已登记，传上材料后请同事核实。"
    )


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["amend"], on=Activity)
def amend(request, activity):
    """Correct a record that nobody has verified yet."""
    return _report(request, activity, actions.amend, f"更正：{activity}", "记录已更正。")


def _report(request, activity, act, heading: str, said: str):
    form = ReportForm(
        request.POST or None, user=request.user, initial=ReportForm.initial_of(activity)
    )
    if form.is_valid():
        try:
            act(activity, form.report(), by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, said)
            return redirect("activities:detail", pk=activity.pk)
    context = {"form": form, "heading": heading, "crumbs": crumbs(heading.partition("：")[0])}
    return render(request, "activities/record.html", context)


@require_safe
@requires(Permission.ACTIVITY_VIEW, on=Activity)
def detail(request, activity):
    """One activity from the plan to the credits; for a shop what concerns it."""
    if not follows_programme(request.user):
        return _for_shop(request, activity)
    return _detail(request, activity)


def _detail(request, activity, *, reason_form=None, paper_form=None, status=200):
    acts = looks.acts_open_to(request.user, activity)
    activity = calendar.read_along(activity)
    asked = looks.asked_of(activity)
    missing = looks.missing_papers(activity, asked) if activity.is_held else []
    today = timezone.localdate()
    minutes = getattr(activity, "minutes", None)
    context = {
        "activity": activity,
        "minutes": minutes,
        "agenda": minutes.agenda.order_by("order") if minutes else [],
        "items": activity.action_items.order_by("due_on", "pk") if minutes else [],
        "is_meeting": any(
            each.duty.programme == Programme.MEETINGS for each in activity.obligations.all()
        ),
        "obligations": activity.obligations.all(),
        "joint_marks": activity.joint_marks.order_by("code"),
        "attendances": activity.attendances.select_related("pharmacy__area").order_by(
            "pharmacy__name_sort", "pk"
        ),
        "sign_ups": sign_ups.sign_ups_of(activity),
        "credits": activity.credits.select_related("pharmacy").order_by("pk"),
        "papers": activity.papers.select_related("stored").order_by("pk"),
        "asked": asked,
        "missing": missing,
        "needed": looks.needed_to_verify(activity) if "verify" in acts else [],
        "acts": acts,
        "is_today": activity.held_on == today,
        "is_past": activity.held_on < today,
        "is_early": activity.held_on > today,
        "today": today,
        "is_own_record": activity.recorded_by_id == request.user.pk,
        "in_series": activity.series.activities.standing().count() if activity.series else 0,
        "reason_form": reason_form or ReasonForm(),
        "paper_form": paper_form or PaperForm(asked=asked, missing=missing),
        "publish_form": PublishForm(),
        "history": looks.history_of(activity),
        "crumbs": crumbs(activity.title),
    }
    return render(request, "activities/detail.html", context, status=status)


def _for_shop(request, activity):
    """The activity on the phone: read, sign up, come, see what it brought."""
    now, today = timezone.now(), timezone.localdate()
    shops = own_shops(request.user)
    shop = shop_in_hand(request, shops)
    own = Pharmacy.objects.visible_to(request.user)
    context = {
        "activity": activity,
        "shops": shops,
        "shop": shop,
        "offers": [
            (each, sign_ups.offer_for(activity, each, now=now, today=today)) for each in shops[:5]
        ],
        "is_today": activity.held_on == today,
        "attendances": activity.attendances.filter(pharmacy__in=own).select_related("pharmacy"),
        "credits": activity.credits.filter(pharmacy__in=own).select_related("pharmacy"),
        "photos": activity.papers.filter(kind=PaperKind.PHOTO).select_related("stored")[:6]
        if activity.is_held
        else [],
        "back_url": reverse("activities:index"),
        "back_label": "活动",
        "heading": activity.title,
    }
    return render(request, "activities/detail_phone.html", context)


@require_http_methods(["GET", "POST"])
@requires(PERMISSION_FOR["attend"], on=Activity)
def attend(request, activity):
    """Tick the shops that took part and say how many of their people came."""
    if request.method == "POST":
        try:
            people = _ticked_shops(request.POST)
            count = actions.attend(
                activity,
                people,
                gone=_numbers(request.POST, "listed") - set(people),
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"名单里现在有 {count} 家药店。")
            return redirect("activities:detail", pk=activity.pk)
    word, area = request.GET.get("q", "").strip()[:50], request.GET.get("area", "")
    shops = Pharmacy.objects.visible_to(request.user).active()
    if word:
        shops = shops.matching(word)
    if area:
        shops = shops.filter(area__code=area)
    listed = dict(activity.attendances.values_list("pharmacy_id", "people"))
    expected = dict(activity.sign_ups.holding().values_list("pharmacy_id", "people"))
    if not word and not area:
        shops = looks.first_the_expected(shops, [*listed, *expected])
    else:
        shops = shops.order_by("area__order", "name_sort", "pk")
    found = list(shops.select_related("area")[: SHOPS + 1])
    context = {
        "activity": activity,
        "rows": [
            {
                "shop": shop,
                "people": listed.get(shop.pk) or expected.get(shop.pk, 1),
                "is_listed": shop.pk in listed,
                "is_expected": shop.pk in expected,
            }
            for shop in found[:SHOPS]
        ],
        "is_cut": len(found) > SHOPS,
        "limit": SHOPS,
        "word": word,
        "area": area,
        "areas": Area.objects.order_by("order", "code"),
        "crumbs": crumbs(
            "参加的药店", (activity.title, reverse("activities:detail", args=[activity.pk]))
        ),
    }
    return render(request, "activities/attend.html", context)


def _ticked_shops(posted) -> dict[int, int]:
    ticked = _numbers(posted, "shop")
    numbers = {pk: posted.get(f"people_{pk}", "1") for pk in ticked}
    return {pk: int(n) if n.isdecimal() and len(n) < 5 else 0 for pk, n in numbers.items()}


def _numbers(posted, name: str) -> set[int]:
    return {int(pk) for pk in posted.getlist(name) if pk.isdecimal()}


@require_POST
@requires(PERMISSION_FOR["attend"], on=Activity)
def strike(request, activity):
    """Take a shop off the list."""
    asked = request.POST.get("pharmacy", "")
    shop = get_object_or_404(Pharmacy, pk=asked if asked.isdecimal() else 0)
    try:
        actions.strike(activity, shop, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{shop.name}已从名单里去掉。")
    return redirect("activities:detail", pk=activity.pk)


@require_POST
@requires(Permission.ACTIVITY_MANAGE, on=Activity)
def sign_up_for(request, activity):
    """The organiser signs a shop up that rang, or takes one off the list."""
    asked = request.POST.get("pharmacy", "")
    visible = Pharmacy.objects.visible_to(request.user)
    now = timezone.now()
    if request.POST.get("act") == "withdraw":
        entry = get_object_or_404(
            activity.sign_ups.open(), pharmacy=asked if asked.isdecimal() else 0
        )
        actions.withdraw(entry, by=request.user, now=now)
        messages.success(request, "已取消这家的报名。")
        return redirect("activities:detail", pk=activity.pk)
    word, number = request.POST.get("q", "").strip()[:50], request.POST.get("people", "1")
    shops = list(visible.active().matching(word)[:2]) if word else []
    if len(shops) != 1:
        messages.error(
            request, "有几家都像，请写全店名。" if shops else "名册里没有找到这家营业的药店。"
        )
        return redirect("activities:detail", pk=activity.pk)
    try:
        entry = actions.sign_up(
            activity,
            shops[0],
            people=int(number) if number.isdecimal() and len(number) < 5 else 0,
            by=request.user,
            now=now,
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{shops[0].name}：{entry.get_state_display()}。")
    return redirect("activities:detail", pk=activity.pk)


@require_POST
@requires(Permission.ACTIVITY_MANAGE, on=Activity)
def attach(request, activity):
    """Add a photo or a paper."""
    asked = looks.asked_of(activity)
    form = PaperForm(request.POST, request.FILES, asked=asked)
    now = timezone.now()
    if form.is_valid():
        try:
            stored = files.accept(
                form.cleaned_data["file"], by=request.user, now=now, kinds=files.PAPERS
            )
            is_photo = stored.content_type in files.INLINE
            kind = PaperKind.PHOTO if is_photo else PaperKind.PAPER
            actions.attach(
                activity, stored, kind=kind, filed_as=form.filed, by=request.user, now=now
            )
        except BusinessRuleError as error:
            form.add_error("file", str(error))
        else:
            messages.success(request, "材料已存。")
            return redirect("activities:detail", pk=activity.pk)
    return _detail(request, activity, paper_form=form, status=422)


@require_safe
@requires(Permission.ACTIVITY_VIEW, on=ActivityPaper)
def paper(request, paper):
    """The file itself, for those who may see the activity."""
    try:
        return files.response(paper.stored, inline=True)
    except BusinessRuleError as error:
        messages.error(request, str(error))
    return redirect("activities:detail", pk=paper.activity_id)


@require_POST
@requires(PERMISSION_FOR["verify"], on=Activity)
def verify(request, activity):
    """Confirm that it happened as recorded."""
    try:
        activity = actions.verify(activity, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        shops = activity.credits.filter(round=activity.verifications, reverses=None).count()
        earned = f"，{shops} 家药店计入公益加分" if shops else ""
        messages.success(request, f"活动已核实{earned}。")
    return redirect("activities:detail", pk=activity.pk)


@require_POST
@requires(PERMISSION_FOR["revoke"], on=Activity)
def revoke(request, activity):
    """Take a verification back, with a reason."""
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            actions.revoke(
                activity, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "核实已撤销，加分已冲销，可以更正后重新核实。")
            return redirect("activities:detail", pk=activity.pk)
    return _detail(request, activity, reason_form=form, status=422)


@require_POST
@requires(PERMISSION_FOR["discard"], on=Activity)
def discard(request, activity):
    """Set a mistaken record aside, with a reason."""
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            actions.discard(
                activity, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "记录已作废，不再计入任务。")
            return redirect("activities:index")
    return _detail(request, activity, reason_form=form, status=422)


@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def joint(request):
    """八联八通: eight columns, each with the activities filed under it."""
    if not follows_programme(request.user):
        return own_activities(request)
    today = timezone.localdate()
    asked = request.GET.get("year", "")
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else today.year
    context = {
        "year": year,
        "columns": looks.joint_columns(request.user, year),
        "crumbs": crumbs("八联八通"),
    }
    return render(request, "activities/joint.html", context)
