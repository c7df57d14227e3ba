from django.apps import AppConfig

from accounts import navigation
from accounts.roles import Permission, Role


class PledgesConfig(AppConfig):
    name = "pledges"
    verbose_name = "承诺"

    def ready(self) -> None:
        from members import panels  # noqa: PLC0415 -- rooms load after the apps
        from pledges.panels import shop_panel  # noqa: PLC0415

        see = Permission.PLEDGE_VIEW
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
        navigation.register(
            navigation.Item(
                "shop",
                "承诺",
                "shield-check",
                "pledges:index",
                roles=navigation.SHOP_ROLES,
                permission=see,
                order=40,
            )
        )
