"""Replaying an issued result from its frozen evidence."""

from starrating.models import Result
from starrating.scoring import verify


def differences_of(result: Result) -> tuple[str, ...]:
    """Return how the recomputed result differs from the issued one; empty when it does not.

    The columns that lists read are compared too: a row changed behind the portal's back shows
    even where its frozen tree was left alone.
    """
    frozen = {
        "scheme_hash": result.scheme_hash,
        "evidence": result.evidence,
        "evidence_hash": result.evidence_hash,
        "result": result.tree,
    }
    found = list(verify(result.assessment.cycle.scheme.rules, frozen))
    stars = result.tree.get("stars") if result.tree.get("status") == "rated" else None
    total = result.tree.get("total")
    if (result.status, result.stars) != (result.tree.get("status"), stars):
        found.append("星级一栏与冻结的明细不符。")
    if (result.total is None) != (total is None) or (
        total is not None and result.total != result._meta.get_field("total").to_python(total)
    ):
        found.append("总分一栏与冻结的明细不符。")
    return tuple(found)
