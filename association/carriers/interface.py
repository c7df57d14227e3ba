"""What every carrier offers, and the three ways in which a try can end badly."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol


class CarrierAwayError(Exception):
    """Nobody answers there, or we are not let in: no message is to blame, the channel rests."""


class RefusedForGoodError(Exception):
    """The other side has said that it will never take this one: no further try."""


class NotSentError(Exception):
    """It did not go out this time; a later try may."""


@dataclass(frozen=True)
class Parcel:
    """One message as it leaves. ``reference`` is the same at every try, so that twice is seen."""

    reference: str
    address: str
    subject: str
    body: str = ""
    link: str = ""
    unsubscribe: str = ""


Send = Callable[[Parcel], str]
"""Hand over one parcel; returns what the other side calls it, or an empty text."""


class Carrier(Protocol):
    def missing(self, options: dict[str, Any]) -> list[str]:
        """Name what has to be set before the channel can be offered; empty when it can."""
        ...

    def address_of(self, person: Any) -> str:
        """Return where ``person`` is reached, empty when unknown."""
        ...

    def connect(self, options: dict[str, Any]) -> AbstractContextManager[Send]:
        """Open one line for several parcels. Raises ``CarrierAwayError``."""
        ...
