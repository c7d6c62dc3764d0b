"""A study: a folder with a study file, its inputs and its results."""

from geodata.study.assess import assess_study
from geodata.study.model import Reconstruction, Study
from geodata.study.open import open_study
from geodata.study.reopen import latest_run, open_run
from geodata.study.results import Run

__all__ = ["Reconstruction", "Run", "Study", "assess_study", "latest_run", "open_run", "open_study"]
