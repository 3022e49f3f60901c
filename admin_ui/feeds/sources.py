"""Sources at /admin/sources: how each stands, its settings and columns, and the buttons that test it, try it, run it
and accept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from admin_ui.feeds import connector_words, guard_words, matching_table, picture, progress, run_words
from admin_ui.parts import frame, paging, words
from admin_ui.parts.frame import blueprint
from admin_ui.parts.lists import Listed
from connectors.contract import Testable
from connectors.problem import Problem
from iam import clock
from iam.access.administration import may_touch
from iam.database.keyset import Cursor
from iam.directory.source import Run, Source
from iam.errors import Invalid
from iam.sources import acceptance, background, configured, listing, schedule
from iam.sources.background import Workplace
from iam.sources.listing import RUN_KEYS, SOURCE_KEYS
from iam.sources.making import commands
from iam.sources.making.hidden import secret_names
from iam.texts import N_
from iam.web import context, extension, guard, joined
from iam.web.redirect import see_other

PATH = "/admin/sources"
SECTION = "sources"
MASK = "••••••"
REFRESH = 2
"""Seconds after which a page with a run under way loads itself again."""
_SECRET = ("password", "secret", "token")

frame.section(SECTION, N_("Sources"), PATH, "sources.read", 30)


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source as the list shows it."""

    key: str
    name: str
    connector: str
    owner: str
    state: str
    word: str
    look: str
    dry_run: bool
    run_id: Any
    ran_at: datetime | None
    good_at: datetime | None


class SourceCells(NamedTuple):
    """A source as a line of the file shows it."""

    name: str
    connector: str
    owner: str
    ran_at: str
    result: str
    good_at: str
    key: str


class RunCells(NamedTuple):
    """A run as a line of the file shows it; ``rows`` and ``left_out`` are how many, None where nothing was read."""

    started_at: str
    ended_at: str
    result: str
    dry_run: str
    rows: int | None
    left_out: int | None


@blueprint.get("/sources")
@guard.requires("sources.read")
def sources() -> Response:
    """Show a page of the list."""
    export_url, page = f"{PATH}.csv", _listed().page()
    return frame.render(
        "sources/sources.html",
        section=SECTION,
        page=page,
        names={line.key: line.name for line in page.rows},
        age=run_words.age,
        export_url=export_url,
        joined=joined.told(),
    )


@blueprint.get("/sources.csv")
@guard.requires("sources.read")
def sources_file() -> Response:
    """Take home the list."""
    header = N_("Source"), N_("Connector"), N_("Owner"), N_("Last run"), N_("Result"), N_("Last good run"), N_("Key")
    moment = context.texts().moment

    def cells(line: SourceLine) -> SourceCells:
        ran, good = moment(line.ran_at), moment(line.good_at)
        return SourceCells(line.name, line.connector, line.owner, ran, line.word, good, line.key)

    return _listed().file("sources", header, cells)


def _listed() -> Listed[SourceLine]:
    return Listed(listing.sources(guard.part()), SOURCE_KEYS, lambda _, rows: [_line(row) for row in rows])


@blueprint.get("/sources/<key>")
@guard.requires("sources.read")
def source(key: str) -> Response:
    """Show a source: how it stands, its runs, its settings and its columns."""
    return _page(key)


@blueprint.get("/sources/<key>/runs.csv")
@guard.requires("sources.read")
def runs_file(key: str) -> Response:
    """Take home the runs of a source."""
    found, texts = listing.source_of(context.db(), guard.part(), key)[0], context.texts()
    header = N_("Started"), N_("Ended"), N_("Result"), N_("Dry run"), N_("Rows"), N_("Rows left out")

    def cells(run: Run) -> RunCells:
        word, _ = run_words.word(run_words.state_of(run, found, run))
        trial = texts.gettext(N_("yes") if run.dry_run else N_("no"))
        numbers = run.counts.get("rows"), run.counts.get("rejected")
        return RunCells(texts.moment(run.started_at), texts.moment(run.ended_at), word, trial, *numbers)

    return _runs(found).file("runs", header, cells, {"source": key})


def _runs(source: Source) -> Listed[Run]:
    return Listed(listing.runs(source.id), RUN_KEYS, lambda _, rows: rows, newest_first=True)


@blueprint.post("/sources/<key>/test")
@guard.requires("sources.run")
def test_source(key: str) -> AnyResponse:
    """Ask whether the source answers; nothing of it is read."""
    found = _allowed(key)
    connector = configured.connector_of(found)
    # Up to the connector's deadline the other system is waited for, so no transaction may be open meanwhile.
    context.db().commit()
    problems = connector.test() if isinstance(connector, Testable) else []
    if problems:
        return _page(key, 422, problems)
    return frame.done(context.texts().gettext(N_("The source answers.")), f"{PATH}/{key}")


@blueprint.post("/sources/<key>/dry-run")
@guard.requires("sources.run")
def try_source(key: str) -> AnyResponse:
    """Start a dry run: everything is computed, nothing is changed."""
    return _start(key, dry_run=True)


@blueprint.post("/sources/<key>/run")
@guard.requires("sources.run")
def run_source(key: str) -> AnyResponse:
    """Start a run."""
    return _start(key)


@blueprint.post("/sources/<key>/accept")
@guard.decides("sources.accept")
def accept_source(key: str) -> AnyResponse:
    """Accept what the last run held, as another administrator than the one who ran it, and run again."""
    return _start(key, accepting=True)


@blueprint.post("/sources/<key>/refuse")
@guard.decides("sources.accept")
def refuse_source(key: str) -> AnyResponse:
    """Refuse what the last run held, with a reason: nothing of it is applied, and these rows are not asked again."""
    found = _allowed(key)
    acceptance.refuse(context.db(), found, context.actor(), request.form.get("reason", ""))
    return frame.done(context.texts().gettext(N_("Refused. Nothing of it is applied.")), f"{PATH}/{key}")


def masked(source: Source) -> list[tuple[str, str]]:
    """Return the settings of a source as names and values, secrets masked; a group of settings one by one."""
    secret, shown = secret_names(source.connector), []
    matched = getattr(commands.offered().get(source.connector), "names_setting", "")
    for name, value in _one_by_one(source.settings):
        if name == matched:
            # The table of columns tells it.
            continue
        hide = name in secret or (any(word in name for word in _SECRET) and not name.endswith("_file"))
        shown.append((connector_words.label(name), MASK if hide else _text(value)))
    return shown


def _one_by_one(settings: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in settings.items():
        if name in connector_words.GROUPS and isinstance(value, dict):
            yield from ((f"{name}.{one}", within) for one, within in value.items())
        else:
            yield name, value


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} → {_text(one)}" for name, one in value.items())
    if not isinstance(value, list):
        return str(value)
    return ("; " if any(isinstance(one, dict) for one in value) else ", ").join(map(_text, value))


def _line(row: Any) -> SourceLine:
    source, owner, run, good_at = row
    state = "disabled" if source.disabled else run_words.state_of(run, source, run)
    word, look = run_words.word(state)
    return SourceLine(
        source.key,
        source.called(context.texts().language),
        source.connector,
        owner.name(context.texts().language),
        state,
        word,
        look,
        bool(run and run.dry_run),
        run.id if run else None,
        run.started_at if run else None,
        good_at,
    )


def _page(key: str, status: int = 200, problems: Sequence[Problem] = ()) -> Response:
    session = context.db()
    row = listing.source_of(session, guard.part(), key)
    found, line = row[0], _line(row)
    runs = _runs(found).page(paging.cursor(25) if status == 200 else Cursor(size=25))
    held = listing.waiting(session, found.id)
    shown = [(run, *run_words.word(run_words.state_of(run, found, held))) for run in runs.rows]
    login, drawn = context.login(), picture.of_source(found)
    return frame.render(
        "sources/source.html",
        status,
        section=SECTION,
        breadcrumb=[(PATH, context.texts().gettext(N_("Sources")))],
        source=found,
        reads=configured.reads(found),
        writes=found.connector in commands.offered() and _may_write(found),
        line=line,
        page=paging.Shown(shown, runs.previous, runs.next),
        settings=masked(found),
        problems=[context.texts().sentence(problem) for problem in problems],
        age=run_words.age,
        **_matching(found),
        under_way=progress.of_run(row[2], found, _rows(runs.rows)),
        connector=_connector(found),
        limits=guard_words.limits(found),
        seconds=run_words.seconds,
        held=held,
        ran_it_myself=bool(held and login and held.actor_person_id == login.person_id),
        export_url=f"{PATH}/{key}/runs.csv",
        refresh=REFRESH,
        next_at=_next(found),
        picture=drawn,
        tall=picture.TALL,
        picture_first=words.day(drawn.first) if drawn is not None else "",
        unclear=listing.undecided(session, found.id),
    )


def _connector(source: Source) -> str:
    """What a source reads, in words; of a connector that is not offered its name."""
    offered = commands.offered().get(source.connector)
    return source.connector if offered is None else connector_words.named(source.connector, offered)[0]


def _rows(runs: Sequence[Run]) -> int | None:
    """How many rows the last good run of those had; None: there is none among them."""
    return next((one.counts.get("rows") for one in runs if one.state in listing.GOOD and not one.dry_run), None)


def _may_write(source: Source) -> bool:
    return may_touch(context.db(), frame.part_of("sources.write"), source.owner_id)


def _next(source: Source) -> datetime | None:
    """When a source is read next by itself; None when it is not."""
    if source.schedule is None or source.disabled:
        return None
    return schedule.following(source.schedule, source.zone, clock.now())


def names_of(source: Source) -> Mapping[str, str]:
    """Return the names that the source's own columns have, by ours; empty where ours are its own."""
    names = source.settings.get(getattr(commands.offered().get(source.connector), "names_setting", ""))
    return names if isinstance(names, Mapping) else {}


def _matching(source: Source) -> dict[str, Any]:
    """Return the column matching as rows, or what is wrong with it."""
    try:
        rows = matching_table.rows(configured.matching_of(source), names_of(source))
        return {"matching": rows, "matching_problems": []}
    except Invalid as error:
        return {"matching": [], "matching_problems": [context.texts().sentence(problem) for problem in error.problems]}


def _allowed(key: str) -> Source:
    """Return a source that lies both in what the reader may see and in the part of the button's permission; raises
    ``NotFound``."""
    found: Source = listing.source_of(context.db(), guard.part(), key)[0]
    return found


def _start(key: str, *, dry_run: bool = False, accepting: bool = False) -> AnyResponse:
    _allowed(key)
    actor = context.actor()
    # The run writes in transactions of its own; on SQLite there is one writer at a time, so ours must be over first.
    context.db().commit()
    settings = context.settings()
    place = Workplace(
        extension.database.engine,
        settings.vault.key_file,
        settings.log_level,
        settings.worker.run_memory,
        settings.worker.runs,
    )
    return see_other(f"/admin/runs/{background.start(place, key, actor, dry_run=dry_run, accepting=accepting)}")
