"""Splits an SQL statement into tokens, as SQLite's own tokenizer does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

TOKEN = re.compile(
    r"""
    (?P<space> [\ \t\n\f\r\ufeff]+ | --[^\n]* | /\*.*?(?:\*/|\Z) )
  | (?P<name> "(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\] )
  | (?P<text> '(?:[^']|'')*' )
  | (?P<word> [A-Za-z_\x80-\U0010ffff][A-Za-z_0-9$\x80-\U0010ffff]* )
  | (?P<number> [0-9][A-Za-z_0-9.]* )
  | (?P<sign> [^\x00-\x1f"`'] )
    """,
    re.VERBOSE | re.DOTALL,
)
"""One token. What matches nothing (an open quote, a control character) is no statement."""


class NoStatementError(ValueError):
    """A text that SQLite would not take for a statement either."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token: ``kind`` (name, text, word, number, sign) and its value without its quotes."""

    kind: str
    value: str

    @property
    def upper(self) -> str:
        """The keyword that an unquoted word is; "" for all else, a sign for itself."""
        return self.value.upper() if self.kind in ("word", "sign") else ""

    @property
    def is_name(self) -> bool:
        """Whether it can stand for the name of a table, a function or a module."""
        return self.kind in ("name", "word", "text")


def tokens_of(statement: str) -> tuple[Token, ...]:
    """All tokens but spaces and comments. Raises `NoStatementError`."""
    found: list[Token] = []
    at = 0
    while at < len(statement):
        match = TOKEN.match(statement, at)
        if match is None:
            raise NoStatementError(f"a statement of its schema breaks off at character {at}")
        at = match.end()
        if match.lastgroup != "space":
            found.append(Token(str(match.lastgroup), _unquoted(match[0])))
    return tuple(found)


def closing(tokens: Sequence[Token], opening: int) -> int:
    """The index of the parenthesis that closes the one at ``opening``; the end where none does."""
    depth = 0
    for at in range(opening, len(tokens)):
        sign = tokens[at].upper
        depth += (sign == "(") - (sign == ")")
        if depth == 0:
            return at
    return len(tokens)


def _unquoted(text: str) -> str:
    first = text[0]
    if first == "[":
        return text[1:-1]
    return text[1:-1].replace(first * 2, first) if first in "\"`'" else text
