"""E-mail through the server named in the environment."""

import smtplib
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from association.carriers.interface import (
    CarrierAwayError,
    NotSentError,
    Parcel,
    RefusedForGoodError,
    Send,
)

FOR_GOOD = 500  # SMTP: 5xx is meant to stay, 4xx passes


class Mail:
    """One SMTP connection carries several mails; each keeps its Message-ID at every try."""

    def missing(self, options: dict) -> list[str]:
        return [] if settings.EMAIL_HOST else ["EMAIL_HOST"]

    def address_of(self, person) -> str:
        return person.email

    @contextmanager
    def connect(self, options: dict) -> Iterator[Send]:
        line = get_connection()
        try:
            line.open()
        except (OSError, smtplib.SMTPException) as error:
            raise CarrierAwayError(f"{type(error).__name__}: {error}") from error
        try:
            yield lambda parcel: self._send(parcel, line)
        finally:
            line.close()

    def _send(self, parcel: Parcel, line) -> str:
        headers = {"Message-ID": parcel.reference, "Auto-Submitted": "auto-generated"}
        if parcel.unsubscribe:
            headers["List-Unsubscribe"] = f"<{parcel.unsubscribe}>"
        mail = EmailMessage(
            subject=parcel.subject,
            body=_text_of(parcel),
            to=[parcel.address],
            headers=headers,
            connection=line,
        )
        try:
            mail.send()
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            raise _by_code(code, words) from error
        except smtplib.SMTPResponseException as error:
            raise _by_code(error.smtp_code, error.smtp_error) from error
        except (OSError, smtplib.SMTPException, UnicodeError) as error:
            raise NotSentError(f"{type(error).__name__}: {error}") from error
        return ""


def _text_of(parcel: Parcel) -> str:
    parts = [parcel.body]
    if parcel.link:
        parts.append(parcel.link)
    if parcel.unsubscribe:
        parts.append(f"不想再收邮件：{parcel.unsubscribe}")
    return "\n\n".join(parts) + "\n"


def _by_code(code: int, words) -> Exception:
    said = words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)
    kind = RefusedForGoodError if code >= FOR_GOOD else NotSentError
    return kind(f"{code} {said}")
