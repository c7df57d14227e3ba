import json
from dataclasses import asdict

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from association import sample


class Command(BaseCommand):
    help = "Print the demo accounts that exist as a JSON list, one for each role."

    def handle(self, **options):
        if settings.PORTAL_MODE != "demo":
            raise CommandError(
                "这是正式运行的平台（PORTAL_MODE=server），没有演示账号。"
                "账号由秘书处在“账号与角色”中邀请。"
            )
        sample.discover()
        names = [login.login for login in sample.LOGINS.values()]
        users = get_user_model().objects.filter(username__in=names, is_active=True)
        there = set(users.values_list("username", flat=True))
        logins = [asdict(login) for login in sample.LOGINS.values() if login.login in there]
        self.stdout.write(json.dumps(logins, ensure_ascii=False))
