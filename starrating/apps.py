from django.apps import AppConfig
from django.urls import reverse

from accounts import navigation, own_pages
from accounts.permissions import roles_anywhere
from accounts.roles import Permission, Role
from association import date_sources


class StarratingConfig(AppConfig):
    name = "starrating"
    verbose_name = "星级评定"

    def ready(self) -> None:
        from members import panels  # noqa: PLC0415 -- rooms load after the apps
        from starrating.date_sources import ENTRY_CLOSES  # noqa: PLC0415
        from starrating.panels import shop_panel  # noqa: PLC0415
        from starrating.queries import marks  # noqa: PLC0415

        date_sources.register(ENTRY_CLOSES)
        panels.register("stars", "星级", "starrating/_shop_panel.html", shop_panel, order=10)
        office = frozenset({Role.SECRETARIAT, Role.REVIEWER, Role.ADJUDICATOR})
        for group, label, roles in (
            ("business", "星级评定", office),
            ("regulator", "星级与得分", frozenset({Role.REGULATOR})),
        ):
            navigation.register(
                navigation.Item(
                    group,
                    label,
                    "star",
                    "starrating:cycles",
                    permission=Permission.CYCLE_VIEW,
                    order=20,
                    workspaces=roles,
                )
            )
        navigation.register(
            navigation.Item(
                "business",
                "监管与口碑评分",
                "file-spreadsheet",
                "starrating:marks_home",
                permission=Permission.MARK_ENTER,
                order=25,
                workspaces=frozenset({Role.SECRETARIAT}),
            ),
            navigation.Item(
                "business",
                "待确认加分",
                "user-check",
                "starrating:marks_waiting",
                permission=Permission.MARK_CONFIRM,
                order=26,
                workspaces=frozenset({Role.ADJUDICATOR}),
                count=marks.waiting_for,
                hot=True,
            ),
            navigation.Item(
                "settings",
                "评分标准",
                "scale",
                "starrating:schemes",
                permission=Permission.SCHEME_MANAGE,
                order=20,
            ),
        )
        own_pages.register("ratings", _own_ratings)


def _own_ratings(user) -> dict | None:
    if not roles_anywhere(user) & navigation.SHOP_ROLES:
        return None
    note = "填过的自评、得分和理由、证书"
    return {"label": "星级评定", "url": reverse("starrating:mine"), "note": note}
