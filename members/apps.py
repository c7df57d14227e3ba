from django.apps import AppConfig

from accounts.permissions import register_role_source


class MembersConfig(AppConfig):
    name = "members"
    verbose_name = "会员与药店"

    def ready(self) -> None:
        from members.models import position_roles  # noqa: PLC0415 -- models load after the apps

        register_role_source(position_roles)
