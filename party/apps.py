from django.apps import AppConfig

from accounts import navigation
from accounts.permissions import register_role_source
from accounts.roles import Permission, Role


class PartyConfig(AppConfig):
    name = "party"
    verbose_name = "党建"

    def ready(self) -> None:
        from party.models import party_roles  # noqa: PLC0415 -- models load after the apps

        register_role_source(party_roles)
        navigation.register(
            navigation.Item(
                "party",
                "组织与岗位",
                "users-group",
                "party:index",
                permission=Permission.PARTY_VIEW,
                order=10,
                workspaces=frozenset({Role.PARTY_SECRETARY}),
            ),
        )
