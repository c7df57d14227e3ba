"""The demo's Party organisations: a committee, a general branch, branches, people, a year of life.

Every person is invented and called 某; ID numbers stand under the region 000000, which no
authority uses, telephone numbers under 154, which no carrier has.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from io import BytesIO

from django.utils import timezone
from PIL import Image, ImageDraw

from accounts import actions as accounts
from association import files, sample
from association.default_content import working_days
from association.models import CalendarDay
from association.working_days import WorkingCalendar
from members.enums import UnitKind
from members.models import MemberUnit
from party import default_content
from party.actions import census as censuses
from party.actions import meetings, members, organisations, work
from party.enums import (
    Ballot,
    ConsentWay,
    MeetingKind,
    MeetingPaperKind,
    OrganisationKind,
    PostRole,
    Presence,
    Relation,
    Standing,
)
from party.id_number import check_symbol
from party.models import ConsentText, PartyMember, PartyOrganisation, WorkTask
from party.queries.members import consent_text_in_force

PASSWORD = "shili-demo-2026"  # noqa: S105 -- printed on the demo's first screen
PEOPLE = (
    ("party_secretary", "林某", "party_secretary", "党支部书记（林某）", "shuji", "/party/"),
    ("party_clerk", "何某", "party_secretary", "组织委员（何某）", "zuzhi", "/party/"),
    (
        "party_member",
        "马某",
        "party_member",
        "普通党员（马某，没有角色）",
        "dangyuan",
        "/party/mine/",
    ),
)
for _key, _name, _role, _label, _login, _home in PEOPLE:
    sample.login(_key, role=_role, label=_label, login=_login, password=PASSWORD, home=_home)

OWN_BRANCH = "示例区药品经营行业协会党支部"
COMMITTEE = "示例区药品行业综合党委"
GENERAL = "示例医药产业链党总支"
CHAIN_BRANCH = "示例连锁企业党支部"
JOINT_BRANCH = "示例滨海片区联合党支部"

# name, job, group, standing, relation, floating
OWN_PEOPLE = (
    ("林某", "协会秘书长", 0, Standing.FULL, Relation.HERE, False),
    ("何某", "行政主管", 0, Standing.FULL, Relation.HERE, False),
    ("高某", "质量负责人", 0, Standing.FULL, Relation.HERE, False),
    ("郭某", "执业药师", 0, Standing.FULL, Relation.HERE, False),
    ("马某", "执业药师", 1, Standing.FULL, Relation.HERE, False),
    ("罗某", "店长", 1, Standing.FULL, Relation.HERE, False),
    ("梁某", "总经理", 1, Standing.FULL, Relation.HERE, False),
    ("宋某", "店长", 1, Standing.FULL, Relation.HERE, True),
    ("唐某", "店员", 1, Standing.PROBATIONARY, Relation.HERE, False),
    ("许某", "执业药师", 0, Standing.FULL, Relation.ELSEWHERE, False),
    ("邓某", "店长", 1, Standing.FULL, Relation.ELSEWHERE, False),
)
CHAIN_PEOPLE = (
    ("韩某", "总经理", Standing.FULL),
    ("冯某", "质量总监", Standing.FULL),
    ("曹某", "执业药师", Standing.FULL),
    ("彭某", "店长", Standing.FULL),
)
JOINT_PEOPLE = (
    ("曾某", "店长", Standing.FULL),
    ("肖某", "店长", Standing.FULL),
    ("田某", "执业药师", Standing.FULL),
    ("董某", "店员", Standing.PROBATIONARY),
)


@sample.chapter(35, "党组织与党员")
def party(story: sample.Story) -> None:
    """The tree, its posts with logins confirmed by a second person, the register of members."""
    default_content.party_rules(story.now)
    default_content.consent_texts(story.now)
    default_content.work_list(story.now)
    by, second = story.user("secretary"), story.user("second_secretary")
    now = story.days_ago(349, hour=15)
    people = {
        key: accounts.create_user(username=login, real_name=name, by=by, now=now)
        for key, name, _role, _label, login, _home in PEOPLE
    }
    for user in people.values():
        user.set_password(PASSWORD)
        user.save(update_fields=["password"])
    tree = _tree(story, by=by, now=now)
    units = list(MemberUnit.objects.order_by("pk"))
    chain = next((unit for unit in units if unit.kind == UnitKind.CHAIN), units[0])
    singles = [unit for unit in units if unit != chain]
    _cover(tree, chain, singles, by=by, now=now)
    post = organisations.appoint(
        tree[OWN_BRANCH],
        organisations.PostFacts(
            role=PostRole.SECRETARY,
            name="林某",
            starts_on=_day(story, 349),
            document="示例党〔2024〕12号",
            user=people["party_secretary"],
        ),
        by=by,
        now=now,
    )
    organisations.confirm_access(post, by=second, now=now + timedelta(hours=2))
    register = _register(story, tree, chain, singles, people)
    _posts(story, tree, register, people, second)
    _numbers(story, register)
    members.reveal(
        register["马某"],
        "id_number",
        reason="核对上级党员信息系统里的身份证号",
        by=people["party_clerk"],
        now=story.days_ago(120, hour=15),
    )


def _tree(story: sample.Story, *, by, now) -> dict[str, PartyOrganisation]:
    today = timezone.localdate(story.now)
    plans = (
        (COMMITTEE, OrganisationKind.INTEGRATED_COMMITTEE, "", date(2021, 6, 18), 900),
        (GENERAL, OrganisationKind.GENERAL_BRANCH, COMMITTEE, date(2022, 3, 8), 500),
        (OWN_BRANCH, OrganisationKind.BRANCH, COMMITTEE, date(2021, 7, 1), 510),
        (CHAIN_BRANCH, OrganisationKind.BRANCH, GENERAL, date(2022, 5, 12), 480),
        (JOINT_BRANCH, OrganisationKind.JOINT_BRANCH, GENERAL, date(2022, 6, 20), None),
        ("第一党小组", OrganisationKind.GROUP, OWN_BRANCH, None, None),
        ("第二党小组", OrganisationKind.GROUP, OWN_BRANCH, None, None),
    )
    tree: dict[str, PartyOrganisation] = {}
    for number, (name, kind, parent, founded_on, elected_days_ago) in enumerate(plans, start=1):
        facts = organisations.OrganisationFacts(
            name=name,
            kind=kind,
            parent=tree.get(parent),
            superior="" if parent else "示例区社会组织党委",
            founded_on=founded_on,
            document=f"示例党〔{founded_on.year}〕{number}号" if founded_on else "",
            has_committee=name == OWN_BRANCH,
        )
        tree[name] = organisations.found(facts, by=by, now=now)
        elected = today - timedelta(days=elected_days_ago) if elected_days_ago else None
        if name == JOINT_BRANCH:  # its three years end in eleven weeks
            ends = today + timedelta(days=78)
            elected = ends.replace(year=ends.year - 3, day=min(ends.day, 28))
        if elected is not None:
            organisations.begin_term(
                tree[name], elected_on=elected, document=f"示例党批〔{number}〕号", by=by, now=now
            )
    return tree


def _cover(tree, chain, singles, *, by, now) -> None:
    since = timezone.localdate(now)
    organisations.cover(tree[CHAIN_BRANCH], chain, starts_on=since, by=by, now=now)
    for unit in singles[:4]:
        organisations.cover(tree[JOINT_BRANCH], unit, starts_on=since, by=by, now=now)
    for unit in singles[4:9]:
        organisations.cover(tree[OWN_BRANCH], unit, starts_on=since, by=by, now=now)


def _register(story, tree, chain, singles, people) -> dict[str, PartyMember]:
    by, now = people["party_secretary"], story.days_ago(348, hour=9)
    groups = [tree["第一党小组"], tree["第二党小组"]]
    places = singles[4:9] or [chain]
    found: dict[str, PartyMember] = {}
    for place, (name, job, group, standing, relation, floating) in enumerate(OWN_PEOPLE):
        joined = date(2005 + place, 7, 1)
        probationary = standing == Standing.PROBATIONARY
        facts = members.MemberFacts(
            name=name,
            standing=standing,
            relation=relation,
            home_organisation="示例街道社区党委" if relation == Relation.ELSEWHERE else "",
            group=groups[group] if relation == Relation.HERE else None,
            joined_on=_day(story, 300) if probationary else joined,
            full_on=None if probationary else joined.replace(year=joined.year + 1),
            probation_ends_on=_day(story, -25) if probationary else None,
            is_floating=floating,
            floating_since=_day(story, 260) if floating else None,
            floating_to="示例市外" if floating else "",
            official_system="not_recorded" if place in (3, 9) else "recorded",
            unit=None if name == "林某" else places[place % len(places)],
            job=job,
            is_executive=job == "总经理",
        )
        found[name] = members.enroll(tree[OWN_BRANCH], facts, by=by, now=now)
    # A company with enough members and no branch of its own: the board says what is due.
    due = singles[9] if len(singles) > 9 else singles[-1]
    for name in ("袁某", "傅某", "沈某"):
        facts = members.MemberFacts(name=name, unit=due, job="店员", joined_on=date(2012, 7, 1))
        found[name] = members.enroll(tree[OWN_BRANCH], facts, by=by, now=now)
    for name, job, standing in CHAIN_PEOPLE:
        facts = members.MemberFacts(
            name=name,
            standing=standing,
            unit=chain,
            job=job,
            joined_on=date(2010, 7, 1),
            is_executive=job in ("总经理", "质量总监"),
        )
        found[name] = members.enroll(tree[CHAIN_BRANCH], facts, by=by, now=now)
    for place, (name, job, standing) in enumerate(JOINT_PEOPLE):
        facts = members.MemberFacts(
            name=name,
            standing=standing,
            unit=singles[place % 4],
            job=job,
            joined_on=date(2014, 7, 1) if standing == Standing.FULL else _day(story, 200),
        )
        found[name] = members.enroll(tree[JOINT_BRANCH], facts, by=by, now=now)
    members.link_login(found["马某"], people["party_member"], by=by, now=now)
    return found


def _posts(story, tree, register, people, second) -> None:
    by, now = people["party_secretary"], story.days_ago(348, hour=11)
    since = _day(story, 348)

    def appoint(place, role, name, *, user=None, outside="", unit=None):
        facts = organisations.PostFacts(
            role=role,
            name=name,
            member=register.get(name),
            user=user,
            from_outside=outside,
            unit=unit,
            starts_on=since,
            document="示例党〔2025〕6号",
        )
        post = organisations.appoint(place, facts, by=by, now=now)
        if user is not None:
            organisations.confirm_access(post, by=second, now=now + timedelta(hours=3))
        return post

    own = tree[OWN_BRANCH]
    lead = own.posts.get(role=PostRole.SECRETARY)
    organisations.identify(lead, register["林某"], by=by, now=now)
    appoint(own, PostRole.ORGANISATION, "何某", user=people["party_clerk"])
    appoint(own, PostRole.PUBLICITY, "高某")
    discipline = appoint(own, PostRole.DISCIPLINE, "郭某")
    organisations.end_post(
        discipline,
        ends_on=_day(story, 41),
        reason="本人工作调动，请辞",
        by=by,
        now=story.days_ago(40),
    )
    appoint(own, PostRole.FULLTIME_WORKER, "任某", outside="示例区委社会工作部")
    appoint(tree[COMMITTEE], PostRole.DEPUTY_SECRETARY, "林某", user=people["party_secretary"])
    appoint(tree[COMMITTEE], PostRole.SECRETARY, "方某", outside="示例区社会组织党委")
    appoint(tree[GENERAL], PostRole.SECRETARY, "韩某")
    appoint(tree[CHAIN_BRANCH], PostRole.SECRETARY, "冯某")
    appoint(tree[JOINT_BRANCH], PostRole.SECRETARY, "曾某")
    appoint(tree["第一党小组"], PostRole.GROUP_LEADER, "高某")
    appoint(tree["第二党小组"], PostRole.GROUP_LEADER, "罗某")
    appoint(tree[JOINT_BRANCH], PostRole.COACH, "石某", outside="示例市场监督管理所")
    for unit in list(MemberUnit.objects.order_by("pk"))[11:14]:
        appoint(None, PostRole.COACH, "石某", outside="示例市场监督管理所", unit=unit)
    appoint(None, PostRole.PRESIDENT, "梁某")
    appoint(None, PostRole.SECRETARY_GENERAL, "林某")
    appoint(None, PostRole.DEPUTY_SECRETARY_GENERAL, "王某")


def _numbers(story, register) -> None:
    """Consents on paper for most, then ID number and phone; two have not agreed yet."""
    by, now = story.user("party_clerk"), story.days_ago(345)
    text = consent_text_in_force(timezone.localdate(now))
    for place, (name, member) in enumerate(register.items()):
        if name in ("罗某", "彭某"):
            continue
        paper = files.keep(
            _paper(f"同意书 {name}"), name="同意书.png", content_type="image/png", by=by, now=now
        )
        members.give_consent(
            member,
            text,
            way=ConsentWay.PAPER,
            given_on=timezone.localdate(now),
            paper=paper,
            by=by,
            now=now,
        )
        body = f"000000{1965 + place}0{1 + place % 9}1{place % 9}{place:03}"
        members.keep_numbers(
            member,
            id_number=body + check_symbol(body),
            phone=f"154{place:08}",
            by=by,
            now=now,
        )


# ------------------------------------------------------------------ a year of meetings


@dataclass(frozen=True)
class Plan:
    """What the story wants to have been held."""

    organisation: str
    kind: MeetingKind
    day: date
    title: str
    also: tuple[str, ...] = ()
    motion: str = ""


@sample.chapter(36, "三会一课")
def year_of_meetings(story: sample.Story) -> None:
    """A year by the rules up to now, with one gap; the latest waits to be filed, one is to come."""
    today = timezone.localdate(story.now)
    first = today - timedelta(days=345)
    tree = {each.name: each for each in PartyOrganisation.objects.all()}
    rng = story.rng("party_meetings")
    calendar = CalendarDay.objects.calendar()
    plans = [
        plan
        for year in sorted({first.year, today.year})
        for plan in _plans(year, calendar)
        if first <= plan.day < today and not _is_gap(plan, today)
    ]
    own = [plan for plan in plans if plan.organisation == OWN_BRANCH]
    for plan in plans:
        _hold(story, tree[plan.organisation], plan, rng, files_it=plan is not own[-1])
    facts = meetings.MeetingFacts(
        kind=MeetingKind.COMMITTEE,
        title="支委会：研究年底组织生活会安排",
        starts_at=timezone.make_aware(datetime.combine(today + timedelta(days=6), time(9, 30))),
        place="协会党员活动室",
        agenda="一、组织生活会时间和主题\n二、谈心谈话分工\n三、联合党支部换届请示",
        chair="林某",
    )
    by = story.user("party_secretary")
    coming = meetings.plan(tree[OWN_BRANCH], facts, by=by, now=story.now)
    meetings.announce(coming, by=by, now=story.now)


def _is_gap(plan: Plan, today: date) -> bool:
    """The one meeting that was not held: the committee's, two or three months ago."""
    missed = (today.replace(day=1) - timedelta(days=62)).replace(day=1)
    return (
        plan.organisation == OWN_BRANCH
        and plan.kind == MeetingKind.COMMITTEE
        and plan.day.replace(day=1) == missed
    )


def _theme_day(year: int, month: int, calendar: WorkingCalendar) -> date:
    """Return the fixed day of the rules: the 15th, on a day off the next working day."""
    day = date(year, month, 15)
    while year in calendar.known_years and not calendar.is_working(day):
        day += timedelta(days=1)
    return day


def _plans(year: int, calendar: WorkingCalendar) -> Iterator[Plan]:
    """Yield a whole year in the order of its days; the story cuts it off."""
    plans = []
    topics = ("党的创新理论", "药品安全法规", "身边的先锋", "诚信经营", "志愿服务", "廉洁从业")
    for month in range(1, 13):
        topic = topics[month % len(topics)]
        theme_day = _theme_day(year, month, calendar)
        plans.append(
            Plan(
                OWN_BRANCH,
                MeetingKind.COMMITTEE,
                date(year, month, 26),
                f"{month}月支委会",
                motion=f"{month}月工作安排",
            )
        )
        plans += [
            Plan(group, MeetingKind.GROUP, date(year, month, 27), f"{month}月党小组会")
            for group in ("第一党小组", "第二党小组")
        ]
        also = (MeetingKind.LECTURE,) if month % 3 == 1 else ()
        plans += [
            Plan(branch, MeetingKind.THEME_DAY, theme_day, f"主题党日：{topic}", also)
            for branch in (OWN_BRANCH, CHAIN_BRANCH, JOINT_BRANCH)
        ]
        if month % 3 == 2:
            plans += [
                Plan(
                    branch,
                    MeetingKind.GENERAL,
                    date(year, month, 20),
                    f"第{month // 3 + 1}季度党员大会",
                    motion="半年工作报告" if month == 8 else "季度工作计划",
                )
                for branch in (OWN_BRANCH, CHAIN_BRANCH, JOINT_BRANCH)
            ]
    yield from sorted(plans, key=lambda plan: plan.day)


def _hold(story, organisation, plan: Plan, rng, *, files_it: bool) -> None:
    by = story.user("party_secretary")
    moment = timezone.make_aware(datetime.combine(plan.day, time(15)))
    facts = meetings.MeetingFacts(
        kind=plan.kind,
        also=plan.also,
        title=plan.title,
        starts_at=moment,
        place=rng.choice(("协会党员活动室", "滨海社区党群服务中心", "示例大药房二楼会议室")),
        agenda=f"一、学习\n二、{plan.motion or '交流讨论'}",
        chair="林某" if organisation.name == OWN_BRANCH else "曾某",
        recorder="何某",
    )
    meeting = meetings.plan(organisation, facts, by=by, now=moment - timedelta(days=7))
    after = moment + timedelta(hours=3)
    meetings.hold(meeting, by=by, now=after)
    presence = {}
    for entry in meeting.roll.select_related("member"):
        away = entry.member.is_floating or rng.random() < 0.08
        words = "在市外，已电话请假" if entry.member.is_floating else "门店盘点，请假"
        presence[entry.pk] = (Presence.EXCUSED, words) if away else (Presence.PRESENT, "")
    roll = meetings.take_roll(meeting, presence, by=by, now=after)
    if plan.motion:
        ballot = Ballot.SECRET if plan.kind == MeetingKind.GENERAL else Ballot.SHOW_OF_HANDS
        motion = meetings.propose(meeting, title=plan.motion, ballot=ballot, by=by, now=after)
        against = 1 if roll.voters_present > 6 and rng.random() < 0.3 else 0
        meetings.count_votes(
            motion,
            votes_for=roll.voters_present - against,
            against=against,
            abstentions=0,
            decided=True if plan.kind == MeetingKind.COMMITTEE else None,
            by=by,
            now=after,
        )
    minutes = f"会议由{facts.chair}主持。先学习有关文件，再讨论{plan.motion or '近期工作'}。"
    meetings.write_minutes(meeting, f"{minutes}与会同志作了发言。", by=by, now=after)
    paper = files.keep(
        _paper(plan.title), name="签到表.png", content_type="image/png", by=by, now=after
    )
    meetings.attach(meeting, paper, kind=MeetingPaperKind.ROLL, by=by, now=after)
    if files_it:
        meetings.close(meeting, by=by, now=min(after + timedelta(days=1), story.now))


# ------------------------------------------------------------------ work list and census


@sample.chapter(37, "工作清单与亮身份")
def work_list(story: sample.Story) -> None:
    """The list of the year: much is done, some waits for review; problems and a census."""
    working_days(story.now)
    today = timezone.localdate(story.now)
    own = PartyOrganisation.objects.get(name=OWN_BRANCH)
    lead, clerk = story.user("party_secretary"), story.user("party_clerk")
    work.set_out(own, today.year, by=lead, now=story.days_ago(344))
    rng = story.rng("party_work")
    tasks = own.work_tasks.select_related("item").filter(due_on__lt=today - timedelta(days=20))
    for task in tasks.order_by("due_on", "pk"):
        reported = timezone.make_aware(datetime.combine(task.due_on, time(16)))
        if reported < story.days_ago(343):
            continue
        if task.due_on > today - timedelta(days=70) and rng.random() < 0.12:
            continue  # left undone: the list says so
        _finish(task, rng, clerk=clerk, lead=lead, reported=reported)
    waiting = own.work_tasks.filter(period_start__lte=today, due_on__gte=today, state="not_started")
    for place, task in enumerate(waiting.select_related("item").order_by("due_on", "pk")[:5]):
        work.assign(task, "何某", by=lead, now=story.days_ago(3))
        if place < 2:
            _report(task, clerk=clerk, now=story.days_ago(2))
        else:
            work.start(task, by=clerk, now=story.days_ago(2))
    _problems(story, own, lead=lead, clerk=clerk)
    _census(story, own, lead=lead)


def _finish(task: WorkTask, rng, *, clerk, lead, reported) -> None:
    if task.item.code == "work/D20" and rng.random() < 0.9:
        work.excuse(task, note="本期没有发展党员", by=clerk, now=reported)
        return
    _report(task, clerk=clerk, now=reported)
    work.approve(task, by=lead, now=reported + timedelta(days=1))


def _report(task: WorkTask, *, clerk, now) -> None:
    for evidence in task.item.evidence:
        stored = files.keep(
            _paper(evidence), name=f"{evidence}.png", content_type="image/png", by=clerk, now=now
        )
        work.attach(task, stored, evidence=evidence, by=clerk, now=now)
    work.report(task, work.WorkReport(note="已按清单办理，材料见佐证。"), by=clerk, now=now)


def _problems(story, own, *, lead, clerk) -> None:
    plans = (
        (
            "组织生活会",
            "流动党员宋某三个月没有参加组织生活",
            "宋某",
            "每月电话联系，寄送学习材料",
            60,
        ),
        ("会员反映", "党员活动室周末不开门，药店员工来不了", "高某", "周六上午安排值班开放", 90),
        ("上级检查", "联合党支部没有公示党建经费", "曾某", "季度收支上墙公示", 150),
    )
    for place, (source, text, owner, measure, days) in enumerate(plans):
        facts = work.ProblemFacts(
            source=source,
            description=text,
            owner_name=owner,
            measure=measure,
            due_on=_day(story, days - 75),
        )
        problem = work.raise_problem(own, facts, by=lead, now=story.days_ago(days))
        if place == 0:
            continue
        now = story.days_ago(days - 30)
        stored = files.keep(
            _paper("成效"), name="成效.png", content_type="image/png", by=clerk, now=now
        )
        work.solve(problem, result="已整改，现场照片见佐证。", paper=stored, by=clerk, now=now)
        if place == 2:
            work.accept(problem, acceptor_name="梁某", by=lead, now=story.days_ago(days - 40))


def _census(story, own, *, lead) -> None:
    text = ConsentText.objects.order_by("-version").first()
    census = censuses.open_census(
        own,
        title=f"{timezone.localdate(story.now).year}年亮身份登记",
        text=text,
        starts_on=_day(story, 30),
        ends_on=_day(story, -30),
        by=lead,
        now=story.days_ago(30),
    )
    said = (
        ("罗某", "示例康宁大药房", Standing.FULL, True, ""),
        ("史某", "示例本草药店", Standing.FULL, False, "示例镇某村党支部"),
        ("顾某", "示例惠民大药房", Standing.FULL, None, ""),
        ("侯某", "示例长青大药房", Standing.PROBATIONARY, False, "示例大学某学院党支部"),
        ("江某", "示例外省药房", Standing.FULL, False, "外省某街道党委"),
    )
    entries = [
        censuses.report(
            census,
            censuses.Report(
                name=name,
                workplace=place,
                standing=standing,
                phone=f"154{9000_0000 + number}",
                relation_here=here,
                home_organisation=home,
                agrees=True,
            ),
            now=story.days_ago(25 - number),
        )
        for number, (name, place, standing, here, home) in enumerate(said)
    ]
    known = PartyMember.objects.get(name="罗某")
    censuses.match(entries[0], known, by=lead, now=story.days_ago(15))
    censuses.add(entries[1], own, by=lead, now=story.days_ago(15))
    censuses.dismiss(
        entries[4], reason="在外省工作，已请其联系当地党组织", by=lead, now=story.days_ago(15)
    )


def _day(story: sample.Story, days: int) -> date:
    return timezone.localdate(story.now) - timedelta(days=days)


def _paper(title: str) -> bytes:
    """Draw a stand-in for a scanned sheet: lines where words would be."""
    picture = Image.new("RGB", (210, 297), (252, 252, 250))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((60, 18, 150, 26), fill=(60, 72, 70))
    for line in range(14):
        width = 160 - (len(title) * 7 + line * 13) % 60
        top = 46 + line * 16
        draw.rectangle((20, top, 20 + width, top + 4), fill=(170, 180, 178))
    out = BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()
