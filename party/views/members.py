"""Pages about Party members: the register, one member, consent, numbers, and the own record."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires, signed_in_page
from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import Permission
from association import files, read_log
from association.errors import BusinessRuleError
from party.actions import members as actions
from party.documents import register_workbook
from party.enums import ConsentWay, Relation
from party.forms import (
    ConsentForm,
    LeaveForm,
    LoginForm,
    MemberForm,
    NumbersForm,
    ReasonForm,
    RevealForm,
    WithdrawForm,
)
from party.models import Consent, PartyMember, PartyOrganisation
from party.queries import members as queries
from party.queries.meetings import history_of
from party.views.organisations import unit_names
from party.views.pages import (
    asked_number,
    crumb,
    first_error,
    form_page,
    press,
    sheet,
    stored,
)

ROWS = 100
SAID = {
    "party.member_enrolled": "登记",
    "party.member_changed": "修改资料",
    "party.consent_given": "登记单独同意",
    "party.consent_withdrawn": "登记撤回同意，清除身份证号和手机号",
    "party.numbers_kept": "录入身份证号或手机号",
    "party.login_linked": "关联本人账号",
    "party.member_left": "登记离开",
    "party.member_taken_back": "恢复登记",
    "party.many_looks": "一小时内查看次数过多",
}


@never_cache
@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def member_list(request):
    """The register of the organisations the person keeps; numbers are masked or not there."""
    word = request.GET.get("q", "").strip()[:50]
    view = request.GET.get("view", "all")
    organisation = asked_number(request, "organisation")
    found = queries.listed(request.user, organisation=organisation, word=word)
    counts = queries.view_counts(found)
    rows = queries.rows_of(found, view)
    narrowed = f"&q={word}" if word else ""
    narrowed += f"&organisation={organisation}" if organisation else ""
    branches = PartyOrganisation.objects.visible_to(request.user).standing().order_by("pk")
    context = {
        "rows": list(rows[: ROWS + 1])[:ROWS],
        "is_cut": counts["all"] > ROWS,
        "limit": ROWS,
        "word": word,
        "view": view,
        "may": allowed_somewhere(request.user, Permission.PARTY_MANAGE),
        "organisation": organisation,
        "branches": branches.exclude(kind="group"),
        "tabs": [
            {
                "label": label,
                "url": f"?view={name}{narrowed}",
                "count": counts[name],
                "current": name == view,
            }
            for name, (label, _) in queries.VIEWS.items()
            if counts[name] or name in ("all", view)
        ],
        "total": counts["all"],
        "places": [b for b in branches if b.kind in ("branch", "joint_branch")],
    }
    return render(request, "party/members.html", context)


@never_cache
@require_POST
@requires(Permission.PARTY_MANAGE, somewhere=True)
def export(request):
    """The rows of the list as a sheet, against a reason that each person in it can read."""
    asked = request.POST.get("organisation", "")
    found = queries.listed(
        request.user,
        organisation=int(asked) if asked.isdecimal() and len(asked) < 10 else None,
        word=request.POST.get("q", "").strip()[:50],
    )
    rows = queries.rows_of(found, request.POST.get("view", "all")).defer(None)
    now = timezone.now()
    try:
        taken = actions.export_register(
            rows, reason=request.POST.get("reason", ""), by=request.user, now=now
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("party:members")
    return sheet(register_workbook(taken), f"party-members-{now:%Y%m%d-%H%M}.xlsx")


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def enroll(request, organisation):
    """Put a member on the register of a branch."""
    form = MemberForm(request.POST or None, organisation=organisation)
    return form_page(
        request,
        form,
        lambda: actions.enroll(
            organisation,
            actions.MemberFacts(**form.cleaned_data),
            by=request.user,
            now=timezone.now(),
        ),
        heading=f"登记党员：{organisation}",
        save="登记",
        back=reverse("party:members"),
        after=lambda made: reverse("party:member", args=[made.pk]),
        done=lambda made: f"{made}已登记。接着登记本人的单独同意，再录入身份证号和手机号。",
        crumbs=[crumb("党员", "party:members"), crumb("登记")],
        units=unit_names(),
    )


@never_cache
@require_safe
@requires(Permission.PARTY_VIEW, on=PartyMember)
def detail(request, member):
    """One member: membership, consent, masked numbers, who looked, what happened."""
    return _detail(request, member)


def _detail(request, member, *, seen=None, reveal_form=None, status=200):
    context = {
        "member": member,
        "numbers": queries.masked_numbers(member),
        "consents": member.consents.select_related("text", "recorded_by").order_by("-recorded_at"),
        "text": queries.consent_text_in_force(timezone.localdate()),
        "posts": member.posts.current().select_related("organisation"),
        "looks": read_log.about(member)[:20],
        "history": history_of(member, SAID),
        "may": allowed(request.user, Permission.PARTY_MANAGE, member),
        "may_reveal": allowed(request.user, Permission.PARTY_REVEAL, member),
        "seen": seen,
        "reveal_form": reveal_form or RevealForm(),
        "today": timezone.localdate(),
        "crumbs": [crumb("党员", "party:members"), crumb(member.name)],
    }
    return render(request, "party/member.html", context, status=status)


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyMember)
def change(request, member):
    """Correct a member's record."""
    form = MemberForm(
        request.POST or None,
        organisation=member.organisation,
        initial=MemberForm.initial_of(member),
    )
    return form_page(
        request,
        form,
        lambda: actions.change(
            member, actions.MemberFacts(**form.cleaned_data), by=request.user, now=timezone.now()
        ),
        heading=f"修改：{member}",
        save="保存",
        back=_url(member),
        done="资料已更新。",
        crumbs=_crumbs(member, "修改"),
        units=unit_names(),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyMember)
def consent(request, member):
    """Enter the consent that the person has signed on paper."""
    text = queries.consent_text_in_force(timezone.localdate())
    if text is None:
        messages.error(request, "同意书还没有载入，请管理员运行 load_defaults。")
        return redirect(_url(member))
    form = ConsentForm(request.POST or None, request.FILES or None)
    now = timezone.now()
    return form_page(
        request,
        form,
        lambda: actions.give_consent(
            member,
            text,
            way=ConsentWay.PAPER,
            given_on=form.cleaned_data["given_on"],
            paper=stored(form.cleaned_data["paper"], by=request.user, now=now),
            by=request.user,
            now=now,
        ),
        heading=f"登记单独同意：{member}",
        save="登记",
        back=_url(member),
        done="同意已登记，可以录入身份证号和手机号了。",
        crumbs=_crumbs(member, "登记单独同意"),
        situation=f"{text}。先打印给本人看、签字，再拍照上传",
    )


@require_safe
@requires(Permission.PARTY_VIEW, on=PartyMember)
def consent_sheet(request, member):
    """The consent text for the person to read and sign."""
    text = queries.consent_text_in_force(timezone.localdate())
    if text is None:
        raise Http404
    context = {"member": member, "text": text, "back_url": _url(member)}
    return render(request, "party/consent_sheet.html", context)


@require_safe
@requires(Permission.PARTY_VIEW, on=PartyMember)
def consent_paper(request, member, consent):
    """The signed consent itself."""
    row = get_object_or_404(Consent, pk=consent, member=member, paper__isnull=False)
    return files.response(row.paper, inline=True)


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyMember)
def withdraw(request, member):
    """Enter that the person takes the consent back; the numbers are erased with it."""
    form = WithdrawForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: actions.withdraw_consent(
            member, reason=form.cleaned_data["reason"], by=request.user, now=timezone.now()
        ),
        heading=f"撤回同意：{member}",
        save="撤回并清除",
        back=_url(member),
        done="同意已撤回，身份证号和手机号已清除，党员登记不变。",
        crumbs=_crumbs(member, "撤回同意"),
        situation="撤回后身份证号和手机号当场清除，不能恢复",
    )


@never_cache
@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyMember)
def numbers(request, member):
    """Enter ID number and phone."""
    form = NumbersForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: actions.keep_numbers(
            member, **form.cleaned_data, by=request.user, now=timezone.now()
        ),
        heading=f"录入身份证号和手机号：{member}",
        save="加密保存",
        back=_url(member),
        done="已加密保存，平时只显示头尾。",
        crumbs=_crumbs(member, "身份证号和手机号"),
        situation="留空的一项不改动",
    )


@never_cache
@require_POST
@requires(Permission.PARTY_REVEAL, on=PartyMember)
def reveal(request, member):
    """Show one number once; who, when and why is written down first."""
    form = RevealForm(request.POST)
    if not form.is_valid():
        messages.error(request, first_error(form) or "请写明为什么要看。")
        return _detail(request, member, reveal_form=form, status=422)
    which = form.cleaned_data["which"]
    try:
        value = actions.reveal(
            member,
            which,
            reason=form.cleaned_data["reason"],
            by=request.user,
            now=timezone.now(),
        )
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return _detail(request, member, reveal_form=form, status=422)
    return _detail(request, member, seen={"which": which, "value": value})


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyMember)
def link_login(request, member):
    """Let the person read the own record with their login."""
    form = LoginForm(
        request.POST or None, initial={"user": member.user.username if member.user else ""}
    )
    return form_page(
        request,
        form,
        lambda: actions.link_login(
            member, form.cleaned_data["user"], by=request.user, now=timezone.now()
        ),
        heading=f"关联本人账号：{member}",
        save="保存",
        back=_url(member),
        done=lambda made: f"{made}登录后能看自己的记录。" if made.user_id else "已取消关联。",
        crumbs=_crumbs(member, "关联本人账号"),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyMember)
def leave(request, member):
    """Enter that a member has left."""
    form = LeaveForm(request.POST or None, initial={"left_on": timezone.localdate()})
    return form_page(
        request,
        form,
        lambda: actions.leave(member, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading=f"登记离开：{member}",
        save="登记离开",
        back=_url(member),
        done=f"{member}已登记离开，身份证号和手机号已清除。",
        crumbs=_crumbs(member, "登记离开"),
        situation="只登记人员去向，不改变党籍",
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyMember)
def take_back(request, member):
    """Undo a mistaken leaving."""
    form = ReasonForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: actions.take_back(member, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading=f"恢复登记：{member}",
        save="恢复登记",
        back=_url(member),
        done=f"{member}已恢复登记。身份证号和手机号要重新录入。",
        crumbs=_crumbs(member, "恢复登记"),
    )


# ------------------------------------------------------------------ the own record


@never_cache
@require_safe
@signed_in_page
def mine(request):
    """A Party member's own record, in full, with the log of who read it; no role needed."""
    member = queries.record_of(request.user)
    context = {
        "member": member,
        "heading": "我的党员信息",
        "back_url": reverse("accounts:profile"),
        "back_label": "我的",
    }
    if member is not None:
        context |= {
            "numbers": queries.masked_numbers(member),
            "looks": read_log.about(member)[:100],
            "text": member.consent.text
            if member.consent
            else queries.consent_text_in_force(timezone.localdate()),
            "is_elsewhere": member.relation == Relation.ELSEWHERE,
            "meetings": queries.meetings_of(member, now=timezone.now()),
        }
    return render(request, "party/mine.html", context)


@require_POST
@signed_in_page
def agree(request):
    """The person agrees with the own login to the text that the page has shown."""
    member = _own_record(request)
    text = queries.consent_text_in_force(timezone.localdate())
    if text is None or str(text.version) != request.POST.get("version"):
        messages.error(request, "同意书刚换了新版，请看过再确认。")
        return redirect("party:mine")
    now = timezone.now()
    return press(
        request,
        lambda: actions.give_consent(
            member,
            text,
            way=ConsentWay.LOGIN,
            given_on=timezone.localdate(now),
            by=request.user,
            now=now,
        ),
        done="已登记您的同意。",
        back=reverse("party:mine"),
    )


@require_POST
@signed_in_page
def take_consent_back(request):
    """The person withdraws the own consent; the numbers are erased at once."""
    member = _own_record(request)
    return press(
        request,
        lambda: actions.withdraw_consent(
            member, reason="本人在网上撤回", by=request.user, now=timezone.now()
        ),
        done="已撤回，您的身份证号和手机号已清除，党籍和组织生活不受影响。",
        back=reverse("party:mine"),
    )


def _own_record(request) -> PartyMember:
    """Return the record that is the person's own; for all others there is nothing to consent to."""
    member = queries.record_of(request.user)
    if member is None:
        raise Http404
    return member


def _url(member: PartyMember) -> str:
    return reverse("party:member", args=[member.pk])


def _crumbs(member: PartyMember, here: str) -> list[dict]:
    return [
        crumb("党员", "party:members"),
        {"label": member.name, "url": _url(member)},
        crumb(here),
    ]
