"""The table of who gets which answer at which door: tests/architecture/policy/<room>.txt.

One line for each address and method. A cell is what the subject gets for a record of the own
shop, and after a slash for that of another shop where the answer differs:

    in   sent to the log-in          403  seen, and not theirs to do
    ok   the page, the form or the act     404  does not exist for them

Methods that a view of ours does not take answer 405 to everybody; the walk tries them without a
line. Pages of the log-in that are not ours have a line for GET and POST.
"""

from dataclasses import dataclass
from functools import cache

from tests.architecture.house import HOUSE, Route, routes
from tests.architecture.world import SUBJECTS

FOLDER = HOUSE / "tests" / "architecture" / "policy"
WORDS = {"in", "ok", "403", "404", "405"}
NAME, METHOD, CELL = 36, 6, 8


@dataclass(frozen=True)
class Line:
    """What each subject gets, in the order of SUBJECTS."""

    route: str
    method: str
    cells: tuple[str, ...]

    def __str__(self) -> str:
        return _row(self.route, self.method, self.cells)


def file_of(route: str) -> str:
    """Return the name of the file that holds the lines of ``route``."""
    room, colon, _ = route.partition(":")
    return f"{room if colon else 'ground'}.txt"


def heading() -> str:
    return _row("# route", "method", SUBJECTS)


def _row(route, method, cells) -> str:
    words = "".join(f"{cell:<{CELL}}" for cell in cells)
    return f"{route:<{NAME}} {method:<{METHOD}} {words}".rstrip()


@cache
def read() -> tuple[dict[tuple[str, str], Line], list[str]]:
    """Return every line of the table by route and method, and what is wrong with the others."""
    found, wrong = {}, []
    for file in sorted(FOLDER.glob("*.txt")):
        for number, text in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
            if not text.strip() or text.startswith("#"):
                continue
            route, method, *cells = text.split()
            where = f"{file.name}:{number}"
            if len(cells) != len(SUBJECTS):
                wrong.append(f"{where}: needs one cell for each of {', '.join(SUBJECTS)}")
            elif not {word for cell in cells for word in cell.split("/")} <= WORDS:
                wrong.append(f"{where}: a cell is one of {', '.join(sorted(WORDS))}")
            elif file.name != file_of(route):
                wrong.append(f"{where}: belongs to {file_of(route)}")
            elif (route, method) in found:
                wrong.append(f"{where}: says {method} {route} a second time")
            else:
                found[route, method] = Line(route, method, tuple(cells))
    return found, wrong


def lines() -> dict[tuple[str, str], Line]:
    """Return the lines that can be read."""
    return read()[0]


def doors() -> list[tuple[Route, str]]:
    """Return every address with each method that needs a line; the back office has its own test."""
    found = []
    for route in routes():
        if route.is_ours:
            found += [(route, method) for method in route.methods if method != "HEAD"]
        elif not route.pattern.startswith("admin/"):
            found += [(route, "GET"), (route, "POST")]
    return found
