"""Columns that are sealed in the database: what a stolen dump does not tell (trust: T21).

``EncryptedTextField`` reads and writes like a text, and stands in the table as bytes sealed with
a key from the file ``KEYRING``, bound to table, column and row. It opens only when somebody reads
the attribute: a list of a thousand rows opens none. It cannot be searched; keep a blind index
beside it (``blind_index`` to write, ``blind_indexes`` to find).

The row's key must be known before the row is written, so the model needs a primary key with a
default (a UUID); a system check says so.
"""

import os
from datetime import datetime
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.core import checks
from django.core.exceptions import FieldError, ImproperlyConfigured
from django.db import models, transaction
from django.db.models.query_utils import DeferredAttribute

from association import audit, keyring
from association.keyring import CannotOpenError, Keyring, KeyringError

__all__ = ["CannotOpenError", "EncryptedTextField", "blind_index", "blind_indexes", "reseal"]

BATCH = 200


class _Known:
    """The keyring of this process: read once, read again when the file has changed."""

    stamp: tuple | None = None
    ring: Keyring | None = None


def ring() -> Keyring:
    """Return the keys. A portal on trial makes its file itself, a real one wants it made."""
    path = Path(settings.KEYRING)
    try:
        stat = path.stat()
    except FileNotFoundError:
        if settings.PORTAL_MODE != "demo":
            raise ImproperlyConfigured(
                f"There is no keyring at {path}: run “./portal manage keyring --make” once "
                "and keep a copy of the file away from the database."
            ) from None
        make(path, "demo")
        stat = path.stat()
    stamp = (path, stat.st_mtime_ns, stat.st_size)
    if _Known.ring is None or _Known.stamp != stamp:
        try:
            _Known.ring = keyring.parse(path.read_text(encoding="ascii"))
        except KeyringError as error:
            raise ImproperlyConfigured(f"{path}: {error}") from error
        _Known.stamp = stamp
    return _Known.ring


def make(path: Path, name: str) -> bool:
    """Make the keyring file, readable by its owner only; ``False`` when there is one already."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    _write(fresh, keyring.new_text(name))
    try:
        os.link(fresh, path)  # never over another file, not even one made in this very moment
    except FileExistsError:
        return False
    finally:
        fresh.unlink()
    return True


def add_seal_key(path: Path, name: str) -> None:
    """Put a new sealing key on top; rows sealed with the older ones still open."""
    changed = keyring.with_new_seal_key(path.read_text(encoding="ascii"), name)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    _write(fresh, changed)
    fresh.replace(path)


def _write(path: Path, text: str) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)


def blind_index(text: str, purpose: str) -> str:
    """Return what is written beside a sealed value so that an equal one can be found."""
    return ring().indexes(text, purpose)[0]


def blind_indexes(text: str, purpose: str) -> list[str]:
    """Return all blind indexes under which the value may stand, for a search."""
    return ring().indexes(text, purpose)


class SealedAttribute(DeferredAttribute):
    """The attribute on the instance: sealed bytes as long as nobody reads them."""

    def __get__(self, instance, cls=None):
        value = super().__get__(instance, cls)
        if isinstance(value, bytes):
            return ring().open(value, self.field.context_of(instance))
        return value

    def __set__(self, instance, value):
        # With this method the descriptor is asked before the instance's own dictionary.
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.BinaryField):
    """A short text, sealed at rest; ``None`` where there is none, never an empty text."""

    descriptor_class = SealedAttribute
    description = "A text sealed with AES-256-GCM"

    def __init__(self, *args, **kwargs):
        kwargs["editable"] = False
        super().__init__(*args, **kwargs)

    def deconstruct(self):
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable", None)
        return name, path, args, kwargs

    def check(self, **kwargs):
        problems = super().check(**kwargs)
        if not self.model._meta.pk.has_default():
            problems.append(
                checks.Error(
                    "A sealed column is bound to its row: the primary key needs a default.",
                    obj=self,
                    id="association.E001",
                )
            )
        return problems

    def context_of(self, instance) -> str:
        """Return what a value of this row is bound to: table, column, row."""
        return f"{self.model._meta.db_table}\0{self.column}\0{instance.pk}"

    def from_db_value(self, value, expression, connection):
        return None if value is None else bytes(value)

    def pre_save(self, model_instance, add):
        value = model_instance.__dict__.get(self.attname)
        if isinstance(value, str):
            return ring().seal(value, self.context_of(model_instance))
        return value

    def get_db_prep_value(self, value, connection, prepared=False):
        if isinstance(value, str):
            raise FieldError(f"{self} is sealed row by row: set the attribute and save.")
        return super().get_db_prep_value(value, connection, prepared)

    def get_lookup(self, lookup_name):
        if lookup_name != "isnull":
            raise FieldError(f"{self} is sealed: search its blind index.")
        return super().get_lookup(lookup_name)

    def sealed(self, instance) -> bytes | None:
        """Return what stands in the table, unopened."""
        value = instance.__dict__.get(self.attname)
        return value if isinstance(value, bytes) else None

    def to_python(self, value):
        return value

    def value_to_string(self, obj):
        raise FieldError("Sealed columns are not serialised; back up the database and the keyring.")


def sealed_fields() -> list[EncryptedTextField]:
    """Return every sealed column of the portal."""
    return [
        field
        for model in apps.get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, EncryptedTextField)
    ]


def sealed_by_key() -> dict[str, int]:
    """Return how many values are sealed with which key: an old key goes when it counts none."""
    counts: dict[str, int] = {}
    for field in sealed_fields():
        rows = field.model._base_manager.filter(**{f"{field.attname}__isnull": False})
        for row in rows.only("pk", field.attname).iterator(BATCH):
            name = keyring.key_name(field.sealed(row))
            counts[name] = counts.get(name, 0) + 1
    return counts


def reseal(*, by, now: datetime) -> int:
    """Seal anew with the key in use whatever older keys have sealed; return how many values.

    Row by row under a lock, so that it may run while people work; safe to repeat.
    """
    changed = 0
    for field in sealed_fields():
        rows = field.model._base_manager.filter(**{f"{field.attname}__isnull": False})
        for pk in list(rows.values_list("pk", flat=True)):
            changed += _reseal_one(field, pk)
    if changed:
        stand_in = apps.get_model("association", "AuditEvent")(pk=0, act="encryption.resealed")
        audit.record(
            "encryption.resealed",
            by=by,
            target=stand_in,
            now=now,
            key=ring().current,
            values=changed,
        )
    return changed


@transaction.atomic
def _reseal_one(field: EncryptedTextField, pk) -> int:
    rows = field.model._base_manager.select_for_update(of=("self",))
    row = rows.only("pk", field.attname).get(pk=pk)
    sealed = field.sealed(row)
    if sealed is None or keyring.key_name(sealed) == ring().current:
        return 0
    setattr(row, field.attname, getattr(row, field.attname))
    row.save(update_fields=[field.attname])
    return 1
