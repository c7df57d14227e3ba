from django.core.management.base import BaseCommand
from django.utils import timezone

from association import defaults


class Command(BaseCommand):
    help = "Load the default content of every room; safe to repeat."

    def handle(self, **options):
        for title, new in defaults.load_all(now=timezone.now()):
            self.stdout.write(f"{title}：新增 {new} 项" if new else f"{title}：已经在了")
