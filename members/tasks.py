"""What the worker does for the register; every handler may run twice."""

from datetime import datetime, time

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from association import files, jobs
from members import actions, documents
from members.actions import imports
from members.enums import ImportState
from members.models import ImportBatch, Pharmacy


@jobs.handler("members.print_invitations", label="生成邀请单")
def print_invitations(job, *, shops, organisation, user_id, **_future) -> dict:
    """Make links for the owners of ``shops`` and one PDF of their slips.

    The links are known only while they are made, so that links and slips belong to one slice;
    a repeat makes new links and a new PDF, and the first sheets stop working.
    """
    by = get_user_model().objects.get(pk=user_id)
    now = timezone.now()
    found = Pharmacy.objects.select_related("unit").on_register().filter(pk__in=shops)
    slips, open_already = [], 0
    for done, shop in enumerate(found.order_by("area__order", "name_sort", "pk"), start=1):
        invited = actions.invite_owner(shop, by=by, now=now)
        if invited.token:
            slips.append(documents.slip(shop, invited))
        else:
            open_already += 1
        if done % 20 == 0:
            jobs.progress(job, done, len(shops), shop.name)
    if slips:
        stored = files.keep(
            documents.invitations_pdf(slips, organisation=organisation),
            name=f"邀请单 {timezone.localdate(now)} {len(slips)}家.pdf",
            content_type="application/pdf",
            by=by,
            now=now,
        )
        job.result_file_id = stored.pk
    jobs.progress(job, len(shops), len(shops))
    return {"sheets": len(slips), "open_already": open_already}


@jobs.handler("members.read_import", label="读取名册")
def read_import(job, *, batch_id, **_future) -> dict:
    """Read an uploaded file; columns that a person has mapped before are compared at once."""
    batch = _batch(job, batch_id)
    if batch.state == ImportState.READING:
        batch = imports.read(batch)
    if batch.state == ImportState.MAPPING and imports.is_known(batch):
        now = timezone.now()
        batch = imports.map_columns(batch, batch.mapping, source=batch.source, now=now)
        batch = imports.check(batch, now=now)
    return {"summary": batch.refusal or f"读到 {batch.line_count:,} 行。"}


@jobs.handler("members.check_import", label="核对名册")
def check_import(job, *, batch_id, **_future) -> dict:
    """Compare a sheet with the register."""
    batch = _batch(job, batch_id)
    if batch.state == ImportState.CHECKING:
        batch = imports.check(batch, now=timezone.now())
    return {"summary": f"可写入 {imports.writable(batch):,} 行。"}


@jobs.handler("members.commit_import", label="写入名册")
def commit_import(job, *, batch_id, digest, user_id, **_future) -> dict:
    """Write the good rows in one transaction; killed in the middle, nothing is written."""
    batch = _batch(job, batch_id)
    total = imports.writable(batch)
    jobs.progress(job, 0, total, "与名册比对")
    if batch.state != ImportState.COMMITTED:
        by = get_user_model().objects.get(pk=user_id)
        try:
            batch = imports.commit(batch, digest=digest, by=by, now=timezone.now())
        except imports.RegisterMovedError:
            imports.check_again(batch, now=timezone.now())
            raise
    jobs.progress(job, total, total)
    return {"summary": imports.written_words(batch)}


@jobs.handler("members.undo_import", label="撤回导入")
def undo_import(job, *, batch_id, user_id, **_future) -> dict:
    """Take back what a batch has written."""
    batch = _batch(job, batch_id)
    if batch.state != ImportState.UNDONE:
        by = get_user_model().objects.get(pk=user_id)
        batch = imports.undo(batch, by=by, now=timezone.now())
    return {"summary": imports.undone_words(batch)}


def _batch(job, pk: int) -> ImportBatch:
    job.result_url = reverse("members:import", args=[pk])
    return ImportBatch.objects.select_related("file", "committed_by").get(pk=pk)


@jobs.periodic("members.expire_imports", label="清理过期的导入", every=jobs.DAY, at=time(3, 40))
def expire_imports(job, *, slot, **_future) -> dict:
    """End sheets that nobody has confirmed; drop lines that no undo can need any more."""
    now = datetime.fromisoformat(slot)
    forgotten = ImportBatch.objects.open().filter(uploaded_at__lt=now - imports.CHECK_WAIT)
    ended = ImportBatch.objects.exclude(pk__in=ImportBatch.objects.open()).filter(cleared_at=None)
    ended = ended.exclude(committed_at__gte=now - imports.UNDO_WAIT)
    counts = {"expired": 0, "cleared": 0}
    for batch in forgotten.order_by("pk"):
        imports.expire(batch, now=now)
        counts["expired"] += 1
    for batch in ended.order_by("pk"):
        imports.clear(batch, now=now)
        counts["cleared"] += 1
    return counts
