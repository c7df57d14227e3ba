"""Recompute all seals of the audit trail from its lines."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from association import sealing
from association.models import AuditSeal

SHOWN = 50


class Command(BaseCommand):
    help = "Recompute every seal of the audit trail; exit 1 when a line was changed or removed."

    def handle(self, **options):
        found = 0
        for fault in sealing.faults():
            found += 1
            if found <= SHOWN:
                self.stderr.write(fault.sentence)
        last = AuditSeal.objects.order_by("-number").first()
        if found:
            raise CommandError(f"封存核对不符，共 {found} 处。请保护现场，立即报告秘书处。")
        late = sealing.late_count(now=timezone.now())
        if late:
            raise CommandError(f"有 {late} 条操作记录过了两小时还没有封存。请检查后台任务。")
        if last is None:
            self.stdout.write("还没有封存过操作记录。")
            return
        self.stdout.write(f"核对到第 {last.number} 号封存，全部一致。校验值 {last.hash}")
