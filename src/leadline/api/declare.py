"""What an endpoint is: declared parameters that are checked before anything is asked, and a function that answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct

from leadline.errors import UsageError, unknown
from leadline.web.question import Question, Sent
from leadline.web.visitor import Role

Kind = Literal["string", "integer", "number", "boolean"]
_LONGEST = 2000


class Parameter(Struct, frozen=True):
    """A value in the address: `listed` ones take several with commas; `choices` are all there are."""

    name: str
    doc: str
    kind: Kind = "string"
    required: bool = False
    listed: bool = False
    choices: tuple[str, ...] = ()
    default: Any = None
    place: Literal["query", "path"] = "query"
    example: Any = None
    least: int | None = None
    most: int | None = None

    def read(self, text: str | None) -> Any:
        """The value of the text given; `UsageError` when it is none of this parameter."""
        if text is None or (text == "" and not self.required):
            if self.required:
                raise UsageError("missing-parameter", f"{self.name} is missing.", why=self.doc, fix=self._fix())
            return self.default
        if len(text) > _LONGEST or "\x00" in text:
            raise UsageError("bad-parameter", f"{self.name} cannot be read.", fix=f"at most {_LONGEST} characters")
        if self.listed:
            found = [part.strip() for part in text.split(",") if part.strip()]
            if self.required and not found:
                raise UsageError("missing-parameter", f"{self.name} is empty.", why=self.doc, fix=self._fix())
            for part in found if self.choices else ():
                self._chosen(part)
            return found
        if self.kind == "string":
            return self._chosen(text)
        if self.kind == "boolean":
            if text not in ("true", "false"):
                raise UsageError("bad-parameter", f"{self.name} is neither true nor false.", fix="write true or false")
            return text == "true"
        return self._number(text)

    def _chosen(self, text: str) -> str:
        if self.choices and text not in self.choices:
            raise unknown(self.name, text, self.choices)
        return text

    def _number(self, text: str) -> float | int:
        try:
            number: float | int = int(text) if self.kind == "integer" else float(text)
        except ValueError:
            raise UsageError("bad-parameter", f"{self.name} is no {self.kind}: {text!r}.", fix=self._fix()) from None
        low, high = self.least, self.most
        if number != number or (low is not None and number < low) or (high is not None and number > high):
            raise UsageError("bad-parameter", f"{self.name} must be from {low} to {high}.", fix=self._fix())
        return number

    def _fix(self) -> str:
        return f"for example {self.name}={self.example}" if self.example is not None else f"give a {self.kind}"


class Endpoint(Struct, frozen=True):
    """One method at one path under `/api/v1`.

    `answer` gives plain data (or text, with `media`); `schema` describes it. With `files` a multipart form is read.
    """

    id: str
    path: str
    doc: str
    answer: Callable[[Question, Mapping[str, Any], Sent], Any]
    schema: Mapping[str, Any]
    parameters: Sequence[Parameter] = ()
    method: Literal["GET", "POST"] = "GET"
    role: Role = "viewer"
    media: str = "application/json"
    files: bool = False

    def read(self, query: Mapping[str, str], path: Mapping[str, str]) -> dict[str, Any]:
        """All parameters, checked. A name that is not declared is refused: a misspelt filter must not be ignored."""
        known = {one.name for one in self.parameters if one.place == "query"}
        for name in query:
            if name not in known:
                raise unknown("parameter", name, known)
        return {one.name: one.read((path if one.place == "path" else query).get(one.name)) for one in self.parameters}
