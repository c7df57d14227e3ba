"""Log lines: JSON on a server, plain at a desk; each with the number of its request.

What identifies a person never reaches a line: mobile numbers and ID numbers are masked, tokens
in addresses are cut out. Queries of addresses are not logged at all.
"""

import re
from typing import Any

import structlog
from structlog.typing import EventDict

MOBILE = re.compile(r"(?<!\d)(1[3-9]\d)\d{4}(\d{4})(?!\d)")
ID_NUMBER = re.compile(r"(?<!\d)(\d{6})\d{8}(\d{3}[\dXx])(?!\d)")
TOKEN_IN_PATH = re.compile(r"(?<=/)[\w:.-]{16,}(?=/|\s|$)")
STYLES = {
    "json": structlog.processors.JSONRenderer(ensure_ascii=False, sort_keys=True),
    "line": structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
}


def masked(text: str) -> str:
    """Return ``text`` without what identifies a person or opens a door."""
    text = ID_NUMBER.sub(r"\1********\2", text)
    return TOKEN_IN_PATH.sub("…", MOBILE.sub(r"\1****\2", text))


def mask_personal(_logger: object, _method: str, event: EventDict) -> EventDict:
    """Mask every text of a line but the paths of a traceback; the last step before writing."""
    return {
        name: masked(value) if isinstance(value, str) and name != "exception" else value
        for name, value in event.items()
    }


def logging_settings(*, style: str, level: str) -> dict[str, Any]:
    """Return Django's LOGGING; ``style`` is ``json`` or ``line``."""
    before = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(allow=["job", "route", "status", "ms", "user"]),
        structlog.processors.TimeStamper(fmt="iso", utc=False),
    ]
    after = [
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.format_exc_info,
        mask_personal,
        STYLES[style],
    ]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "portal": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": before,
                "processors": after,
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "portal"}},
        "loggers": {
            # WeasyPrint tells every step of every page; only what goes wrong is wanted.
            "weasyprint": {"level": "WARNING"},
            "fontTools": {"level": "WARNING"},
            # Says again, with the address, what association.middleware.request_log says.
            "django.request": {"level": "ERROR"},
        },
        "root": {"handlers": ["console"], "level": level},
    }
