"""Figures of the messages: what is lost and what is doubled when every worker is killed.

Real worker processes, a real database and a mail server on this machine that writes down the
Message-ID of all it takes. The lease is a second here, because a killed worker's row comes back
only when it is over; everything else is as in the product.
"""

import asyncio
import multiprocessing
import os
import random
import signal
import socket
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.models import User
from association import jobs, outbox, sending
from association.delivery_times import reference
from association.models import Channel, ChannelSetting, Delivery
from benchmarks.databases import fresh_database
from trust import harness
from trust.background import alone
from trust.harness import Count, figure

HOST = "127.0.0.1"
PORT = 8925
WORKERS = 2
LEASE = timedelta(seconds=1)
BATCH = 1000


@figure("killed-workers", number="R1")
def killed_workers() -> Count:
    """Every worker is killed again and again while reminders go out.

    Wrong: a message that never arrived; one that was delivered twice in the portal; more mails
    doubled than there were kills; a mail with a Message-ID of its own at a second try.
    """
    people, kills = (10_000, 200) if harness.is_full else (1_000, 20)
    with fresh_database("trust"), tempfile.TemporaryDirectory() as folder:
        alone()
        _to_the_sink()
        log = Path(folder) / "taken"
        log.touch()
        post_reminders(people)
        connection.close()
        context = multiprocessing.get_context("fork")
        sink = context.Process(target=take_mail, args=(log,), daemon=True)
        sink.start()
        _wait_until(_answers, 20)
        killed = _kill_while_they_send(context, log, people, kills)
        sink.terminate()
        sink.join()
        return _judged(log, people, killed, kills)


def post_reminders(people: int) -> None:
    """One reminder to each, inside and by mail, as the nightly run writes them."""
    ChannelSetting.objects.create(channel=Channel.EMAIL, is_on=True, hold_above=people)
    User.objects.bulk_create(
        (User(username=f"p{n}", email=f"p{n}@example.test", password="!") for n in range(people)),
        batch_size=BATCH,
    )
    everybody = list(User.objects.order_by("pk"))
    noon = timezone.localtime().replace(hour=12)
    for start in range(0, people, BATCH):
        outbox.post(
            f"trust:{start}",
            to=everybody[start : start + BATCH],
            subject="请签署年度自律承诺书",
            body="请在 12月31日前签署。",
            now=noon,
            not_before=noon,
            link="/pledges/",
        )
    Delivery.objects.update(not_before=timezone.now() - timedelta(minutes=1))


def take_mail(log: Path) -> None:
    """The mail server: what it has taken stands in the file before it says so."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))

    class Taking:
        async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- aiosmtpd's name
            lines = envelope.content.decode("utf-8", "replace").splitlines()
            named = [line for line in lines if line.lower().startswith("message-id:")]
            with log.open("a", encoding="utf-8") as file:
                file.write(named[0].partition(":")[2].strip() + "\n")
            return "250 taken"

    Controller(Taking(), hostname=HOST, port=PORT).start()
    asyncio.new_event_loop().run_forever()


def work() -> None:
    """One worker, until somebody kills it."""
    sending.LEASE = LEASE
    while True:
        jobs.run_due()
        sending.send_due(seconds=5)
        time.sleep(0.05)


def _kill_while_they_send(context, log: Path, people: int, kills: int) -> int:
    dice, killed, workers = random.Random(20261125), 0, []
    last = time.monotonic() + 3600
    next_kill = dice.randint(20, 90)
    while time.monotonic() < last:
        if not workers:
            connection.close()
            workers = [context.Process(target=work, daemon=True) for _ in range(WORKERS)]
            for each in workers:
                each.start()
        time.sleep(0.02)
        taken = _lines(log)
        if killed < kills and taken >= min(next_kill, people - 1):
            for each in workers:
                os.kill(each.pid, signal.SIGKILL)
            for each in workers:
                each.join()
            workers, killed = [], killed + 1
            next_kill = taken + dice.randint(20, min(90, max(people // kills, 21)))
        elif taken >= people and not Delivery.objects.waiting().exists():
            break
    for each in workers:
        os.kill(each.pid, signal.SIGKILL)
        each.join()
    return killed


def _judged(log: Path, people: int, killed: int, kills: int) -> Count:
    taken = Counter(log.read_text(encoding="utf-8").split())
    host = settings.PUBLIC_URL.split("//")[1].split(":")[0]
    mails = dict(Delivery.objects.outward().values_list("key", "delivered_at"))
    due = {reference(key, host): key for key in mails}
    inside = Delivery.objects.in_app()
    wrong = [f"没有收到：{key}" for ref, key in due.items() if ref not in taken]
    wrong += [f"没有记为送达：{key}" for key, at in mails.items() if at is None]
    wrong += [f"另有 Message-ID：{ref}" for ref in taken if ref not in due]
    wrong += [f"站内没有送达：{row.key}" for row in inside.filter(delivered_at=None)]
    wrong += [f"站内送了 {row.attempts} 次：{row.key}" for row in inside.exclude(attempts=1)]
    doubled = sum(taken.values()) - len(taken)
    if doubled > killed * WORKERS:
        wrong.append(f"邮件重复 {doubled} 封，杀死 {killed} 次、每次 {WORKERS} 个进程")
    if killed < kills:
        wrong.append(f"只杀了 {killed} 次，应为 {kills} 次")
    note = f"杀死 {killed} 次，重复 {doubled} 封，去重后 {len(taken)} 封"
    return Count(people * 2, len(wrong), tuple(wrong), note)


def _to_the_sink() -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, PORT
    settings.EMAIL_USE_SSL, settings.EMAIL_HOST_USER = False, ""


def _answers() -> bool:
    with socket.socket() as line:
        return line.connect_ex((HOST, PORT)) == 0


def _wait_until(true, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise TimeoutError("邮件服务器没有起来。")
        time.sleep(0.1)


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")
