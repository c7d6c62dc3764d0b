"""Mutation testing: one line of the program changed at a time, to see whether a test fails.

`python -m tests.mutants` is the command; see ``__main__``. (`tests.mutate` is another thing: it
damages input files, not the program.)
"""
