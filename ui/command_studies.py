"""The command about studies made in the browser: whose they are, and giving or taking them away."""

from __future__ import annotations

from typing import Annotated

import typer

from ui.commands import command, told, translator_of


@command.command("studies")
def made_in_browser(
    context: typer.Context,
    hand_over: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="SLUG ADDRESS", help="Make who signs in with ADDRESS the owner."),
    ] = None,
    delete: Annotated[
        str | None,
        typer.Option(metavar="SLUG", help="Delete the study with its files and results."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """List the studies made in the browser, with owner and people; hand one over or delete it.

    They lie in the folder that PHUSONG_STUDIES names.
    """
    from geodata.errors import CallError
    from ui.interrupted import browser_studies
    from ui.printed_studies import deleted, handed_over, printed_studies, studies_json

    t = translator_of(context)
    changes = hand_over is not None or delete is not None
    with told(t, stopped=browser_studies if changes else None):
        if hand_over is not None and delete is not None:
            raise CallError("--hand-over and --delete are two calls; write one of them")
        lines = []
        if hand_over is not None:
            lines = handed_over(*hand_over, t)
        elif delete is not None:
            lines = deleted(delete, t)
        text = studies_json() if json else "\n".join([*lines, *printed_studies(t)])
    typer.echo(text)
