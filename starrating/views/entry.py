"""The owner's phone pages: the hub, its parts, papers, check and hand-in."""

from secrets import token_hex

from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import Permission
from association import files
from association.errors import BusinessRuleError
from starrating.actions import entry
from starrating.enums import AssessmentState
from starrating.forms.entry import PaperForm, PartForm, SignedSheetForm, rows_of
from starrating.models import Assessment, EvidenceFile
from starrating.queries.entry import (
    known_facts,
    own_files,
    owner_sheet,
    papers_by_item,
    why_closed,
)
from starrating.queries.explanation import acts_open_to


@require_safe
@requires(Permission.ASSESSMENT_FILL, on=Assessment)
def hub(request, assessment):
    """The parts of the self-assessment, any order, with what is still missing."""
    form = owner_sheet(assessment)
    user = request.user
    may_see = allowed(user, Permission.RESULT_VIEW, assessment)
    context = {
        "assessment": assessment,
        "form": form,
        "cycle": assessment.cycle,
        "closed": why_closed(assessment, now=timezone.now()),
        "may_submit": allowed(user, Permission.ASSESSMENT_SUBMIT, assessment),
        "is_told": may_see and assessment.results.exists(),
        "may_decline": "decline" in acts_open_to(user, assessment),
    }
    return render(request, "starrating/entry/hub.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.ASSESSMENT_FILL, on=Assessment)
def part(request, assessment, code):
    """One part of the sheet. A POST saves; with ``X-Autosave`` it answers in JSON."""
    form = owner_sheet(assessment)
    shown = form.part(code)
    if shown is None:
        raise Http404
    problems, refusal = {}, ""
    if request.method == "POST":
        sent = PartForm([shown], request.POST)
        try:
            saved = entry.save_answers(
                assessment,
                answers=sent.answers,
                na_reasons=sent.na_reasons,
                seen=sent.seen,
                page=request.POST.get("page", "")[:16],
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            refusal = str(error)
        else:
            problems = saved.problems | sent.problems
            assessment = saved.assessment
        if "X-Autosave" in request.headers:
            return _autosaved(assessment, problems, refusal)
        if not refusal:
            problems |= _take_papers(request, assessment, shown)
        if not problems and not refusal:
            return redirect(_after(request, assessment, form, shown))
        form = owner_sheet(assessment)
        shown = form.part(code)
    context = {
        "assessment": assessment,
        "form": form,
        "part": shown,
        "previous": form.previous_part(shown),
        "next": form.next_part(shown),
        "problems": problems,
        "refusal": refusal,
        "papers_per_item": entry.PAPERS_PER_ITEM,
        "page": request.POST.get("page", "")[:16] or token_hex(4),
        "closed": why_closed(assessment, now=timezone.now()),
        "rows": rows_of(
            shown,
            typed=request.POST if problems or refusal else {},
            problems=problems,
            papers=papers_by_item(assessment),
            known=known_facts(assessment),
        ),
    }
    return render(
        request, "starrating/entry/part.html", context, status=422 if problems or refusal else 200
    )


def _take_papers(request, assessment, shown) -> dict[str, str]:
    """Take the photos sent with the part and put away the one that was crossed out.

    Both come with the answers, so that nothing typed is lost where no script runs.
    """
    problems = {}
    for line in shown.lines:
        upload = request.FILES.get(f"photo-{line.item.code}")
        if upload is None and request.POST.get("attach") == line.item.code:
            problems[line.item.code] = "请先选一张照片或一份 PDF，再点上传。"
        elif upload is not None:
            try:
                entry.attach(
                    assessment,
                    item=line.item.code,
                    upload=upload,
                    by=request.user,
                    now=timezone.now(),
                )
            except BusinessRuleError as error:
                problems[line.item.code] = str(error)
    crossed = request.POST.get("detach", "")
    if crossed.isdecimal():
        paper = assessment.evidence_files.filter(pk=crossed).first()
        if paper is not None:
            _detached(request, entry.detach(paper, by=request.user, now=timezone.now()))
    return problems


def _autosaved(assessment, problems, refusal) -> JsonResponse:
    saved = timezone.localtime(assessment.saved_at) if assessment.saved_at else None
    return JsonResponse(
        {
            "saved_at": saved.strftime("%H:%M") if saved else "",
            "problems": problems,
            "refusal": refusal,
        },
        status=409 if refusal else 200,
    )


def _after(request, assessment, form, shown) -> str:
    """Where a saved part leads: where the person asked to go, else on, else to the check."""
    item = request.POST.get("attach") or _item_of(assessment, request.POST.get("detach", ""))
    if item:
        return _item_address(assessment, item)
    if request.POST.get("then") == "hub":
        return reverse("starrating:fill", args=[assessment.pk])
    following = form.next_part(shown)
    if following is not None:
        return reverse("starrating:fill_part", args=[assessment.pk, following.code])
    return reverse("starrating:check", args=[assessment.pk])


@require_POST
@requires(Permission.ASSESSMENT_FILL, on=Assessment)
def attach(request, assessment):
    """Put a photo beside an item; JSON for the photo queue, a redirect without script."""
    form = PaperForm(request.POST, request.FILES)
    wants_json = "X-Autosave" in request.headers
    try:
        if not form.is_valid():
            raise entry.NotAnswerableError(next(iter(form.errors.values()))[0])
        paper = entry.attach(
            assessment,
            item=form.cleaned_data["item"],
            upload=form.cleaned_data["upload"],
            caption=form.cleaned_data["caption"],
            by=request.user,
            now=timezone.now(),
        )
    except BusinessRuleError as error:
        if wants_json:
            return JsonResponse({"error": str(error)}, status=422)
        messages.error(request, str(error))
    else:
        if wants_json:
            return JsonResponse(
                {"pk": paper.pk, "url": reverse("starrating:evidence", args=[paper.pk])}
            )
    return redirect(_item_address(assessment, request.POST.get("item", "")))


def _item_of(assessment, paper: str) -> str:
    """The item that a paper was crossed out from; empty where none was."""
    rows = assessment.evidence_files.filter(pk=paper if paper.isdecimal() else 0)
    return rows.values_list("item", flat=True).first() or ""


def _item_address(assessment, item: str) -> str:
    for section in owner_sheet(assessment).parts:
        if any(line.item.code == item for line in section.lines):
            address = reverse("starrating:fill_part", args=[assessment.pk, section.code])
            return f"{address}#q-{item}"
    return reverse("starrating:fill", args=[assessment.pk])


@require_POST
@requires(Permission.ASSESSMENT_FILL, on=EvidenceFile)
def detach(request, paper):
    """Take a paper away; the toast offers to put it back."""
    return _moved(request, paper, entry.detach)


@require_POST
@requires(Permission.ASSESSMENT_FILL, on=EvidenceFile)
def restore(request, paper):
    """Put a removed paper back."""
    return _moved(request, paper, entry.restore)


def _moved(request, paper, act):
    try:
        paper = act(paper, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        if paper.removed_at is not None:
            _detached(request, paper)
    return redirect(_item_address(paper.assessment, paper.item))


def _detached(request, paper) -> None:
    messages.info(
        request,
        "已移除 1 份材料。",
        extra_tags=f"undo:{reverse('starrating:restore', args=[paper.pk])}",
    )


@require_safe
@requires(Permission.ASSESSMENT_VIEW, on=EvidenceFile)
def evidence(request, paper):
    """The photo or paper itself, for those who may see the assessment; ``?small=1`` its tile."""
    if request.GET.get("small") == "1" and paper.thumbnail:
        return files.tile_response(paper.file)
    return files.response(paper.file, inline=True)


@require_http_methods(["GET", "POST"])
@requires(Permission.ASSESSMENT_FILL, on=Assessment)
def check(request, assessment):
    """Check your answers, then hand in: as the shop, or for it where one may only fill."""
    may_submit = allowed(request.user, Permission.ASSESSMENT_SUBMIT, assessment)
    refusal = ""
    if request.method == "POST":
        act = entry.submit if may_submit else entry.hand_in_for_shop
        try:
            if may_submit and not request.POST.get("is_truthful"):
                raise entry.BlanksLeftError("请先勾选“我确认以上内容属实”，再提交。")
            act(assessment, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            refusal = str(error)
            assessment.refresh_from_db()
            if assessment.state == AssessmentState.SUBMITTED:  # pressed twice, or two people
                return redirect("starrating:fill", pk=assessment.pk)
        else:
            return redirect("starrating:fill", pk=assessment.pk)
    context = {
        "assessment": assessment,
        "form": owner_sheet(assessment),
        "papers": papers_by_item(assessment),
        "may_submit": may_submit,
        "refusal": refusal,
        "closed": why_closed(assessment, now=timezone.now()),
    }
    return render(request, "starrating/entry/check.html", context, status=422 if refusal else 200)


@require_POST
@requires(Permission.ASSESSMENT_SUBMIT, on=Assessment)
def confirm(request, assessment):
    """The owner confirms what head office or the secretariat handed in."""
    try:
        entry.confirm(assessment, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    return redirect("starrating:fill", pk=assessment.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.ASSESSMENT_ENTER_ON_BEHALF, on=Assessment)
def on_behalf(request, assessment):
    """The secretariat types a paper sheet: every part on one page, with the signed paper."""
    form = owner_sheet(assessment)
    wants_submit = request.POST.get("then") == "submit"
    signed = SignedSheetForm(*(request.POST, request.FILES) if wants_submit else ())
    problems, refusal = {}, ""
    if request.method == "POST":
        sent = PartForm(list(form.parts), request.POST)
        now = timezone.now()
        try:
            saved = entry.save_answers(
                assessment,
                answers=sent.answers,
                na_reasons=sent.na_reasons,
                by=request.user,
                now=now,
            )
            problems = saved.problems | sent.problems
            assessment = saved.assessment
            if not problems and wants_submit and signed.is_valid():
                entry.hand_in_for_shop(
                    assessment,
                    signed_paper=signed.cleaned_data["signed_paper"],
                    by=request.user,
                    now=now,
                )
                messages.success(request, "已代录提交，等药店在手机上确认。")
                address = reverse("starrating:review", args=[assessment.cycle_id])
                return redirect(f"{address}?view=all&case={assessment.pk}")
        except BusinessRuleError as error:
            refusal = str(error)
        form = owner_sheet(assessment)
        if not problems and not refusal and not wants_submit:
            messages.success(request, "已保存，还没有提交。")
            return redirect("starrating:on_behalf", pk=assessment.pk)
    typed = request.POST if problems or refusal else {}
    papers, known = papers_by_item(assessment), known_facts(assessment)
    context = {
        "assessment": assessment,
        "signed": signed,
        "problems": problems,
        "refusal": refusal,
        "parts": [
            (part, rows_of(part, typed=typed, problems=problems, papers=papers, known=known))
            for part in form.parts
        ],
    }
    status = 422 if problems or refusal or signed.errors else 200
    return render(request, "starrating/entry/on_behalf.html", context, status=status)


@require_safe
@requires(Permission.ASSESSMENT_FILL, somewhere=True)
def mine(request):
    """The files of the person's own shops in the newest cycle: straight to the only one.

    Where a result was told it leads to the result, before that to the sheet.
    """
    current = own_files(request.user)
    sees_results = allowed_somewhere(request.user, Permission.RESULT_VIEW)
    if len(current) == 1:
        page = "detail" if current[0].is_told and sees_results else "fill"
        return redirect(f"starrating:{page}", pk=current[0].pk)
    context = {"assessments": current, "sees_results": sees_results}
    return render(request, "starrating/entry/mine.html", context)
