"""What a verified activity earns each shop that took part: pure arithmetic.

Source: bonus list of the default scheme. Volunteer work (B02) counts each person's hours, four
of them once; every other kind counts each participation once.
"""

from decimal import ROUND_DOWN, Decimal

from activities.enums import CharityCode, CreditUnit

HOURS_PER_TIME = Decimal(4)  # “志愿服务（每人每4小时）”
VOLUNTEER = str(CharityCode.VOLUNTEER)


def earned(code: str, *, people: int, hours: Decimal | None) -> tuple[Decimal, str]:
    """Return how much one shop earned and in which unit.

    Volunteer work gives person-hours, so that two short mornings add up; ``hours`` is then
    required. The rest gives one time, however many people came.
    """
    if code != VOLUNTEER:
        return Decimal(1), str(CreditUnit.TIMES)
    if hours is None:
        raise ValueError("Volunteer work is counted in hours.")
    return people * hours, str(CreditUnit.PERSON_HOURS)


def times(code: str, quantity: Decimal) -> Decimal:
    """Return how many times the scheme may count ``quantity`` of ``code``."""
    if code != VOLUNTEER:
        return quantity.quantize(Decimal(1))
    return (quantity / HOURS_PER_TIME).quantize(Decimal(1), ROUND_DOWN)
