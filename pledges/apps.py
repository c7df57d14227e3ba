from django.apps import AppConfig
from django.urls import reverse

from accounts import navigation, own_pages
from accounts.permissions import roles_anywhere
from accounts.roles import Permission, Role
from association import date_sources


class PledgesConfig(AppConfig):
    name = "pledges"
    verbose_name = "承诺"

    def ready(self) -> None:
        from members import panels  # noqa: PLC0415 -- rooms load after the apps
        from pledges.date_sources import SIGN_BY  # noqa: PLC0415
        from pledges.panels import shop_panel  # noqa: PLC0415

        see = Permission.PLEDGE_VIEW
        date_sources.register(SIGN_BY)
        panels.register("pledge", "自律承诺", "pledges/_shop_panel.html", shop_panel, order=20)
        for group, role in (("business", Role.SECRETARIAT), ("regulator", Role.REGULATOR)):
            navigation.register(
                navigation.Item(
                    group,
                    "承诺与公示",
                    "shield-check",
                    "pledges:index",
                    permission=see,
                    order=60,
                    workspaces=frozenset({role}),
                )
            )
        own_pages.register("pledges", _own_pledges)


def _own_pledges(user) -> dict | None:
    if not roles_anywhere(user) & navigation.SHOP_ROLES:
        return None
    return {"label": "承诺书", "url": reverse("pledges:index"), "note": "签过的和等您签的"}
