"""Text messages and group bots against doubles: signatures, answers, what may not be said."""

import hashlib
import hmac
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from association.carriers import group_bot, text_message
from association.carriers.interface import (
    CarrierAwayError,
    NotSentError,
    Parcel,
    RefusedForGoodError,
)
from association.carriers.text_message import TextMessage, aliyun_headers, tencent_headers

ALIYUN = {"provider": "aliyun", "sign_name": "示例药协", "template_code": "SMS_1"}
TENCENT = {"provider": "tencent", "sign_name": "示例药协", "template_code": "1", "app_id": "140"}
TOLD = Parcel("<ref@portal.example>", "13900000000", "请签署 2027 年度自律承诺书")
MOMENT = datetime(2026, 11, 25, 1, 2, 3, tzinfo=UTC)


class Provider:
    """A provider on this machine: answers what a test says and keeps what it was asked."""

    def __init__(self):
        self.answer, self.status, self.asked = {}, 200, []
        provider = self

        class Door(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                provider.asked.append((self.path, dict(self.headers), body))
                self.send_response(provider.status)
                self.end_headers()
                self.wfile.write(json.dumps(provider.answer).encode())

            def log_message(self, *args):
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Door)
        self.address = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def provider(settings):
    made = Provider()
    settings.SMS_ENDPOINT, settings.SMS_KEY_ID, settings.SMS_KEY_SECRET = made.address, "id", "key"
    yield made
    made.close()


def send(options, parcel=TOLD) -> str:
    with TextMessage().connect(options) as hand_over:
        return hand_over(parcel)


# ------------------------------------------------------------------ what is asked


def test_aliyun_is_asked_with_number_template_and_a_signature_it_can_check(provider):
    provider.answer = {"Code": "OK", "Message": "OK", "BizId": "9001"}

    assert send(ALIYUN) == "9001"

    ((path, headers, body),) = provider.asked
    query = parse_qs(urlsplit(path).query)
    assert query["PhoneNumbers"] == ["13900000000"]
    assert json.loads(query["TemplateParam"][0]) == {"title": TOLD.subject}
    assert query["OutId"] == [TOLD.reference]
    assert body == b""
    lower = {name.lower(): value for name, value in headers.items()}
    made = aliyun_headers(
        host=lower["host"],
        query=urlsplit(path).query,
        nonce=lower["x-acs-signature-nonce"],
        moment=datetime.fromisoformat(lower["x-acs-date"]),
        key_id="id",
        secret="key",
    )
    assert lower["authorization"] == made["Authorization"]


def test_tencent_is_asked_with_number_template_and_a_signature_it_can_check(provider):
    provider.answer = {"Response": {"SendStatusSet": [{"SerialNo": "77", "Code": "Ok"}]}}

    assert send(TENCENT) == "77"

    ((_, headers, body),) = provider.asked
    asked = json.loads(body)
    assert asked["PhoneNumberSet"] == ["+8613900000000"]
    assert asked["TemplateParamSet"] == [TOLD.subject]
    made = tencent_headers(
        host=headers["Host"],
        body=body,
        moment=datetime.fromtimestamp(int(headers["X-TC-Timestamp"]), UTC),
        key_id="id",
        secret="key",
    )
    assert headers["Authorization"] == made["Authorization"]


def test_the_signatures_are_those_of_the_published_rules():
    """Reckoned a second time, step by step, from the providers' own description."""
    made = tencent_headers(
        host="sms.tencentcloudapi.com", body=b"{}", moment=MOMENT, key_id="id", secret="key"
    )
    canonical = (
        "POST\n/\n\ncontent-type:application/json; charset=utf-8\n"
        "host:sms.tencentcloudapi.com\nx-tc-action:sendsms\n\n"
        "content-type;host;x-tc-action\n" + hashlib.sha256(b"{}").hexdigest()
    )
    text = (
        f"TC3-HMAC-SHA256\n{int(MOMENT.timestamp())}\n2026-11-25/sms/tc3_request\n"
        + hashlib.sha256(canonical.encode()).hexdigest()
    )
    step = hmac.new(b"TC3key", b"2026-11-25", hashlib.sha256).digest()
    step = hmac.new(step, b"sms", hashlib.sha256).digest()
    step = hmac.new(step, b"tc3_request", hashlib.sha256).digest()
    assert made["Authorization"].endswith(hmac.new(step, text.encode(), hashlib.sha256).hexdigest())

    made = aliyun_headers(
        host="h", query="A=1", nonce="n", moment=MOMENT, key_id="id", secret="key"
    )
    empty = hashlib.sha256(b"").hexdigest()
    names = "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
    canonical = (
        f"POST\n/\nA=1\nhost:h\nx-acs-action:SendSms\nx-acs-content-sha256:{empty}\n"
        "x-acs-date:2026-11-25T01:02:03Z\nx-acs-signature-nonce:n\nx-acs-version:2017-05-25\n\n"
        f"{names}\n{empty}"
    )
    text = "ACS3-HMAC-SHA256\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(b"key", text.encode(), hashlib.sha256).hexdigest()
    assert made["Authorization"].endswith(f"Signature={signature}")


# ------------------------------------------------------------------ what is answered


@pytest.mark.parametrize(
    ("options", "answer", "error"),
    [
        (ALIYUN, {"Code": "isv.MOBILE_NUMBER_ILLEGAL"}, RefusedForGoodError),
        (ALIYUN, {"Code": "isv.BUSINESS_LIMIT_CONTROL"}, NotSentError),
        (ALIYUN, {"Code": "isv.AMOUNT_NOT_ENOUGH"}, CarrierAwayError),
        (ALIYUN, {"Code": "SignatureDoesNotMatch"}, CarrierAwayError),
        (ALIYUN, {}, NotSentError),
        (
            TENCENT,
            {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure"}}},
            CarrierAwayError,
        ),
        (
            TENCENT,
            {"Response": {"SendStatusSet": [{"Code": "FailedOperation.PhoneNumberInBlacklist"}]}},
            RefusedForGoodError,
        ),
        (
            TENCENT,
            {"Response": {"SendStatusSet": [{"Code": "LimitExceeded.DeliveryFrequencyLimit"}]}},
            NotSentError,
        ),
    ],
)
def test_what_a_provider_answers_decides_what_happens_next(provider, options, answer, error):
    provider.answer = answer

    with pytest.raises(error):
        send(options)


def test_a_provider_that_is_not_there_lets_the_channel_rest(settings):
    settings.SMS_ENDPOINT = "http://127.0.0.1:9"

    with pytest.raises(CarrierAwayError):
        send(ALIYUN)


# ------------------------------------------------------------------ what leaves


def test_a_long_subject_is_cut_to_what_a_template_takes():
    assert len(text_message.text_of("长" * 80)) == text_message.LONGEST


@pytest.mark.parametrize("secret", ["党员转正公示", "证件 11010519491231002X 已核对"])
@pytest.mark.parametrize("options", [ALIYUN, TENCENT, {"provider": "console"}])
def test_no_party_status_and_no_identity_number_leaves_by_any_provider(provider, options, secret):
    with pytest.raises(RefusedForGoodError):
        send(options, Parcel("<r@h>", "13900000000", secret))

    assert provider.asked == []


@pytest.mark.parametrize(
    ("options", "mode", "lacking"),
    [
        ({}, "demo", ["服务商"]),
        ({"provider": "console"}, "demo", []),
        ({"provider": "console"}, "server", ["服务商（只在本机显示仅供试用）"]),
        (ALIYUN, "server", ["SMS_KEY_ID", "SMS_KEY_SECRET"]),
        (ALIYUN | {"sign_name": ""}, "server", ["短信签名", "SMS_KEY_ID", "SMS_KEY_SECRET"]),
    ],
    ids=["nothing", "demo", "no console on a server", "no keys", "no signature"],
)
def test_text_messages_are_not_offered_while_anything_lacks(settings, options, mode, lacking):
    settings.PORTAL_MODE = mode

    assert TextMessage().missing(options) == lacking


# ------------------------------------------------------------------ group bots


@pytest.mark.parametrize(
    ("bot", "secrets", "host"),
    [
        (group_bot.WECOM, {"WECOM_BOT_KEY": "abcdef-0123"}, "qyapi.weixin.qq.com"),
        (group_bot.DINGTALK, {"DINGTALK_BOT_TOKEN": "abcdef0123"}, "oapi.dingtalk.com"),
        (
            group_bot.DINGTALK,
            {"DINGTALK_BOT_TOKEN": "abcdef0123", "DINGTALK_BOT_SECRET": "SECabc123"},
            "oapi.dingtalk.com",
        ),
        (group_bot.FEISHU, {"FEISHU_BOT_TOKEN": "abcdef-0123"}, "open.feishu.cn"),
    ],
    ids=["wecom", "dingtalk", "dingtalk signed", "feishu"],
)
def test_a_bot_is_one_of_apprise_and_its_key_stands_in_the_environment(
    settings, monkeypatch, bot, secrets, host
):
    assert bot.missing({}) == list(bot.needed)
    for name, value in secrets.items():
        setattr(settings, name, value)
    assert bot.missing({}) == []
    seen = []
    monkeypatch.setattr("requests.post", lambda url, **more: seen.append((url, more)) or Answer())

    with bot.connect({}) as hand_over:
        hand_over(Parcel("<r@h>", "", "今天提醒了 3 人", "名单在平台里看。", "https://p.example/x"))

    ((url, more),) = seen
    assert urlsplit(url).hostname == host
    assert "今天提醒了 3 人" in json.dumps(json.loads(more["data"]), ensure_ascii=False)


class Answer:
    """What a bot's service says."""

    def __init__(self, errcode=0):
        self.status_code = 200
        self.content = json.dumps(
            {"errcode": errcode, "code": errcode, "StatusCode": errcode}
        ).encode()
        self.text = self.content.decode()

    def json(self):
        return json.loads(self.content)


def test_what_a_group_does_not_take_is_tried_again(monkeypatch, settings):
    settings.WECOM_BOT_KEY = "abcdef-0123"
    monkeypatch.setattr("requests.post", lambda url, **more: refused())

    def refused():
        answer = Answer()
        answer.status_code = 500
        return answer

    with pytest.raises(NotSentError), group_bot.WECOM.connect({}) as hand_over:
        hand_over(Parcel("<r@h>", "", "题", "文"))


def test_a_key_that_is_none_lets_the_channel_rest(settings):
    settings.FEISHU_BOT_TOKEN = "?"

    with pytest.raises(CarrierAwayError), group_bot.FEISHU.connect({}):
        pass


def test_nothing_secret_is_said_in_a_group(monkeypatch, settings):
    settings.FEISHU_BOT_TOKEN = "abcdef-0123"
    said = []
    monkeypatch.setattr("requests.post", lambda url, **more: said.append(url))

    with pytest.raises(RefusedForGoodError), group_bot.FEISHU.connect({}) as hand_over:
        hand_over(Parcel("<r@h>", "", "发展对象公示", "文"))

    assert said == []
