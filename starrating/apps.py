from django.apps import AppConfig

from accounts import navigation
from accounts.roles import Permission, Role


class StarratingConfig(AppConfig):
    name = "starrating"
    verbose_name = "星级评定"

    def ready(self) -> None:
        from starrating.queries import marks  # noqa: PLC0415 -- rooms load after the apps

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
        )
