"""What the server looks at each second: secrets, settings, and the register of sign-ins."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from math import inf

from geodata.access import Access
from geodata.errors import GeodataError
from ui.access import access, grant_by, is_past, rights_by, settings_path
from ui.shown import shown
from ui.sign_in.register import Register, SignIn, register_of
from ui.sign_in.secret_files import SecretFiles

LOG = logging.getLogger(__name__)

PRUNE_S = 60.0
"""So often sign-ins are forgotten that nobody can use any more."""


class Sweep:
    """Reads the settings once for all sign-ins that it is asked for."""

    def __init__(self) -> None:
        self._secrets = SecretFiles()
        self._pruned = -inf

    def grants(self, owners: Collection[str]) -> dict[str, str] | None:
        """The grants of sign-ins at this moment; None where the settings cannot be read."""
        self._secrets.reload_changed()
        path = settings_path()
        try:
            settings = access()
        except GeodataError:
            return None
        if path is None or settings is None:
            return None
        register = register_of(path)
        register.refresh()
        self._prune(register, settings, owners)
        return {owner: grant_by(owner, settings) for owner in owners}

    def _prune(self, register: Register, settings: Access, owners: Collection[str]) -> None:
        """Forget sign-ins that are past, and those without rights that no page is open for.

        Another ``cookie_secret`` ends a sign-in too, and forgets it not: secrets that do not
        parse have none, and once they are mended everybody is signed in as before.
        """
        if time.monotonic() < self._pruned + PRUNE_S:
            return
        self._pruned, now = time.monotonic(), time.time()

        def is_current(entry: SignIn) -> bool:
            return not is_past(entry.since, settings, now=now)

        def is_kept(entry: SignIn) -> bool:
            return is_current(entry) and rights_by(entry, settings) is not None

        open_pages = {key for key in owners if (e := register.find(key)) and is_current(e)}
        try:
            register.prune(is_kept, also=open_pages)
        except OSError as error:
            LOG.warning("The register of sign-ins could not be written: %s", error)
        shown().keep(register.all().keys())
