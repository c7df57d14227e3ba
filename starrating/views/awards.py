"""Certificates to print: one at once, all of a cycle by the worker."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_POST, require_safe

from accounts.guards import requires
from accounts.roles import Permission
from starrating import documents
from starrating.actions import printing
from starrating.models import Award, Cycle


@require_safe
@requires(Permission.RESULT_VIEW, on=Award)
def certificate(request, award):
    """The certificate of one shop as a PDF."""
    response = HttpResponse(documents.certificates([award]), content_type=documents.CONTENT_TYPE)
    response["Content-Disposition"] = content_disposition_header(
        as_attachment=True, filename=documents.file_name(award)
    )
    return response


@require_safe
@requires(Permission.CYCLE_MANAGE, on=Cycle)
def awards(request, cycle):
    """The awards of a cycle, in the order of the wall."""
    rows = (
        Award.objects.visible_to(request.user)
        .filter(result__assessment__cycle=cycle)
        .select_related("pharmacy__area")
        .order_by("serial")
    )
    return render(
        request,
        "starrating/awards.html",
        {"cycle": cycle, "awards": rows[:500], "count": rows.count()},
    )


@require_POST
@requires(Permission.CYCLE_MANAGE, on=Cycle)
def print_all(request, cycle):
    """Ask the worker for all certificates, in one PDF or as a zip of single files."""
    as_zip = request.POST.get("form") == "zip"
    job = printing.request_certificates(cycle, as_zip=as_zip, by=request.user, now=timezone.now())
    messages.info(request, f"正在生成：{job.label}。完成后在“后台任务”里下载。")
    return redirect("starrating:awards", pk=cycle.pk)
