from django.apps import AppConfig

from accounts import navigation
from accounts.roles import Permission


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "账号与角色"

    def ready(self) -> None:
        from accounts.queries import count_waiting_for  # noqa: PLC0415 -- models load after the apps

        navigation.register(
            navigation.Item(
                "settings",
                "账号与角色",
                "users",
                "accounts:people",
                permission=Permission.ROLE_GRANT,
                order=20,
                count=count_waiting_for,
                hot=True,
            ),
            navigation.Item(
                "shop",
                "我的",
                "user",
                "accounts:profile",
                roles=navigation.SHOP_ROLES,
                order=90,
            ),
        )
