"""What changed between two versions of a pledge text, clause by clause: pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

ADDED, REMOVED, CHANGED, MOVED, SAME = "added", "removed", "changed", "moved", "same"
KEPT, GONE, NEW = "kept", "gone", "new"
# A shared piece this short between two changes reads as noise, not as something kept.
SHORT = 2


@dataclass(frozen=True)
class Wording:
    """One clause as it stands in one version; ``key`` names it through all versions."""

    key: str
    seq: int
    title: str
    text: str


@dataclass(frozen=True)
class Change:
    """What became of one clause: its marks are ``(kept|gone|new, words)`` in reading order."""

    kind: str
    key: str
    old: Wording | None
    new: Wording | None
    title: tuple[tuple[str, str], ...] = ()
    text: tuple[tuple[str, str], ...] = ()


def changes(old: Sequence[Wording], new: Sequence[Wording]) -> list[Change]:
    """Return what became of every clause, in the order of the new text; removed ones last.

    A clause that kept its words counts as moved only when its place among the clauses that both
    versions have is another: one clause put in front does not move all the rest.
    """
    before = {clause.key: clause for clause in old}
    after = {clause.key: clause for clause in new}
    common_before = [clause.key for clause in old if clause.key in after]
    stayed = _longest_common([c.key for c in new if c.key in before], common_before)
    found = []
    for clause in new:
        was = before.get(clause.key)
        if was is None:
            found.append(
                Change(
                    ADDED, clause.key, None, clause, ((NEW, clause.title),), ((NEW, clause.text),)
                )
            )
            continue
        kind = SAME if clause.key in stayed else MOVED
        if (was.title, was.text) != (clause.title, clause.text):
            kind = CHANGED
        found.append(
            Change(
                kind,
                clause.key,
                was,
                clause,
                marks(was.title, clause.title),
                marks(was.text, clause.text),
            )
        )
    found += [
        Change(REMOVED, clause.key, clause, None, ((GONE, clause.title),), ((GONE, clause.text),))
        for clause in old
        if clause.key not in after
    ]
    return found


def marks(old: str, new: str) -> tuple[tuple[str, str], ...]:
    """Return ``new`` against ``old`` as pieces kept, gone and new."""
    pieces: list[list[str]] = []  # [kept, gone, new]
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        kept = old[a:b] if tag == "equal" else ""
        is_noise = kept and len(kept) < SHORT and pieces and b < len(old) and d < len(new)
        if is_noise:
            pieces[-1][1] += kept
            pieces[-1][2] += kept
        elif kept:
            pieces.append([kept, "", ""])
        elif pieces and not pieces[-1][0]:
            pieces[-1][1] += old[a:b]
            pieces[-1][2] += new[c:d]
        else:
            pieces.append(["", old[a:b], new[c:d]])
    return tuple(
        (kind, words)
        for piece in pieces
        for kind, words in zip((KEPT, GONE, NEW), piece, strict=True)
        if words
    )


def summary(found: Sequence[Change]) -> str:
    """Return the changes in one line, e.g. “改 2 条，加 1 条”; “没有改动” when there are none."""
    words = ((CHANGED, "改"), (ADDED, "加"), (REMOVED, "删"), (MOVED, "挪动"))
    counts = {kind: sum(change.kind == kind for change in found) for kind, _ in words}
    return "，".join(f"{word} {counts[kind]} 条" for kind, word in words if counts[kind]) or (
        "没有改动"
    )


def _longest_common(first: Sequence[str], second: Sequence[str]) -> set[str]:
    """Return the largest set of keys that stand in the same order in both."""
    lengths = [[0] * (len(second) + 1) for _ in range(len(first) + 1)]
    for i, a in enumerate(first):
        for j, b in enumerate(second):
            lengths[i + 1][j + 1] = (
                lengths[i][j] + 1 if a == b else max(lengths[i][j + 1], lengths[i + 1][j])
            )
    kept, i, j = set(), len(first), len(second)
    while i and j:
        if first[i - 1] == second[j - 1]:
            kept.add(first[i - 1])
            i, j = i - 1, j - 1
        elif lengths[i - 1][j] >= lengths[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return kept
