"""The command line: ``phusong``. Each command calls, prints and exits; it computes nothing."""

from __future__ import annotations

import gc
import sys
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui import command_data, command_kept, command_studies
from ui.commands import (
    StudyPath,
    command,
    progress_bar,
    run_of,
    say_memory,
    say_mended,
    say_standing,
    server_killed,
    told,
    told_without_kernels,
    translator_of,
)

if TYPE_CHECKING:
    from geodata.study.model import Study
    from geodata.study.places import Structure
    from geodata.study.results import Run
    from ui.texts import Translator

__all__ = ["command", "command_data", "command_kept", "command_studies", "main"]


COLLECTED_AFTER = (300_000, 20, 50)
"""How many new objects a command makes before unreachable cycles are looked for: to look while
libraries load, as Python does after every 700, takes a tenth of a short command."""


class ZoneLevel(StrEnum):
    """What the zones of a table are."""

    village = "village"
    commune = "commune"
    district = "district"


UnitsDay = Annotated[
    str | None, typer.Option("--units", help="Group by the units in force on this day or year.")
]
Given = Annotated[Path | None, typer.Option(help="A real file to use instead of our own.")]


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
    from ui import interrupted

    t = translator_of(context)
    stopped = interrupted.folder_of(folder)
    with told(t, stopped=stopped), progress_bar(t("Reconstructing the province")) as progress:
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
def assess(
    context: typer.Context,
    study: StudyPath,
    rule: Annotated[str | None, typer.Option(help="Judge by this rule, not the study's.")] = None,
    units: UnitsDay = None,
    publish: Annotated[bool, typer.Option(help="Make this the published run.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    engine: Annotated[str, typer.Option(help="local, or dask to measure on a cluster.")] = "local",
    scheduler: Annotated[
        str | None, typer.Option(help="Address of a Dask cluster that runs: tcp://host:8786.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Workers to start here; one a core without it.")
    ] = None,
) -> None:
    """Measure, judge and keep; print the headline and the districts."""
    import time

    import geodata
    from ui import interrupted
    from ui.printed import printed_json, printed_run

    t = translator_of(context)
    with told(t, stopped=interrupted.results_of(study)):
        say_memory(study, t)
        opened = geodata.open_study(study)
        chosen = _units(units, opened)
        began = time.monotonic()
        with progress_bar(t("Measuring")) as progress:
            run = geodata.assess_study(
                opened,
                rule=rule,
                publish=publish,
                engine=engine,
                scheduler=scheduler,
                workers=workers,
                progress=progress,
            )
        seconds = time.monotonic() - began
        text = printed_json(run, chosen) if json else printed_run(run, chosen, t, seconds=seconds)
    typer.echo(text)
    say_mended(run, t)
    _warn(run.study, study, t)


@command.command()
def export(
    context: typer.Context,
    study: StudyPath,
    output: Annotated[Path, typer.Option("--output", "-o", help="The ending is the format.")],
    *,
    units: UnitsDay = None,
    district: Annotated[str | None, typer.Option(help="Code or name.")] = None,
    commune: Annotated[str | None, typer.Option(help="Code or name.")] = None,
    verdict: Annotated[
        list[str] | None, typer.Option(help="covered, weak, none or unknown; may be repeated.")
    ] = None,
    zones: Annotated[
        ZoneLevel | None,
        typer.Option(help="Instead of the list: shares served in each of these zones, by layer."),
    ] = None,
) -> None:
    """Write the list of uncovered villages, or, as html, the map of all on one page.

    csv, xlsx, geojson, gpkg, shp, tab, kml, gpx, parquet, or html: the ending is the format. With
    --zones, what share of every village, commune or district each operator's technology serves:
    by area, by people and by households (csv, xlsx or parquet).
    """
    import geodata
    from ui import interrupted
    from ui.maps.folium_map import write_html
    from ui.plain import plain
    from ui.printed import reconstruction_notice

    t = translator_of(context)
    with told(t, stopped=interrupted.file_of(output)):
        run = run_of(study, t)
        if zones is not None:
            if district or commune or verdict:
                raise geodata.CallError(
                    "a table of zones holds the whole study; leave out --district, --commune and "
                    "--verdict"
                )
            _zones(run, output, zones, _units(units, run.study), t)
            _warn(run.study, study, t)
            return
        if output.suffix.lower() == ".html":
            if units or district or commune or verdict:
                raise geodata.CallError(
                    "a map page shows the whole study; leave out --units, --district, --commune "
                    "and --verdict, or choose another ending"
                )
            write_html(run, output, language=t.language)
            typer.echo(t("The map is written to {file}", file=output))
            _warn(run.study, study, t)
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
    _warn(run.study, study, t)


def _zones(
    run: Run, output: Path, level: ZoneLevel, units: Structure | None, t: Translator
) -> None:
    """Write the table of zones and say so."""
    from geodata.export.zones import write_zones, zone_table
    from ui.plain import plain
    from ui.printed import reconstruction_notice

    table = zone_table(run, level.value, units=units, language=t.language)
    path = write_zones(table, output)
    typer.echo(t("{count} rows written to {file}", count=t.number(len(table)), file=path))
    rule = plain(run.assessment.rule.name)
    typer.echo(t("Rule: {rule}. Run: {run}.", rule=rule, run=run.run_id))
    if run.study.reconstruction:
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
    from ui import server

    t = translator_of(context)
    if study is None and server.limits_access(settings):
        study = _built_in(t)  # settings are checked against it
    with told_without_kernels(t):
        server.require_free(address, port)
    if study is not None:
        _prepare(study, settings, t)
        with told(t):
            server.require_free(address, port)  # measuring took its time
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
    if status <= 0:
        typer.echo(server_killed(-status, t) if status else t("The map has ended"), err=True)
    raise typer.Exit(1 if status < 0 else status)


def _built_in(t: Translator) -> Path:
    """The reconstruction's folder, made where it is not there; a progress bar tells how far."""
    from ui import interrupted, studies

    with (
        told(t, stopped=interrupted.results_of(studies.built_in_folder())),
        progress_bar(t("Reconstructing the province")) as progress,
    ):
        return studies.built_in_study(progress=progress)


def _prepare(study: Path, settings: Path | None, t: Translator) -> None:
    """Measure a study that has no run, and tell wrong settings before anything is promised."""
    import geodata
    from geodata.study.assess import run_to_show
    from ui import interrupted, server

    with told(t, stopped=interrupted.results_of(study)):
        say_memory(study, t)
        opened = geodata.open_study(study)
        with progress_bar(t("Measuring")) as progress:
            say_standing(run_to_show(opened, publish=True, progress=progress), t)
        _check_access(server.environment(study, settings=settings), opened)


def _check_access(environment: Mapping[str, str], study: Study) -> None:
    """That the access settings, where there are any, mean one area each."""
    from geodata.access import check_access, read_access
    from ui.variables import SETTINGS_VARIABLE

    named = environment.get(SETTINGS_VARIABLE, "").strip()
    settings = read_access(Path(named)) if named else None
    if settings is not None:
        check_access(settings, study)


def _warn(opened: Study, named: Path, t: Translator) -> None:
    """What may make the figures wrong, on stderr: a file or a pipe gets the figures alone."""
    from ui.checked import warnings_told

    text = warnings_told(opened, t, named=named)
    if text:
        typer.echo(f"\n{text}", err=True)


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
    gc.set_threshold(*COLLECTED_AFTER)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        command()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
