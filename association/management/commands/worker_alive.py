from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from association import jobs


class Command(BaseCommand):
    help = "Exit 0 when a worker has drained lately, 1 when none has: for health checks."

    requires_system_checks = []

    def handle(self, **options):
        if jobs.worker_is_quiet(timezone.now()):
            raise CommandError("后台任务已经超过 3 分钟没有动静。请看 worker 和 beat 的记录。")
