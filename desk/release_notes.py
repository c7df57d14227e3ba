"""CHANGELOG.md as people read it in the portal. Pure."""

import re
from dataclasses import dataclass

HEADING = re.compile(r"## (?P<version>\S+?)（(?P<day>\d{4}-\d{2}-\d{2})）")


@dataclass(frozen=True)
class Release:
    """One version: its day, a sentence about it, and what changed, each with its subject."""

    version: str
    day: str
    summary: str
    changes: tuple[tuple[str, str], ...]


def read_releases(text: str) -> list[Release]:
    """Return the versions of ``text``, in the order of the file: the newest first."""
    releases = []
    for part in re.split(r"^(?=## )", text, flags=re.MULTILINE)[1:]:
        heading, _, body = part.partition("\n")
        found = HEADING.fullmatch(heading.strip())
        if found is None:
            raise ValueError(f"Not a version with its day: {heading!r}")
        lines = [line.strip() for line in body.splitlines() if line.strip()]
        releases.append(
            Release(
                version=found["version"],
                day=found["day"],
                summary="".join(line for line in lines if not line.startswith("- ")),
                changes=tuple(_parted(line) for line in lines if line.startswith("- ")),
            )
        )
    return releases


def _parted(line: str) -> tuple[str, str]:
    subject, colon, words = line.removeprefix("- ").partition("：")
    return (subject, words) if colon else ("", subject)
