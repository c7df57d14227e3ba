"""A table of docs/ that is written from the code: write it, or say whether it is still true.

A room's command ``docs_<name>`` names the file and the text; ``./portal check`` runs each such
command with ``--check``.
"""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError


class DocsCommand(BaseCommand):
    """Subclass with ``help``, ``path`` and ``document()``."""

    path: Path

    def document(self) -> str:
        """Return the whole file."""
        raise NotImplementedError

    def add_arguments(self, parser):
        parser.add_argument(
            "--check", action="store_true", help="change nothing; fail when the file is not true"
        )

    def handle(self, *, check, **options):
        text = self.document()
        known = self.path.read_text(encoding="utf-8") if self.path.exists() else ""
        if text == known:
            self.stdout.write(f"docs/{self.path.name} is true")
        elif check:
            command = type(self).__module__.rpartition(".")[2]
            raise CommandError(
                f"docs/{self.path.name} differs from the code; run ./portal manage {command}"
            )
        else:
            self.path.write_text(text, encoding="utf-8")
            self.stdout.write(f"docs/{self.path.name} written")
