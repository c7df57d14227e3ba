from django.core.management.base import BaseCommand

from association import workflow_docs


class Command(BaseCommand):
    help = "Write docs/workflows.md from the state tables of the rooms."

    def handle(self, **options):
        workflow_docs.PATH.write_text(workflow_docs.document(), encoding="utf-8")
        self.stdout.write(f"{workflow_docs.PATH.name} written")
