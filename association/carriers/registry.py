"""Which carrier serves which channel."""

from association.carriers.interface import Carrier
from association.carriers.mail import Mail
from association.models import Channel

CARRIERS: dict[str, Carrier] = {Channel.EMAIL: Mail()}


def missing(channel: str, options: dict) -> list[str]:
    """Name what ``channel`` still needs; a channel that nobody serves needs everything."""
    carrier = CARRIERS.get(channel)
    return carrier.missing(options) if carrier else [channel]


def address_of(channel: str, person) -> str:
    """Return where ``person`` is reached by ``channel``, empty when nowhere."""
    carrier = CARRIERS.get(channel)
    return carrier.address_of(person) if carrier and person else ""
