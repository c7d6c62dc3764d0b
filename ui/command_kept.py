"""The command about kept measures: see what there is, and clear it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ui.commands import command, told, translator_of


@command.command()
def cache(
    context: typer.Context,
    study: Annotated[
        Path | None, typer.Argument(help="A study; without one, the reconstruction.")
    ] = None,
    clear: Annotated[bool, typer.Option("--clear", help="Remove what no kept run needs.")] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="With --clear: remove what kept runs need too.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Say which measures are kept, how large they are and which runs need them; or clear them.

    They may take 2,000 MB a study, or what PHUSONG_KEPT_MB says.
    """
    from geodata.errors import CallError
    from ui.cached import cached
    from ui.interrupted import kept_measures
    from ui.studies import built_in_folder

    t = translator_of(context)
    with told(t, stopped=kept_measures if clear else None):
        if everything and not clear:
            raise CallError("--all goes with --clear; write both to remove every kept measure")
        folder = study or built_in_folder()
        text = cached(folder, clear=clear, everything=everything, as_json=json, t=t)
    typer.echo(text)
