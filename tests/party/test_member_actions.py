"""Members: consent before numbers, sealed columns, looks that are written down."""

from datetime import date, datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from openpyxl import load_workbook

from association import encryption, keyring, read_log
from association.encryption import CannotOpenError
from association.models import AuditEvent, Delivery, ReadEvent
from party.actions import members as actions
from party.enums import ConsentWay, OrganisationKind, PostRole, Relation, Standing
from party.id_number import check_symbol
from party.models import PartyMember
from tests.factories.accounts import UserFactory
from tests.factories.association import StoredFileFactory
from tests.factories.party import (
    ConsentFactory,
    ConsentTextFactory,
    PartyMemberFactory,
    PartyOrganisationFactory,
    PostFactory,
    secretary_of,
)

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 20, 12, tzinfo=ZoneInfo("Asia/Shanghai"))
PHONE = "15400000001"


@pytest.fixture(autouse=True)
def own_keyring(settings, tmp_path):
    settings.KEYRING = tmp_path / "keyring"


def number(serial: int) -> str:
    body = f"00000019900101{serial:03}"
    return body + check_symbol(body)


def agreed(**more) -> PartyMember:
    return ConsentFactory(member=PartyMemberFactory(**more)).member


def columns(member) -> tuple:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id_number, phone FROM party_partymember WHERE id = %s", [str(member.pk)]
        )
        return tuple(None if v is None else bytes(v) for v in cursor.fetchone())


def test_numbers_are_sealed_in_the_table_and_read_as_text():
    member = agreed()

    actions.keep_numbers(member, id_number=number(1), phone=PHONE, by=UserFactory(), now=NOON)

    sealed_id, sealed_phone = columns(member)
    assert number(1).encode() not in sealed_id
    assert PHONE.encode() not in sealed_phone
    read = PartyMember.objects.get(pk=member.pk)
    assert (read.id_number, read.phone) == (number(1), PHONE)
    assert AuditEvent.objects.latest("pk").detail == {"kept": ["id_number", "phone"]}


def test_a_value_copied_to_another_row_or_column_does_not_open():
    one, other = agreed(), agreed()
    actions.keep_numbers(one, id_number=number(1), phone=PHONE, by=UserFactory(), now=NOON)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE party_partymember SET id_number = (SELECT id_number FROM party_partymember"
            " WHERE id = %s), id_number_index = 'x' WHERE id = %s",
            [str(one.pk), str(other.pk)],
        )
        cursor.execute(
            "UPDATE party_partymember SET phone = id_number WHERE id = %s", [str(one.pk)]
        )

    with pytest.raises(CannotOpenError):
        _ = PartyMember.objects.get(pk=other.pk).id_number
    with pytest.raises(CannotOpenError):
        _ = PartyMember.objects.get(pk=one.pk).phone
    assert PartyMember.objects.get(pk=one.pk).id_number == number(1)


def test_another_keyring_does_not_open_it(settings, tmp_path):
    member = agreed()
    actions.keep_numbers(member, phone=PHONE, by=UserFactory(), now=NOON)
    settings.KEYRING = tmp_path / "another"

    with pytest.raises(CannotOpenError):
        _ = PartyMember.objects.get(pk=member.pk).phone


def test_rotation_seals_anew_and_opens_all_the_way(settings):
    member, later = agreed(), agreed()
    actions.keep_numbers(member, id_number=number(1), phone=PHONE, by=UserFactory(), now=NOON)
    before = columns(member)
    encryption.add_seal_key(settings.KEYRING, "new")
    actions.keep_numbers(later, phone="15400000002", by=UserFactory(), now=NOON)

    assert encryption.sealed_by_key() == {"demo": 2, "new": 1}
    assert PartyMember.objects.get(pk=member.pk).phone == PHONE
    assert encryption.reseal(by=None, now=NOON) == 2
    assert encryption.reseal(by=None, now=NOON) == 0

    assert encryption.sealed_by_key() == {"new": 3}
    assert columns(member) != before
    assert PartyMember.objects.get(pk=member.pk).id_number == number(1)
    assert (
        PartyMember.objects.get(pk=member.pk).id_number_index
        == PartyMember.objects.get(pk=member.pk).id_number_index
    )
    assert keyring.key_name(columns(later)[1]) == "new"


def test_a_sealed_column_is_neither_searched_nor_updated_in_bulk():
    with pytest.raises(FieldError, match="blind index"):
        PartyMember.objects.filter(phone=PHONE)
    with pytest.raises(FieldError, match="row by row"):
        PartyMember.objects.update(phone=PHONE)


def test_saving_another_field_leaves_the_sealed_bytes_as_they_are():
    member = agreed()
    actions.keep_numbers(member, phone=PHONE, by=UserFactory(), now=NOON)
    before = columns(member)

    read = PartyMember.objects.get(pk=member.pk)
    read.name = "示例改名"
    read.save()

    assert columns(member) == before


def test_without_consent_no_number_is_kept_and_the_database_agrees():
    member = PartyMemberFactory()

    with pytest.raises(actions.ConsentMissingError, match="单独同意"):
        actions.keep_numbers(member, phone=PHONE, by=UserFactory(), now=NOON)
    member.phone, member.phone_index = PHONE, "x"
    with pytest.raises(IntegrityError), transaction.atomic():
        member.save()

    assert columns(member) == (None, None)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"id_number": "11010519491231002A"}, "最后一位"),
        ({"phone": "12345"}, "11 位"),
        ({}, "请填写"),
    ],
    ids=["wrong number", "no mobile", "nothing"],
)
def test_numbers_that_cannot_be_are_refused(more, told):
    member = agreed()

    with pytest.raises(actions.MemberFactsError, match=told):
        actions.keep_numbers(member, **more, by=UserFactory(), now=NOON)

    assert columns(member) == (None, None)


def test_one_id_number_has_one_home_and_may_join_in_elsewhere():
    first = agreed()
    second = agreed()
    guest = agreed(relation=Relation.ELSEWHERE, home_organisation="示例支部")
    by = UserFactory()
    actions.keep_numbers(first, id_number=number(7), by=by, now=NOON)

    with pytest.raises(actions.NumberTakenError):
        actions.keep_numbers(second, id_number=number(7), by=by, now=NOON)
    actions.keep_numbers(guest, id_number=number(7), by=by, now=NOON)

    assert PartyMember.objects.exclude(id_number_index="").count() == 2


def test_withdrawing_erases_the_numbers_and_keeps_the_membership():
    member = agreed()
    by = UserFactory()
    actions.keep_numbers(member, id_number=number(1), phone=PHONE, by=by, now=NOON)

    actions.withdraw_consent(member, reason="本人要求", by=by, now=NOON)

    member.refresh_from_db()
    assert columns(member) == (None, None)
    assert (member.consent, member.left_on) == (None, None)
    kept = member.consents.get()
    assert (kept.withdrawn_at, kept.withdrawn_reason) == (NOON, "本人要求")
    event = AuditEvent.objects.get(act="party.consent_withdrawn")
    assert event.detail == {"erased": ["id_number", "phone"]}


def test_a_second_cycle_of_consent_names_its_own_version():
    member = PartyMemberFactory()
    by, paper = UserFactory(), StoredFileFactory()
    first = ConsentTextFactory(version=1)
    second = ConsentTextFactory(version=2)
    given = {"way": ConsentWay.PAPER, "given_on": date(2026, 3, 1), "by": by, "now": NOON}

    actions.give_consent(member, first, paper=paper, **given)
    with pytest.raises(actions.ConsentGivenError):
        actions.give_consent(member, second, paper=StoredFileFactory(), **given)
    actions.withdraw_consent(member, reason="换新版", by=by, now=NOON)
    actions.give_consent(member, second, paper=StoredFileFactory(), **given)

    member.refresh_from_db()
    assert member.consent.text == second
    assert member.consents.count() == 2


def test_a_consent_on_paper_needs_the_paper_and_no_future_day():
    member, text = PartyMemberFactory(), ConsentTextFactory()
    given = {"way": ConsentWay.PAPER, "by": UserFactory(), "now": NOON}

    with pytest.raises(actions.ConsentMissingError, match="上传"):
        actions.give_consent(member, text, given_on=date(2026, 3, 1), **given)
    with pytest.raises(actions.ConsentMissingError, match="晚于今天"):
        actions.give_consent(
            member, text, given_on=date(2026, 3, 21), paper=StoredFileFactory(), **given
        )

    assert not member.consents.exists()


# ------------------------------------------------------------------ looks


def test_a_look_is_written_down_before_the_number_is_given():
    member = agreed()
    reader = UserFactory()
    actions.keep_numbers(member, id_number=number(1), by=UserFactory(), now=NOON)

    seen = actions.reveal(member, "id_number", reason="核对名册", by=reader, now=NOON)

    assert seen == number(1)
    look = read_log.about(member).get()
    assert (look.reader_label, look.what, look.reason) == (str(reader), "身份证号", "核对名册")
    assert number(1) not in str(ReadEvent.objects.values())


@pytest.mark.parametrize("reason", ["", "   "])
def test_without_a_reason_nobody_looks(reason):
    member = agreed()
    actions.keep_numbers(member, phone=PHONE, by=UserFactory(), now=NOON)

    with pytest.raises(read_log.ReasonMissingError):
        actions.reveal(member, "phone", reason=reason, by=UserFactory(), now=NOON)

    assert not ReadEvent.objects.exists()


def test_a_number_that_is_not_there_cannot_be_looked_at():
    with pytest.raises(actions.NothingToSeeError):
        actions.reveal(agreed(), "phone", reason="核对", by=UserFactory(), now=NOON)

    assert not ReadEvent.objects.exists()


def test_the_log_of_looks_is_never_changed():
    member = agreed()
    actions.keep_numbers(member, phone=PHONE, by=UserFactory(), now=NOON)
    actions.reveal(member, "phone", reason="核对", by=UserFactory(), now=NOON)

    for sql in (
        "UPDATE association_readevent SET reason = 'x'",
        "DELETE FROM association_readevent",
        "TRUNCATE association_readevent",
    ):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(sql)
    assert ReadEvent.objects.get().reason == "核对"


def test_many_looks_in_an_hour_are_told_to_the_other_keepers_once():
    member = agreed()
    other = secretary_of(member.organisation)
    reader = secretary_of(member.organisation, PostRole.ORGANISATION)
    actions.keep_numbers(member, phone=PHONE, by=other, now=NOON)

    for minute in range(actions.MANY_LOOKS + 3):
        moment = NOON + timedelta(minutes=minute)
        actions.reveal(member, "phone", reason="核对", by=reader, now=moment)

    told = Delivery.objects.all()
    assert [delivery.recipient for delivery in told] == [other]
    assert PHONE not in told.get().message.body


# ------------------------------------------------------------------ the register


def test_enroll_and_change_name_the_fields():
    branch = PartyOrganisationFactory()
    by = UserFactory()
    member = actions.enroll(branch, actions.MemberFacts(name="示例某"), by=by, now=NOON)

    actions.change(
        member, actions.MemberFacts(name="示例某", job="店长", is_floating=True), by=by, now=NOON
    )

    assert AuditEvent.objects.latest("pk").detail["changed"] == ["is_floating", "job"]


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"relation": Relation.ELSEWHERE}, "写明在哪个党组织"),
        ({"home_organisation": "示例支部"}, "不用填写"),
        ({"standing": Standing.PROBATIONARY, "full_on": date(2026, 1, 1)}, "转正日期"),
        ({"joined_on": date(2026, 1, 2), "full_on": date(2026, 1, 1)}, "早于入党"),
        ({"floating_to": "示例市"}, "勾选流动"),
    ],
)
def test_facts_that_do_not_fit_are_refused_and_nothing_is_written(facts, told):
    with pytest.raises(actions.MemberFactsError, match=told):
        actions.enroll(
            PartyOrganisationFactory(),
            actions.MemberFacts(name="示例某", **facts),
            by=UserFactory(),
            now=NOON,
        )

    assert not PartyMember.objects.exists()
    assert not AuditEvent.objects.exists()


def test_members_stand_in_branches_and_groups_of_their_own():
    committee = PartyOrganisationFactory(kind=OrganisationKind.COMMITTEE)
    group = PartyOrganisationFactory(kind=OrganisationKind.GROUP, parent=PartyOrganisationFactory())
    facts = actions.MemberFacts(name="示例某", group=group)

    with pytest.raises(actions.MemberFactsError, match="请选择支部"):
        actions.enroll(committee, actions.MemberFacts(name="示例某"), by=UserFactory(), now=NOON)
    with pytest.raises(actions.MemberFactsError, match="不是"):
        actions.enroll(PartyOrganisationFactory(), facts, by=UserFactory(), now=NOON)


def test_leaving_erases_the_numbers_and_can_be_taken_back():
    member = agreed()
    by = UserFactory()
    actions.keep_numbers(member, phone=PHONE, by=by, now=NOON)

    actions.leave(member, left_on=date(2026, 3, 1), reason="转出", by=by, now=NOON)
    assert columns(member) == (None, None)
    with pytest.raises(actions.AlreadyLeftError):
        actions.leave(member, left_on=date(2026, 3, 1), reason="转出", by=by, now=NOON)
    actions.take_back(member, reason="登记错人", by=by, now=NOON)

    member.refresh_from_db()
    assert (member.left_on, member.left_reason) == (None, "")


def test_who_holds_a_post_does_not_leave():
    member = PartyMemberFactory()
    PostFactory(organisation=member.organisation, member=member)

    with pytest.raises(actions.MemberFactsError, match="先办理免职"):
        actions.leave(member, left_on=date(2026, 3, 1), reason="转出", by=UserFactory(), now=NOON)


def test_a_login_belongs_to_one_record():
    one, other = PartyMemberFactory(), PartyMemberFactory()
    user, by = UserFactory(), UserFactory()

    actions.link_login(one, user, by=by, now=NOON)
    with pytest.raises(actions.LoginTakenError):
        actions.link_login(other, user, by=by, now=NOON)
    actions.link_login(one, None, by=by, now=NOON)
    actions.link_login(other, user, by=by, now=NOON)

    other.refresh_from_db()
    assert other.user == user


# ------------------------------------------------------------------ the register as a sheet


def test_the_sheet_is_masked_and_everybody_in_it_reads_who_took_it(client):
    member = ConsentFactory(member__name="示例某").member
    keeper = secretary_of(member.organisation)
    actions.keep_numbers(member, id_number=number(7), phone=PHONE, by=keeper, now=NOON)
    client.force_login(keeper)

    answer = client.post(reverse("party:export"), {"reason": "报送年度统计", "view": "all"})

    (row,) = list(load_workbook(BytesIO(answer.content)).active.iter_rows(min_row=2))
    cells = {str(cell.value) for cell in row}
    assert "示例某" in cells
    assert not cells & {number(7), PHONE}
    assert any("*" in cell for cell in cells)
    (look,) = read_log.about(member)
    assert (look.reader_label, look.reason) == (str(keeper), "报送年度统计")
    event = AuditEvent.objects.get(act="party.exported")
    assert event.detail == {"rows": 1}


def test_without_a_reason_nothing_leaves_and_nothing_is_written(client):
    member = ConsentFactory().member
    client.force_login(secretary_of(member.organisation))

    answer = client.post(reverse("party:export"), {"reason": " ", "view": "all"})

    assert answer.status_code == 302
    assert not read_log.about(member).exists()
    assert not AuditEvent.objects.filter(act="party.exported").exists()


def test_a_keeper_exports_the_own_organisation_alone(client):
    other = ConsentFactory(member__name="别处某").member
    own = ConsentFactory(member__name="本处某").member
    client.force_login(secretary_of(own.organisation))

    answer = client.post(
        reverse("party:export"),
        {"reason": "核对", "view": "all", "organisation": other.organisation_id},
    )

    assert answer.status_code == 302  # nobody of theirs is there
    assert not read_log.about(other).exists()


def test_a_large_sheet_is_told_to_the_other_keepers():
    member = ConsentFactory().member
    branch = member.organisation
    PartyMemberFactory.create_batch(actions.MANY_LOOKS, organisation=branch)
    keeper = secretary_of(branch)
    secretary_of(branch, PostRole.ORGANISATION)

    actions.export_register(
        branch.members.present().select_related("organisation"), reason="核对", by=keeper, now=NOON
    )

    assert AuditEvent.objects.filter(act="party.many_looks").count() == 1
