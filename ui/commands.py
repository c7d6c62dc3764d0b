"""What every command of the command line shares: its words, its errors, its progress."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from ui.start import loaded

if TYPE_CHECKING:
    from geodata.study.results import Run
    from ui.interrupted import Sentence
    from ui.texts import Translator

LANGUAGE_VARIABLE = "PHUSONG_LANGUAGE"
ROOT = Path(__file__).parents[1]
DATA_IS_BAD, CALL_IS_WRONG, STOPPED = 1, 2, 130


class Commands(TyperGroup):
    """All commands; output that cannot be printed, and Ctrl-C at any time, are one sentence."""

    def make_context(self, *words: Any, **more: Any) -> Any:
        """Read what was asked for; a help or a version that is asked for is printed at once."""
        with _printing(machine_translator):
            return super().make_context(*words, **more)

    def invoke(self, ctx: Any) -> Any:
        """Run a command. A reader of a pipe that has gone is click's to see to."""
        try:
            with _printing(lambda: translator_of(ctx)):
                return super().invoke(ctx)
        except KeyboardInterrupt:  # before or after the command's own work
            t = translator_of(ctx)
            typer.echo(t("Stopped; nothing is half done"), err=True)
            raise typer.Exit(STOPPED) from None


@contextmanager
def _printing(words: Callable[[], Translator]) -> Iterator[None]:
    """Turn output that cannot be printed into one sentence on stderr and an exit status."""
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        from geodata.write_errors import REASONS
        from ui.texts import phrase_text

        t = words()
        known = REASONS.get(error.errno or 0)
        reason = phrase_text(known, t.language) if known else error.strerror or str(error)
        typer.echo(t("what was to be printed cannot be written: {reason}", reason=reason), err=True)
        _give_up_printing()
        raise typer.Exit(CALL_IS_WRONG) from error


def _give_up_printing() -> None:
    """Let what is still to be printed go nowhere: Python would try again at its end."""
    with suppress(OSError, ValueError):  # no file of the system, in a test
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


command = typer.Typer(
    cls=Commands,
    name="phusong",
    help="Which villages have no mobile broadband, why, and what closes the gap.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

StudyPath = Annotated[Path, typer.Argument(help="A study folder, or its study.toml.")]


def _version(asked: bool) -> None:  # noqa: FBT001  # the shape typer asks for
    if asked:
        from importlib.metadata import version

        typer.echo(f"phusong {version('phusong')}")
        raise typer.Exit


@command.callback()
def _options(
    context: typer.Context,
    language: Annotated[str | None, typer.Option(help="vi or en.")] = None,
    version: Annotated[  # noqa: ARG001  # acted on by its callback
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Say the version.")
    ] = False,
) -> None:
    """Set what holds for every command."""
    if language not in (None, "vi", "en"):
        raise typer.BadParameter(f"{language!r} is not a language we have; vi or en")
    context.obj = language


def translator_of(context: typer.Context) -> Translator:
    """The words of the language asked for, else of the machine."""
    return machine_translator(context.obj)


def machine_translator(asked: str | None = None) -> Translator:
    """The words of the language asked for, else of the machine."""
    from ui.texts import translator

    asked = asked or os.environ.get(LANGUAGE_VARIABLE)
    if not asked:
        told = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
        asked = "vi" if told.lower().startswith("vi") else "en"
    return translator(asked)


@contextmanager
def told(t: Translator, *, stopped: Sentence | None = None) -> Iterator[None]:
    """Turn our errors, and Ctrl-C, into one sentence on stderr and an exit status.

    ``stopped`` says what Ctrl-C changed; without it, nothing can have been.
    """
    say_where_code_is_kept(t)
    with told_without_kernels(t, stopped=stopped):
        yield


@contextmanager
def told_without_kernels(t: Translator, *, stopped: Sentence | None = None) -> Iterator[None]:
    """`told`, for commands that leave measuring to others: libraries load once it failed."""
    try:
        loaded()
        yield
    except KeyboardInterrupt:
        from ui.interrupted import nothing_changed

        _say((stopped or nothing_changed)(t))
        raise typer.Exit(STOPPED) from None
    except Exception as error:
        status = _say_error(error, t)
        if status is None:
            raise
        raise typer.Exit(status) from error


def _say(text: str) -> None:
    from ui.plain import plain

    typer.echo("\n".join(plain(line) for line in text.splitlines()), err=True)


def _say_error(error: Exception, t: Translator) -> int | None:
    """Say one of our errors, or the system's, and give the exit status; None for any other."""
    from coverage.errors import CoverageError
    from geodata.errors import CallError, GeodataError, UnreadableError, UnwrittenError
    from geodata.write_errors import OF_WRITING, unwritten
    from ui.texts import error_text

    if isinstance(error, GeodataError | CoverageError):
        _say(error_text(error, t.language))
        call = isinstance(error, UnreadableError | UnwrittenError | CallError)
        return CALL_IS_WRONG if call else DATA_IS_BAD
    if not isinstance(error, OSError):
        return None
    reason = error.strerror or str(error)
    if error.filename and error.errno in OF_WRITING:
        _say(error_text(unwritten(Path(os.fsdecode(error.filename)), error), t.language))
    elif error.filename:
        _say(t("{file} cannot be opened: {reason}", file=error.filename, reason=reason))
    else:
        _say(t("the system refused a file: {reason}", reason=reason))
    return CALL_IS_WRONG


def say_where_code_is_kept(t: Translator) -> None:
    """Say where compiled kernels are kept if in no usual place: once a folder, not once a call.

    Where the program's own folder can be written they are kept there, and numba, which takes a
    third of a second to load, need not be asked.
    """
    if os.access(ROOT / "coverage", os.W_OK):
        return
    from coverage.compiled_code import FALLBACK

    if FALLBACK is None or not FALLBACK.is_new:
        return
    typer.echo(
        t(
            "Compiled code is kept in {folder}, since this user may write neither the program's "
            "folder nor a cache of its own; measuring takes a minute longer until it is there. "
            "NUMBA_CACHE_DIR names a folder that lasts",
            folder=FALLBACK.folder,
        )
        if FALLBACK.folder is not None
        else t(
            "This user may write no folder for compiled code, so that each command compiles anew "
            "and takes a minute longer; NUMBA_CACHE_DIR names a folder that it may write"
        ),
        err=True,
    )


def say_memory(study: Path, t: Translator) -> None:
    """Say before a study is opened that it may need more memory than there is."""
    from geodata.memory import memory_for

    memory = memory_for(study)
    if memory is None or memory.suffices:
        return
    typer.echo(
        t(
            "This study needs about {needed} MB of memory and {usable} MB may be used here; if it "
            "does not suffice the system ends the program, with nothing changed: close others, "
            "allow more, or see docs/scale.md",
            needed=t.number(round(memory.needed_mb)),
            usable=t.number(round(memory.usable_mb)),
        ),
        err=True,
    )


def server_killed(number: int, t: Translator) -> str:
    """What to say of a server that a signal ended which nobody sent through its command."""
    return t(
        "The server was ended from outside (signal {number}), by somebody or by the system where "
        "memory ran out; results are untouched: start it again",
        number=number,
    )


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on stderr while the work runs; nothing where stderr is no terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda done: bar.update(task, completed=done)


def run_of(study: Path, t: Translator) -> Run:
    """The study's published run as it is, else its latest; made now where there is none."""
    import geodata
    from geodata.study.assess import run_to_show

    say_memory(study, t)
    opened = geodata.open_study(study)
    with progress_bar(t("Measuring")) as progress:
        run = run_to_show(opened, kept=False, progress=progress)
    say_mended(run, t)
    say_standing(run, t)
    return run


def say_standing(run: Run, t: Translator) -> None:
    """Say on stderr why a run is not what its study would give now, or what changed before it."""
    from geodata.export.standing import since_text, standing_text
    from ui.plain import plain

    for told in (standing_text(run, t.language), since_text(run, t.language)):
        if told:
            typer.echo(plain(told), err=True)
    if run.outdated:
        typer.echo(
            t("To assess and publish it anew: {command}", command="phusong assess STUDY --publish"),
            err=True,
        )


def say_mended(run: Run, t: Translator) -> None:
    """Say on stderr what of a run was damaged and has been made anew."""
    from ui.plain import plain
    from ui.texts import phrase_text

    for sentence in run.mended:
        typer.echo(plain(phrase_text(sentence, t.language)), err=True)
