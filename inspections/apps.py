from django.apps import AppConfig

from accounts import navigation
from accounts.roles import Permission, Role


class InspectionsConfig(AppConfig):
    name = "inspections"
    verbose_name = "整改与否决"

    def ready(self) -> None:
        from inspections import queries  # noqa: PLC0415 -- rooms load after the apps
        from members import panels  # noqa: PLC0415

        panels.register(
            "violations",
            "违法违规事实",
            "inspections/_shop_panel.html",
            queries.shop_panel,
            order=30,
        )
        office = frozenset({Role.SECRETARIAT, Role.ADJUDICATOR, Role.INSPECTOR})
        for group, roles in (("business", office), ("regulator", frozenset({Role.REGULATOR}))):
            navigation.register(
                navigation.Item(
                    group,
                    "整改与否决",
                    "alert-triangle",
                    "inspections:violations",
                    permission=Permission.VIOLATION_VIEW,
                    order=40,
                    workspaces=roles,
                    count=queries.waiting_for_decision,
                    hot=True,
                )
            )
