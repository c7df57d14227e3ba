"""Text messages: one small interface over the providers, each with its own signing.

A provider sends approved templates only. Ours has one variable, the subject of the message; the
rest stands in the portal. What leaves is put together in ``text_of`` and nowhere else.
"""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit
from uuid import uuid4

import requests
from django.conf import settings

from association import sms_words
from association.carriers.interface import (
    CarrierAwayError,
    NotSentError,
    Parcel,
    RefusedForGoodError,
    Send,
)

LONGEST = 35  # characters of a variable that every provider takes
SECONDS = 10
ALIYUN, TENCENT, CONSOLE = "aliyun", "tencent", "console"
PROVIDERS = {ALIYUN: "阿里云短信", TENCENT: "腾讯云短信", CONSOLE: "只在本机显示（试用）"}
TEXT = "【{sign}】{subject}，请登录平台查看。"
NEEDED = {
    ALIYUN: {"sign_name": "短信签名", "template_code": "模板编号"},
    TENCENT: {"sign_name": "短信签名", "template_code": "模板编号", "app_id": "应用编号"},
    CONSOLE: {},
}
# What a provider says about the number or the text stays true; about the account it is for all.
FOR_GOOD = (
    "isv.MOBILE_NUMBER_ILLEGAL",
    "isv.BLACK_KEY_CONTROL_LIMIT",
    "isv.PARAM_LENGTH_LIMIT",
    "isv.TEMPLATE_PARAMS_ILLEGAL",
    "InvalidParameterValue.IncorrectPhoneNumber",
    "FailedOperation.PhoneNumberInBlacklist",
    "FailedOperation.ContainSensitiveWord",
    "UnsupportedOperation",
)
ACCOUNT = (
    "isv.AMOUNT_NOT_ENOUGH",
    "isv.OUT_OF_SERVICE",
    "isv.ACCOUNT",
    "isv.SMS_SIGNATURE_ILLEGAL",
    "isv.SMS_TEMPLATE_ILLEGAL",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "Forbidden",
    "AuthFailure",
    "UnauthorizedOperation",
    "FailedOperation.InsufficientBalance",
    "FailedOperation.SignatureIncorrectOrUnapproved",
    "FailedOperation.TemplateIncorrectOrUnapproved",
)


def text_of(subject: str) -> str:
    """Return the variable of the template; refuses what no text message may say."""
    if reason := sms_words.refusal(subject):
        raise RefusedForGoodError(reason)
    return subject if len(subject) <= LONGEST else f"{subject[: LONGEST - 1]}…"


class TextMessage:
    """The provider is an option; its keys stand in the environment."""

    def missing(self, options: dict) -> list[str]:
        provider = options.get("provider", "")
        if provider not in NEEDED:
            return ["服务商"]
        if provider == CONSOLE:
            return [] if settings.PORTAL_MODE == "demo" else ["服务商（只在本机显示仅供试用）"]
        lacking = [label for name, label in NEEDED[provider].items() if not options.get(name)]
        secrets = {
            "SMS_KEY_ID": settings.SMS_KEY_ID,
            "SMS_KEY_SECRET": settings.SMS_KEY_SECRET,
        }
        return lacking + [name for name, value in secrets.items() if not value]

    def address_of(self, person) -> str:
        return person.phone or ""

    @contextmanager
    def connect(self, options: dict) -> Iterator[Send]:
        hand_over: Callable[..., str] = {
            ALIYUN: _by_aliyun,
            TENCENT: _by_tencent,
            CONSOLE: _on_console,
        }[options["provider"]]
        with requests.Session() as line:
            line.trust_env = False
            yield lambda parcel: hand_over(parcel, options, line)


def _on_console(parcel: Parcel, options: dict, line) -> str:
    """The demo has no provider: the text lies in the portal, where its pages show it."""
    return TEXT.format(sign=options.get("sign_name") or "示例", subject=text_of(parcel.subject))


# ------------------------------------------------------------------ Aliyun


def _by_aliyun(parcel: Parcel, options: dict, line: requests.Session) -> str:
    endpoint = settings.SMS_ENDPOINT or "https://dysmsapi.aliyuncs.com"
    query = {
        "OutId": parcel.reference,
        "PhoneNumbers": parcel.address,
        "SignName": options["sign_name"],
        "TemplateCode": options["template_code"],
        "TemplateParam": json.dumps({"title": text_of(parcel.subject)}, ensure_ascii=False),
    }
    written = "&".join(f"{_quoted(k)}={_quoted(v)}" for k, v in sorted(query.items()))
    headers = aliyun_headers(
        host=urlsplit(endpoint).netloc,
        query=written,
        nonce=uuid4().hex,
        moment=datetime.now(UTC),
        key_id=settings.SMS_KEY_ID,
        secret=settings.SMS_KEY_SECRET,
    )
    said = _asked(line, f"{endpoint}/?{written}", headers=headers, data=b"")
    if said.get("Code") == "OK":
        return str(said.get("BizId", ""))
    raise _by_code(str(said.get("Code", "")), str(said.get("Message", "")))


def aliyun_headers(
    *, host: str, query: str, nonce: str, moment: datetime, key_id: str, secret: str
) -> dict[str, str]:
    """Return the headers of one signed request (ACS3-HMAC-SHA256, body empty)."""
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": "SendSms",
        "x-acs-content-sha256": empty,
        "x-acs-date": f"{moment:%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": "2017-05-25",
    }
    named = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join(["POST", "/", query, lines, named, empty])
    to_sign = f"ACS3-HMAC-SHA256\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    return headers | {
        "Authorization": (
            f"ACS3-HMAC-SHA256 Credential={key_id},SignedHeaders={named},Signature={signature}"
        )
    }


def _quoted(value: str) -> str:
    return quote(value, safe="-_.~")


# ------------------------------------------------------------------ Tencent


def _by_tencent(parcel: Parcel, options: dict, line: requests.Session) -> str:
    endpoint = settings.SMS_ENDPOINT or "https://sms.tencentcloudapi.com"
    number = parcel.address if parcel.address.startswith("+") else f"+86{parcel.address}"
    body = json.dumps(
        {
            "PhoneNumberSet": [number],
            "SmsSdkAppId": options["app_id"],
            "SignName": options["sign_name"],
            "TemplateId": options["template_code"],
            "TemplateParamSet": [text_of(parcel.subject)],
            "SessionContext": parcel.reference,
        },
        ensure_ascii=False,
    ).encode()
    headers = tencent_headers(
        host=urlsplit(endpoint).netloc,
        body=body,
        moment=datetime.now(UTC),
        key_id=settings.SMS_KEY_ID,
        secret=settings.SMS_KEY_SECRET,
    )
    said = _asked(line, f"{endpoint}/", headers=headers, data=body).get("Response", {})
    if error := said.get("Error"):
        raise _by_code(str(error.get("Code", "")), str(error.get("Message", "")))
    standing = next(iter(said.get("SendStatusSet", [])), {})
    if standing.get("Code") == "Ok":
        return str(standing.get("SerialNo", ""))
    raise _by_code(str(standing.get("Code", "")), str(standing.get("Message", "")))


def tencent_headers(
    *, host: str, body: bytes, moment: datetime, key_id: str, secret: str
) -> dict[str, str]:
    """Return the headers of one signed request (TC3-HMAC-SHA256)."""
    kind, named = "application/json; charset=utf-8", "content-type;host;x-tc-action"
    lines = f"content-type:{kind}\nhost:{host}\nx-tc-action:sendsms\n"
    payload = hashlib.sha256(body).hexdigest()
    canonical = "\n".join(["POST", "/", "", lines, named, payload])
    stamp, day = str(int(moment.timestamp())), f"{moment:%Y-%m-%d}"
    scope = f"{day}/sms/tc3_request"
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    to_sign = "\n".join(["TC3-HMAC-SHA256", stamp, scope, hashed])
    key = f"TC3{secret}".encode()
    for part in (day, "sms", "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    return {
        "Content-Type": kind,
        "Host": host,
        "X-TC-Action": "SendSms",
        "X-TC-Version": "2021-01-11",
        "X-TC-Region": "ap-guangzhou",
        "X-TC-Timestamp": stamp,
        "Authorization": (
            f"TC3-HMAC-SHA256 Credential={key_id}/{scope}, "
            f"SignedHeaders={named}, Signature={signature}"
        ),
    }


# ------------------------------------------------------------------ what both have


def _asked(line: requests.Session, address: str, **request) -> dict:
    try:
        answer = line.post(address, timeout=SECONDS, allow_redirects=False, **request)
    except requests.ConnectionError as error:
        raise CarrierAwayError(f"短信服务连不上：{type(error).__name__}") from error
    except requests.RequestException as error:
        # It may have arrived: the next try is the same message with the same reference.
        raise NotSentError(f"短信服务没有回答：{type(error).__name__}") from error
    try:
        said = answer.json()
    except ValueError as error:
        raise NotSentError(f"短信服务回答了 {answer.status_code}，读不懂。") from error
    return said if isinstance(said, dict) else {}


def _by_code(code: str, words: str) -> Exception:
    said = f"{code} {words}".strip() or "短信服务没有说原因。"
    if code.startswith(ACCOUNT):
        return CarrierAwayError(said)
    return RefusedForGoodError(said) if code.startswith(FOR_GOOD) else NotSentError(said)
