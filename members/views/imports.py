"""Pages of the import centre: upload, columns, preview, result, history."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import content_disposition_header, urlencode
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association import files, jobs
from association.errors import BusinessRuleError
from association.htmx import render_page
from association.models import JobState
from association.sheet_writing import CSV, XLSX
from association.templatetags.ui import cn_date, cn_moment
from members import queries, resources, sheets
from members.actions import imports
from members.enums import ImportState, Verdict
from members.forms import MappingForm, UploadForm
from members.models import ImportBatch
from members.sheets import preview

HISTORY_ROWS = 20
# So much is read and compared while the person waits; more is a job.
INLINE_BYTES = 1 << 20
INLINE_ROWS = 5_000
# More wrong rows than this come as text: a workbook of them would take minutes.
WORKBOOK_ROWS = 5_000
SAMPLES = 3
OPEN_JOB = {JobState.WAITING, JobState.RUNNING}


@require_http_methods(["GET", "POST"])
@requires(Permission.PHARMACY_IMPORT)
def import_list(request):
    """The door of the import centre: a file in, templates out, and what went in before."""
    kinds = sheets.kinds_for(request.user)
    form = UploadForm(request.POST or None, request.FILES or None, kinds=kinds)
    if form.is_valid():
        now = timezone.now()
        try:
            batch = imports.upload(
                form.cleaned_data["file"], form.chosen_kind(), by=request.user, now=now
            )
        except BusinessRuleError as error:
            form.add_error("file", str(error))
        else:
            _read(batch, request.user, now)
            return redirect("members:import", pk=batch.pk)
    page = Paginator(queries.imports_of(request.user), HISTORY_ROWS).get_page(
        request.GET.get("page")
    )
    labels = {kind.code: kind.label for kind in kinds}
    for batch in page.object_list:
        batch.kind_label = labels.get(batch.kind, batch.kind)
    context = {
        "form": form,
        "kinds": kinds,
        "batches": page.object_list,
        "summary": f"共 {page.paginator.count} 次" if page.paginator.count else "",
        "previous_url": f"?page={page.previous_page_number()}" if page.has_previous() else "",
        "next_url": f"?page={page.next_page_number()}" if page.has_next() else "",
        "undo_days": imports.UNDO_DAYS,
        "crumbs": [{"label": "会员与药店", "url": reverse("members:list")}],
    }
    return render(request, "members/import_list.html", context)


@require_safe
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def import_batch(request, batch):
    """One sheet on its way, whatever its state."""
    context = {
        "batch": batch,
        "kind": sheets.kind_of(batch),
        "job": batch.job,
        "is_busy": _is_busy(batch),
        "is_quiet": _is_busy(batch) and jobs.worker_is_quiet(timezone.now()),
        "twin": queries.earlier_import(batch),
        "crumbs": [
            {"label": "会员与药店", "url": reverse("members:list")},
            {"label": "导入", "url": reverse("members:imports")},
        ],
    }
    if _is_busy(batch):
        return render_page(
            request, "members/import_busy.html", "members/_import_busy.html", context
        )
    if "HX-Request" in request.headers:  # the waiting page asks: there is something to see now
        return HttpResponse("<div data-reload></div>")
    build = PAGES.get(batch.state)
    template = TEMPLATES.get(batch.state, "members/import_ended.html")
    return render(request, template, context | (build(request, batch) if build else {}))


def _is_busy(batch: ImportBatch) -> bool:
    """Whether the worker has the sheet: the page then waits for it."""
    if batch.job is None or batch.job.state not in OPEN_JOB:
        return False
    return batch.state in {
        ImportState.READING,
        ImportState.CHECKING,
        ImportState.CHECKED,
        ImportState.COMMITTED,
    }


def _mapping_page(request, batch) -> dict:
    form = MappingForm(batch=batch)
    head = [(number, cells) for number, cells in batch.about.get("head", [])]
    samples = [cells for number, cells in head if number >= batch.first_row]
    columns = [
        {
            "place": at,
            "letter": resources.column_letter(at),
            "heading": heading,
            "samples": [s for row in samples if (s := row[at] if at < len(row) else "")][:SAMPLES],
            "field": form[f"column-{at}"],
        }
        for at, heading in enumerate(batch.headings)
        if f"column-{at}" in form.fields
    ]
    return {
        "form": form,
        "columns": columns,
        "required": [c.label for c in sheets.kind_of(batch).columns if c.is_required],
        "sheets": batch.about.get("sheets", []),
        "notes": batch.about.get("notes", []),
    }


def _preview_page(request, batch) -> dict:
    counts = batch.counts
    wanted = request.GET.get("show", "")
    show = wanted if wanted in Verdict.values else ""
    page = preview.page_of(
        batch, show, after=_number(request, "after"), before=_number(request, "before")
    )
    total = sum(counts.values())
    tabs = [{"label": "全部", "url": "?", "count": f"{total:,}", "current": not show}]
    tabs += [
        {
            "label": verdict.label,
            "url": f"?show={verdict.value}",
            "count": f"{counts.get(verdict.value, 0):,}",
            "current": show == verdict.value,
        }
        for verdict in (Verdict.ERROR, Verdict.CHANGED, Verdict.NEW, Verdict.SAME)
        if counts.get(verdict.value)
    ]
    unknown = batch.remarks.get("unknown_areas", [])
    return {
        "rows": page.rows,
        "tabs": tabs,
        "show": show,
        "total": total,
        "writable": imports.writable(batch),
        "counts": counts,
        "unknown_areas": unknown,
        "unknown_shown": unknown[:12],
        "may_add_areas": allowed(request.user, Permission.DESK_MANAGE),
        "notes": batch.about.get("notes", []),
        "figures": [
            {"label": verdict.label, "value": f"{counts.get(verdict.value, 0):,}", "unit": "行",
             "url": f"?show={verdict.value}" if counts.get(verdict.value) else "",
             "tone": "bad" if verdict == Verdict.ERROR and counts.get(verdict.value) else "",
             "note": FIGURE_NOTES[verdict]}
            for verdict in (Verdict.NEW, Verdict.CHANGED, Verdict.SAME, Verdict.ERROR)
        ],
        "previous_url": _page_url(show, "before", page.before),
        "next_url": _page_url(show, "after", page.after),
        "summary": f"{counts.get(show, 0) if show else total:,} 行",
        "failed_job": batch.job if batch.job and batch.job.state == JobState.FAILED else None,
        "expires_on": batch.checked_at + imports.CHECK_WAIT,
    }  # fmt: skip


FIGURE_NOTES = {
    Verdict.NEW: "名册里还没有",
    Verdict.CHANGED: "名册里有，内容不同",
    Verdict.SAME: "不用改",
    Verdict.ERROR: "不会写入",
}


def _result_page(request, batch) -> dict:
    written = batch.result.get("written", {})
    undone = batch.result.get("undone")
    may_undo = (
        batch.state == ImportState.COMMITTED
        and batch.cleared_at is None
        and timezone.now() <= batch.committed_at + imports.UNDO_WAIT
    )
    facts = [
        {"name": "种类", "value": sheets.kind_of(batch).label},
        {"name": "上传", "value": f"{batch.uploaded_by}，{cn_moment(batch.uploaded_at)}"},
        {"name": "写入", "value": f"{batch.committed_by}，{cn_moment(batch.committed_at)}"},
    ]
    if batch.undone_at:
        facts.append({"name": "撤回", "value": f"{batch.undone_by}，{cn_moment(batch.undone_at)}"})
    if written.get("units"):
        facts.append({"name": "新登记的会员单位", "value": f"{written['units']} 家"})
    if written.get("codes"):
        facts.append({"name": "补上信用代码的单位", "value": f"{written['codes']} 家"})
    if batch.source and "source_id" in batch.mapping:
        facts.append({"name": "来源名册", "value": batch.source})
    until = cn_date(batch.committed_at + imports.UNDO_WAIT)
    return {
        "facts": facts,
        "words": imports.written_words(batch),
        "undone_words": imports.undone_words(batch) if undone else "",
        "left_note": "没有收回的列在下面，请逐条处理。" if undone and undone["left"] else "",
        "undo_note": f"{until}前可以整批撤回。" if may_undo else "",
        "left": batch.result.get("left", []),
        "may_undo": may_undo,
        "has_lines": batch.cleared_at is None,
        "failed_job": batch.job if batch.job and batch.job.state == JobState.FAILED else None,
    }


PAGES = {
    ImportState.MAPPING: _mapping_page,
    ImportState.CHECKED: _preview_page,
    ImportState.COMMITTED: _result_page,
    ImportState.UNDONE: _result_page,
}
TEMPLATES = {
    ImportState.MAPPING: "members/import_mapping.html",
    ImportState.CHECKED: "members/import_preview.html",
    ImportState.COMMITTED: "members/import_result.html",
    ImportState.UNDONE: "members/import_result.html",
}


# ------------------------------------------------------------------ acts


@require_POST
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def choose_sheet(request, batch):
    """Take another sheet of the file."""
    return _act(request, batch, lambda now: _read(
        imports.choose_sheet(batch, request.POST.get("sheet", "")), request.user, now
    ))  # fmt: skip


@require_POST
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def choose_header(request, batch):
    """Take another row for the headings."""
    row = request.POST.get("header_row", "")
    number = int(row) if row.isascii() and row.isdecimal() and len(row) < 8 else 0
    return _act(request, batch, lambda now: imports.choose_header(batch, number))


@require_POST
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def map_columns(request, batch):
    """Confirm what each column holds; the rows are compared next."""
    form = MappingForm(request.POST, batch=batch)
    if not form.is_valid():
        messages.error(request, "有的列选得不对，请重新选择。")
        return redirect("members:import", pk=batch.pk)

    def map_and_check(now):
        mapped = imports.map_columns(
            batch, form.mapping(), source=form.cleaned_data.get("source", ""), now=now
        )
        _check(mapped, request.user, now)

    return _act(request, batch, map_and_check)


@require_POST
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def remap(request, batch):
    """Back to the columns."""
    return _act(request, batch, lambda now: imports.remap(batch))


@require_POST
@requires(Permission.DESK_MANAGE, on=ImportBatch)
def add_areas(request, batch):
    """Enter the sub-districts that the sheet names and the association has not."""

    def add(now):
        count = imports.add_areas(batch, by=request.user, now=now)
        messages.success(request, f"已新增 {count} 个片区，并重新核对。")

    return _act(request, batch, add)


@require_POST
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def check_again(request, batch):
    """Compare once more with the register as it is now."""
    return _act(request, batch, lambda now: imports.check_again(batch, now=now))


@require_POST
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def commit(request, batch):
    """Let the worker write the good rows."""
    digest = request.POST.get("digest", "")[:40]

    def hand_over(now):
        imports.ask_for_commit(batch, digest=digest, by=request.user, now=now)

    return _act(request, batch, hand_over)


@require_POST
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def undo(request, batch):
    """Take back what the batch wrote."""
    ask = imports.ask_for_undo if imports.writable(batch) > INLINE_ROWS else imports.undo
    return _act(request, batch, lambda now: ask(batch, by=request.user, now=now))


@require_POST
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def discard(request, batch):
    """Give the sheet up."""
    try:
        imports.discard(batch, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("members:import", pk=batch.pk)
    messages.success(request, f"“{batch}”已放弃，名册没有改动。")
    return redirect("members:imports")


def _act(request, batch, do):
    try:
        do(timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    return redirect("members:import", pk=batch.pk)


def _read(batch: ImportBatch, user, now) -> None:
    if batch.file.size > INLINE_BYTES:
        imports.ask_for_reading(batch, by=user, now=now)
        return
    read = imports.read(batch)
    if read.state == ImportState.MAPPING and imports.is_known(read):
        _check(imports.map_columns(read, read.mapping, source=read.source, now=now), user, now)


def _check(batch: ImportBatch, user, now) -> None:
    if batch.line_count > INLINE_ROWS:
        imports.ask_for_check(batch, by=user, now=now)
    else:
        imports.check(batch, now=now)


# ------------------------------------------------------------------ papers


@require_safe
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def original(request, batch):
    """The file as it was uploaded."""
    return files.response(batch.file)


@require_safe
@requires(Permission.PHARMACY_IMPORT, on=ImportBatch)
def errors(request, batch):
    """The rows that cannot be taken, with reason and suggestion, to correct and upload again."""
    if batch.cleared_at is not None or not batch.counts.get("error"):
        raise Http404
    stem = batch.file.original_name.rsplit(".", 1)[0]
    if batch.counts["error"] > WORKBOOK_ROWS:
        return download(resources.error_text(batch), f"{stem}-有误的行.csv", CSV)
    return download(resources.error_workbook(batch), f"{stem}-有误的行.xlsx", XLSX)


@require_safe
@requires(Permission.PHARMACY_IMPORT)
def template(request, kind):
    """An empty sheet with headings, drop-downs and one example."""
    found = sheets.kind_named(kind)
    if found is None or found not in sheets.kinds_for(request.user):
        raise Http404
    return download(resources.template_workbook(found), f"{found.label}模板.xlsx", XLSX)


def download(content: bytes, name: str, content_type: str) -> HttpResponse:
    """Answer with a file that is made for this request."""
    answer = HttpResponse(content, content_type=content_type)
    answer.headers["Content-Disposition"] = file_name(name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def file_name(name: str) -> str:
    """Return the header that saves an answer under a Chinese name."""
    return content_disposition_header(as_attachment=True, filename=name)


def _number(request, name: str) -> int:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 8 else 0


def _page_url(show: str, step: str, number: int | None) -> str:
    if number is None:
        return ""
    return f"?{urlencode({'show': show, step: number} if show else {step: number})}"
