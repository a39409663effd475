"""A workspace as it was at a revision of its git repository, read through the `git` command into a folder."""

from __future__ import annotations

import io
import shutil
import subprocess
import tarfile
from pathlib import Path

from msgspec import Struct

from leadline.errors import UsageError
from leadline.project import SETTINGS_FILE

_SLOWEST = 120


class Revision(Struct, frozen=True):
    """A commit: as asked for, its full and its short name, its day and its subject line."""

    asked: str
    commit: str
    short: str
    day: str
    subject: str

    @property
    def name(self) -> str:
        return self.asked if self.asked == self.short else f"{self.asked} ({self.short}, {self.day})"


def check_out(folder: Path, asked: str, into: Path) -> tuple[Path, Revision]:
    """Write the workspace at `folder` as it was at a revision below `into`; its folder there, and the commit.

    Raises `UsageError` when there is no git, no repository, no such revision, or no workspace in it. The repository,
    its index and its working tree are only read.
    """
    prefix = _prefix(folder)
    revision = _revision(folder, asked)
    if _git(folder, "cat-file", "-e", f"{revision.commit}:{prefix}{SETTINGS_FILE}") is None:
        raise UsageError(
            "no-workspace-then",
            f"There was no workspace here at {revision.name}.",
            why=f"{prefix or './'} had no {SETTINGS_FILE}",
            fix=f"choose a later revision; `git log -- {SETTINGS_FILE}` lists them",
        )
    where = ["--", prefix] if prefix else []
    found = _git(folder, "archive", "--format=tar", revision.commit, *where, root=True)
    with tarfile.open(fileobj=io.BytesIO(found or b"")) as archive:
        archive.extractall(into, filter="data")
    return into / prefix if prefix else into, revision


def git_user(folder: Path) -> str:
    """The name by which git knows the user; empty when it does not, or is not there."""
    if shutil.which("git") is None:
        return ""
    return (_git(folder, "config", "user.name") or b"").decode("utf-8", "replace").strip()


def _prefix(folder: Path) -> str:
    """The folder within its repository, ending in a slash; empty at the top."""
    found = _git(folder, "rev-parse", "--show-prefix")
    if found is None:
        raise UsageError(
            "no-repository",
            f"{folder} is not in a git repository.",
            why="a revision is looked for in the repository that the workspace is in",
            fix="compare two folders instead (`leadline diff OLD NEW`), or begin one with `git init`",
        )
    return found.decode("utf-8", "replace").rstrip("\n")


def _revision(folder: Path, asked: str) -> Revision:
    # What begins with a dash would be an option to git.
    found = None if asked.startswith("-") else _git(folder, "rev-parse", "--verify", "--quiet", f"{asked}^{{commit}}")
    if not found:
        raise UsageError(
            "unknown-revision",
            f"There is no revision {asked!r} in the repository of this workspace.",
            why="it is no commit, branch or tag there, nor a folder with a workspace",
            fix="write for example HEAD, HEAD~1, main, or a commit from `git log --oneline`",
        )
    commit = found.decode().strip()
    told = _git(folder, "show", "-s", "--format=%h%n%cs%n%s", commit) or b"\n\n"
    short, day, subject = told.decode("utf-8", "replace").split("\n")[:3]
    return Revision(asked, commit, short, day, subject)


def _git(folder: Path, *words: str, root: bool = False) -> bytes | None:
    """What a git command prints in a folder (`root`: at the top of its repository); None when it fails."""
    if root:
        top = _git(folder, "rev-parse", "--show-toplevel")
        folder = Path(top.decode().rstrip("\n")) if top else folder
    program = shutil.which("git")
    if program is None:
        raise UsageError(
            "no-git",
            "There is no git on this machine.",
            why="revisions are read through the `git` command",
            fix="install it, or compare two folders: `leadline diff OLD NEW`",
        )
    try:
        done = subprocess.run(  # noqa: S603 - no shell, and what users write never stands where an option could
            [program, "-C", str(folder), *words], capture_output=True, timeout=_SLOWEST, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(
            "git-too-slow",
            f"git has not answered within {_SLOWEST} seconds.",
            why=f"git {' '.join(words)}",
            fix="see what holds the repository, and try again",
        ) from None
    return done.stdout if done.returncode == 0 else None
