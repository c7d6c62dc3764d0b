"""What the environment tells the server, and bounds that its command line takes; loads nothing."""

from __future__ import annotations

STUDY_VARIABLE = "PHUSONG_STUDY"
"""The study to show; without it the built-in one."""

STUDIES_VARIABLE = "PHUSONG_STUDIES"
"""The folder of studies made in the browser."""

TILES_VARIABLE = "PHUSONG_TILES"
"""The address pattern of online map tiles; none without it."""

SETTINGS_VARIABLE = "PHUSONG_SETTINGS"
"""The settings that say who may see what."""

MOST_MB = 200
"""How large a dropped file may be, as `geodata.incoming` has it."""
