"""A language at work: the words of the surfaces, labels of what the model names, and names of metrics.

English sentences are the keys of the words, ids those of everything else. What has no translation is shown in English
and says so: `Watch out [en]`.

Own, not gettext: the texts are few, stand beside the definitions they belong to as YAML that translators review in git,
need no compiling, and a test compares their ids with the catalogue's.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Literal

from msgspec import Struct, field

from leadline.charts.value import format_value, text_direction
from leadline.charts.wording import ENGLISH as ENGLISH_WORDING
from leadline.charts.wording import Wording
from leadline.model.note import Lasting, Note

if TYPE_CHECKING:
    from leadline.model.metric import Metric

Forms = dict[str, str]
"""A sentence per CLDR plural category: zero, one, two, few, many, other."""


class MetricText(Struct, frozen=True, forbid_unknown_fields=True):
    """Name and one-sentence definition of a metric, as translated."""

    name: str
    doc: str


class Told(Struct, frozen=True):
    """Name and definition of a metric to show; `foreign` is the code of the language they are in, if another."""

    name: str
    doc: str
    foreign: str = ""


class Labels(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the model's ids are called: each field maps ids to labels.

    `stages` are those of metrics, funnels and journeys; `columns` may name `fact.column` where a column means another
    thing in one fact; `models` are those of attribution, `grains` periods, `spans` their names in "by …".
    """

    units: Forms = field(default_factory=dict)
    stages: Forms = field(default_factory=dict)
    timings: Forms = field(default_factory=dict)
    better: Forms = field(default_factory=dict)
    grains: Forms = field(default_factory=dict)
    groups: Forms = field(default_factory=dict)
    facts: Forms = field(default_factory=dict)
    columns: Forms = field(default_factory=dict)
    models: Forms = field(default_factory=dict)
    additivity: Forms = field(default_factory=dict)


LabelKind = Literal[
    "units", "stages", "timings", "better", "grains", "groups", "facts", "columns", "models", "additivity"
]


class Language(Struct, frozen=True, dict=True):
    """Texts of one language, and the locale in which numbers and dates are written.

    `name` is what the language calls itself. `home` is the language a workspace writes its own metrics in, `own` its
    translations of them. `formula` are the sentences of `leadline.language.formula`.
    """

    code: str = "en"
    locale: str = "en"
    name: str = "English"
    home: str = "en"
    words: dict[str, str | Forms] = field(default_factory=dict)
    labels: Labels = Labels()
    formula: Forms = field(default_factory=dict)
    metrics: dict[str, MetricText] = field(default_factory=dict)
    own: dict[str, MetricText] = field(default_factory=dict)

    @property
    def tag(self) -> str:
        """As HTML's `lang` has it."""
        return self.locale.replace("_", "-")

    @property
    def direction(self) -> str:
        """`rtl` or `ltr`."""
        return text_direction(self.locale)

    def say(self, text: str) -> str:
        """A word or sentence of a surface, given in English."""
        found = self.words.get(text)
        if isinstance(found, str):
            return found
        return text if self.code == "en" or not text else foreign(text, "en")

    def fill(self, text: str, **values: object) -> str:
        """A sentence with its places filled in."""
        return self.say(text).format(**values)

    def count(self, text: str, number: int, **values: object) -> str:
        """A sentence about `{count}` things in the plural form of `number`; the key is the form of "other"."""
        found = self.words.get(text)
        shown = format_value(number, locale=self.locale)
        if not isinstance(found, dict):
            return self.say(text).format(count=shown, **values)
        form = found.get(self._plural(number), found["other"])
        return form.format(count=shown, **values)

    def tell(self, text: str) -> str:
        """A remark of a lower room: one that keeps what it was made of is made anew, others are said."""
        if self.code == "en":
            return str(text)
        if isinstance(text, Lasting):
            return self.lasting(text.seconds)
        if not isinstance(text, Note):
            return self.say(text)
        shown = {name: self._shown(value) for name, value in text.values.items()}
        if text.one:
            del shown["count"]
            return self.count(text.text, int(text.values["count"]), **shown)
        return self.fill(text.text, **shown)

    def _shown(self, value: int | str) -> str:
        if isinstance(value, int):
            return format_value(value, locale=self.locale)
        return self.tell(value) if isinstance(value, Note | Lasting) else value

    def lasting(self, seconds: float) -> str:
        """A span in days, or in what is shorter."""
        for unit, size in (("days", 86_400.0), ("hours", 3600.0), ("minutes", 60.0)):
            if seconds >= size:
                return format_value(seconds / size, unit, locale=self.locale)
        return format_value(seconds, "seconds", locale=self.locale, digits=0)

    def label(self, kind: LabelKind, name: str) -> str:
        """What an id of the model is called; an own id of a workspace reads as written."""
        return getattr(self.labels, kind).get(name) or plain(name)

    def column(self, name: str, fact: str = "") -> str:
        """What a column is called."""
        return self.labels.columns.get(f"{fact}.{name}") or self.label("columns", name)

    def metric(self, metric: Metric) -> Told:
        """Name and definition of a metric: translated, or as written with the language named that it is written in."""
        built_in = metric.origin.startswith("catalogue/")
        found = self.own.get(metric.id) or (self.metrics.get(metric.id) if built_in else None)
        if found is not None:
            return Told(found.name, found.doc)
        return Told(metric.label, metric.doc, self.written(metric))

    def written(self, metric: Metric) -> str:
        """The code of the language a metric is defined in, empty if it is this one."""
        code = "en" if metric.origin.startswith("catalogue/") else self.home
        return "" if code == self.code else code

    def metric_name(self, metric: Metric) -> str:
        """The name of a metric, marked where it is not in this language."""
        text = self.metric(metric)
        return foreign(text.name, text.foreign)

    @cached_property
    def wording(self) -> Wording:
        """The words of charts."""
        return Wording(**{name: self.say(getattr(ENGLISH_WORDING, name)) for name in Wording.__struct_fields__})

    def _plural(self, number: int) -> str:
        from babel import Locale

        return str(Locale.parse(self.locale).plural_form(number))


ENGLISH = Language(
    words={
        "{count} metrics": {"one": "{count} metric", "other": "{count} metrics"},
        "{count} rows": {"one": "{count} row", "other": "{count} rows"},
        "{count} smaller ones not drawn": {
            "one": "{count} smaller one not drawn",
            "other": "{count} smaller ones not drawn",
        },
    }
)
"""English as the surfaces have it in themselves, without a file being read."""


def foreign(text: str, code: str) -> str:
    """`text` with the code of the language it is in, where that is not the reader's."""
    return f"{text} [{code}]" if code and text else text


def plain(name: str) -> str:
    """An id as words."""
    return name.replace("_", " ")
