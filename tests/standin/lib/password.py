# SPDX-License-Identifier: BSD-2-Clause
"""Passwords as FreeBSD keeps them in master.passwd(5): crypt(3) with SHA-512, which newer Pythons don't have."""

from __future__ import annotations

import hashlib
import os

_ALPHABET = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ROUNDS = 5000


def encrypted(password: str) -> str:
    """A password's text for master.passwd(5)."""
    return _sha512(password.encode(), "".join(_ALPHABET[byte % 64] for byte in os.urandom(16)))


def fits(password: str, text: str) -> bool:
    """Whether that is the password, of a user with that text in master.passwd(5). An empty text fits an empty one."""
    if not text.startswith("$6$"):
        return text == "" == password
    return _sha512(password.encode(), text.split("$")[2]) == text


def _sha512(key: bytes, salt: str) -> str:
    """The algorithm is Ulrich Drepper's, "Unix crypt using SHA-256 and SHA-512"."""
    salted = salt.encode()
    other = hashlib.sha512(key + salted + key).digest()
    first = key + salted + _repeated(other, len(key))
    bits = len(key)
    while bits:
        first += other if bits & 1 else key
        bits >>= 1
    digest = hashlib.sha512(first).digest()
    keys = _repeated(hashlib.sha512(key * len(key)).digest(), len(key))
    salts = _repeated(hashlib.sha512(salted * (16 + digest[0])).digest(), len(salted))
    for count in range(_ROUNDS):
        odd = count & 1
        data = keys if odd else digest
        data += salts if count % 3 else b""
        data += keys if count % 7 else b""
        digest = hashlib.sha512(data + (digest if odd else keys)).digest()
    return f"$6${salt}${_encoded(digest)}"


def _repeated(data: bytes, length: int) -> bytes:
    return (data * (length // len(data) + 1))[:length]


def _encoded(digest: bytes) -> str:
    """Its own base 64: three bytes of three thirds, in turn."""
    text = ""
    for step in range(21):
        places = (step, step + 21, step + 42)
        turn = step % 3
        text += _letters(bytes(digest[place] for place in places[turn:] + places[:turn]), 4)
    return text + _letters(bytes((0, 0, digest[63])), 2)


def _letters(three: bytes, count: int) -> str:
    number = int.from_bytes(three, "big")
    return "".join(_ALPHABET[number >> 6 * place & 63] for place in range(count))
