from accounts import permission_docs
from association.docs_command import DocsCommand


class Command(DocsCommand):
    help = "Write docs/permissions.md from the authority table."
    path = permission_docs.PATH

    def document(self):
        return permission_docs.document()
