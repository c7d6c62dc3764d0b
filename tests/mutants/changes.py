"""Small changes of a Python statement: each an edit of the text that parses to another program."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

COMPARISONS: dict[type[ast.cmpop], tuple[str, tuple[str, ...]]] = {
    ast.Lt: ("<", ("<=", ">=")),
    ast.LtE: ("<=", ("<", ">")),
    ast.Gt: (">", (">=", "<=")),
    ast.GtE: (">=", (">", "<")),
    ast.Eq: ("==", ("!=",)),
    ast.NotEq: ("!=", ("==",)),
    ast.Is: ("is", ("is not",)),
    ast.IsNot: (r"is\s+not", ("is",)),
    ast.In: ("in", ("not in",)),
    ast.NotIn: (r"not\s+in", ("in",)),
}
ARITHMETIC: dict[type[ast.operator], tuple[str, str]] = {
    ast.Add: ("+", "-"),
    ast.Sub: ("-", "+"),
    ast.Mult: ("*", "/"),
    ast.Div: ("/", "*"),
    ast.FloorDiv: ("//", "/"),
    ast.Mod: ("%", "//"),
    ast.Pow: ("**", "*"),
    ast.BitAnd: ("&", "|"),
    ast.BitOr: ("|", "&"),
    ast.LShift: ("<<", ">>"),
    ast.RShift: (">>", "<<"),
}
EXTREMES = {
    "min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum", "any": "all",
    "all": "any", "argmin": "argmax", "argmax": "argmin", "idxmin": "idxmax", "idxmax": "idxmin",
    "floor": "ceil", "ceil": "floor",
}  # fmt: skip
UNSEEN = (None, "strict", "encoding")
"""Arguments whose loss none could see: a linter wants them, and machines that test have UTF-8."""

SIMPLE = (ast.Name, ast.Constant, ast.Attribute, ast.Subscript, ast.Call)
DELETED = (ast.AugAssign, ast.Raise, ast.Continue, ast.Break)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """Bytes ``start`` to ``end`` of a file, and what stands there instead."""

    kind: str
    start: int
    end: int
    text: str


class Source:
    """A file's text and tree, with the place of each node in bytes."""

    def __init__(self, text: str) -> None:
        self.body = text.encode()
        self.tree = ast.parse(text)
        self._starts = [0]
        for line in self.body.split(b"\n"):
            self._starts.append(self._starts[-1] + len(line) + 1)

    def start(self, node: ast.AST) -> int:
        return self._starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        return self._starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]

    def text(self, start: int, end: int) -> str:
        return self.body[start:end].decode()

    def lines(self, start: int, end: int) -> str:
        """All of the lines that bytes ``start`` to ``end`` touch, on one line."""
        first = self.body.rfind(b"\n", 0, start) + 1
        last = self.body.find(b"\n", end)
        return one_line(self.text(first, len(self.body) if last < 0 else last))

    def edited(self, edit: Edit) -> str:
        return (self.body[: edit.start] + edit.text.encode() + self.body[edit.end :]).decode()

    def replaced(self, node: ast.AST, kind: str, text: str) -> Edit:
        return Edit(kind=kind, start=self.start(node), end=self.end(node), text=text)


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip()


def changes(source: Source, statement: ast.stmt, defaults: Defaults) -> list[Edit]:
    """Every change known here of one statement without what is nested below it."""
    found = list(_whole(source, statement))
    for root in own_expressions(statement):
        for node in _walk(root):
            for make in OPERATORS:
                found += make(source, node)
            found += _argument_dropped(source, node, defaults)
    return found


def own_expressions(statement: ast.stmt) -> list[ast.expr]:
    """What a statement computes itself; annotations, decorators and its block are not in it."""
    given: list[ast.expr | None] = []
    match statement:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            given = [*statement.args.defaults, *statement.args.kw_defaults]
        case ast.AnnAssign():
            given = [statement.value]
        case ast.If() | ast.While():
            given = [statement.test]
        case ast.For():
            given = [statement.iter]
        case ast.With():
            given = [item.context_expr for item in statement.items]
        case ast.Assign() | ast.AugAssign() | ast.Return() | ast.Expr() | ast.Raise():
            given = [one for one in ast.iter_child_nodes(statement) if isinstance(one, ast.expr)]
    return [one for one in given if one is not None]


def _walk(root: ast.AST) -> Iterator[ast.AST]:
    """A node and all below it, but not what is inside an f-string or the type of a `cast`."""
    yield root
    if isinstance(root, ast.JoinedStr):
        return
    below = list(ast.iter_child_nodes(root))
    if isinstance(root, ast.Call) and _name(root.func) == "cast":
        below = [*root.args[1:]]
    below = [one for one in below if not isinstance(one, ast.keyword) or one.arg != "strict"]
    for node in below:
        yield from _walk(node)


def _name(node: ast.AST) -> str:
    return getattr(node, "id", getattr(node, "attr", ""))


def is_another_program(source: Source, edit: Edit) -> bool:
    """Whether the edited text parses, and to something else than before."""
    try:
        tree = ast.parse(source.edited(edit))
    except SyntaxError:
        return False
    return ast.dump(tree) != ast.dump(source.tree)


def _whole(source: Source, statement: ast.stmt) -> Iterator[Edit]:
    """A statement deleted, a value returned replaced by None, a condition negated."""
    stores = isinstance(statement, ast.Assign) and not any(
        isinstance(target, ast.Name | ast.Tuple) for target in statement.targets
    )
    calls = isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Yield)
    if stores or calls or isinstance(statement, DELETED):
        yield source.replaced(statement, "statement deleted", "pass")
    if isinstance(statement, ast.Return) and statement.value is not None:
        yield source.replaced(statement.value, "None returned", "None")
    if isinstance(statement, ast.If | ast.While):
        yield from _negated(source, statement.test)


def _negated(source: Source, test: ast.expr) -> Iterator[Edit]:
    if not isinstance(test, ast.UnaryOp):
        text = source.text(source.start(test), source.end(test))
        yield source.replaced(test, "condition negated", f"not ({text})")


def _condition(source: Source, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.IfExp):
        yield from _negated(source, node.test)
    if isinstance(node, ast.comprehension):
        for test in node.ifs:
            yield from _negated(source, test)


def _between(
    source: Source, left: ast.AST, right: ast.AST, sign: str, *, kind: str, text: str
) -> Iterator[Edit]:
    """The sign between two operands exchanged, where nothing but brackets is about it."""
    start = source.end(left)
    found = re.match(rf"([\s)\\]*)({sign})(?![<>=*/&|])", source.text(start, source.start(right)))
    if found:
        first = start + len(found[1].encode())
        yield Edit(kind=kind, start=first, end=first + len(found[2].encode()), text=text)


def _comparison(source: Source, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Compare):
        return
    operands = [node.left, *node.comparators]
    for left, operator, right in zip(operands, node.ops, operands[1:], strict=False):
        sign, others = COMPARISONS[type(operator)]
        for text in others:
            yield from _between(source, left, right, sign, kind="comparison", text=text)


def _and_or(source: Source, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.BoolOp):
        sign, text = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
        for left, right in zip(node.values, node.values[1:], strict=False):
            yield from _between(source, left, right, sign, kind="and/or", text=text)


def _not_dropped(source: Source, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        text = source.text(source.start(node), source.end(node))
        bare = re.sub(r"^(not\b|~)\s*", "", text)
        yield source.replaced(node, "not dropped", bare)


def _arithmetic(source: Source, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.BinOp) or type(node.op) not in ARITHMETIC:
        return
    if _is_text(node.left) or _is_text(node.right):
        return  # a text joined to another, or a path: no arithmetic
    sign, text = ARITHMETIC[type(node.op)]
    yield from _between(
        source, node.left, node.right, re.escape(sign), kind="arithmetic", text=text
    )


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (
        isinstance(node, ast.Constant) and isinstance(node.value, str)
    )


def _constant(source: Source, node: ast.AST) -> Iterator[Edit]:
    if _is_text(node):
        text = source.text(source.start(node), source.end(node))
        quotes = text[-3:] if len(text) >= 6 and text[-3:] in {'"""', "'''"} else text[-1:]
        yield source.replaced(node, "text", text[: -len(quotes)] + "~" + quotes)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield source.replaced(node, "True/False", str(not node.value))
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        for step in (-1, 1):
            value = repr(node.value + step)
            yield source.replaced(node, "number", f"({value})" if value[0] == "-" else value)


def _slice(source: Source, node: ast.AST) -> Iterator[Edit]:
    if not isinstance(node, ast.Slice) or node.step is not None:
        return
    for bound in (node.lower, node.upper):
        if bound is not None:
            text = source.text(source.start(bound), source.end(bound))
            text = text if isinstance(bound, SIMPLE) else f"({text})"
            yield source.replaced(bound, "slice", f"{text} + 1")
    text = source.text(source.start(node), source.end(node))
    if node.lower is None:
        yield source.replaced(node, "slice", f"1{text}")
    if node.upper is None:
        yield source.replaced(node, "slice", f"{text}-1")


def _extreme(source: Source, node: ast.AST) -> Iterator[Edit]:
    if isinstance(node, ast.Call) and (name := _name(node.func)) in EXTREMES:
        end = source.end(node.func)
        start = end - len(name.encode())
        yield Edit(kind="min/max", start=start, end=end, text=EXTREMES[name])


OPERATORS = (
    _condition, _comparison, _and_or, _not_dropped, _arithmetic, _constant, _slice, _extreme,
)  # fmt: skip


class Defaults:
    """Which arguments of the program's own functions and classes may be left out."""

    def __init__(self, trees: list[ast.Module]) -> None:
        self._known: dict[str, dict[str, bool]] = {}
        for tree in trees:
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef):
                    self._note(node.name, _arguments(node))
                elif isinstance(node, ast.ClassDef):
                    self._note(node.name, _fields(node))

    def _note(self, name: str, found: dict[str, bool]) -> None:
        known = self._known.setdefault(name, {})
        for argument, has in found.items():
            known[argument] = known.get(argument, True) and has

    def has(self, function: str, argument: str) -> bool:
        """Also true of other libraries' arguments by name, most of which have a default."""
        return self._known.get(function, {}).get(argument, True)


def _arguments(node: ast.FunctionDef) -> dict[str, bool]:
    named = [*node.args.posonlyargs, *node.args.args]
    without = len(named) - len(node.args.defaults)
    found = {one.arg: k >= without for k, one in enumerate(named)}
    pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    return found | {one.arg: default is not None for one, default in pairs}


def _fields(node: ast.ClassDef) -> dict[str, bool]:
    fields = [one for one in node.body if isinstance(one, ast.AnnAssign)]
    found = {_name(one.target): one.value is not None for one in fields}
    for one in node.body:
        if isinstance(one, ast.FunctionDef) and one.name == "__init__":
            found |= _arguments(one)
    return found


def _argument_dropped(source: Source, node: ast.AST, defaults: Defaults) -> Iterator[Edit]:
    """A named argument taken out of a call, with the comma before or after it."""
    if not isinstance(node, ast.Call):
        return
    for given in node.keywords:
        if given.arg in UNSEEN or not defaults.has(_name(node.func), given.arg or ""):
            continue
        start, end = source.start(given), source.end(given)
        after = re.match(r"[\s)]*,\s*", source.text(end, source.end(node)))
        before = re.search(r",\s*$", source.text(source.end(node.func), start))
        if after and ")" not in after[0]:
            end += len(after[0].encode())
        elif before:
            start -= len(before[0].encode())
        yield Edit(kind="argument dropped", start=start, end=end, text="")
