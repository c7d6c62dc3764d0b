"""The command line: ``phusong``. Each command calls, prints and exits; it computes nothing."""

from __future__ import annotations

import locale
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from geodata.study.model import Study
    from geodata.study.places import Structure
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
UnitsDay = Annotated[
    str | None, typer.Option("--units", help="Group by the units in force on this day or year.")
]
Given = Annotated[Path | None, typer.Option(help="A real file to use instead of our own.")]


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


def _translator(context: typer.Context) -> Translator:
    """The words of the language asked for, else of the machine."""
    from ui.texts import translator

    asked = context.obj or os.environ.get(LANGUAGE_VARIABLE)
    if not asked:
        told = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
        asked = "vi" if told.lower().startswith("vi") else "en"
    return translator(asked)


@contextmanager
def _told(t: Translator) -> Iterator[None]:
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
def _progress(title: str) -> Iterator[Callable[[float], None]]:
    """A bar on stderr while the work runs; nothing where stderr is no terminal."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(title, total=1.0)
        yield lambda done: bar.update(task, completed=done)


@command.command()
def demo(
    context: typer.Context,
    folder: Annotated[Path, typer.Argument(help="Where to write it: a new or empty folder.")],
    districts: Given = None,
    communes: Given = None,
    villages: Given = None,
    terrain: Given = None,
    seed: Annotated[int, typer.Option(help="Another seed makes another province.")] = 586,
) -> None:
    """Write the reconstruction of Nghệ An as an ordinary study folder."""
    from geodata.reconstruction import reconstruct

    t = _translator(context)
    with _told(t), _progress(t("Reconstructing the province")) as progress:
        made = reconstruct(
            folder,
            seed=seed,
            districts=districts,
            communes=communes,
            villages=villages,
            terrain=terrain,
            progress=progress,
        )
    typer.echo(t("Written: {study}", study=made))
    typer.echo(t("Everything in it is reconstructed from published figures, not surveyed."))


@command.command()
def check(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(help="Study folders, study files, or any other files.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The whole report as a workbook, .xlsx.")
    ] = None,
    repair: Annotated[
        Path | None, typer.Option(help="Write a repaired copy of the study into this new folder.")
    ] = None,
) -> None:
    """Say what each file is, and what is wrong, doubtful or worth knowing about it.

    Exit status 1 where something is an error, 2 where a file cannot be read.
    """
    from ui.checking import exit_status, run_check

    t = _translator(context)
    with _told(t):
        text, reports = run_check(paths, t, as_json=json, output=output, repair=repair)
    typer.echo(text)
    status = exit_status(reports)
    if status:
        raise typer.Exit(status)


@command.command()
def assess(
    context: typer.Context,
    study: StudyPath,
    rule: Annotated[str | None, typer.Option(help="Judge by this rule, not the study's.")] = None,
    units: UnitsDay = None,
    publish: Annotated[bool, typer.Option(help="Make this the published run.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Measure, judge and keep; print the headline and the districts."""
    import time

    import geodata
    from ui.printed import printed_json, printed_run

    t = _translator(context)
    with _told(t):
        opened = geodata.open_study(study)
        chosen = _units(units, opened)
        began = time.monotonic()
        with _progress(t("Measuring")) as progress:
            run = geodata.assess_study(opened, rule=rule, publish=publish, progress=progress)
        seconds = time.monotonic() - began
        text = printed_json(run, chosen) if json else printed_run(run, chosen, t, seconds=seconds)
    typer.echo(text)


@command.command()
def export(
    context: typer.Context,
    study: StudyPath,
    output: Annotated[Path, typer.Option("--output", "-o", help="The ending is the format.")],
    units: UnitsDay = None,
    district: Annotated[str | None, typer.Option(help="Code or name.")] = None,
    commune: Annotated[str | None, typer.Option(help="Code or name.")] = None,
    verdict: Annotated[
        list[str] | None, typer.Option(help="covered, weak, none or unknown; may be repeated.")
    ] = None,
) -> None:
    """Write the list of uncovered villages, or, as html, the map of all on one page.

    csv, xlsx, geojson, gpkg, kml, parquet, or html: the ending is the format.
    """
    import geodata
    from ui.maps.folium_map import write_html
    from ui.plain import plain
    from ui.printed import reconstruction_notice

    t = _translator(context)
    with _told(t):
        run = _run_of(study, t)
        if output.suffix.lower() == ".html":
            if units or district or commune or verdict:
                raise geodata.CallError(
                    "a map page shows the whole study; leave out --units, --district, --commune "
                    "and --verdict, or choose another ending"
                )
            write_html(run, output, language=t.language)
            typer.echo(t("The map is written to {file}", file=output))
            return
        table = geodata.uncovered_list(
            run,
            district=district,
            commune=commune,
            verdicts=verdict or ("weak", "none"),
            units=_units(units, run.study),
            language=t.language,
        )
        path = geodata.export_list(table, output, run=run, language=t.language)
    typer.echo(t("{count} villages written to {file}", count=t.number(len(table)), file=path))
    rule = plain(run.assessment.rule.name)
    typer.echo(t("Rule: {rule}. Run: {run}.", rule=rule, run=run.run_id))
    if run.study.reconstruction:
        typer.echo(reconstruction_notice(t))


@command.command("units")
def show_units(
    context: typer.Context,
    study: Annotated[
        Path | None, typer.Argument(help="A study: its split and doubtful villages too.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write csv or xlsx; the ending says which."),
    ] = None,
) -> None:
    """Print how the communes of 2023 became those of 2024 and 2025, or write it."""
    import geodata
    from geodata.export.crosswalk import write_crosswalk
    from geodata.study.unit_report import unit_cases, unit_findings
    from geodata.unit_changes import commune_changes
    from ui.printed_units import printed_units, printed_units_json

    t = _translator(context)
    with _told(t):
        opened = geodata.open_study(study) if study is not None else None
        cases = unit_cases(opened) if opened is not None else None
        found = unit_findings(opened, cases) if opened is not None else ()
        changes = commune_changes()
        if output is not None:
            written = write_crosswalk(changes, cases, output)
            lines = [t("Written: {study}", study=path) for path in written]
        else:
            lines = []
    if json:
        typer.echo(printed_units_json(changes, cases, found, t))
        return
    typer.echo("\n".join(lines or printed_units(changes, cases, found, t)))


@command.command()
def publish(
    context: typer.Context,
    study: StudyPath,
    url: Annotated[str, typer.Argument(help="postgresql://user@host/database")],
    schema: Annotated[str, typer.Option(help="The schema it is written into.")] = "phusong",
    run: Annotated[
        str | None, typer.Option(help="A kept run; without one, the published or latest.")
    ] = None,
) -> None:
    """Write results into PostGIS, for QGIS and GeoServer, in one transaction.

    The password is taken from ~/.pgpass or PGPASSWORD.
    """
    import geodata
    from geodata.postgis.publish import publish as write
    from ui.plain import plain
    from ui.printed import reconstruction_notice

    t = _translator(context)
    with _told(t):
        found = (
            _run_of(study, t) if run is None else geodata.open_run(geodata.open_study(study), run)
        )
        done = write(found, url, schema=schema)
    sentence = (
        t("Run {run} stands in schema {schema} of {place} already; it is the current one.",
          run=done.run_id, schema=plain(done.schema), place=plain(done.place))
        if done.already
        else t("Run {run} is published in schema {schema} of {place}: {count} villages.",
               run=done.run_id, schema=plain(done.schema), place=plain(done.place),
               count=t.number(done.villages))
    )  # fmt: skip
    typer.echo(sentence)
    if found.study.reconstruction:
        typer.echo(reconstruction_notice(t))


@command.command()
def app(
    context: typer.Context,
    study: Annotated[
        Path | None, typer.Argument(help="A study; without one, the reconstruction.")
    ] = None,
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port of the address.")] = 8501,
    address: Annotated[
        str, typer.Option(help="Address to serve; this machine alone unless it says another.")
    ] = "127.0.0.1",
    base_path: Annotated[str, typer.Option(help="Path it is reached under behind a proxy.")] = "",
    settings: Annotated[
        Path | None, typer.Option(help="A settings file whose [access] says who may see what.")
    ] = None,
    secrets: Annotated[
        Path | None, typer.Option(help="The secrets file with the [auth] of the sign-in.")
    ] = None,
) -> None:
    """Open the map in the browser, at a local address."""
    import geodata
    from ui import server, studies

    t = _translator(context)
    with _told(t):
        if study is None:
            with _progress(t("Reconstructing the province")) as progress:
                study = studies.built_in_study(progress=progress)
        opened = geodata.open_study(study)
        if geodata.latest_run(opened) is None:
            with _progress(t("Measuring")) as progress:
                geodata.assess_study(opened, publish=True, progress=progress)
        told = server.environment(study, settings=settings)
        _check_access(told, opened)  # wrong settings are told before anything
    below = f"/{base_path.strip('/')}" if base_path.strip("/") else ""
    place = t(
        "The map is at {address}; stop it with Ctrl+C.", address=f"http://{address}:{port}{below}"
    )
    typer.echo(place)
    status = server.run(
        study,
        port=port,
        address=address,
        base_path=base_path,
        settings=settings,
        secrets=secrets,
    )
    raise typer.Exit(status)


def _check_access(environment: Mapping[str, str], study: Study) -> None:
    """That the access settings, where there are any, mean one area each."""
    from geodata.access import check_access, read_access
    from ui.access import SETTINGS_VARIABLE

    named = environment.get(SETTINGS_VARIABLE, "").strip()
    settings = read_access(Path(named)) if named else None
    if settings is not None:
        check_access(settings, study)


@command.command()
def match(
    context: typer.Context,
    listed: Annotated[Path, typer.Argument(metavar="LIST", help="A list without places.")],
    to: Annotated[
        Path, typer.Argument(metavar="STUDY|FILE", help="A study, or a file of villages.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The workbook to write, xlsx.")],
    layer: Annotated[str | None, typer.Option(help="The sheet, where there are several.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Match an official list of villages to those whose place is known, by unit and name."""
    from ui.matched import matched

    t = _translator(context)
    with _told(t):
        text = matched(listed, to, output, layer=layer, as_json=json, t=t)
    typer.echo(text)


def _run_of(study: Path, t: Translator) -> Run:
    """The study's latest run, made now where there is none."""
    import geodata

    opened = geodata.open_study(study)
    run = geodata.latest_run(opened)
    if run is None:
        with _progress(t("Measuring")) as progress:
            run = geodata.assess_study(opened, progress=progress)
    return run


def _units(asked: str | None, study: Study) -> Structure | None:
    """The structure in force on a day (or at the end of a year); None where none is asked for."""
    from geodata.errors import CallError
    from geodata.study.places import structure_at, structures_of, units_day

    if asked is None:
        return None
    day = units_day(asked)
    if day is None:
        raise CallError(
            "--units is {found}, which is no day; write a year or a day such as 2025-07-01",
            found=asked,
        )
    return structure_at(structures_of(study), day)


def main() -> None:
    """Entry point of the ``phusong`` script."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
