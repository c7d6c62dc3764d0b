"""How many examples a law is tried on.

`pytest --laws few|some|all`: "some" is the default, "all" what each law asks for, and "few" for
runs that go over everything once more. ``PHUSONG_TEST_LAWS`` says the same.
"""

from __future__ import annotations

import os

VARIABLE = "PHUSONG_TEST_LAWS"
FEW = 12
SHARES = {"few": 0.0, "some": 0.3, "all": 1.0}
LEAST = {"few": FEW, "some": 15, "all": 0}
USUAL = "some"


def asked() -> str:
    """Which of the three this run is for."""
    return os.environ.get(VARIABLE, USUAL)


def examples(wanted: int) -> int:
    """So many of the ``wanted`` examples as this run tries: never more."""
    return min(wanted, max(LEAST[asked()], round(wanted * SHARES[asked()])))
