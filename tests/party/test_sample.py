"""The demo's Party: told by acts, complete by the rules but for one gap, nobody real in it."""

from datetime import UTC, date, datetime

import pytest

from association import encryption, sample
from association.read_log import about
from party import queries
from party.enums import MeetingState, OrganisationKind, PostRole
from party.id_number import problem_with
from party.models import CensusEntry, Meeting, PartyMember, PartyOrganisation, Post
from party.queries.meetings import life_gaps
from party.sample import OWN_BRANCH

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
TODAY = date(2026, 11, 20)

pytestmark = pytest.mark.django_db


@pytest.fixture
def told(monkeypatch):
    """The chapters of the register and of the Party."""
    sample.discover()
    ours = {
        name: chapter
        for name, chapter in sample.CHAPTERS.items()
        if name.startswith(("members.", "party."))
    }
    monkeypatch.setattr(sample, "CHAPTERS", ours)
    story = sample.Story(now=NOW, size=40)
    sample.tell(story)
    return story


def test_the_story_is_complete_but_for_one_gap_and_nobody_in_it_is_real(told):
    own = PartyOrganisation.objects.get(name=OWN_BRANCH)

    assert {each.kind for each in PartyOrganisation.objects.all()} == {
        OrganisationKind.INTEGRATED_COMMITTEE,
        OrganisationKind.GENERAL_BRANCH,
        OrganisationKind.BRANCH,
        OrganisationKind.JOINT_BRANCH,
        OrganisationKind.GROUP,
    }
    gaps = life_gaps(own, 2026, today=TODAY)
    assert [(gap.kind, gap.start) for gap in gaps] == [("committee", date(2026, 8, 1))]
    assert Meeting.objects.filter(state=MeetingState.ANNOUNCED).count() == 1
    assert Meeting.objects.filter(state=MeetingState.HELD).count() == 1
    cross = dict(queries.organisations.cross_appointments())
    general = Post.objects.get(role=PostRole.SECRETARY_GENERAL)
    assert {post.role for post in cross[general]} >= {PostRole.SECRETARY}

    _numbers_are_invented_and_sealed()
    record = told.user("party_member").party_member
    assert [(event.what, event.reader_label) for event in about(record)] == [("身份证号", "何某")]


def _numbers_are_invented_and_sealed():
    numbered = list(PartyMember.objects.exclude(id_number_index=""))

    assert len(numbered) >= 15
    for member in numbered:
        assert member.id_number.startswith("000000")
        assert problem_with(member.id_number) == ""
        assert member.phone.startswith("154")
        assert member.name.endswith("某")
    for entry in CensusEntry.objects.exclude(phone_index=""):
        assert entry.phone.startswith("154")
    assert set(encryption.sealed_by_key()) == {encryption.ring().current}
