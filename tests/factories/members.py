"""Companies, shops and the people who answer for them."""

import io
import unicodedata
from datetime import date

import factory
from django.utils import timezone
from pypinyin import Style, lazy_pinyin

from accounts.models import User
from accounts.roles import Role
from association.sheet_cells import clean
from association.sheet_reading import Sheet, SheetHead
from members.actions import imports
from members.enums import Verdict
from members.models import (
    HeadingMemory,
    ImportBatch,
    ImportLine,
    ImportRow,
    ImportText,
    ImportVerdict,
    MemberUnit,
    Pharmacy,
    Position,
    Tenure,
)
from tests.factories.accounts import AreaFactory, UserFactory
from tests.factories.association import StoredFileFactory


def folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).lower()


def initials(text: str) -> str:
    return "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))[:100].lower()


def sort_key(text: str) -> str:
    return " ".join(lazy_pinyin(text))[:200].lower()


class MemberUnitFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = MemberUnit

    name = factory.Sequence(lambda n: f"示例医药有限公司{n}")
    name_folded = factory.LazyAttribute(lambda made: folded(made.name))
    name_initials = factory.LazyAttribute(lambda made: initials(made.name))
    name_sort = factory.LazyAttribute(lambda made: sort_key(made.name))
    updated_at = factory.LazyFunction(timezone.now)


class PharmacyFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Pharmacy

    unit = factory.SubFactory(MemberUnitFactory)
    name = factory.Sequence(lambda n: f"示例大药房第{n}店")
    area = factory.SubFactory(AreaFactory)
    address = factory.Sequence(lambda n: f"示例路{n}号")
    licence_number = factory.Sequence(lambda n: f"示例-DA-{n:04}")
    licence_expires_on = date(2029, 12, 31)
    joined_on = date(2020, 1, 1)
    opened_on = date(2020, 1, 1)
    public_token = factory.Sequence(lambda n: f"token{n:06}")
    name_folded = factory.LazyAttribute(lambda made: folded(made.name))
    address_folded = factory.LazyAttribute(lambda made: folded(made.address))
    name_initials = factory.LazyAttribute(lambda made: initials(made.name))
    name_sort = factory.LazyAttribute(lambda made: sort_key(made.name))
    created_at = factory.LazyFunction(timezone.now)
    updated_at = factory.LazyFunction(timezone.now)


class TenureFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Tenure

    pharmacy = factory.SubFactory(PharmacyFactory)
    unit = factory.SelfAttribute("pharmacy.unit")


class PositionFactory(factory.django.DjangoModelFactory):
    """A person at one shop; ``unit=…, pharmacy=None`` for one who answers for a company."""

    class Meta:
        model = Position

    user = factory.SubFactory(UserFactory)
    role = Role.OWNER
    pharmacy = factory.SubFactory(PharmacyFactory)
    starts_on = date(2020, 1, 1)
    created_at = factory.LazyFunction(timezone.now)


def owner_of(*pharmacies: Pharmacy) -> User:
    """Return a person who owns each of ``pharmacies``."""
    user = UserFactory()
    for pharmacy in pharmacies:
        PositionFactory(user=user, pharmacy=pharmacy, role=Role.OWNER)
    return user


def staff_of(pharmacy: Pharmacy) -> User:
    """Return an employee of ``pharmacy``."""
    return PositionFactory(pharmacy=pharmacy, role=Role.STAFF).user


def head_office_of(unit: MemberUnit) -> User:
    """Return a person of the head office of ``unit``."""
    return PositionFactory(unit=unit, pharmacy=None, role=Role.HEAD_OFFICE).user


class ImportBatchFactory(factory.django.DjangoModelFactory):
    """A sheet that has been uploaded and not yet been read."""

    class Meta:
        model = ImportBatch

    kind = "shops"
    file = factory.SubFactory(StoredFileFactory, original_name="示例名册.csv")
    uploaded_at = factory.LazyFunction(timezone.now)
    uploaded_by = factory.SubFactory(UserFactory)


class ImportLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ImportLine

    batch = factory.SubFactory(ImportBatchFactory)
    number = factory.Sequence(lambda n: n + 2)
    cells = "示例一店\x1f示例路1号"


class ImportTextFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ImportText

    batch = factory.SubFactory(ImportBatchFactory)
    place = 6
    text = factory.Sequence(lambda n: f"示例{n}店")
    value = factory.SelfAttribute("text")


class ImportRowFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ImportRow

    batch = factory.SubFactory(ImportBatchFactory)
    number = factory.Sequence(lambda n: n + 2)
    values = factory.LazyFunction(lambda: [None] * 14)


class ImportVerdictFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ImportVerdict

    batch = factory.SubFactory(ImportBatchFactory)
    number = factory.Sequence(lambda n: n + 2)
    verdict = Verdict.NEW


class HeadingMemoryFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = HeadingMemory

    kind = "shops"
    signature = factory.Sequence(lambda n: f"{n:064}")
    mapping = factory.LazyFunction(lambda: {"name": [0]})
    remembered_at = factory.LazyFunction(timezone.now)


def sheet_of(batch: ImportBatch, rows) -> Sheet:
    """Return the sheet that the reader would hand over for ``rows``, the first of them row 1."""
    # Cells come cleaned, as the child process leaves them.
    numbered = list(enumerate(([clean(cell) for cell in row] for row in rows), start=1))
    texts = ((number, chr(31).join(cells).replace("\\", "\\\\")) for number, cells in numbered)
    lines = "".join(f"{batch.pk}\t{number}\t{text}\n" for number, text in texts)
    head = SheetHead("", False, len(numbered), numbered[:60])
    return Sheet("csv", "utf-8", [], "", [head], io.BytesIO(lines.encode()), 0)


def staged(*rows, kind="shops", source="示例名册", **fields) -> ImportBatch:
    """Return a batch whose rows are read and whose columns are guessed: headings first."""
    batch = ImportBatchFactory(kind=kind, **fields)
    batch = imports.take_in(batch, sheet_of(batch, rows))
    batch.source = source
    batch.save(update_fields=["source"])
    return batch


def checked(*rows, **fields) -> ImportBatch:
    """Return a batch that has been compared with the register by its guessed columns."""
    batch = staged(*rows, **fields)
    now = timezone.now()
    batch = imports.map_columns(batch, batch.mapping, source=batch.source, now=now)
    return imports.check(batch, now=now)


def committed(*rows, by=None, now=None, **fields) -> ImportBatch:
    """Return a batch whose good rows are written."""
    batch = checked(*rows, **fields)
    return imports.commit(
        batch, digest=batch.digest, by=by or UserFactory(), now=now or timezone.now()
    )
