"""What the doors of this room share: a page with one form, a button that does one act."""

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from association import files
from association.errors import BusinessRuleError
from association.sheet_writing import XLSX


def form_page(
    request,
    form,
    act: Callable,
    *,
    heading: str,
    save: str,
    back: str,
    done: Callable[..., str] | str,
    crumbs: list[dict],
    situation: str = "",
    after: Callable[..., str] | None = None,
    units=(),
):
    """Show ``form``; when it is filled in right, do ``act()`` and go on to ``after`` or ``back``.

    ``done`` says what is now true; a refusal stands on top of the form and nothing has changed.
    """
    if request.method == "POST" and form.is_valid():
        try:
            result = act()
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, done(result) if callable(done) else done)
            return redirect(after(result) if after else back)
    context = {
        "form": form,
        "heading": heading,
        "save": save,
        "back_url": back,
        "crumbs": crumbs,
        "situation": situation,
        "units": units,
        "has_files": form.is_multipart(),
    }
    status = 422 if form.errors else 200
    return render(request, "party/form.html", context, status=status)


def press(request, act: Callable, *, done: Callable[..., str] | str, back: str):
    """Do what one button does, and say what came of it."""
    try:
        result = act()
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, done(result) if callable(done) else done)
    return redirect(back)


def stored(upload, *, by, now, kinds=files.PAPERS):
    """Keep an upload; a refusal is a sentence for the form."""
    return files.accept(upload, by=by, now=now, kinds=kinds)


def first_error(form) -> str:
    """Return the first thing wrong with a small form that has no page of its own."""
    return next((str(error) for errors in form.errors.values() for error in errors), "")


def crumb(label: str, name: str = "", *args) -> dict:
    """Return one step of the way to a page."""
    return {"label": label, "url": reverse(name, args=args) if name else ""}


def posted_uuid(request, name: str) -> UUID | None:
    """Return the key posted under ``name``, ``None`` where it is none."""
    try:
        return UUID(request.POST.get(name, ""))
    except ValueError:
        return None


def asked_number(request, name: str) -> int | None:
    """Return the number in the address under ``name``, ``None`` where it is none."""
    asked = request.GET.get(name, "")
    return int(asked) if asked.isdecimal() and len(asked) < 12 else None


def sheet(body: bytes, name: str) -> HttpResponse:
    """Return a workbook to be kept by whoever asked, by nobody between."""
    answer = HttpResponse(body, content_type=XLSX)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
