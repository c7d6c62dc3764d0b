"""The commands about data: what files are, units over time, lists matched, results published."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.commands import StudyPath, command, run_of, say_standing, told, translator_of

if TYPE_CHECKING:
    from ui.interrupted import Sentence


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

    t = translator_of(context)
    with told(t, stopped=_stopped(repair, output)):
        text, reports = run_check(paths, t, as_json=json, output=output, repair=repair)
    typer.echo(text)
    status = exit_status(reports)
    if status:
        raise typer.Exit(status)


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

    t = translator_of(context)
    with told(t, stopped=_stopped(None, output)):
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
    from ui import interrupted
    from ui.plain import plain
    from ui.printed import reconstruction_notice

    t = translator_of(context)
    with told(t, stopped=interrupted.in_database):
        found = (
            run_of(study, t) if run is None else geodata.open_run(geodata.open_study(study), run)
        )
        if run is not None:
            say_standing(found, t)
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
    from ui import interrupted
    from ui.matched import matched

    t = translator_of(context)
    with told(t, stopped=interrupted.file_of(output)):
        text = matched(listed, to, output, layer=layer, as_json=json, t=t)
    typer.echo(text)


@command.command("conflicts")
def show_conflicts(
    context: typer.Context,
    study: StudyPath,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write csv or xlsx; the ending says which."),
    ] = None,
) -> None:
    """Say where drive tests and speed tests contradict what is declared or modelled.

    Ranked, each with its numbers. No verdict is changed by it.
    """
    from geodata.export.conflicts import export_conflicts
    from geodata.study.conflicts import conflicts_of, require_measurements
    from ui.printed_conflicts import conflicts_json, printed_conflicts

    t = translator_of(context)
    with told(t, stopped=_stopped(None, output)):
        run = run_of(study, t)
        require_measurements(run.study)
        found = conflicts_of(run.study, run.assessment)
        lines = [conflicts_json(found, run, t)] if json else printed_conflicts(found, run, t)
        if output is not None:
            path = export_conflicts(found.table, output, run=run, language=t.language)
            if not json:
                lines.append(t("Written: {study}", study=path))
    typer.echo("\n".join(lines))


def _stopped(folder: Path | None, output: Path | None) -> Sentence | None:
    """What Ctrl-C says of a command that may write a folder or a file, or neither."""
    from ui.interrupted import file_of, folder_of

    if folder is not None:
        return folder_of(folder)
    return file_of(output) if output is not None else None
