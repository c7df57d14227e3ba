"""Papers that leave the portal: certificates by the worker, the list of results as a sheet."""

from datetime import datetime

from association import audit, jobs
from starrating.models import Cycle


def request_certificates(cycle: Cycle, *, as_zip: bool, by, now: datetime):
    """Ask for all certificates of the cycle; return the job whose result is the file."""
    form = "zip" if as_zip else "pdf"
    audit.record("cycle.certificates_printed", by=by, target=cycle, now=now, form=form)
    return jobs.enqueue(
        "starrating.print_certificates",
        key=f"certificates:{cycle.pk}:{form}:{now:%Y%m%d%H%M%S}",
        payload={"cycle_id": cycle.pk, "form": form, "at": now.isoformat()},
        label=f"{cycle.name}星级证书（{'每店一个文件' if as_zip else '合并为一个文件'}）",
        by=by,
        now=now,
    )


def note_export(cycle: Cycle, *, count: int, by, now: datetime) -> None:
    """Keep who took the list of results away, and how many shops were on it."""
    audit.record("results.exported", by=by, target=cycle, now=now, count=count)
