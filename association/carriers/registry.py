"""Which carrier serves which channel."""

from association.carriers import group_bot
from association.carriers.interface import Carrier
from association.carriers.mail import Mail
from association.carriers.text_message import TextMessage
from association.models import Channel

CARRIERS: dict[str, Carrier] = {
    Channel.EMAIL: Mail(),
    Channel.SMS: TextMessage(),
    Channel.WECOM: group_bot.WECOM,
    Channel.DINGTALK: group_bot.DINGTALK,
    Channel.FEISHU: group_bot.FEISHU,
}
# What the services themselves let through in a minute; a group that gets more shuts its bot out.
PER_MINUTE = {Channel.WECOM: 20, Channel.DINGTALK: 20, Channel.FEISHU: 60}


def missing(channel: str, options: dict) -> list[str]:
    """Name what ``channel`` still needs; a channel that nobody serves needs everything."""
    carrier = CARRIERS.get(channel)
    return carrier.missing(options) if carrier else [channel]


def address_of(channel: str, person) -> str:
    """Return where ``person`` is reached by ``channel``, empty when nowhere."""
    carrier = CARRIERS.get(channel)
    return carrier.address_of(person) if carrier and person else ""
