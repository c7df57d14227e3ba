from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from association import sample


class Command(BaseCommand):
    help = "Tell the invented story of the demo: areas, people, shops and what happened to them."

    def add_arguments(self, parser):
        parser.add_argument(
            "--shops", type=int, default=96, help="how many shops to invent (default 96)"
        )

    def handle(self, *, shops, **options):
        if settings.PORTAL_MODE != "demo":
            raise CommandError(
                "这是正式运行的平台（PORTAL_MODE=server），不能写入示例数据。"
                "要试用，请另用一个空数据库，设 PORTAL_MODE=demo 后再运行。"
            )
        if not 1 <= shops <= 1_000_000:
            raise CommandError("--shops 请写 1 到 1000000 之间的数。")
        story = sample.Story(now=timezone.now(), size=shops)
        new = sample.tell(story, say=lambda title: self.stdout.write(f"正在写入示例：{title}"))
        if not new:
            self.stdout.write("示例数据已经在了，没有再写入。")
