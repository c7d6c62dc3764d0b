"""What every command of the command line shares: its words, its errors, its progress."""

from __future__ import annotations

import locale
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from geodata.study.results import Run
    from ui.texts import Translator

LANGUAGE_VARIABLE = "PHUSONG_LANGUAGE"
DATA_IS_BAD, CALL_IS_WRONG, STOPPED = 1, 2, 130

command = typer.Typer(
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
    from ui.texts import translator

    asked = context.obj or os.environ.get(LANGUAGE_VARIABLE)
    if not asked:
        told = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
        asked = "vi" if told.lower().startswith("vi") else "en"
    return translator(asked)


@contextmanager
def told(t: Translator) -> Iterator[None]:
    """Turn our errors into one sentence on stderr and an exit status."""
    from coverage.errors import CoverageError
    from geodata.errors import CallError, GeodataError, UnreadableError
    from ui.plain import plain
    from ui.texts import error_text

    def say(text: str) -> None:
        typer.echo("\n".join(plain(line) for line in text.splitlines()), err=True)

    try:
        yield
    except (GeodataError, CoverageError) as error:
        say(error_text(error, t.language))
        call = isinstance(error, UnreadableError | CallError)
        raise typer.Exit(CALL_IS_WRONG if call else DATA_IS_BAD) from error
    except OSError as error:
        reason = error.strerror or str(error)
        say(t("{file} cannot be opened: {reason}", file=error.filename or "?", reason=reason))
        raise typer.Exit(CALL_IS_WRONG) from error
    except KeyboardInterrupt:
        raise typer.Exit(STOPPED) from None


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on stderr while the work runs; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda done: bar.update(task, completed=done)


def run_of(study: Path, t: Translator) -> Run:
    """The study's latest run, made now where there is none."""
    import geodata

    opened = geodata.open_study(study)
    run = geodata.latest_run(opened)
    if run is None:
        with progress_bar(t("Measuring")) as progress:
            run = geodata.assess_study(opened, progress=progress)
    say_mended(run, t)
    return run


def say_mended(run: Run, t: Translator) -> None:
    """Say on stderr what of a run was damaged and has been made anew."""
    from ui.plain import plain
    from ui.texts import phrase_text

    for sentence in run.mended:
        typer.echo(plain(phrase_text(sentence, t.language)), err=True)
