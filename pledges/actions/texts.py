"""The wording of the pledge: load it, draw up a new version, edit it while nobody has signed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.crypto import get_random_string

from association import audit
from association.errors import BusinessRuleError
from pledges.models import Clause, PledgeText


class TextFrozenError(BusinessRuleError):
    """Somebody has signed under the text: it is never changed again."""


class TextRefusedError(BusinessRuleError):
    """The text is not whole, or its version is taken."""


class TextInUseError(BusinessRuleError):
    """A campaign stands on the text."""


@dataclass(frozen=True)
class ClauseDraft:
    """One clause as typed; an empty ``key`` is a clause that no version had before."""

    title: str
    text: str
    key: str = ""
    cites: tuple[str, ...] = ()


@transaction.atomic
def load_text(document: Mapping, *, now: datetime) -> tuple[PledgeText, bool]:
    """Enter a pledge text with its clauses; a version already there is left as it is.

    Returns the text and whether it is new.
    """
    fields = ("preamble", "term_months", "adopted_note", "source")
    text, is_new = PledgeText.objects.get_or_create(
        title=document["title"],
        version=document["version"],
        defaults={name: document[name] for name in fields} | {"created_at": now},
    )
    if is_new:
        Clause.objects.bulk_create(Clause(text_version=text, **row) for row in document["clauses"])
        audit.record("pledge.text_loaded", by=None, target=text, now=now, sha256=text.digest())
    return text, is_new


@transaction.atomic
def draw_up(source: PledgeText, *, version: str, by, now: datetime) -> PledgeText:
    """Start a new version from ``source``; its clauses keep their keys, so that they compare."""
    version = version.strip()
    if not version:
        raise TextRefusedError("请填写新版本号，例如“1.1”。")
    if PledgeText.objects.filter(title=source.title, version=version).exists():
        raise TextRefusedError(f"“{source.title}”已经有 {version} 版，请换一个版本号。")
    text = PledgeText.objects.create(
        title=source.title,
        version=version,
        preamble=source.preamble,
        term_months=source.term_months,
        source=f"由 {source.version} 版修订",
        created_at=now,
    )
    Clause.objects.bulk_create(
        Clause(text_version=text, seq=c.seq, key=c.key, title=c.title, text=c.text, cites=c.cites)
        for c in source.clauses.order_by("seq")
    )
    audit.record("pledge.text_drawn_up", by=by, target=text, now=now, source=str(source))
    return text


@transaction.atomic
def revise(
    text: PledgeText,
    *,
    preamble: str,
    term_months: int,
    adopted_note: str,
    clauses: Sequence[ClauseDraft],
    by,
    now: datetime,
) -> PledgeText:
    """Keep the wording as typed, clauses numbered in their order.

    Raises ``TextFrozenError`` once somebody has signed, ``TextRefusedError`` naming what is not
    there.
    """
    text = _open(text)
    if not preamble.strip():
        raise TextRefusedError("请写引言。")
    if not clauses:
        raise TextRefusedError("至少要有一条承诺。")
    for seq, clause in enumerate(clauses, start=1):
        if not clause.title.strip() or not clause.text.strip():
            raise TextRefusedError(f"第 {seq} 条的标题和内容都要写。不要这一条，请勾选删除。")
    keys = [clause.key for clause in clauses if clause.key]
    if len(set(keys)) != len(keys):
        raise TextRefusedError("同一条出现了两次，请刷新页面再改。")
    was = text.digest()
    text.preamble, text.term_months = preamble.strip(), term_months
    text.adopted_note = adopted_note.strip()
    text.save(update_fields=["preamble", "term_months", "adopted_note"])
    text.clauses.all().delete()
    Clause.objects.bulk_create(
        Clause(
            text_version=text,
            seq=seq,
            key=clause.key or f"c{get_random_string(8).lower()}",
            title=clause.title.strip(),
            text=clause.text.strip(),
            cites=list(clause.cites),
        )
        for seq, clause in enumerate(clauses, start=1)
    )
    audit.record("pledge.text_saved", by=by, target=text, now=now, was=was, sha256=text.digest())
    return text


@transaction.atomic
def discard(text: PledgeText, *, by, now: datetime) -> None:
    """Take back a version that no campaign has used."""
    text = _open(text)
    if text.campaigns.exists():
        raise TextInUseError("已有签署活动用了这一版，不能删除。可以另起草新版本。")
    audit.record("pledge.text_discarded", by=by, target=text, now=now, sha256=text.digest())
    text.clauses.all().delete()
    text.delete()


def _open(text: PledgeText) -> PledgeText:
    text = PledgeText.objects.select_for_update(of=("self",)).get(pk=text.pk)
    if text.frozen_at is not None:
        raise TextFrozenError("已经有人签过这一版，文字不能再改。请起草新版本。")
    return text
