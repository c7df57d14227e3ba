"""Recompute every issued result from what was frozen with it."""

from django.core.management.base import BaseCommand, CommandError

from starrating.models import Result
from starrating.queries.replay import differences_of


class Command(BaseCommand):
    help = "Recompute issued results from their frozen evidence; exit 1 when one differs."

    def add_arguments(self, parser):
        parser.add_argument("--cycle", type=int, help="only results of this cycle (its number)")

    def handle(self, *, cycle, **options):
        results = Result.objects.select_related("assessment__cycle__scheme")
        if cycle is not None:
            results = results.filter(assessment__cycle=cycle)
        checked, bad = 0, 0
        for result in results.order_by("pk").iterator(chunk_size=500):
            checked += 1
            if found := differences_of(result):
                bad += 1
                self.stderr.write(f"结果 {result.pk}：{''.join(found)}")
        if bad:
            raise CommandError(f"复算 {checked} 份结果，{bad} 份与签发时不符。请立即报告秘书处。")
        self.stdout.write(f"复算 {checked} 份结果，全部与签发时一致。")
