from django.core.management.base import BaseCommand

from association import jobs


class Command(BaseCommand):
    help = "Run all background jobs that are due, in this process; what a worker does all day."

    def handle(self, **options):
        ran, _ = jobs.run_due()
        self.stdout.write(f"{ran} jobs run")
