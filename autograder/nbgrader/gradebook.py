"""nbgrader's grade book, prepared once for a whole run: nbgrader opens it ten times for each submission."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nbgrader.api import Gradebook  # type: ignore[import-untyped]
from sqlalchemy import Engine
from sqlalchemy.orm import scoped_session, sessionmaker

__all__ = ["prepared_once"]


@contextmanager
def prepared_once() -> Iterator[None]:
    """While this lasts, a grade book opened again skips the search for missing tables and uses the queries compiled before.

    Each opening still has a session and a connection of its own, closed when nbgrader closes it.
    """
    engines: dict[tuple[str, str], Engine] = {}
    open_anew = Gradebook.__init__

    def open_again(self: Any, db_url: str, course_id: str = "default_course", authenticator: Any = None) -> None:
        engine = engines.get((db_url, course_id))
        if engine is None:
            open_anew(self, db_url, course_id, authenticator)
            engines[db_url, course_id] = self.engine
            return
        self.engine, self.course_id, self.authenticator = engine, course_id, authenticator
        self.db = scoped_session(sessionmaker(autoflush=True, bind=engine, future=True))

    Gradebook.__init__ = open_again
    try:
        yield
    finally:
        Gradebook.__init__ = open_anew
