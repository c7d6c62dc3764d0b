"""Measures kept on disk under keys of their inputs' content, so nothing is measured twice.

`measures_of` is the way to a study's measures: what is kept is loaded, what is not is measured and
kept, part by part (see `geodata.study.parts`). Where areas were kept for the same villages and
most of the layers, only the others are measured (`coverage.update`).

`KINDS` is where a further kind of part is entered; nothing else need change. `plan_of` lists a
study's parts, `load_measures` gives measures that are kept whole, `load_named` those that a run's
manifest names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from coverage.model import Layer, LayerInfo, Measures
from coverage.moved import between
from coverage.update import updated
from geodata.errors import Phrase, phrase
from geodata.study.digests import StudyKeys, key_of, keys_of
from geodata.study.engine import HERE, Engine, WherePlaced
from geodata.study.kept_amounts import AMOUNTS
from geodata.study.kept_levels import LEVELS_KIND, without_signals
from geodata.study.model import Study
from geodata.study.moved import MOVED
from geodata.study.parts import AREAS, Kind, Means, Part, areas_arrays, with_areas
from geodata.study.store import Doubt, Store

Progress = Callable[[float], None]
Named = tuple[str, str]
"""Kind and key of an entry."""

KINDS: tuple[Kind, ...] = (AMOUNTS, LEVELS_KIND, MOVED)
"""What is measured besides areas, in the order in which it is."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """What a study's measures are made of. ``key`` stands for all of it, its filings included."""

    key: str
    keys: StudyKeys
    parts: tuple[Part, ...]

    @property
    def named(self) -> tuple[Named, ...]:
        """Kind and key of each part, the areas first."""
        return (AREAS, self.keys.areas), *((part.kind, part.key) for part in self.parts)

    @property
    def entries(self) -> tuple[str, ...]:
        """Keys of all parts."""
        return tuple(key for _, key in self.named)


@dataclass(frozen=True, kw_only=True, eq=False)
class Found:
    """A study's measures, how many of its layers were measured for them, and whether anything."""

    measures: Measures
    measured_layers: int
    measured: bool
    mended: tuple[Phrase, ...] = ()
    """What was kept, was damaged and has been measured anew."""


def store_of(study: Study) -> Store:
    """Where the measures of a study are kept."""
    return Store(study.folder / "results" / "measures")


def plan_of(study: Study) -> Plan:
    """The parts of a study's measures, and their keys."""
    keys = keys_of(study)
    parts = tuple(part for kind in KINDS for part in kind.parts(study, keys))
    told = repr([layer.info for layer in study.layers])
    own = [f"{part.kind} {part.key}" for part in parts if not part.follows]
    whole = key_of(told, keys.areas, *own)
    return Plan(key=whole, keys=keys, parts=parts)


def measures_key(study: Study) -> str:
    """A key of all that a study's measures depend on, and of who filed its layers."""
    return plan_of(study).key


def load_measures(study: Study, plan: Plan | None = None) -> Measures | None:
    """The kept measures of a study as it stands; None where a part is not kept."""
    plan = plan or plan_of(study)
    return load_named(study, plan.named, [layer.info for layer in study.layers])


def load_named(
    study: Study, named: Iterable[Named], layers: Sequence[LayerInfo], *, proven: bool = True
) -> Measures | None:
    """Measures of the study's villages from the entries named, the areas first; None without.

    Without ``proven`` entries of earlier versions are taken too, which bear no proof of what they
    are (see `geodata.study.store`): the caller has to have one.
    """
    store = store_of(study)
    (_, areas), *others = named
    measures = _areas(store, study, areas, layers, proven=proven)
    for kind, key in others:
        if measures is not None:
            measures = _with_part(store, measures, kind, key, proven=proven)
    return measures


def measures_of(
    study: Study,
    plan: Plan | None = None,
    *,
    engine: Engine = HERE,
    progress: Progress | None = None,
    keep: bool = True,
) -> Found:
    """The measures of a study, measured as far as they are not kept, and then kept.

    ``engine`` measures. Without ``keep`` nothing is written.
    """
    plan = plan or plan_of(study)
    engine = WherePlaced(engine)
    store = replace(store_of(study), writes=keep)
    infos = [layer.info for layer in study.layers]
    measures, places = _areas(store, study, plan.keys.areas, infos), set[int]()
    measured = False
    if measures is None:
        first = between(progress, 0.0, 1 / (1 + len(plan.parts)))
        measures, places = _measured(study, plan, Means(engine=engine, store=store, progress=first))
        measured = bool(places) or not infos
        about = {"kind": AREAS, "villages": plan.keys.villages, "layers": list(plan.keys.layers)}
        titles = [info.title for info in infos]
        store.keep(plan.keys.areas, {**about, "titles": titles}, areas_arrays(measures))
    steps = 1 + len(plan.parts)
    for at, part in enumerate(plan.parts, 1):
        found = _with_part(store, measures, part.kind, part.key)
        if found is None:
            arrays = part.derive(store)
            if arrays is None:
                own = between(progress, at / steps, (at + 1) / steps)
                means = Means(engine=engine, store=store, progress=own)
                arrays = part.measure(measures, means)
                places, measured = places | set(part.layers), True
            store.keep(part.key, {**part.about, "kind": part.kind}, arrays)
            found = _kind(part.kind).join(measures, dict(part.about), arrays)
        measures = found
    if progress and measured:
        progress(1.0)
    mended = tuple(_mended(key, doubt) for key, doubt in sorted(store.mended.items()))
    return Found(measures=measures, measured_layers=len(places), measured=measured, mended=mended)


def _mended(key: str, doubt: Doubt) -> Phrase:
    """What is said of an entry that was not believed."""
    template = (
        "{file} was damaged, and has been made anew"
        if doubt == "damaged"
        else "{file} bore no proof of what it was made of, and has been made anew"
    )
    return phrase(template, file=f"results/measures/{key}")


def _kind(name: str) -> Kind:
    return next(kind for kind in KINDS if kind.name == name)


def _areas(
    store: Store, study: Study, key: str, layers: Sequence[LayerInfo], *, proven: bool = True
) -> Measures | None:
    """Kept areas, None where they are not, or not for this study."""
    kept = store.read(key, proven=proven)
    if kept is None:
        return None
    try:
        return with_areas(study, layers, kept[1])
    except (KeyError, TypeError, ValueError):
        store.doubt(key)
        return None


def _with_part(
    store: Store, measures: Measures, kind: str, key: str, *, proven: bool = True
) -> Measures | None:
    """Measures with a kept part joined, None where it is not kept."""
    kept = store.read(key, proven=proven)
    if kept is None:
        return None
    if kept[0].get("kind") != kind or all(k.name != kind for k in KINDS):
        store.doubt(key)
        return None
    try:
        return _kind(kind).join(measures, *kept)
    except (KeyError, TypeError, ValueError):
        store.doubt(key)
        return None


def _measured(study: Study, plan: Plan, means: Means) -> tuple[Measures, set[int]]:
    """Areas measured, and the places of the layers that were: only those not kept before."""
    layers_to_measure = without_signals(study)
    measured, progress = means.engine.areas, means.progress
    for key, layers in _nearest(means.store, plan.keys):
        # only its layers' keys are known; that is all they need to be told apart
        named = [LayerInfo(operator=layer, technology="2G") for layer in layers]
        old = _areas(means.store, study, key, named)
        if old is not None:
            came = [layers.index(own) if own in layers else None for own in plan.keys.layers]
            found = updated(
                old, study.villages, layers_to_measure, came, measured=measured, progress=progress
            )
            return found, {k for k, place in enumerate(came) if place is None}
    found = measured(study.villages, layers_to_measure, progress=progress)
    return found, {k for k, one in enumerate(study.layers) if isinstance(one, Layer)}


def _nearest(store: Store, keys: StudyKeys) -> list[tuple[str, list[str]]]:
    """Kept areas of the same villages and at least half of the layers: the most in common first.

    With fewer in common there is less to gain than to measure all at once.
    """
    found: list[tuple[int, str, list[str]]] = []
    for entry in reversed(store.entries()):
        layers = entry.about.get("layers")
        if entry.kind != AREAS or entry.about.get("villages") != keys.villages:
            continue
        if not isinstance(layers, list) or not all(isinstance(one, str) for one in layers):
            continue
        if entry.key != key_of(AREAS, keys.villages, *layers):
            continue  # of another engine
        common = sum(layer in layers for layer in keys.layers)
        if common and 2 * common >= len(keys.layers):
            found.append((common, entry.key, layers))
    return [(key, layers) for _, key, layers in sorted(found, key=lambda one: -one[0])]
