"""Faults made on purpose, and what of the promise holds then."""
