"""The keys by which single columns are sealed, and the sealing itself: pure, no settings, no clock.

A keyring is a text file, one key a line: use, name, 32 bytes in base64. ``seal`` keys seal with
AES-256-GCM: the first of them seals, all of them open, so that a new key goes on top and the old
one stays until every row is sealed anew. ``index`` keys make the blind index: an HMAC-SHA256 by
which equal values are found without opening any.

A sealed value is: format byte, length and name of the key, 12 bytes nonce, ciphertext with tag.
The context (table, column, row) is authenticated with it: a value that was copied to another row
does not open.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = b"\x01"
KEY_BYTES = 32
NONCE_BYTES = 12
LONGEST_NAME = 40
HEAD = """\
# Keys of the portal's sealed columns: use, name, 32 bytes in base64.
# The first "seal" key seals, all of them open. Without this file the sealed columns are lost:
# keep a copy in another place than the database backup, and never in the repository.
"""


class KeyringError(Exception):
    """The keyring file cannot be used as it is."""


class CannotOpenError(Exception):
    """The value was sealed with a key we do not have, for another row, or was changed."""


@dataclass(frozen=True)
class Keyring:
    """Keys by name, in the order of the file; the first of each use is the one in use."""

    seal_keys: Mapping[str, bytes]
    index_keys: Mapping[str, bytes]

    def __post_init__(self) -> None:
        for use, keys in (("seal", self.seal_keys), ("index", self.index_keys)):
            if not keys:
                raise KeyringError(f"The keyring has no {use} key.")

    @property
    def current(self) -> str:
        """The name of the key that seals."""
        return next(iter(self.seal_keys))

    def seal(self, text: str, context: str) -> bytes:
        """Return ``text`` sealed with the key in use, bound to ``context``."""
        name = self.current.encode()
        nonce = secrets.token_bytes(NONCE_BYTES)
        head = FORMAT + bytes([len(name)]) + name
        cipher = AESGCM(self.seal_keys[self.current])
        return head + nonce + cipher.encrypt(nonce, text.encode(), head + context.encode())

    def open(self, sealed: bytes, context: str) -> str:
        """Return the text. Raises ``CannotOpenError``."""
        name = key_name(sealed)
        if name not in self.seal_keys:
            raise CannotOpenError(f"There is no key named {name!r} in the keyring.")
        start = 2 + len(name.encode())
        nonce, rest = sealed[start : start + NONCE_BYTES], sealed[start + NONCE_BYTES :]
        try:
            text = AESGCM(self.seal_keys[name]).decrypt(
                nonce, rest, sealed[:start] + context.encode()
            )
        except (InvalidTag, ValueError):
            raise CannotOpenError(f"The value sealed with {name!r} does not open here.") from None
        return text.decode()

    def indexes(self, text: str, purpose: str) -> list[str]:
        """Return the blind index of ``text`` under each index key, that of the key in use first.

        A search asks for all of them, a row is written with the first.
        """
        message = purpose.encode() + b"\0" + text.encode()
        return [
            f"{name}:{hmac.new(key, message, sha256).hexdigest()}"
            for name, key in self.index_keys.items()
        ]


def key_name(sealed: bytes) -> str:
    """Return the name of the key a value was sealed with."""
    if sealed[:1] != FORMAT or len(sealed) < 2:
        raise CannotOpenError("The value is not in the format of this keyring.")
    name = sealed[2 : 2 + sealed[1]]
    if len(name) != sealed[1]:
        raise CannotOpenError("The value is cut off.")
    return name.decode("ascii", "replace")


def parse(text: str) -> Keyring:
    """Read a keyring file. Raises ``KeyringError`` naming the line."""
    keys: dict[str, dict[str, bytes]] = {"seal": {}, "index": {}}
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or words[0] not in keys:
            raise KeyringError(f"Line {number}: write use (seal or index), name and key.")
        use, name, encoded = words
        if not name.isascii() or len(name) > LONGEST_NAME or name in keys[use]:
            raise KeyringError(f"Line {number}: the name is used twice, too long or not ASCII.")
        try:
            key = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            key = b""
        if len(key) != KEY_BYTES:
            raise KeyringError(f"Line {number}: the key is not {KEY_BYTES} bytes in base64.")
        keys[use][name] = key
    return Keyring(keys["seal"], keys["index"])


def new_key(use: str, name: str) -> str:
    """Return a line for the keyring file with a fresh random key."""
    return f"{use} {name} {base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()}\n"


def new_text(name: str) -> str:
    """Return a whole keyring file with one fresh key for each use."""
    return HEAD + new_key("seal", name) + new_key("index", name)


def with_new_seal_key(text: str, name: str) -> str:
    """Return the keyring file ``text`` with a fresh sealing key on top of the others."""
    parse(text)
    lines = text.splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if line.split()[:1] == ["seal"])
    changed = "".join([*lines[:place], new_key("seal", name), *lines[place:]])
    parse(changed)
    return changed
