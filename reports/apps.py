from django.apps import AppConfig

from accounts.navigation import SHOP_ROLES, Item, register
from accounts.roles import Permission, Role


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = "工作台与报表"

    def ready(self) -> None:
        from reports.metrics import register_all  # noqa: PLC0415 -- rooms load after the apps
        from reports.panels import count_waiting_for  # noqa: PLC0415

        register_all()
        staff = frozenset({Role.SECRETARIAT, Role.REVIEWER, Role.ADJUDICATOR, Role.INSPECTOR})
        register(
            Item("shop", "首页", "home", "reports:home", roles=SHOP_ROLES, order=1),
            Item(
                "shop",
                "待办",
                "clipboard-check",
                "reports:waiting",
                roles=SHOP_ROLES,
                order=20,
                count=count_waiting_for,
            ),
            Item("home", "工作台", "layout-dashboard", "reports:home", roles=staff, order=1),
            Item(
                "home",
                "辖区概览",
                "layout-dashboard",
                "reports:cockpit",
                permission=Permission.COCKPIT_VIEW,
                order=1,
            ),
        )
