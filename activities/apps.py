from django.apps import AppConfig

from accounts import navigation
from accounts.roles import Permission, Role


class ActivitiesConfig(AppConfig):
    name = "activities"
    verbose_name = "活动"

    def ready(self) -> None:
        from activities.panels import shop_panel  # noqa: PLC0415 -- rooms load after the apps
        from members import panels  # noqa: PLC0415

        see = Permission.ACTIVITY_VIEW
        panels.register(
            "charity", "公益与活动", "activities/_shop_panel.html", shop_panel, order=40
        )
        office = frozenset({Role.SECRETARIAT, Role.PARTY_SECRETARY})
        for group, roles in (("business", office), ("regulator", frozenset({Role.REGULATOR}))):
            navigation.register(
                navigation.Item(
                    group,
                    "活动与六个一",
                    "calendar-event",
                    "activities:index",
                    permission=see,
                    order=50,
                    workspaces=roles,
                )
            )
        navigation.register(
            navigation.Item(
                "shop",
                "活动",
                "calendar-event",
                "activities:index",
                roles=navigation.SHOP_ROLES,
                permission=see,
                order=30,
            )
        )
