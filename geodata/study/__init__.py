"""A study: a folder with a study file, its inputs and its results."""

from geodata.study.model import Reconstruction, Study
from geodata.study.open import open_study

__all__ = ["Reconstruction", "Study", "open_study"]
