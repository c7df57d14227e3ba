from django.apps import AppConfig

from accounts import navigation
from accounts.permissions import register_role_source
from accounts.roles import Permission, Role
from association import date_sources


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "会员与药店"

    def ready(self) -> None:
        from members import sheets  # noqa: PLC0415 -- models load after the apps
        from members.date_sources import LICENCE_END  # noqa: PLC0415
        from members.models import position_roles  # noqa: PLC0415
        from members.sheets.shops import SHOPS  # noqa: PLC0415
        from members.sheets.units import UNITS  # noqa: PLC0415

        sheets.register(SHOPS)
        sheets.register(UNITS)
        register_role_source(position_roles)
        date_sources.register(LICENCE_END)
        see = Permission.PHARMACY_VIEW
        navigation.register(
            navigation.Item(
                "business",
                "会员与药店",
                "building-store",
                "members:list",
                permission=see,
                order=10,
                workspaces=frozenset({Role.SECRETARIAT, Role.INSPECTOR, Role.HEAD_OFFICE}),
            ),
            navigation.Item(
                "regulator",
                "会员与药店",
                "building-store",
                "members:list",
                permission=see,
                order=20,
                workspaces=frozenset({Role.REGULATOR}),
            ),
        )
