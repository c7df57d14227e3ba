"""Sheets into a register: uploaded, read, mapped, checked, written, taken back.

Each act is one transaction. Reading runs in a child process before its transaction begins;
writing and taking back lock the register against other writers and compare it once more with
what the person has confirmed.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Max
from django.urls import reverse

from accounts import actions as accounts
from accounts.models import Area
from association import audit, files, jobs, outbox
from association.errors import BusinessRuleError
from association.models import JobState
from association.sheet_guard import Limits, kind_of
from association.sheet_layout import find_layout
from association.sheet_reading import Sheet, UnreadableSheetError, open_sheet
from members import sheets
from members.enums import ImportState
from members.models import ImportBatch
from members.name_keys import initials
from members.sheets import SheetKind, mapping, staging
from members.workflow import IMPORT

HEAD_CELL = 60  # characters of a cell kept for the mapping page
SAMPLES = 20
# So long a sheet waits for its confirmation, and a written one for its undoing.
CHECK_DAYS, UNDO_DAYS = 7, 30
CHECK_WAIT, UNDO_WAIT = timedelta(days=CHECK_DAYS), timedelta(days=UNDO_DAYS)
CONTENT_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "xls": "application/vnd.ms-excel",
    "csv": "text/csv",
}


MOVED = "核对之后名册又有变动，没有写入。请看过新的核对结果再确认。"


class RegisterMovedError(BusinessRuleError):
    """The register is no longer what the person has compared the sheet with."""


class AlreadyWrittenError(BusinessRuleError):
    """Somebody else was quicker."""


class NothingToWriteError(BusinessRuleError):
    """No row of the sheet is new or changed."""


class TooLateError(BusinessRuleError):
    """The record of what was written is no longer kept."""


# ------------------------------------------------------------------ up to the mapping


def upload(file, kind: SheetKind, *, by, now: datetime) -> ImportBatch:
    """Keep the file and open a batch for it.

    Only its first bytes are looked at here; a file that is plainly no sheet is refused with
    ``UnreadableSheetError`` and not kept.
    """
    limits = Limits(**settings.SHEET_LIMITS)
    file.seek(0)
    head = file.read(4096)
    found = kind_of(head, file.size, limits)
    file.seek(0)
    with transaction.atomic():
        stored = files.keep(
            file.read((limits.megabytes << 20) + 1),
            name=file.name,
            content_type=CONTENT_TYPES[found],
            by=by,
            now=now,
        )
        batch = ImportBatch.objects.create(
            kind=kind.code, file=stored, uploaded_at=now, uploaded_by=by
        )
        audit.record("import.uploaded", by=by, target=batch, now=now, kind=kind.label)
    return batch


def read(batch: ImportBatch) -> ImportBatch:
    """Open the file in the child process and stage its lines; guess or remember the columns.

    A file that cannot be read leaves the reason on the batch.
    """
    with files.open_for(batch.file) as source:
        try:
            sheet = open_sheet(source, sheet=batch.sheet or None, prefix=f"{batch.pk}\t")
        except UnreadableSheetError as error:
            return _refuse(batch, str(error))
    return take_in(batch, sheet)


@transaction.atomic
def take_in(batch: ImportBatch, sheet: Sheet) -> ImportBatch:
    """Stage the lines of an opened sheet."""
    batch = _locked(batch)
    batch.state = IMPORT.after(batch.state, "read")
    batch.line_count = staging.copy_lines(batch, sheet.lines())
    batch.sheet, batch.about, batch.refusal = sheet.name[:100], _about(sheet), ""
    _lay_out(batch)
    batch.save()
    return batch


@transaction.atomic
def _refuse(batch: ImportBatch, reason: str) -> ImportBatch:
    batch = _locked(batch)
    batch.state, batch.refusal = IMPORT.after(batch.state, "refuse"), reason[:300]
    batch.save(update_fields=["state", "refusal"])
    return batch


def _about(sheet: Sheet) -> dict:
    head = [[number, [cell[:HEAD_CELL] for cell in cells]] for number, cells in sheet.head.rows]
    return {
        "kind": sheet.kind,
        "encoding": sheet.encoding,
        "notes": sheet.notes,
        "sheets": [
            {"name": one.name[:100], "hidden": one.is_hidden, "rows": one.row_count}
            for one in sheet.sheets
        ],
        "head": head,
        "merges": [list(area) for area in sheet.head.merges],
    }


def _lay_out(batch: ImportBatch, header_row: int | None = None) -> None:
    """Find the header row and which column holds what; a person's own mapping comes first."""
    kind = sheets.kind_of(batch)
    head = [(number, cells) for number, cells in batch.about["head"]]
    layout = find_layout(head, kind.targets, batch.about["merges"], header_row)
    batch.header_row, batch.first_row = layout.header_row, layout.first_row
    batch.headings = layout.headers
    memory = mapping.remembered(kind, layout.headers)
    if memory is not None:
        batch.mapping, batch.source = memory.mapping, memory.source
        return
    samples = [cells for number, cells in head if number >= layout.first_row][:SAMPLES]
    batch.mapping = mapping.guessed(kind, layout, samples)
    batch.source = mapping.source_of(batch.file.original_name)


@transaction.atomic
def choose_sheet(batch: ImportBatch, sheet: str) -> ImportBatch:
    """Take another sheet of the same file; it is read anew."""
    batch = _locked(batch)
    if sheet not in {one["name"] for one in batch.about.get("sheets", [])}:
        raise mapping.MappingError("文件里没有这个工作表，请重新选择。")
    batch.state = IMPORT.after(batch.state, "choose_sheet")
    batch.sheet = sheet
    batch.save(update_fields=["state", "sheet"])
    return batch


@transaction.atomic
def choose_header(batch: ImportBatch, header_row: int) -> ImportBatch:
    """Take another row for the headings; what was guessed is guessed anew."""
    batch = _locked(batch)
    IMPORT.after(batch.state, "map")
    if header_row not in {number for number, _ in batch.about["head"]}:
        raise mapping.MappingError(f"第 {header_row} 行没有内容，请写列名所在的那一行。")
    _lay_out(batch, header_row)
    batch.state = ImportState.MAPPING
    batch.save()
    return batch


@transaction.atomic
def map_columns(
    batch: ImportBatch, columns: Mapping[str, Sequence[int]], *, source: str, now: datetime
) -> ImportBatch:
    """Take the person's word for what each column holds, and remember it for such headings."""
    batch = _locked(batch)
    batch.state = IMPORT.after(batch.state, "map")
    batch.mapping = mapping.checked(sheets.kind_of(batch), columns, batch.headings)
    batch.source = source.strip()[: mapping.SOURCE_LENGTH] or mapping.source_of(
        batch.file.original_name
    )
    batch.save(update_fields=["state", "mapping", "source"])
    mapping.remember(batch, now=now)
    return batch


@transaction.atomic
def remap(batch: ImportBatch) -> ImportBatch:
    """Go back to the columns."""
    batch = _locked(batch)
    batch.state = IMPORT.after(batch.state, "remap")
    batch.save(update_fields=["state"])
    return batch


def is_known(batch: ImportBatch) -> bool:
    """Tell whether a person has mapped such headings before, so that nothing need be asked."""
    return mapping.remembered(sheets.kind_of(batch), batch.headings) is not None


# ------------------------------------------------------------------ handed to the worker


def ask_for_reading(batch: ImportBatch, *, by, now: datetime) -> None:
    """Let the worker read the file."""
    _hand_over(batch, "read_import", "读取名册", now.isoformat(), by=by, now=now)


def ask_for_check(batch: ImportBatch, *, by, now: datetime) -> None:
    """Let the worker compare the sheet with the register."""
    _hand_over(batch, "check_import", "核对名册", now.isoformat(), by=by, now=now)


def ask_for_commit(batch: ImportBatch, *, digest: str, by, now: datetime) -> None:
    """Let the worker write what the person has confirmed; asking twice is asking once."""
    _refuse_commit(batch, digest)
    _hand_over(batch, "commit_import", "写入名册", digest, by=by, now=now, digest=digest)


def ask_for_undo(batch: ImportBatch, *, by, now: datetime) -> None:
    """Let the worker take back what was written."""
    _refuse_undo(batch, now)
    _hand_over(batch, "undo_import", "撤回导入", "undo", by=by, now=now)


@transaction.atomic
def _hand_over(batch, act: str, label: str, occasion: str, *, by, now, **payload) -> None:
    batch = _locked(batch)
    job = jobs.enqueue(
        f"members.{act}",
        key=f"members.{act}:{batch.pk}:{occasion}",
        label=f"{label}：{batch}"[:200],
        payload={"batch_id": batch.pk, "user_id": by.pk, **payload},
        by=by,
        now=now,
    )
    if job.state in {JobState.FAILED, JobState.CANCELLED}:
        job = jobs.retry(job, by=by, now=now)
    batch.job = job
    batch.save(update_fields=["job"])


# ------------------------------------------------------------------ compared with the register


@transaction.atomic
def check(batch: ImportBatch, *, now: datetime) -> ImportBatch:
    """Read every row by the mapping and compare it with the register."""
    batch = _locked(batch)
    kind = sheets.kind_of(batch)
    batch.state = IMPORT.after(batch.state, "check")
    staging.read_rows(batch, kind)
    return _judge(batch, kind, now=now)


@transaction.atomic
def check_again(batch: ImportBatch, *, now: datetime) -> ImportBatch:
    """Compare a checked batch with the register as it is now; the rows are not read anew."""
    batch = _locked(batch)
    IMPORT.after(batch.state, "map")
    return _judge(batch, sheets.kind_of(batch), now=now)


def _judge(batch: ImportBatch, kind: SheetKind, *, now: datetime) -> ImportBatch:
    batch.counts, batch.digest = staging.judge(batch, kind)
    batch.remarks = kind.remarks(batch)
    batch.checked_at = now
    batch.save()
    return batch


@transaction.atomic
def add_areas(batch: ImportBatch, *, by, now: datetime) -> int:
    """Enter the sub-districts that the sheet names, and compare once more."""
    batch = _locked(batch)
    IMPORT.after(batch.state, "map")
    taken = set(Area.objects.values_list("code", flat=True))
    order = Area.objects.aggregate(last=Max("order"))["last"] or 0
    wanted = batch.remarks.get("unknown_areas", [])
    for name, _count in wanted:
        code = _free_code(initials(name).upper()[:16] or "QY", taken)
        taken.add(code)
        order += 1
        accounts.save_area(None, code=code, name=name, order=order, by=by, now=now)
    _judge(batch, sheets.kind_of(batch), now=now)
    return len(wanted)


def _free_code(stem: str, taken: set[str]) -> str:
    number, code = 1, stem
    while code in taken:
        number += 1
        code = f"{stem}{number}"
    return code


# ------------------------------------------------------------------ written and taken back


@transaction.atomic
def commit(batch: ImportBatch, *, digest: str, by, now: datetime) -> ImportBatch:
    """Write the good rows, all or none, if the register is still what was confirmed.

    ``digest`` is the one on the page that the person has confirmed.
    """
    batch = _locked(batch)
    kind = sheets.kind_of(batch)
    _refuse_commit(batch, digest)
    batch.state = IMPORT.after(batch.state, "commit")
    with connection.cursor() as cursor:
        cursor.execute(kind.lock)
    if staging.digest_now(batch, kind) != digest:
        raise RegisterMovedError(MOVED)
    batch.committed_at, batch.committed_by = now, by
    batch.result = {"written": kind.write(batch, now=now)}
    batch.save(update_fields=["state", "committed_at", "committed_by", "result"])
    audit.record("import.committed", by=by, target=batch, now=now, **batch.result["written"])
    outbox.post(
        f"import:{batch.pk}:committed",
        to=[by],
        subject=f"“{batch}”已写入{kind.label}",
        body=written_words(batch),
        link=reverse("members:import", args=[batch.pk]),
        now=now,
    )
    return batch


def _refuse_commit(batch: ImportBatch, digest: str) -> None:
    if batch.state == ImportState.COMMITTED:
        raise AlreadyWrittenError(f"这份名册已由{batch.committed_by}写入，不用再写一次。")
    IMPORT.after(batch.state, "commit")
    if not writable(batch):
        raise NothingToWriteError("表里没有要新增或更改的行，不用写入。")
    if batch.digest != digest:
        raise RegisterMovedError(MOVED)


def writable(batch: ImportBatch) -> int:
    """Return how many rows a commit would write."""
    return batch.counts.get("new", 0) + batch.counts.get("changed", 0)


def written_words(batch: ImportBatch) -> str:
    """Say what a commit has written and what it left."""
    kind, written = sheets.kind_of(batch), batch.result.get("written", {})
    new, changed = written.get("new", 0), written.get("changed", 0)
    said = [f"新增 {new} {kind.unit}，更改 {changed} {kind.unit}"]
    if errors := batch.counts.get("error", 0):
        said.append(f"有误的 {errors} 行没有写入，可下载改正后再传")
    return "；".join(said) + "。"


@transaction.atomic
def undo(batch: ImportBatch, *, by, now: datetime) -> ImportBatch:
    """Take back what the batch wrote, but for what somebody has touched since."""
    batch = _locked(batch)
    _refuse_undo(batch, now)
    batch.state = IMPORT.after(batch.state, "undo")
    undone = sheets.kind_of(batch).undo(batch, now=now)
    batch.undone_at, batch.undone_by = now, by
    batch.result |= {"undone": undone.counts, "left": undone.left}
    batch.save(update_fields=["state", "undone_at", "undone_by", "result"])
    audit.record("import.undone", by=by, target=batch, now=now, **undone.counts)
    return batch


def undone_words(batch: ImportBatch) -> str:
    """Say what an undo has taken back and how much had to stay."""
    kind, counts = sheets.kind_of(batch), batch.result["undone"]
    said = f"收回 {counts['new']} {kind.unit}，恢复 {counts['changed']} {kind.unit}"
    return f"{said}；{counts['left']} 条保留。" if counts["left"] else f"{said}。"


def _refuse_undo(batch: ImportBatch, now: datetime) -> None:
    IMPORT.after(batch.state, "undo")
    if batch.cleared_at is not None or now > batch.committed_at + UNDO_WAIT:
        raise TooLateError(f"写入已超过 {UNDO_DAYS} 天，不能整批撤回，请逐家修改。")


@transaction.atomic
def discard(batch: ImportBatch, *, by, now: datetime) -> ImportBatch:
    """Give a sheet up before anything was written."""
    batch = _locked(batch)
    batch.state = IMPORT.after(batch.state, "discard")
    _clear(batch, now)
    audit.record("import.discarded", by=by, target=batch, now=now)
    return batch


@transaction.atomic
def expire(batch: ImportBatch, *, now: datetime) -> ImportBatch:
    """End a batch that nobody has confirmed for days."""
    batch = _locked(batch)
    batch.state = IMPORT.after(batch.state, "expire")
    _clear(batch, now)
    return batch


@transaction.atomic
def clear(batch: ImportBatch, *, now: datetime) -> ImportBatch:
    """Drop the lines of a batch that can no longer be undone; the original file stays."""
    batch = _locked(batch)
    _clear(batch, now)
    return batch


def _clear(batch: ImportBatch, now: datetime) -> None:
    staging.clear(batch)
    batch.cleared_at = now
    batch.about = {key: batch.about[key] for key in ("kind", "encoding") if key in batch.about}
    batch.save(update_fields=["state", "cleared_at", "about"])


def _locked(batch: ImportBatch) -> ImportBatch:
    rows = ImportBatch.objects.select_related("file", "uploaded_by", "committed_by")
    return rows.select_for_update(of=("self",)).get(pk=batch.pk)
