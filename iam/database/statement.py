"""Hot statements, run prepared on the driver's own connection.

A statement is written once in SQLAlchemy's terms, so that it means the same on both databases; its text is made once a
process, and running it costs little more than the database's own work. It runs in the session's transaction, after what
the session has not written yet. For the few statements that every request needs; everything else asks the session.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import BindParameter, Connection, Delete, Insert, Select, Update
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeEngine

Row = TypeVar("Row")
Rows = Select[*tuple[Any, ...]]
"""A select of whatever columns."""
_CONNECTION = "avain.statement.connection"
_OPTIONS = {"psycopg": {"prepare": True}}
_Processor = Callable[[Any], Any] | None


def row(*values: Any) -> tuple[Any, ...]:
    """Return the columns of a row as they come."""
    return values


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement's text for one database: constants, how values go in, how columns come out."""

    text: str
    constants: Mapping[str, Any]
    given: tuple[tuple[str, str, _Processor], ...]
    positions: tuple[str, ...]
    options: Mapping[str, bool]
    columns: tuple[tuple[int, Callable[[Any], Any]], ...]


class Statement(Generic[Row]):
    """A select, or an insert, update or delete with or without ``returning``; ``make`` gets each row's columns in
    order.

    ``query`` holds the statement, or a function that returns it when it is first run. Values are ``bindparam("name")``;
    lists and expanding parameters are not for it.
    """

    def __init__(self, query: Callable[[], Rows | Insert | Update | Delete], make: Callable[..., Row]) -> None:
        self._query, self._make = query, make
        self._prepared: dict[str, _Prepared] = {}

    def all(self, session: Session, **values: Any) -> list[Row]:
        """Return every row."""
        prepared, cursor = self._execute(session, values)
        columns, make = prepared.columns, self._make
        return [make(*_out(row, columns)) for row in cursor.fetchall()]

    def one(self, session: Session, **values: Any) -> Row | None:
        """Return the first row; None when there is none."""
        prepared, cursor = self._execute(session, values)
        row = cursor.fetchone()
        return None if row is None else self._make(*_out(row, prepared.columns))

    def run(self, session: Session, **values: Any) -> int:
        """Run a statement that returns nothing; return how many rows it touched."""
        return int(self._execute(session, values)[1].rowcount)

    def _for(self, dialect: Dialect) -> _Prepared:
        found = self._prepared.get(dialect.name)
        if found is None:
            found = self._prepared[dialect.name] = _prepare(self._query(), dialect)
        return found

    def _execute(self, session: Session, values: Mapping[str, Any]) -> tuple[_Prepared, Any]:
        session.flush()
        connection, driver = _connection(session)
        prepared = self._for(connection.dialect)
        bound = dict(prepared.constants)
        for name, key, process in prepared.given:
            value = values[name]
            bound[key] = value if process is None else process(value)
        # Whoever listens to what is executed (counts in tests, tracing) hears of these, too.
        for listener in connection.dispatch.before_cursor_execute:
            listener(connection, None, prepared.text, bound, None, False)
        given = [bound[key] for key in prepared.positions]
        try:
            return prepared, driver.execute(prepared.text, given, **prepared.options)
        except Exception as error:
            dbapi: Any = connection.dialect.loaded_dbapi
            if isinstance(error, dbapi.Error) and connection.dialect.is_disconnect(error, driver, None):
                connection.invalidate(error)
            raise _told(error, prepared.text, connection.dialect) from error


def _connection(session: Session) -> tuple[Connection, Any]:
    """The transaction's connection and the driver's own, found once a transaction."""
    transaction, known = session.get_transaction(), session.info.get(_CONNECTION)
    if transaction is None or known is None or known[0] is not transaction:
        connection = session.connection()
        known = session.get_transaction(), connection, connection.connection.dbapi_connection
        session.info[_CONNECTION] = known
    return known[1], known[2]


def _told(error: Exception, text: str, dialect: Dialect) -> BaseException:
    """Return a driver's error as SQLAlchemy tells it, without the values."""
    return DBAPIError.instance(text, None, error, dialect.loaded_dbapi.Error, hide_parameters=True, dialect=dialect)


def _out(row: Any, columns: tuple[tuple[int, Callable[[Any], Any]], ...]) -> Any:
    if not columns:
        return row
    values = list(row)
    for n, process in columns:
        values[n] = process(values[n])
    return values


def _prepare(query: Rows | Insert | Update | Delete, dialect: Dialect) -> _Prepared:
    compiled: Any = query.compile(dialect=dialect)
    binds: Mapping[BindParameter[Any], str] = compiled.bind_names
    constants, given = {}, []
    for bind, key in binds.items():
        process = _type(bind.type, dialect).bind_processor(dialect)
        if bind.required:
            given.append((bind.key, key, process))
        else:
            value = bind.effective_value
            constants[key] = value if process is None else process(value)
    positions, options = tuple(compiled.positiontup), _OPTIONS.get(dialect.driver, {})
    return _Prepared(compiled.string, constants, tuple(given), positions, options, _columns(query, dialect))


def _columns(query: Any, dialect: Dialect) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """How the columns of a select, or of what is returned, come out; those that need no change are left out."""
    told = query.column_descriptions if isinstance(query, Select) else query.returning_column_descriptions
    processors = (_type(column["type"], dialect).result_processor(dialect, None) for column in told)
    return tuple((n, process) for n, process in enumerate(processors) if process is not None)


def _type(type_: TypeEngine[Any], dialect: Dialect) -> TypeEngine[Any]:
    return type_.dialect_impl(dialect)
