"""Pages of the tree: organisations, terms, covered companies, posts, coverage, rules, totals."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guards import requires
from accounts.permissions import allowed, allowed_somewhere
from accounts.roles import Permission
from party import queries, structure
from party.actions import organisations as actions
from party.enums import ASSOCIATION_ROLES, OrganisationKind, PostRole, RuleStatus
from party.forms import (
    ORGANISATION_ROLES,
    CoachForm,
    CoverForm,
    DissolveForm,
    EndPostForm,
    IdentifyForm,
    LocalRuleForm,
    OrganisationForm,
    PostForm,
    ShiftTermForm,
    TermForm,
    UncoverForm,
)
from party.models import CoveredUnit, PartyMember, PartyOrganisation, PartyRule, Post
from party.queries import meetings as meeting_queries
from party.queries import organisations as tree
from party.rule_words import in_words, number_leaves
from party.views.pages import asked_number, crumb, form_page, press

OFFERED = 500  # names in the list that a field offers while somebody types

SAID = {
    "party.organisation_founded": "登记党组织",
    "party.organisation_changed": "修改资料",
    "party.organisation_dissolved": "撤销",
    "party.term_begun": "登记换届",
    "party.term_shifted": "登记延期或提前换届",
    "party.unit_covered": "纳入一家单位",
    "party.unit_uncovered": "移出一家单位",
    "party.local_rule_set": "登记上级规定",
    "party.member_enrolled": "登记党员",
    "party.work_set_out": "生成工作清单",
}


@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def index(request):
    """The tree: each organisation with its people, its term and what is open."""
    today = timezone.localdate()
    rows = tree.tree_of(request.user, today=today)
    open_seats = sum(len(row["vacancies"]) for row in rows)
    terms = sum(row["term_mark"] is not None for row in rows)
    situation = f"{len(rows)} 个党组织"
    situation += f"，{open_seats} 个岗位空缺" if open_seats else "，岗位齐全"
    situation += f"，{terms} 个临近或超过届满" if terms else ""
    context = {
        "rows": rows,
        "situation": situation,
        "cross": tree.cross_appointments(),
        "waiting": _access_to_confirm(request.user),
        "seat_words": dict(PostRole.choices),
    }
    return render(request, "party/organisations.html", context)


def _access_to_confirm(user) -> list[dict]:
    """Return the logins that wait for a second person, and whether this person may be it."""
    waiting = [
        post
        for post in tree.posts_waiting_for_access()
        if allowed(user, Permission.PARTY_FOUND)
        or (post.organisation and allowed(user, Permission.PARTY_MANAGE, post.organisation))
    ]
    return [
        {"post": post, "may": user.pk not in {post.created_by_id, post.user_id}} for post in waiting
    ]


@require_safe
@requires(Permission.PARTY_VIEW, on=PartyOrganisation)
def detail(request, organisation):
    """One organisation: term, posts and vacancies, companies, advice, what happened."""
    today = timezone.localdate()
    facts = tree.facts_of([organisation], today=today)[organisation.pk]
    context = facts | {
        "organisation": organisation,
        "today": today,
        "vacancy_rows": [
            {"label": PostRole(empty.role).label, "role": empty.role, "days": empty.days(today)}
            for empty in facts["vacancies"]
        ],
        "units": organisation.covered_units.select_related("unit").order_by(
            "ends_on", "unit__name_sort", "pk"
        ),
        "groups": organisation.children.standing().order_by("founded_on", "pk"),
        "past_posts": organisation.posts.filter(ends_on__isnull=False).order_by("-ends_on", "-pk"),
        "may": allowed(request.user, Permission.PARTY_MANAGE, organisation),
        "history": meeting_queries.history_of(organisation, SAID),
        "crumbs": [crumb("组织与岗位", "party:organisations"), crumb(organisation.name)],
    }
    return render(request, "party/organisation.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, somewhere=True)
def found(request):
    """Enter an organisation below one that the person keeps."""
    parents = PartyOrganisation.objects.visible_to(request.user).standing().order_by("pk")
    return _found(request, parents, "party:organisations", needs_parent=True)


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_FOUND)
def found_top(request):
    """Enter the first organisation: the secretariat does, and sees no more of it than that."""
    return _found(request, PartyOrganisation.objects.none(), "party:totals", needs_parent=False)


def _found(request, parents, back_name, *, needs_parent):
    form = OrganisationForm(
        request.POST or None, parents=parents, initial={"parent": request.GET.get("parent")}
    )
    if needs_parent:
        form.fields["parent"].required = True
        form.fields["parent"].empty_label = None
        del form.fields["superior"]
    else:
        del form.fields["parent"]
    return form_page(
        request,
        form,
        lambda: actions.found(
            actions.OrganisationFacts(**form.cleaned_data), by=request.user, now=timezone.now()
        ),
        heading="登记党组织",
        save="登记",
        back=reverse(back_name),
        after=lambda made: made.get_absolute_url() if needs_parent else reverse(back_name),
        done=lambda made: f"“{made}”已登记。接着登记换届和岗位。",
        crumbs=[crumb("组织与岗位", back_name), crumb("登记党组织")],
        situation="上级批复以后再登记，照批复填写",
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def change(request, organisation):
    """Correct an organisation or hang it under another superior."""
    parents = PartyOrganisation.objects.visible_to(request.user).standing().order_by("pk")
    if organisation.parent_id and not parents.filter(pk=organisation.parent_id).exists():
        # Its superior is above what the person keeps: it stays, nothing else may be chosen.
        parents = tree.superior_of(organisation)
    form = OrganisationForm(
        request.POST or None,
        parents=parents.exclude(pk=organisation.pk),
        initial=OrganisationForm.initial_of(organisation),
    )
    return form_page(
        request,
        form,
        lambda: actions.change(
            organisation,
            actions.OrganisationFacts(**form.cleaned_data),
            by=request.user,
            now=timezone.now(),
        ),
        heading=f"修改：{organisation}",
        save="保存",
        back=organisation.get_absolute_url(),
        done="资料已更新。",
        crumbs=_crumbs(organisation, "修改"),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def begin_term(request, organisation):
    """Enter an election; the end of the term follows from the rules."""
    form = TermForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: actions.begin_term(
            organisation, **form.cleaned_data, by=request.user, now=timezone.now()
        ),
        heading="登记换届",
        save="登记换届",
        back=organisation.get_absolute_url(),
        done=lambda made: f"本届任期到 {made.term_ends_on}，届满前会提醒。",
        crumbs=_crumbs(organisation, "登记换届"),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def shift_term(request, organisation):
    """Enter that the superior has moved the end of the term."""
    form = ShiftTermForm(request.POST or None, initial={"ends_on": organisation.term_ends_on})
    return form_page(
        request,
        form,
        lambda: actions.shift_term(
            organisation, **form.cleaned_data, by=request.user, now=timezone.now()
        ),
        heading="延期或提前换届",
        save="保存",
        back=organisation.get_absolute_url(),
        done=lambda made: f"本届改到 {made.term_ends_on} 届满。",
        crumbs=_crumbs(organisation, "延期或提前换届"),
        situation="须经上级党组织批准，最长一年",
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def dissolve(request, organisation):
    """Strike an empty organisation off."""
    form = DissolveForm(request.POST or None)
    return form_page(
        request,
        form,
        lambda: actions.dissolve(
            organisation, **form.cleaned_data, by=request.user, now=timezone.now()
        ),
        heading=f"撤销：{organisation}",
        save="登记撤销",
        back=organisation.get_absolute_url(),
        after=lambda made: reverse("party:organisations"),
        done=lambda made: f"“{made}”已登记撤销，记录仍可查。",
        crumbs=_crumbs(organisation, "撤销"),
        situation="党员转出、岗位免职以后才能撤销",
    )


# ------------------------------------------------------------------ companies


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def cover(request, organisation):
    """Put a company under the organisation's care."""
    form = CoverForm(
        request.POST or None,
        initial={"unit": request.GET.get("unit", ""), "starts_on": timezone.localdate()},
    )
    return form_page(
        request,
        form,
        lambda: actions.cover(
            organisation, **form.cleaned_data, by=request.user, now=timezone.now()
        ),
        heading="纳入覆盖单位",
        save="纳入",
        back=organisation.get_absolute_url(),
        done=lambda made: f"“{made.unit}”已纳入“{organisation}”。",
        crumbs=_crumbs(organisation, "纳入覆盖单位"),
        units=unit_names(),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def uncover(request, organisation, covered):
    """Take a company out of the organisation's care."""
    rows = CoveredUnit.objects.filter(organisation=organisation).select_related("unit")
    row = get_object_or_404(rows, pk=covered)
    form = UncoverForm(request.POST or None, initial={"ends_on": timezone.localdate()})
    return form_page(
        request,
        form,
        lambda: actions.uncover(row, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading=f"移出：{row.unit}",
        save="移出",
        back=organisation.get_absolute_url(),
        done=f"“{row.unit}”已移出。",
        crumbs=_crumbs(organisation, "移出覆盖单位"),
    )


# ------------------------------------------------------------------ posts


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=PartyOrganisation)
def appoint(request, organisation):
    """Put a person on a post of the organisation."""
    is_group = organisation.kind == OrganisationKind.GROUP
    roles = [(PostRole.GROUP_LEADER.value, PostRole.GROUP_LEADER.label)]
    members = PartyMember.objects.visible_to(request.user).present()
    if is_group:
        members = members.filter(group=organisation)
    return _appoint(
        request,
        organisation,
        roles if is_group else ORGANISATION_ROLES,
        members,
        back=organisation.get_absolute_url(),
        crumbs=_crumbs(organisation, "登记岗位"),
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, somewhere=True)
def appoint_in_association(request):
    """Put a person on a post of the association, so that cross-appointments can be seen."""
    roles = [(role, label) for role, label in PostRole.choices if role in ASSOCIATION_ROLES]
    return _appoint(
        request,
        None,
        roles,
        PartyMember.objects.visible_to(request.user).present(),
        back=reverse("party:organisations"),
        crumbs=[crumb("组织与岗位", "party:organisations"), crumb("登记协会职务")],
    )


def _appoint(request, organisation, roles, members, *, back, crumbs):
    form = PostForm(
        request.POST or None,
        roles=roles,
        members=members.defer("id_number", "phone").order_by("name", "pk"),
        initial={"starts_on": timezone.localdate(), "role": request.GET.get("role", "")},
    )
    return form_page(
        request,
        form,
        lambda: actions.appoint(
            organisation,
            actions.PostFacts(**form.cleaned_data),
            by=request.user,
            now=timezone.now(),
        ),
        heading="登记岗位",
        save="登记",
        back=back,
        done=lambda made: (
            f"{made}已登记。登录要请另一位确认后才开通。" if made.user else f"{made}已登记。"
        ),
        crumbs=crumbs,
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_FOUND)
def appoint_first(request):
    """The secretariat puts the first secretary on a post; a second person opens the login."""
    top = get_object_or_404(tree.topmost(), pk=asked_number(request, "organisation"))
    form = PostForm(
        request.POST or None,
        roles=ORGANISATION_ROLES,
        members=PartyMember.objects.none(),
        initial={"starts_on": timezone.localdate()},
    )
    del form.fields["member"]
    return form_page(
        request,
        form,
        lambda: actions.appoint(
            top, actions.PostFacts(**form.cleaned_data), by=request.user, now=timezone.now()
        ),
        heading=f"授权党务岗位：{top}",
        save="登记",
        back=reverse("party:totals"),
        done=lambda made: f"{made}已登记，请另一位同事在“党建汇总”里确认登录。",
        crumbs=[crumb("党建汇总", "party:totals"), crumb("授权党务岗位")],
        situation="有了书记的登录，其余岗位由党组织自己登记",
    )


@require_POST
@requires(Permission.PARTY_TOTALS_VIEW, somewhere=True)
def confirm_access(request, pk):
    """Open a login for a keeper's post, as the second person."""
    post = get_object_or_404(Post.objects.visible_to(request.user), pk=pk)
    may = allowed(request.user, Permission.PARTY_FOUND) or allowed(
        request.user, Permission.PARTY_MANAGE, post
    )
    back = reverse("party:organisations")
    if not allowed_somewhere(request.user, Permission.PARTY_VIEW):
        back = reverse("party:totals")
    if not may:
        raise PermissionDenied
    return press(
        request,
        lambda: actions.confirm_access(post, by=request.user, now=timezone.now()),
        done=lambda made: f"{made}可以登录经办党务了。",
        back=back,
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=Post)
def end_post(request, post):
    """End a post."""
    form = EndPostForm(request.POST or None, initial={"ends_on": timezone.localdate()})
    place = post.organisation
    return form_page(
        request,
        form,
        lambda: actions.end_post(post, **form.cleaned_data, by=request.user, now=timezone.now()),
        heading=f"免职：{post}",
        save="登记免职",
        back=place.get_absolute_url() if place else reverse("party:organisations"),
        done=f"{post}已免职，登录随即关闭。" if post.user_id else f"{post}已免职。",
        crumbs=[crumb("组织与岗位", "party:organisations"), crumb("免职")],
    )


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, on=Post)
def identify(request, post):
    """Say which member on the register holds the post."""
    members = PartyMember.objects.visible_to(request.user).present()
    form = IdentifyForm(
        request.POST or None,
        members=members.defer("id_number", "phone").order_by("name", "pk"),
        initial={"member": post.member_id},
    )
    place = post.organisation
    return form_page(
        request,
        form,
        lambda: actions.identify(
            post, form.cleaned_data["member"], by=request.user, now=timezone.now()
        ),
        heading=f"对上党员：{post}",
        save="保存",
        back=place.get_absolute_url() if place else reverse("party:organisations"),
        done="岗位和党员已对上。",
        crumbs=[crumb("组织与岗位", "party:organisations"), crumb("对上党员")],
    )


# ------------------------------------------------------------------ coverage


@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def coverage(request):
    """两个覆盖: how many companies, and which are not; what should be founded."""
    today = timezone.localdate()
    organisations = PartyOrganisation.objects.visible_to(request.user).standing()
    board = tree.coverage(organisations, today=today)
    book = queries.rule_book(today)
    wanted = {*board.organisation.missing, *board.own_branch.missing, *board.joint.missing}
    names = tree.unit_names()
    founding = [
        {"name": names[pk], "advice": structure.founding_advice(board.counts[pk], book)}
        for pk in board.counts
        if pk in wanted
    ]
    context = {
        "board": board,
        "founding": founding,
        "no_coach": [names[pk] for pk in board.coach.missing],
        "not_reached": [names[pk] for pk in board.work.missing],
        "coaches": tree.coaches(),
        "figures": [
            _figure("组织覆盖", "有党员的单位", board.organisation),
            _figure("应建尽建", f"正式党员 {book.branch_from} 名以上的单位", board.own_branch),
            _figure("联合组建", f"正式党员不足 {book.branch_from} 名的单位", board.joint),
            _figure("工作覆盖", "全部会员单位", board.work),
            _figure("指导员", "没有党组织的单位", board.coach),
        ],
    }
    return render(request, "party/coverage.html", context)


def _figure(label: str, of: str, found: structure.Coverage) -> dict:
    if not found.of:
        return {"label": label, "value": "—", "note": f"{of}：没有", "tone": ""}
    return {
        "label": label,
        "value": f"{found.done}/{found.of}",
        "note": f"{of}，{found.done * 100 // found.of}%",
        "tone": "" if found.done == found.of else "down",
    }


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, somewhere=True)
def add_coach(request):
    """Name an instructor for a company without an organisation."""
    form = CoachForm(
        request.POST or None,
        initial={"unit": request.GET.get("unit", ""), "starts_on": timezone.localdate()},
    )
    return form_page(
        request,
        form,
        lambda: actions.appoint(
            None,
            actions.PostFacts(role=PostRole.COACH, **form.cleaned_data),
            by=request.user,
            now=timezone.now(),
        ),
        heading="选派党建工作指导员",
        save="登记",
        back=reverse("party:coverage"),
        done=lambda made: f"{made.name}已联系“{made.unit}”。",
        crumbs=[crumb("两个覆盖", "party:coverage"), crumb("选派指导员")],
        units=unit_names(),
    )


# ------------------------------------------------------------------ rules


@require_safe
@requires(Permission.PARTY_VIEW, somewhere=True)
def rules(request):
    """The regulations the portal reckons by, with source and how sure; local rules below."""
    today = timezone.localdate()
    shown = PartyRule.objects.visible_to(request.user).in_force(today)
    rows = list(shown.select_related("organisation").order_by("code", "-starts_on"))
    context = {
        "general": [
            {
                "rule": rule,
                "words": in_words(rule.value),
                "may_set": bool(number_leaves(rule.value)),
            }
            for rule in rows
            if rule.organisation_id is None
        ],
        "local": [
            {"rule": rule, "words": in_words(rule.value)} for rule in rows if rule.organisation_id
        ],
        "unsure": sum(rule.status in {RuleStatus.CONFLICT, RuleStatus.UNVERIFIED} for rule in rows),
    }
    return render(request, "party/rules.html", context)


@require_http_methods(["GET", "POST"])
@requires(Permission.PARTY_MANAGE, somewhere=True)
def local_rule(request, pk):
    """Enter the superior's stricter rule in place of a regulation's number."""
    general = PartyRule.objects.visible_to(request.user).filter(organisation=None)
    rule = get_object_or_404(general, pk=pk)
    organisations = PartyOrganisation.objects.visible_to(request.user).standing().order_by("pk")
    form = LocalRuleForm(
        request.POST or None,
        rule=rule,
        organisations=organisations,
        initial={"starts_on": timezone.localdate()},
    )
    return form_page(
        request,
        form,
        lambda: actions.set_local_rule(
            form.cleaned_data["organisation"],
            rule.code,
            form.value(),
            starts_on=form.cleaned_data["starts_on"],
            source=form.cleaned_data["source"],
            by=request.user,
            now=timezone.now(),
        ),
        heading=f"上级另有规定：{rule.name}",
        save="登记",
        back=reverse("party:rules"),
        done="已登记，从施行日起按它计算，以前的日子不变。",
        crumbs=[crumb("党务规则", "party:rules"), crumb("上级另有规定")],
        situation=f"现行：{in_words(rule.value)}",
    )


# ------------------------------------------------------------------ totals


@require_safe
@requires(Permission.PARTY_TOTALS_VIEW, somewhere=True)
def totals(request):
    """The numbers for secretariat and regulator: no name, no list of people."""
    today = timezone.localdate()
    may_found = allowed(request.user, Permission.PARTY_FOUND)
    context = {
        "totals": queries.totals(today=today),
        "today": today,
        "may_found": may_found,
        "tops": tree.topmost() if may_found else (),
        "waiting": _access_to_confirm(request.user) if may_found else (),
        "keepers": tree.logins_in_force() if may_found else (),
    }
    return render(request, "party/totals.html", context)


def _crumbs(organisation: PartyOrganisation, here: str) -> list[dict]:
    return [
        crumb("组织与岗位", "party:organisations"),
        {"label": organisation.name, "url": organisation.get_absolute_url()},
        crumb(here),
    ]


def unit_names() -> list[str]:
    return list(tree.unit_names().values())[:OFFERED]
