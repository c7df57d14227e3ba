"""By which channels a person can be reached: switched on, wanted, and with an address."""

from collections.abc import Iterable, Sequence

from association.carriers import registry
from association.models import Channel, ChannelChoice, ChannelSetting


def open_channels() -> dict[str, ChannelSetting]:
    """Return the channels that are switched on and have all they need, by their name."""
    rows = ChannelSetting.objects.filter(is_on=True)
    return {row.channel: row for row in rows if not registry.missing(row.channel, row.options)}


def routes_of(
    people: Iterable, order: Sequence[str], usable: Iterable[str]
) -> dict[int, list[str]]:
    """Return for each person the channels of ``order`` that lead to them, in that order."""
    people, order = list(people), [each for each in order if each in set(usable)]
    if not order:
        return {person.pk: [] for person in people}
    unwanted = set(
        ChannelChoice.objects.filter(user__in=people, is_wanted=False).values_list(
            "user_id", "channel"
        )
    )
    return {
        person.pk: [
            channel
            for channel in order
            if (person.pk, channel) not in unwanted and registry.address_of(channel, person)
        ]
        for person in people
    }


def personal_channels(usable: Iterable[str]) -> list[Channel]:
    """Return those of ``usable`` that lead to one person."""
    return [Channel(each) for each in (Channel.EMAIL, Channel.SMS) if each in set(usable)]
