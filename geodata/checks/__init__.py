"""What can be wrong with the files of a study: one small module a subject, one registry."""

from geodata.checks.model import Role, Subject, Together
from geodata.checks.registry import FILE_CHECKS, STUDY_CHECKS, findings_of

__all__ = ["FILE_CHECKS", "STUDY_CHECKS", "Role", "Subject", "Together", "findings_of"]
