"""A scheme applied to the rows of a table: the draft tried on last year's numbers.

The same sums as for a shop in the portal, without sources and tree. Every value in the table
counts: nobody's own estimate is told apart from a reviewed one.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from starrating.evidence_record import NOT_APPLICABLE_VALUE
from starrating.item_points import MISSING, ZERO, AnswerError, Outcome, plain
from starrating.reckoning import Gate, ItemReckoner, Numbers, Verdict, reckoner, remember, times_in
from starrating.scheme_shape import Scheme, VetoRule

FIRST_COLUMNS = ("id", "status", "stars", "total", "base", "bonus", "failed")
REASON = "表中注明不适用"
ERROR = "error"


class TableError(ValueError):
    """The head of the table cannot be used; the message says what it lacks."""


class RowError(ValueError):
    """A row cannot be rated; the message names the column and says why."""


class TableRater:
    """A scheme made ready for tables with a certain head."""

    def __init__(self, scheme: Scheme, head: Sequence[str]) -> None:
        """Find the columns; ``TableError`` when there is no id or a name stands twice."""
        names = [name.strip() for name in head]
        if "id" not in names:
            raise TableError("表头没有 id 这一列。")
        if repeated := sorted({name for name in names if name and names.count(name) > 1}):
            raise TableError(f"表头有重复的列：{'、'.join(repeated)}。")
        self.scheme = scheme
        self.engine = reckoner(scheme)
        self.width = len(names)
        place = {name: n for n, name in enumerate(names)}
        self._id = place["id"]
        self._status = place.get("status")
        self._veto = place.get("veto")
        self._bonus = [
            (place[line.code], line) for line in scheme.bonus.lines if line.code in place
        ]
        self._columns = [
            (place.get(item.code), item, _first_memory(item)) for item in self.engine.items
        ]
        known = {"id", "status", "veto", *self.engine.by_code, *self.engine.bonus_lines}
        self.foreign = tuple(name for name in names if name and name not in known)
        self.absent = tuple(code for code in self.engine.by_code if code not in place)

    @property
    def columns(self) -> tuple[str, ...]:
        """Return the head of the table of results."""
        return FIRST_COLUMNS + tuple(dimension.code for dimension in self.scheme.dimensions)

    def rated(self, row: Sequence[str]) -> list[str]:
        """Return the result of ``row``; raises ``RowError`` when a cell cannot be read."""
        if len(row) != self.width:
            row = self._filled(row)
        if not row[self._id].strip():
            raise RowError("没有写 id")
        if self._status is not None and row[self._status].strip():
            return self._in_status(row, row[self._status].strip())
        outcomes = [
            memory.get(row[place]) if place is not None else item.blank
            for place, item, memory in self._columns
        ]
        if None in outcomes:
            outcomes = self._read(row)
        vetoes = self._vetoes(row[self._veto]) if self._veto is not None else []
        return self._result(row, outcomes, vetoes)

    def refused(self, row: Sequence[str], sentence: str) -> list[str]:
        """Return the line that stands in the results for a row that could not be rated."""
        code = row[self._id] if len(row) > self._id else ""
        rest = [""] * len(self.scheme.dimensions)
        return [code, ERROR, "", "", "", "", sentence, *rest]

    def _filled(self, row: Sequence[str]) -> Sequence[str]:
        if len(row) > self.width and any(cell.strip() for cell in row[self.width :]):
            raise RowError(f"有 {len(row)} 格，比表头的 {self.width} 格多")
        return [*row, *[""] * (self.width - len(row))][: self.width]

    def _read(self, row: Sequence[str]) -> list[Outcome | None]:
        """Return the outcomes of a row with answers that were not met before."""
        outcomes: list[Outcome | None] = []
        problems = []
        for place, item, memory in self._columns:
            cell = row[place] if place is not None else ""
            known = memory.get(cell)
            if known is None:
                try:
                    known = _outcome(item, cell.strip())
                except AnswerError as error:
                    problems.append(f"{item.code}：{error}")
                else:
                    remember(memory, cell, known)
            outcomes.append(known)
        if problems:
            raise RowError("；".join(problems))
        return outcomes

    def _vetoes(self, cell: str) -> list[VetoRule]:
        rules = []
        for code in cell.replace("；", ";").split(";"):
            name = code.strip()
            if name and name not in self.engine.veto_rules:
                raise RowError(f"veto：方案里没有否决项“{name}”")
            if name:
                rules.append(self.engine.veto_rules[name])
        return rules

    def _times(self, row: Sequence[str]) -> dict[str, int]:
        times = {}
        for place, line in self._bonus:
            cell = row[place].strip()
            if cell:
                try:
                    times[line.code] = times_in(cell)
                except AnswerError as error:
                    raise RowError(f"{line.code}：{error}") from error
        return times

    def _in_status(self, row: Sequence[str], status: str) -> list[str]:
        code = self.engine.statuses.get(status)
        if code is None:
            raise RowError(f"status：方案里没有“{status}”这个状态")
        return [row[self._id], code, "", "", "", "", "", *[""] * len(self.scheme.dimensions)]

    def _result(
        self, row: Sequence[str], outcomes: Sequence[Outcome | None], vetoes: list[VetoRule]
    ) -> list[str]:
        there = [outcome for outcome in outcomes if outcome is not None]
        numbers = self.engine.numbers(there, self._times(row) if self._bonus else {})
        verdict = self.engine.verdict(numbers) if numbers.total is not None else None
        status, stars, failed = self._standing(verdict, vetoes)
        if verdict is None:
            failed = failed or self._blanks(there)
        elif not failed:
            failed = self._missed(numbers, verdict)
        return [
            row[self._id],
            status,
            "" if stars is None else str(stars),
            _text(numbers.total),
            _text(numbers.base),
            str(numbers.bonus),
            failed,
            *[_text(part.points) for part in numbers.dimensions],
        ]

    def _missed(self, numbers: Numbers, verdict: Verdict) -> str:
        gate = self.engine.failed(numbers, verdict)
        if gate is not None:
            return _sentence(gate[1])
        step = self.engine.step_missed(verdict)
        return "" if step is None else step[1]

    def _standing(
        self, verdict: Verdict | None, vetoes: Iterable[VetoRule]
    ) -> tuple[str, int | None, str]:
        """Return status, stars and, where a veto or a limit decides, what failed."""
        stars = None if verdict is None else verdict.stars
        status, failed = "rated", ""
        if verdict is None:
            status = "incomplete"
        elif stars is None:
            status = "below_bands"
        elif verdict.held_back is not None:
            failed = f"加分最多提高 {self.scheme.bonus.max_extra_stars} 星"
        for rule in vetoes:
            if rule.effect == "cap" and rule.cap is not None:
                if stars is not None and stars > rule.cap:
                    stars, failed = rule.cap, f"{rule.code} {rule.name}，最高 {rule.cap} 星"
            elif status != "suspended":
                status = "suspended" if rule.effect == "suspend" else "vetoed"
                failed = f"一票否决：{rule.code} {rule.name}"
        return status, stars if status == "rated" else None, failed

    def _blanks(self, outcomes: Sequence[Outcome]) -> str:
        codes = [
            item.code
            for item, outcome in zip(self.engine.items, outcomes, strict=True)
            if outcome.status == MISSING
        ]
        return f"缺少 {'、'.join(codes)}" if codes else "各部分都不适用"


def _first_memory(item: ItemReckoner) -> dict[str, Outcome]:
    return {"": item.blank}


def _outcome(item: ItemReckoner, answer: str) -> Outcome:
    if not answer:  # only spaces
        return item.blank
    if answer.upper() == NOT_APPLICABLE_VALUE or answer == "不适用":
        return item.not_applicable(REASON)
    return item.outcome(answer)


def _sentence(gate: Gate) -> str:
    """Return a condition that does not hold, with what was there instead."""
    have = ZERO if gate.have is None else gate.have  # None always holds and is never said
    shown = f"{plain(have * 100)}%" if gate.condition.of.endswith("ratio") else plain(have)
    return f"{gate.condition.label}，实得 {shown}"


def _text(number: Decimal | None) -> str:
    return "" if number is None else str(number)
