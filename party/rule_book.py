"""The rules of one day and one organisation, by name: what the pages and acts ask. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from association.errors import BusinessRuleError
from party import voting


class RuleMissingError(BusinessRuleError):
    """The rule that the reckoning needs is not loaded, or not in force on that day."""


@dataclass(frozen=True)
class RuleBook:
    """code → value; a local rule of the organisation stands in place of the regulation's."""

    values: Mapping[str, Any]

    def get(self, code: str) -> Any:
        """Return the value. Raises ``RuleMissingError``."""
        if code not in self.values:
            raise RuleMissingError(
                f"规则“{code}”在这一天没有生效的版本。请到“党务规则”补录后再办。"
            )
        return self.values[code]

    @property
    def branch_from(self) -> int:
        """Full members from which a company has to have its own branch."""
        return int(self.get("org.branch.min_full_members"))

    @property
    def branch_up_to(self) -> int:
        """Members above which a branch is usually raised to a general branch."""
        return int(self.get("org.branch.max_members_usual"))

    @property
    def committee_from(self) -> int:
        """Full members from which a branch has a committee."""
        return int(self.get("org.committee.required_at")["full_members_gte"])

    @property
    def committee_size(self) -> tuple[int, int]:
        """How many people sit in a branch committee: from, to."""
        value = self.get("org.committee.required_at")
        return int(value["size_min"]), int(value["size_abs_max"])

    @property
    def committee_from_members(self) -> int:
        """Members from which a grassroots committee is set up."""
        return int(self.get("org.grassroots_committee.threshold")["members_gte"])

    @property
    def joint_units(self) -> int:
        """How many companies a joint branch usually covers at most."""
        return int(self.get("org.joint_branch.rule")["max_units"])

    def term_years(self, kind: str) -> int:
        """Return the length of a term of office for the kind of organisation."""
        words = {
            "integrated_committee": "基层委员会",
            "committee": "基层委员会",
            "general_branch": "总支部委员会",
        }
        return int(self.get("org.term")[words.get(kind, "支部委员会")])

    @property
    def term_watch(self) -> tuple[int, ...]:
        """How many days before the end of a term the portal speaks up, the farthest first."""
        return tuple(sorted(map(int, self.get("elect.reminders")["days_before"]), reverse=True))

    @property
    def floating_after_months(self) -> int:
        """Months after which an absent member counts as floating."""
        return int(self.get("float.def")["months_gte"])

    @property
    def secretary_party_years(self) -> int:
        """Years of Party membership that a secretary should have."""
        return int(self.get("org.secretary.party_age_years"))

    def vote(self, kind: str) -> voting.VoteRule:
        """Return how a meeting of the kind counts its votes (general, committee)."""
        return voting.read(self.get("vote.committee" if kind == "committee" else "vote.ordinary"))

    def rhythm(self, kind: str) -> str | None:
        """Return how often a meeting of the kind is due: monthly, quarterly, yearly."""
        codes = {
            "general": "life.general_meeting",
            "committee": "life.committee_meeting",
            "group": "life.group_meeting",
            "lecture": "life.party_lecture",
            "theme_day": "life.theme_day",
            "life": "life.org_life_meeting",
        }
        return str(self.get(codes[kind])["freq"]) if kind in codes else None
