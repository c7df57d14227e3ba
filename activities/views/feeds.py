"""Calendars on the phone: the page to subscribe, and what the phone reads afterwards."""

from dataclasses import dataclass, replace
from hashlib import sha256

import segno
from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.utils.safestring import mark_safe
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import public_page, requires
from accounts.roles import Permission
from activities import actions, feed_tokens
from activities.documents import calendar_file
from activities.enums import FeedKind
from activities.models import CalendarFeed, follows_programme
from activities.queries import feeds, hosts
from activities.views.tabs import crumbs
from association.errors import BusinessRuleError
from members.models import Pharmacy
from members.queries import own_shops
from party.models import PartyOrganisation, organisations_kept_by

FRESH_SECONDS = 15 * 60
WHAT = {
    FeedKind.PERSONAL: "自己能看到的活动，改了时间或取消会跟着变",
    FeedKind.SHOP: "这家药店报了名的，和可以报名的",
    FeedKind.BRANCH: "三会一课、主题党日和支部的活动；只写会议种类，不写内容",
}


@dataclass(frozen=True)
class Line:
    """One calendar that the person can have: open with its address, or to be opened."""

    kind: str
    name: str
    what: str
    key: str = ""  # of the shop or organisation
    feed: CalendarFeed | None = None
    address: str = ""
    picture: str = ""

    @property
    def subscribe_url(self) -> str:
        """What opens the calendar of a phone or computer by itself."""
        return f"webcal://{self.address.partition('//')[2]}"


@never_cache
@require_safe
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def subscribe(request):
    """The calendars of this person, each with its address and the code for the phone."""
    is_office = follows_programme(request.user)
    context = {
        "lines": _lines(request.user),
        "public": _with_address(
            Line("public", "协会公开活动", "谁都能订：发布给公众的活动"),
            _absolute("activities:public_feed"),
        ),
        "crumbs": crumbs("订到手机日历"),
        "heading": "订到手机日历",
        "back_url": reverse("activities:index"),
        "back_label": "活动",
    }
    page = "activities/subscribe.html" if is_office else "activities/subscribe_phone.html"
    return render(request, page, context)


def _lines(user) -> list[Line]:
    mine = {
        (feed.kind, feed.pharmacy_id or feed.organisation_id or ""): feed
        for feed in CalendarFeed.objects.visible_to(user)
    }
    offered = [(FeedKind.PERSONAL, "", FeedKind.PERSONAL.label)]
    offered += [(FeedKind.SHOP, shop.pk, shop.name) for shop in own_shops(user)]
    kept = organisations_kept_by(user)
    offered += [
        (FeedKind.BRANCH, host.organisation.pk, host.organisation.name)
        for host in hosts.hosts_of(user).seen
        if host.organisation.pk in kept
    ]
    lines = []
    for kind, key, name in offered:
        feed = mine.get((kind, key))
        line = Line(kind, name, WHAT[kind], str(key), feed)
        if feed is not None:
            word = feed_tokens.token(_key(), feed.pk, feed.number)
            line = _with_address(line, _absolute("activities:private_feed", feed.pk, word))
        lines.append(line)
    return lines


def _with_address(line: Line, address: str) -> Line:
    drawn = segno.make(address, error="m", boost_error=False).svg_inline(
        svgclass="qr-code", lineclass=None, border=2, scale=4, omitsize=True
    )
    picture = mark_safe(drawn)  # noqa: S308 -- drawn by segno out of our own address
    return replace(line, address=address, picture=picture)


def _absolute(name: str, *parts) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=parts)}"


def _key() -> bytes:
    return settings.SECRET_KEY.encode()


@require_POST
@requires(Permission.ACTIVITY_VIEW, somewhere=True)
def open_feed(request):
    """Open one of the calendars."""
    kind, asked = request.POST.get("kind", ""), request.POST.get("key", "")
    key = int(asked) if asked.isdecimal() and len(asked) < 10 else 0
    try:
        actions.open_feed(
            kind,
            pharmacy=Pharmacy.objects.held_by(request.user).filter(pk=key).first(),
            organisation=PartyOrganisation.objects.visible_to(request.user).filter(pk=key).first(),
            by=request.user,
            now=timezone.now(),
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "日历已开通，用手机扫码或点“加到日历”。")
    return redirect("activities:subscribe")


@require_POST
@requires(Permission.ACTIVITY_VIEW, on=CalendarFeed)
def renew_feed(request, feed):
    """Give it a new address: for a lost phone, or an address that went to somebody else."""
    try:
        actions.renew_feed(feed, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "已换新地址，旧地址不再更新；请在手机上删掉旧的，再扫一次。")
    return redirect("activities:subscribe")


@require_POST
@requires(Permission.ACTIVITY_VIEW, on=CalendarFeed)
def close_feed(request, feed):
    """Close it."""
    try:
        actions.close_feed(feed, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "日历已停用，手机上不再更新。")
    return redirect("activities:subscribe")


# ------------------------------------------------------------------ what the phone reads


@require_safe
@public_page
def private_feed(request, feed, token):
    """A calendar by its secret address; closed, changed or out of sight it does not exist."""
    found = get_object_or_404(
        CalendarFeed.objects.open().select_related("user", "pharmacy", "organisation"), pk=feed
    )
    if not feed_tokens.is_right(_key(), found.pk, found.number, token):
        raise Http404
    shown = feeds.feed_of(found, today=timezone.localdate())
    if shown is None:
        raise Http404
    return _answer(request, shown, is_private=True)


@require_safe
@public_page
def public_feed(request):
    """What the association has published for everybody."""
    return _answer(request, feeds.public_feed(today=timezone.localdate()), is_private=False)


def _answer(request, feed: feeds.Feed, *, is_private: bool) -> HttpResponse:
    body = calendar_file(feed, public_url=settings.PUBLIC_URL)
    answer = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="calendar.ics"'
    answer["ETag"] = quote_etag(sha256(body).hexdigest())
    answer["X-Robots-Tag"] = "noindex"
    patch_cache_control(answer, max_age=FRESH_SECONDS, private=is_private, public=not is_private)
    return get_conditional_response(request, etag=answer["ETag"], response=answer)
