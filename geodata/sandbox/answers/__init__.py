"""Answers of a sandbox as bytes, and read back without trusting who wrote them.

Not pickle, which runs what it is told to: a process whose C library was taken over by a file
could answer with anything. Nor pickle with a list of allowed classes, which can still set
attributes of those classes. Values are written with msgpack; arrays, tables and shapes as
numbers whose lengths are checked; of our own classes only those come back that the called
function declares in the types of its answer.
"""

from geodata.sandbox.answers.codec import BadAnswerError, read_answer, write_answer
from geodata.sandbox.answers.declared import declared_classes

__all__ = ["BadAnswerError", "declared_classes", "read_answer", "write_answer"]
