"""Recognition: which source a delivered table belongs to, by its headers and the lines above them, never by guess."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Protocol

from msgspec import Struct, field

from leadline.errors import DataError, closest
from leadline.ingest.definition import Definition
from leadline.ingest.header import Headers, KnownHeader, known_headers, match_headers, normalise
from leadline.ingest.source import Source, SourceColumn


class TableLike(Protocol):
    """What recognition needs of a staged table."""

    @property
    def file(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> tuple[str, ...]: ...
    @property
    def preamble(self) -> tuple[str, ...]: ...


class Fit(Struct, frozen=True):
    """How well a source fits a table.

    `score` orders fits (higher is better); `missing` names what would have been needed (empty: it fits); `context` are
    the other tables of the file the source reads, with their headers.
    """

    definition: Definition
    headers: Headers
    score: tuple[int, ...] = ()
    missing: tuple[str, ...] = ()
    context: dict[str, tuple[int, Headers]] = field(default_factory=dict)

    @property
    def fits(self) -> bool:
        return not self.missing


def fit_vendor(definition: Definition, tables: Sequence[TableLike], at: int) -> Fit:
    """How a vendor format fits table `at` of a file's `tables`."""
    source, table = definition.source, tables[at]
    headers = match_headers(_known(definition), table.columns, table.file)
    rule = source.recognise
    if rule is None:
        return Fit(definition, headers, missing=("recognise:",))
    found = set(headers.columns)
    preamble = "\n".join(table.preamble)
    for name, column in source.columns.items():
        if column.preamble and name not in found and re.search(column.preamble, preamble, re.I | re.M):
            found.add(name)
    missing = [_spell(source, name, headers.language) for name in rule.columns if name not in found]
    if rule.any_of and not found.intersection(rule.any_of):
        missing.append(" or ".join(_spell(source, name, headers.language) for name in rule.any_of))
    for name in rule.without:
        if name in found:
            missing.append(f"no {_spell(source, name, headers.language)}")
    marked = bool(rule.preamble and re.search(rule.preamble, preamble, re.I | re.M))
    if rule.preamble_required and not marked:
        missing.append("the lines this vendor writes above the header")
    if rule.section and not re.search(rule.section, table.name, re.IGNORECASE):
        missing.append(f"a part named like {rule.section}")
    context: dict[str, tuple[int, Headers]] = {}
    for name, other in source.context.items():
        place = _context_table(other.columns, tables, at)
        if place is not None:
            context[name] = place
        elif other.required:
            missing.append(f"the part with {', '.join(_spelled(column, key) for key, column in other.columns.items())}")
    score = (int(marked), len(headers.columns), len(rule.columns))
    return Fit(definition, headers, score, tuple(missing), context)


def fit_own(definition: Definition, tables: Sequence[TableLike], at: int, needed: Sequence[str]) -> Fit:
    """How a workspace's own source fits table `at`: by file name where it names files, and by the columns it reads.

    `needed` are the column names its expressions use.
    """
    source, table = definition.source, tables[at]
    if source.recognise is not None:
        fit = fit_vendor(definition, tables, at)
        if not fit.fits:
            return fit
    headers = match_headers(_known(definition), table.columns, table.file)
    plain = {normalise(column) for column in table.columns}
    missing = []
    for name in needed:
        column = source.columns.get(name)
        if name in headers.columns or (column is not None and (column.preamble or column.headers)):
            continue
        if column is None and normalise(name) in plain:
            continue
        missing.append(name)
    named = names_file(source, table.file)
    if source.files and not named:
        missing.insert(0, f"a file named {' or '.join(source.files)}")
    if source.table and table.name and normalise(source.table) != normalise(table.name):
        missing.insert(0, f"table {source.table}")
    if source.sheet and table.name and normalise(source.sheet) != normalise(table.name):
        missing.insert(0, f"sheet {source.sheet}")
    return Fit(definition, headers, (int(named), len(needed) - len(missing)), tuple(missing))


def names_file(source: Source, file: str) -> bool:
    """Whether one of the source's `files` patterns matches the file's name or the end of its path."""
    path = PurePosixPath(file.replace("\\", "/"))
    return any(path.match(pattern) or PurePosixPath(path.name).match(pattern) for pattern in source.files)


def recognise(
    tables: Sequence[TableLike],
    own: Sequence[tuple[Definition, Sequence[str]]],
    vendors: Callable[[], Sequence[Definition]],
) -> list[tuple[int, Fit]]:
    """Pairs of (table number, source) that load a file; the workspace's own sources go before vendor formats.

    `vendors` are asked for only when no own source fits. A table nobody knows is left out. Two sources
    that fit a table equally well are a `DataError`.
    """
    chosen: list[tuple[int, Fit]] = []
    for at in range(len(tables)):
        fits = [fit_own(definition, tables, at, needed) for definition, needed in own]
        best = _best(fits, tables[at])
        if best is None:
            best = _best([fit_vendor(definition, tables, at) for definition in vendors()], tables[at])
        if best is not None:
            chosen.append((at, best))
    return chosen


def explain_unrecognised(
    tables: Sequence[TableLike],
    own: Sequence[tuple[Definition, Sequence[str]]],
    vendors: Sequence[Definition],
    file: str,
) -> DataError:
    """Why nothing fits: the nearest sources and what each of them misses."""
    near: list[tuple[float, str]] = []
    for at, table in enumerate(tables):
        fits = [fit_own(definition, tables, at, needed) for definition, needed in own]
        fits += [fit_vendor(definition, tables, at) for definition in vendors]
        for fit in fits:
            source = fit.definition.source
            wanted = len(source.recognise.columns) if source.recognise else len(fit.missing) + fit.score[-1]
            share = 1 - len(fit.missing) / max(wanted, 1)
            has_some = bool(fit.headers.columns) if source.recognise else share >= 0.5
            if (share > 0 and has_some) or fit.score[:1] == (1,):
                near.append(
                    (
                        share,
                        f"{source.title or source.name} (misses {'; '.join(fit.missing[:4])}"
                        f"{_hint(fit.missing, table.columns)})",
                    )
                )
    near.sort(key=lambda item: -item[0])
    listed = ", ".join(dict.fromkeys(text for _, text in near[:3]))
    columns = ", ".join(repr(name) for name in (tables[0].columns[:8] if tables else ()))
    return DataError(
        "unrecognised",
        f"{file} is of no format known here.",
        why=f"nearest: {listed}" if listed else f"its columns are {columns or 'none'}",
        fix=f"write a mapping for it: leadline load --propose {file}",
    )


def _hint(missing: Sequence[str], columns: Sequence[str]) -> str:
    near = [match for name in missing[:2] for match in closest(name, columns, limit=1)]
    return f"; it has {', '.join(repr(name) for name in dict.fromkeys(near))}" if near else ""


def _best(fits: Sequence[Fit], table: TableLike) -> Fit | None:
    """The best of the sources that fit, None when none does."""
    good = sorted((fit for fit in fits if fit.fits), key=lambda fit: fit.score, reverse=True)
    if len(good) > 1 and good[0].score == good[1].score:
        names = [fit.definition.source.title or fit.definition.source.name for fit in good[:2]]
        raise DataError(
            "ambiguous-source",
            f"{table.file} fits {names[0]} and {names[1]} equally well.",
            why=", ".join(fit.definition.file for fit in good[:2]),
            fix=f"say which with --source {good[0].definition.source.name}, or narrow `files:` of one of them",
        )
    return good[0] if good else None


_known_cache: dict[str, list[KnownHeader]] = {}


def _known(definition: Definition) -> list[KnownHeader]:
    known = _known_cache.get(definition.hash)
    if known is None:
        known = _known_cache[definition.hash] = known_headers(definition.source.columns)
    return known


def _context_table(
    columns: Mapping[str, SourceColumn], tables: Sequence[TableLike], at: int
) -> tuple[int, Headers] | None:
    """The other table of the file with all of the context's columns; the first when several have them."""
    best: tuple[int, Headers] | None = None
    for number, table in enumerate(tables):
        if number == at:
            continue
        headers = match_headers(known_headers(columns), table.columns, table.file)
        if headers.columns and (best is None or len(headers.columns) > len(best[1].columns)):
            best = (number, headers)
    if best is None or len(best[1].columns) * 2 < len(columns):
        return None
    return best


def _spell(source: Source, name: str, language: str) -> str:
    column = source.columns.get(name)
    return _spelled(column, name, language) if column else name


def _spelled(column: SourceColumn, name: str, language: str = "en") -> str:
    """A column as the vendor heads it, in the file's language where known."""
    headers = column.headers.get(language) or column.headers.get("en") or next(iter(column.headers.values()), [name])
    return repr(headers[0]) if headers else name
