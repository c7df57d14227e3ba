"""Pages about people: accounts, invitations, roles, and a person's own profile."""

import segno
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import actions, queries
from accounts.forms import NewPasswordForm, PersonForm, PhoneForm, ReasonForm, RoleForm
from accounts.guards import public_page, requires, signed_in_page
from accounts.models import RoleGrant, User
from accounts.own_pages import pages_of
from accounts.passwords import is_staff_account
from accounts.permissions import roles_anywhere
from accounts.roles import Permission, Role
from accounts.workspace import choose_workspace
from association.errors import BusinessRuleError

PEOPLE_A_PAGE = 50
# The fresh link waits here between the POST that made it and the page that shows it once.
FRESH_LINK = "fresh_link"
PEOPLE_CRUMB = {"label": "账号与角色", "url": "/accounts/people/"}


# ------------------------------------------------------------------ oneself


@require_safe
@signed_in_page
def profile(request):
    """A person's own page: roles, password, second factor, reading size."""
    grants = request.user.role_grants.in_force().select_related("area").order_by("pk")
    held = roles_anywhere(request.user)
    context = {
        "grants": grants,
        "place_roles": [r for r in Role if r in held and r not in {g.role for g in grants}],
        "is_staff_account": is_staff_account(request.user),
        "own_pages": pages_of(request.user),
        "heading": "我的",
    }
    return render(request, "accounts/profile.html", context)


@require_POST
@signed_in_page
def switch_workspace(request):
    """Choose which workspace to see; authority stays what it is."""
    choose_workspace(request, request.POST.get("role", ""))
    return redirect("/")


@never_cache
@require_http_methods(["GET", "POST"])
@public_page
def join(request, token):
    """Behind an invitation: the person sets a password and goes on to log in."""
    invitation = queries.open_invitation(actions.digest_of(token), now=timezone.now())
    if invitation is None:
        return render(request, "accounts/join_over.html", status=404)
    form = NewPasswordForm(request.POST or None)
    if form.is_valid():
        try:
            user = actions.accept_invitation(
                token, password=form.cleaned_data["password"], now=timezone.now()
            )
        except BusinessRuleError as error:
            form.add_error("password", str(error))
        else:
            messages.success(request, f"密码已设好，请用登录名“{user.username}”登录。")
            return redirect("account_login")
    context = {"form": form, "person": invitation.user}
    return render(request, "accounts/join.html", context)


# ------------------------------------------------------------------ people


@require_safe
@requires(Permission.ROLE_GRANT)
def people(request):
    """Everybody with an account, and the roles that wait for a second person."""
    text = request.GET.get("q", "").strip()
    found = queries.people_matching(text)
    page = Paginator(found, PEOPLE_A_PAGE).get_page(request.GET.get("page"))
    rows = queries.with_roles(page.object_list)
    context = {
        "rows": rows,
        "page": page,
        "q": text,
        "summary": f"共 {page.paginator.count} 个账号，"
        f"第 {page.number} / {page.paginator.num_pages} 页",
        "previous_url": _page_url(text, page.previous_page_number() if page.has_previous() else 0),
        "next_url": _page_url(text, page.next_page_number() if page.has_next() else 0),
        "waiting": queries.grants_waiting(),
        "actions": [{"label": "新建账号", "url": reverse("accounts:add_person"), "primary": True}],
    }
    return render(request, "accounts/people.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.ROLE_GRANT)
def add_person(request):
    """Make an account; the next page gives the invitation."""
    form = PersonForm(request.POST or None)
    if form.is_valid():
        try:
            user = actions.create_user(**form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(
                request, f"账号“{user.username}”已建好。下一步：发邀请链接，授予角色。"
            )
            return redirect("accounts:person", pk=user.pk)
    return _form_page(request, form, "新建账号", "保存账号", reverse("accounts:people"))


@require_safe
@requires(Permission.ROLE_GRANT, on=User)
def person(request, user):
    """One account: roles with their history, the open link, what may be done."""
    context = {
        "person": user,
        "grants": user.role_grants.select_related(
            "area", "granted_by", "confirmed_by", "revoked_by"
        ).order_by("-granted_at"),
        "invitation": user.invitations.order_by("-created_at").first(),
        "positions": queries.places_of(user),
        "now": timezone.now(),
        "crumbs": [PEOPLE_CRUMB],
        "is_staff_account": is_staff_account(user),
        "is_self": user == request.user,
    }
    return render(request, "accounts/person.html", context)


@require_POST
@requires(Permission.ROLE_GRANT, on=User)
def invite(request, user):
    """Make a one-time link, an invitation or a reset, and show it once."""
    try:
        token = actions.invite(user, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
        return redirect("accounts:person", pk=user.pk)
    request.session[FRESH_LINK] = {"user": user.pk, "token": token}
    return redirect("accounts:link", pk=user.pk)


@never_cache
@require_safe
@requires(Permission.ROLE_GRANT, on=User)
def link(request, user):
    """The sheet with the fresh link, to print or copy; it is shown once."""
    fresh = request.session.pop(FRESH_LINK, None)
    if not fresh or fresh["user"] != user.pk:
        messages.info(request, "链接只显示一次。需要时请再发一个，旧的会作废。")
        return redirect("accounts:person", pk=user.pk)
    address = settings.PUBLIC_URL + reverse("accounts:join", args=[fresh["token"]])
    context = {
        "person": user,
        "address": address,
        "qr": segno.make(address, error="m").svg_data_uri(scale=5, border=2),
        "days": actions.INVITATION_DAYS,
        "back_url": reverse("accounts:person", args=[user.pk]),
    }
    return render(request, "accounts/link.html", context)


@require_POST
@requires(Permission.ROLE_GRANT, on=User)
def revoke_invitation(request, user):
    """End the open link, for example when a sheet was lost."""
    try:
        actions.revoke_invitation(user, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "链接已作废，打不开了。")
    return redirect("accounts:person", pk=user.pk)


@require_http_methods(["GET", "POST"])
@requires(Permission.ROLE_GRANT, on=User)
def change_phone(request, user):
    """Bind another mobile number, with the reason."""
    form = PhoneForm(request.POST or None, initial={"phone": user.phone})
    if form.is_valid():
        try:
            actions.change_phone(user, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{user}”的手机号已更改，已给本人发消息。")
            return redirect("accounts:person", pk=user.pk)
    return _form_page(request, form, f"更改“{user}”的手机号", "保存手机号", _url_of(user))


@require_http_methods(["GET", "POST"])
@requires(Permission.ROLE_GRANT, on=User)
def deactivate(request, user):
    """Switch an account off, with the reason."""
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            actions.deactivate(user, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{user}”的账号已停用，不能再登录；办过的事都保留。")
            return redirect("accounts:person", pk=user.pk)
    return _form_page(request, form, f"停用“{user}”的账号", "停用账号", _url_of(user))


@require_POST
@requires(Permission.ROLE_GRANT, on=User)
def reactivate(request, user):
    """Switch an account on again."""
    try:
        actions.reactivate(user, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{user}”可以登录了，角色和停用前一样。")
    return redirect("accounts:person", pk=user.pk)


# ------------------------------------------------------------------ roles


@require_http_methods(["GET", "POST"])
@requires(Permission.ROLE_GRANT, on=User)
def propose_role(request, user):
    """Propose a role; it holds once a second person has confirmed it."""
    form = RoleForm(request.POST or None)
    if form.is_valid():
        try:
            actions.propose_role(user, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "授权已提出，等另一位有授权权限的同事确认后生效。")
            return redirect("accounts:person", pk=user.pk)
    return _form_page(request, form, f"给“{user}”授予角色", "提出授权", _url_of(user))


@require_POST
@requires(Permission.ROLE_GRANT, on=RoleGrant)
def confirm_role(request, grant):
    """The second person's yes."""
    try:
        grant = actions.confirm_role(grant, by=request.user, now=timezone.now())
    except BusinessRuleError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"“{grant.user}”已有“{grant.get_role_display()}”角色。")
    return redirect("accounts:person", pk=grant.user_id)


@require_http_methods(["GET", "POST"])
@requires(Permission.ROLE_GRANT, on=RoleGrant)
def revoke_role(request, grant):
    """Take a role back, or a proposal off the table, with the reason."""
    form = ReasonForm(request.POST or None)
    if form.is_valid():
        try:
            actions.revoke_role(grant, **form.cleaned_data, by=request.user, now=timezone.now())
        except BusinessRuleError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, f"“{grant.get_role_display()}”已撤销。")
            return redirect("accounts:person", pk=grant.user_id)
    title = f"撤销“{grant.user}”的“{grant.get_role_display()}”"
    return _form_page(request, form, title, "撤销角色", _url_of(grant.user))


def _url_of(user: User) -> str:
    return reverse("accounts:person", args=[user.pk])


def _page_url(text: str, number: int) -> str:
    return f"?q={text}&page={number}" if number else ""


def _form_page(request, form, heading, save, back_url):
    context = {
        "form": form,
        "heading": heading,
        "save": save,
        "back_url": back_url,
        "crumbs": [PEOPLE_CRUMB],
    }
    return render(request, "accounts/form.html", context)
