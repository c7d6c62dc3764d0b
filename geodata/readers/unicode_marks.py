"""Which Unicode encoding a text is in, by its first bytes."""

from __future__ import annotations


def encoding_of(head: bytes) -> str:
    """The Unicode encoding of a text by its first bytes, of JSON without a mark too (RFC 4627)."""
    if head.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        return "utf-32"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"):
        if head.startswith(("{".encode(encoding), "[".encode(encoding))):
            return encoding
    return "utf-8-sig"
