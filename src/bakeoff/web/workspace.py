"""Which projects a server serves, and each of them opened once, again whenever its file changes."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Request

from bakeoff.project import FILE_NAME
from bakeoff.project.data import watched_file
from bakeoff.project.project import Project
from bakeoff.web.errors import Refused

T = TypeVar("T")

Part = bool | Literal["answers", "itself"]
"""Of the ledger: see `Opened.kept`."""


class Opened:
    """One project on this server. `lock` is held by whoever works out something that is kept."""

    def __init__(self, folder: Path) -> None:
        """Nothing is read yet."""
        self.folder = folder
        self.lock = threading.RLock()
        self._project: Project | None = None
        self._stamp: object = None
        self._last_seq = self._replaced = 0
        """A ledger that has less than before is another one, or an older copy."""

        self._kept: dict[str, tuple[object, Any]] = {}
        self._working: dict[str, threading.RLock] = {}
        """One for each name that is kept: the sheet does not wait for a comparison."""

    @property
    def name(self) -> str:
        """Of the folder."""
        return self.folder.name

    def stamp(self) -> object:
        """Changes whenever the project file or the data file does."""
        parts = [_state(self.folder / FILE_NAME)]
        if self._project is not None:
            parts.append(_state(watched_file(self.folder, self._project.config.data.file)))
        return tuple(parts)

    def project(self) -> Project:
        """The project as its file stands now.

        Raises:
            ProjectError: the file is wrong; with the line and the fix.
        """
        with self.lock:
            if self._project is None or self.stamp() != self._stamp:
                self._project = Project(self.folder)
                self._stamp = self.stamp()
            return self._project

    def seq(self) -> int:
        """The ledger's counter: grows with everything that is added to it."""
        with self.project().ledger() as ledger:
            return ledger.seq()

    def _ledger_state(self, part: Part) -> object:
        if not part:
            return None
        with self.project().ledger() as ledger:
            if part == "itself":
                seq = ledger.seq()
                with self.lock:
                    self._replaced += seq < self._last_seq
                    self._last_seq = seq
                    return ledger.identity, self._replaced
            return ledger.calls_seq() if part == "answers" else ledger.seq()

    def kept(self, name: str, work: Callable[[Project], T], *, with_ledger: Part = True) -> T:
        """What `work` makes of the project, worked out again only when the project (or its ledger) changed.

        Args:
            name: of what is kept; one value for each name.
            work: the function; it may take long, and others who want the same wait for it.
            with_ledger: what it makes depends on answers, scores or labels; `answers`: on them alone, so that it is
                kept while people label and correct; `itself`: it reads on by itself, but not in another ledger.
        """
        with self.lock:
            working = self._working.setdefault(name, threading.RLock())
        with working:
            project = self.project()
            stamp = (self._stamp, self._ledger_state(with_ledger))
            there = self._kept.get(name)
            if there is None or there[0] != stamp:
                there = (stamp, work(project))
                self._kept[name] = there
            value: T = there[1]
            return value


def _state(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _is_project(folder: Path) -> bool:
    try:
        return (folder / FILE_NAME).is_file()
    except OSError:  # a link to itself
        return False


def _can_be_told(name: str) -> bool:
    """Not hidden, and text: on Linux a name may be any bytes."""
    return not name.startswith(".") and name.encode("utf-8", "replace").decode("utf-8") == name


class Workspace:
    """A folder: a project itself, or one in which projects lie side by side."""

    def __init__(self, folder: Path) -> None:
        """Look at nothing yet."""
        folder = folder.resolve()
        self.single = (folder / FILE_NAME).is_file()
        self.folder = folder.parent if self.single else folder
        self._only = folder.name if self.single else None
        self._opened: dict[str, Opened] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """Projects, by name."""
        if self._only is not None:
            return [self._only]
        try:
            entries = sorted(self.folder.iterdir())
        except OSError:
            return []
        return [one.name for one in entries if _can_be_told(one.name) and _is_project(one)]

    def opened(self, name: str) -> Opened:
        """One of `names()`; a path in its place leads nowhere.

        Raises:
            Refused: there is no such project here.
        """
        with self._lock:
            if name in self._opened and not _is_project(self.folder / name):
                del self._opened[name]  # removed, or renamed
            if name not in self._opened:
                if name not in self.names():
                    raise Refused(404, "not-found", f"there is no project {name!r} here", hint="see api/projects")
                self._opened[name] = Opened(self.folder / name)
            return self._opened[name]


def workspace_of(request: Request) -> Workspace:
    """The server's workspace."""
    found: Workspace = request.app.state.workspace
    return found


def opened_of(project: str, request: Request) -> Opened:
    """The project that the path names."""
    return workspace_of(request).opened(project)


Here = Annotated[Workspace, Depends(workspace_of)]
Project_ = Annotated[Opened, Depends(opened_of)]
