from association import workflow_docs
from association.docs_command import DocsCommand


class Command(DocsCommand):
    help = "Write docs/workflows.md from the state tables of the rooms."
    path = workflow_docs.PATH

    def document(self):
        return workflow_docs.document()
