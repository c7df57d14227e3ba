"""What the office pages of this room have on top: the tabs, and the way back."""

from datetime import date

from django.urls import reverse

from accounts.permissions import allowed_somewhere
from accounts.roles import Permission
from activities.queries.matrix import Reader
from party.models import organisations_kept_by

TABS = (
    ("activities:index", "月历", None),
    ("activities:agenda", "日程", None),
    ("activities:matrix", "完成表", None),
    ("activities:records", "活动记录", None),
    ("activities:radar", "到期清单", None),
    ("activities:meetings", "会议与督办", None),
    ("activities:plan", "年度计划", None),
    ("activities:duties", "任务规则", None),
)


def tabs(request, current: str) -> list[dict]:
    """Return the tabs with the page ``current`` (its address name) marked."""
    return [
        {"label": label, "url": reverse(name), "current": name == current}
        for name, label, permission in TABS
        if permission is None or allowed_somewhere(request.user, permission)
    ]


def crumbs(here: str, *between: tuple[str, str]) -> list[dict]:
    """Return the way back to the calendar; ``between`` are further steps (label, address)."""
    return [
        {"label": "活动与六个一", "url": reverse("activities:index")},
        *({"label": label, "url": url} for label, url in between),
        {"label": here},
    ]


def may_manage(request) -> bool:
    """Return whether the person enters activities anywhere."""
    return allowed_somewhere(request.user, Permission.ACTIVITY_MANAGE)


def reader_of(request, today: date) -> Reader:
    """Return for whom cells are drawn, with where a tap may lead them."""
    return Reader(today, may_manage(request), organisations_kept_by(request.user))
