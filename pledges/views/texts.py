"""The wording: its versions, what changed between them, and the editor of a draft."""

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed
from accounts.roles import Permission
from association.errors import BusinessRuleError
from pledges import queries, text_diff
from pledges.actions import texts
from pledges.forms import ClauseFormSet, TextForm, VersionForm, clause_rows
from pledges.models import PledgeText


@require_safe
@requires(Permission.PLEDGE_VIEW, on=PledgeText)
def text(request, text):
    """One version, and what it changed against an earlier one (``?with=``)."""
    others = list(queries.texts(request.user).filter(title=text.title).exclude(pk=text.pk))
    earlier = next((o for o in others if o.created_at <= text.created_at), None)
    chosen = next((o for o in others if str(o.pk) == request.GET.get("with")), earlier)
    found = text_diff.changes(queries.wording(chosen), queries.wording(text)) if chosen else []
    may_manage = allowed(request.user, Permission.PLEDGE_MANAGE)
    context = {
        "text": text,
        "clauses": text.clauses.order_by("seq"),
        "others": others,
        "chosen": chosen,
        "changes": found,
        "preamble": text_diff.marks(chosen.preamble, text.preamble) if chosen else (),
        "summary": text_diff.summary(found),
        "campaigns": text.campaigns.order_by("-year"),
        "may_edit": may_manage and text.frozen_at is None,
        "version_form": VersionForm() if may_manage else None,
        "crumbs": _crumbs(f"{text.version} 版"),
    }
    return render(request, "pledges/text.html", context)


@require_POST
@requires(Permission.PLEDGE_MANAGE, on=PledgeText)
def draw_up(request, text):
    """Start a new version from this one."""
    form = VersionForm(request.POST)
    form.is_valid()
    try:
        drawn = texts.draw_up(
            text,
            version=form.cleaned_data.get("version", ""),
            by=request.user,
            now=timezone.now(),
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("pledges:text", pk=text.pk)
    messages.success(
        request, f"{drawn.version} 版已起草，内容与 {text.version} 版相同，现在可以改。"
    )
    return redirect("pledges:edit_text", pk=drawn.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.PLEDGE_MANAGE, on=PledgeText)
def edit_text(request, text):
    """The editor: preamble and clauses on one page; “加一条” works without script."""
    form = TextForm(request.POST or None, initial=TextForm.initial_of(text))
    rows = clause_rows(text)
    clauses = ClauseFormSet(request.POST or None, initial=rows, prefix="clause")
    if request.method == "POST" and "more" in request.POST:
        clauses = ClauseFormSet.with_one_more(request.POST)
    elif request.method == "POST" and form.is_valid() and clauses.is_valid():
        try:
            texts.revise(
                text,
                **form.cleaned_data,
                clauses=clauses.drafts(),
                by=request.user,
                now=timezone.now(),
            )
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"{text.version} 版已保存。")
            return redirect("pledges:text", pk=text.pk)
    context = {
        "text": text,
        "form": form,
        "clauses": clauses,
        "is_frozen": text.frozen_at is not None,
        "crumbs": [
            *_crumbs(f"{text.version} 版")[:-1],
            {"label": f"{text.version} 版", "url": reverse("pledges:text", args=[text.pk])},
            {"label": "修改"},
        ],
    }
    return render(request, "pledges/edit_text.html", context)


@require_POST
@requires(Permission.PLEDGE_MANAGE, on=PledgeText)
def discard_text(request, text):
    """Take back a version that nobody has used."""
    version = text.version
    try:
        texts.discard(text, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("pledges:text", pk=text.pk)
    messages.success(request, f"{version} 版草稿已删除。")
    return redirect("pledges:index")


def _crumbs(here: str) -> list[dict]:
    return [{"label": "承诺与公示", "url": reverse("pledges:index")}, {"label": here}]
