from django.apps import AppConfig

from accounts import navigation, own_pages
from accounts.roles import Permission, Role


class DeskConfig(AppConfig):
    name = "desk"
    verbose_name = "协会设置"

    def ready(self) -> None:
        manage = Permission.DESK_MANAGE
        own_pages.register("messages", _own_channels)
        navigation.register(
            navigation.Item(
                "records", "后台任务", "hourglass", "desk:jobs", Permission.JOB_VIEW, order=80
            ),
            navigation.Item(
                "records", "消息投递", "send", "desk:messages", Permission.MESSAGE_MANAGE, order=75
            ),
            navigation.Item(
                "settings", "提醒规则", "bell", "desk:rules", Permission.MESSAGE_MANAGE, order=45
            ),
            navigation.Item("settings", "消息渠道", "mail", "desk:channels", manage, order=50),
            navigation.Item(
                "settings", "协会资料", "building", "desk:association", manage, order=10
            ),
            navigation.Item("settings", "片区", "map-pin", "desk:areas", manage, order=30),
            navigation.Item(
                "settings", "工作日", "calendar-event", "desk:working_days", manage, order=40
            ),
            navigation.Item(
                "settings", "更新记录", "file-text", "desk:release_notes", manage, order=95
            ),
            navigation.Item(
                "settings",
                "操作记录",
                "history",
                "desk:audit",
                permission=Permission.AUDIT_VIEW,
                order=90,
                workspaces=frozenset({Role.SECRETARIAT}),
            ),
            navigation.Item(
                "regulator",
                "操作记录",
                "history",
                "desk:audit",
                permission=Permission.AUDIT_VIEW,
                order=90,
                workspaces=frozenset({Role.REGULATOR}),
            ),
        )


def _own_channels(user) -> dict:
    return {
        "is_home": False,
        "label": "接收方式",
        "url": "/desk/preferences/",
        "note": "站内消息之外，还要不要邮件和短信。",
    }
