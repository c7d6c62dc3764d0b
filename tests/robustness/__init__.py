"""Faults made on purpose, and counts of what becomes of the promise then."""
