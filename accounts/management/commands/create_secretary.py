from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from association.errors import BusinessRuleError


class Command(BaseCommand):
    help = "Make an account of the secretariat and print the one-time link that sets its password."

    def add_arguments(self, parser):
        parser.add_argument("username", help="login name, e.g. lihua")
        parser.add_argument("real_name", help="name of the person, e.g. 李华")
        parser.add_argument("--phone", default="", help="mobile number to log in with")

    def handle(self, *, username, real_name, phone, **options):
        now = timezone.now()
        try:
            with transaction.atomic():
                user = actions.create_user(
                    username=username, real_name=real_name, phone=phone, by=None, now=now
                )
                actions.grant_first_secretary(user, now=now)
                token = actions.invite(user, by=None, now=now)
        except BusinessRuleError as error:
            raise CommandError(str(error)) from error
        link = settings.PUBLIC_URL + reverse("accounts:join", args=[token])
        self.stdout.write(
            f"账号“{username}”（{real_name}，秘书处）已建好。"
            f"请在 {actions.INVITATION_DAYS} 天内打开下面的链接设密码，只能用一次：\n{link}"
        )
