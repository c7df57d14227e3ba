from django.apps import AppConfig
from django.urls import reverse

from accounts import navigation, own_pages
from accounts.permissions import register_role_source
from accounts.roles import Permission, Role
from desk import guarded_trail


class PartyConfig(AppConfig):
    name = "party"
    verbose_name = "党建"

    def ready(self) -> None:
        from party.models import party_roles  # noqa: PLC0415 -- models load after the apps

        register_role_source(party_roles)
        own_pages.register("party", _own_record)
        guarded_trail.guard("party.", Permission.PARTY_VIEW)
        keeper = frozenset({Role.PARTY_SECRETARY})
        pages = (
            ("支部工作", "layout-dashboard", "party:desk"),
            ("三会一课", "calendar-event", "party:meetings"),
            ("党员", "users", "party:members"),
            ("亮身份登记", "qrcode", "party:censuses"),
            ("组织与岗位", "users-group", "party:organisations"),
            ("两个覆盖", "target", "party:coverage"),
            ("责任清单", "list-check", "party:work_list"),
            ("党务规则", "book", "party:rules"),
        )
        navigation.register(
            *(
                navigation.Item(
                    "party",
                    label,
                    icon,
                    url_name,
                    permission=Permission.PARTY_VIEW,
                    order=10 * place,
                    workspaces=keeper,
                )
                for place, (label, icon, url_name) in enumerate(pages, start=1)
            ),
            navigation.Item(
                "party",
                "党建汇总",
                "chart-bar",
                "party:totals",
                permission=Permission.PARTY_TOTALS_VIEW,
                order=90,
                workspaces=frozenset({Role.SECRETARIAT}),
            ),
            navigation.Item(
                "regulator",
                "党建工作",
                "chart-bar",
                "party:totals",
                permission=Permission.PARTY_TOTALS_VIEW,
                order=70,
                workspaces=frozenset({Role.REGULATOR}),
            ),
        )


def _own_record(user) -> dict | None:
    """Return the link to the person's own record, for who is linked to one."""
    from party.models import PartyMember  # noqa: PLC0415 -- models load after the apps

    if not PartyMember.objects.filter(user=user).exists():
        return None
    return {
        "label": "我的党员信息",
        "url": reverse("party:mine"),
        "note": "党组织登记的信息，谁看过您的号码，您的会议。",
    }
