"""What a file geodatabase says of its own columns: codes of its domains.

Its table ``GDB_Items`` holds an XML a domain (``GPCodedValueDomain2``) and an XML a layer, which
names the domain of each column.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import unescape

DOMAIN = re.compile(r"(?s)<(?:\w+:)?GPCodedValueDomain2\b.*?</(?:\w+:)?GPCodedValueDomain2>")
NAME = re.compile(r"<DomainName>([^<]*)</DomainName>")
VALUE = re.compile(
    r"(?s)<CodedValue\b.*?<Name>([^<]*)</Name>\s*<Code\b[^>]*>([^<]*)</Code>.*?</CodedValue>"
)
LAYER = re.compile(r"<Name>([^<]*)</Name>")
FIELD = re.compile(r"(?s)<GPFieldInfoEx\b.*?</GPFieldInfoEx>")


def codes_in(definitions: Iterable[str], layer: str) -> Mapping[str, Mapping[str, str]]:
    """Column → code → meaning of one layer, from the texts of ``GDB_Items.Definition``."""
    texts = [text for text in definitions if isinstance(text, str)]
    domains: dict[str, dict[str, str]] = {}
    for text in texts:
        for found in DOMAIN.findall(text):
            name = NAME.search(found)
            if name:
                codes = {unescape(code): unescape(told) for told, code in VALUE.findall(found)}
                domains[unescape(name[1])] = codes
    out: dict[str, Mapping[str, str]] = {}
    for text in texts:
        name = LAYER.search(text)
        if "GPFieldInfoEx" not in text or name is None or unescape(name[1]) != layer:
            continue
        for info in FIELD.findall(text):
            column, domain = LAYER.search(info), NAME.search(info)
            if column and domain and unescape(domain[1]) in domains:
                out[unescape(column[1])] = domains[unescape(domain[1])]
    return out
