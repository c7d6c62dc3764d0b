"""Faults brought about on purpose, and counts of what became of them."""
