"""Who is reminded of what on a day: one pure function for the nightly run and the preview.

A reminder belongs to a rule, a date that is still open, a distance from that date, and a person;
the four together are its key, so that nobody hears the same twice.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta

from association.working_days import UnknownYearError, WorkingCalendar

ONE_DAY = timedelta(days=1)
# What was missed is caught up for a month; older reminders would only puzzle.
LOOK_BACK = 31
MARGIN = 15  # calendar days beyond twice the working days: the longest holiday and its weekends
SUBJECT, DIGEST_LINK = 120, "/desk/inbox/"


@dataclass(frozen=True)
class Occurrence:
    """One date of one record that is still open: who waits for it, and what can be said of it.

    ``offsets`` are the record's own days for a reminder, where its kind has them; ``people`` holds
    the numbers of the users by the audience that a rule may choose.
    """

    key: str
    label: str
    due_on: date
    people: Mapping[str, tuple[int, ...]]
    link: str = ""
    note: str = ""
    offsets: tuple[int, ...] = ()
    in_working_days: bool = False
    about: tuple[str, str] = ("", "")


@dataclass(frozen=True)
class Rule:
    """One rule as data. ``offsets`` are days from the date: −7 a week before, 0 the day itself."""

    code: str
    source: str
    audience: str
    offsets: tuple[int, ...]
    subject: str
    body: str
    in_working_days: bool = False
    channels: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    quiet_from: time = time(21)
    quiet_until: time = time(8)


@dataclass(frozen=True)
class Reminder:
    """One rule, one date, one distance: what one or many people hear on ``day``."""

    rule: Rule
    occurrence: Occurrence
    offset: int
    day: date

    def key(self, person: int) -> str:
        """Name this reminder to this person, for ever."""
        due = self.occurrence.due_on.isoformat()
        return f"{self.rule.code}:{self.occurrence.key}:{due}:{self.offset}:{person}"


@dataclass(frozen=True)
class Notice:
    """What people get on a day: one reminder, or several in one message."""

    reminders: tuple[Reminder, ...]
    people: tuple[int, ...]
    subject: str
    body: str
    link: str
    channels: tuple[str, ...]
    quiet: tuple[time, time]


def window(rule: Rule, days: Sequence[date]) -> tuple[date, date]:
    """Return between which due days a rule can have anything to say on ``days``.

    A rule without offsets of its own leaves them to the record: then a year either way.
    """
    offsets = rule.offsets or (-366, 366)
    wide = max(abs(each) for each in offsets)
    reach = timedelta(days=wide * 2 + MARGIN if rule.in_working_days else wide)
    return min(days) - reach, max(days) + reach


def plan(
    rules: Iterable[Rule],
    found: Mapping[str, Iterable[Occurrence]],
    days: Sequence[date],
    calendar: WorkingCalendar,
) -> list[Reminder]:
    """Return the reminders of ``days``, day by day and in a fixed order.

    Of several days caught up at once only the last reminder of the same rule and date is left:
    a person away for a week hears once how things stand, not three times how they stood.
    """
    latest: dict[tuple[str, str, date], Reminder] = {}
    for rule in rules:
        for occurrence in found.get(rule.source, ()):
            offsets = rule.offsets or occurrence.offsets
            counted = rule.in_working_days if rule.offsets else occurrence.in_working_days
            for offset in offsets:
                day = day_of(occurrence.due_on, offset, counted, calendar)
                if day is None or day not in days:
                    continue
                key = (rule.code, occurrence.key, occurrence.due_on)
                known = latest.get(key)
                if known is None or known.day <= day:
                    latest[key] = Reminder(rule, occurrence, offset, day)
    return sorted(
        latest.values(), key=lambda r: (r.day, r.occurrence.due_on, r.rule.code, r.occurrence.key)
    )


def day_of(
    due_on: date, offset: int, in_working_days: bool, calendar: WorkingCalendar
) -> date | None:
    """Return the day that lies ``offset`` days from ``due_on``.

    ``None`` when the working days of a year it touches are not known: nobody is told wrong.
    """
    if not in_working_days:
        return due_on + offset * ONE_DAY
    step, left, day = (ONE_DAY if offset > 0 else -ONE_DAY), abs(offset), due_on
    try:
        while left:
            day += step
            left -= calendar.is_working(day)
    except UnknownYearError:
        return None
    return day


def notices(
    reminders: Sequence[Reminder], *, today: date, taken: Collection[str] = ()
) -> list[Notice]:
    """Put the reminders of each person into one message; people with the same ones share it."""
    of_person: dict[int, list[Reminder]] = {}
    for reminder in reminders:
        for person in reminder.occurrence.people.get(reminder.rule.audience, ()):
            if reminder.key(person) not in taken:
                of_person.setdefault(person, []).append(reminder)
    groups: dict[tuple[int, ...], tuple[list[Reminder], list[int]]] = {}
    for person in sorted(of_person):
        mine = of_person[person]
        alike = tuple(id(each) for each in mine)
        groups.setdefault(alike, (mine, []))[1].append(person)
    return [_notice(tuple(mine), tuple(people), today) for mine, people in groups.values()]


def _notice(mine: tuple[Reminder, ...], people: tuple[int, ...], today: date) -> Notice:
    if len(mine) == 1:
        subject = said(mine[0], mine[0].rule.subject, today)
        body, link = said(mine[0], mine[0].rule.body, today), mine[0].occurrence.link
    else:
        subject, link = f"{len(mine)} 件事快到日子了", DIGEST_LINK
        body = "\n".join(_lines(mine, today))
    channels = tuple(dict.fromkeys(c for each in mine for c in each.rule.channels))
    quiet = mine[0].rule
    return Notice(
        mine,
        people,
        subject[:SUBJECT],
        body,
        link,
        channels,
        (quiet.quiet_from, quiet.quiet_until),
    )


def _lines(mine: Sequence[Reminder], today: date) -> Iterator[str]:
    for number, each in enumerate(mine, start=1):
        yield f"{number}. {said(each, each.rule.subject, today)}"
        yield f"   {said(each, each.rule.body, today)}"


def words_of(occurrence: Occurrence, today: date) -> dict[str, str]:
    """Return what a template may say of a date, with the words of the office as names."""
    due = occurrence.due_on
    left = (due - today).days
    when = f"还有 {left} 天" if left > 0 else "今天到期" if not left else f"已过 {-left} 天"
    return {
        "事项": occurrence.label,
        "日期": f"{due.month}月{due.day}日",
        "年份": str(due.year),
        "还有几天": when,
        "说明": occurrence.note,
    }


VARIABLES = {
    "事项": "什么事，例如 2027 年度自律承诺书",
    "日期": "哪一天，例如 3月31日",
    "年份": "哪一年",
    "还有几天": "还有 7 天、今天到期、已过 2 天",
    "说明": "这件事自己的说明，有的事项没有",
}


def said(reminder: Reminder, template: str, today: date) -> str:
    """Return the template with its words filled in; unknown ones stay as they are written."""
    for name, value in words_of(reminder.occurrence, today).items():
        template = template.replace(f"{{{name}}}", value)
    return template.strip()


def unknown_words(template: str) -> list[str]:
    """Return the names in braces that no template can say."""
    names = [part.partition("}")[0] for part in template.split("{")[1:]]
    return sorted({name for name in names if name not in VARIABLES})


def days_to_run(last: date | None, today: date) -> list[date]:
    """Return the days that have not been run yet, in order; on the first run only today."""
    if last is None:
        return [today]
    first = max(last + ONE_DAY, today - LOOK_BACK * ONE_DAY)
    return [first + n * ONE_DAY for n in range((today - first).days + 1)]
