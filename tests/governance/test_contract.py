"""Sign-offs are tied to what a definition means: written, acknowledged and communicated (000-13, 000-14, 001-01)."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml

from kit import give, make_workspace
from leadline.errors import DefinitionError
from leadline.governance.agreement import agreement_path, read_agreements
from leadline.governance.contract import own_sources, read_terms
from leadline.governance.meaning import changes, meaning_hash, meaning_parts
from leadline.project import Project, open_project, read_project

Run = Callable[..., tuple[int, str, str]]

METRICS = """
hot:
  formula: count(stage_entry where stage = 'mql' and channel = 'Email')
  contract: {teams: [marketing, sales], owner: Ana}
share: hot / leads
earned: credited(revenue) / ad_spend
month: sum(ad.clicks over month to date)
"""
VERSIONED = "hot:\n  version: 2\n  versions: [{until: 2026-01-31, formula: leads}]\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return make_workspace(tmp_path / "shop", metrics=METRICS).path


def meaning(folder: Path, name: str) -> dict[str, str]:
    project = read_project(folder)
    return meaning_parts(project.metrics[name], project, own_sources(project))


def rewrite(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def edit(folder: Path, old: str, new: str) -> Project:
    rewrite(folder / "metrics" / "own.yaml", old, new)
    return read_project(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hot:\n", "# a comment\nhot:\n"),
        ("count(stage_entry where", "count( stage_entry   where"),
        ("hot:\n", "hot:\n  name: Hot leads\n  doc: Said otherwise.\n  owner: Bo\n  version: 7\n"),
        ("share: hot / leads", "share: leads"),
    ],
)
def test_what_leaves_the_meaning_alone(shop: Path, old: str, new: str) -> None:
    before = meaning_hash(meaning(shop, "hot"))
    edit(shop, old, new)
    assert meaning_hash(meaning(shop, "hot")) == before


@pytest.mark.parametrize(
    ("metric", "old", "new", "part"),
    [
        ("hot", "'Email'", "'Display'", "formula"),
        ("share", "'Email'", "'Display'", "metric hot"),
        ("hot", "hot:\n", "hot:\n  better: lower\n", "better"),
        ("hot", "hot:\n", "hot:\n  unit: people\n", "unit"),
        ("hot", "hot:\n", VERSIONED, "until 2026-01-31"),
        ("share", "hot:\n", VERSIONED, "metric hot until 2026-01-31"),
    ],
)  # fmt: skip
def test_what_changes_the_meaning_is_named(shop: Path, metric: str, old: str, new: str, part: str) -> None:
    before = meaning(shop, metric)
    edit(shop, old, new)
    assert part in [one.part for one in changes(before, meaning(shop, metric))]


def test_the_rule_of_a_segment_belongs_to_what_counts_it(shop: Path) -> None:
    (shop / "segments").mkdir()
    rule = "big:\n  doc: Those who spend.\n  rule:\n    - {has: order, where: amount > 100, within: 90 days}\n"
    (shop / "segments" / "people.yaml").write_text(rule, encoding="utf-8")
    edit(shop, "share: hot / leads", "share: count(order where segment.big)")
    before = {name: meaning(shop, name) for name in ("share", "hot")}
    rewrite(shop / "segments" / "people.yaml", "> 100", "> 200")
    told = [one.part for one in changes(before["share"], meaning(shop, "share"))]
    assert len(told) == 1
    assert told[0].startswith("lookup ")
    assert meaning(shop, "hot") == before["hot"]


@pytest.mark.parametrize(
    ("metric", "setting", "part"),
    [
        ("hot", "timezone: Europe/Berlin", "setting timezone"),
        ("earned", "attribution: first", "setting attribution"),
        ("earned", "lookback_days: 30", "setting lookback_days"),
        ("earned", "reporting_currency: USD", "setting reporting_currency"),
        ("month", "fiscal_year_start: 4", "setting fiscal_year_start"),
    ],
)
def test_a_setting_belongs_to_what_depends_on_it(shop: Path, metric: str, setting: str, part: str) -> None:
    before = {name: meaning(shop, name) for name in (metric, "hot")}
    name = setting.partition(":")[0]
    path = shop / "leadline.yaml"
    kept = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.startswith(f"{name}:")]
    path.write_text("\n".join([*kept, setting]), encoding="utf-8")
    assert [one.part for one in changes(before[metric], meaning(shop, metric))] == [part]
    if part != "setting timezone":
        assert changes(before["hot"], meaning(shop, "hot")) == ()


def test_a_project_from_its_cache_means_the_same(shop: Path) -> None:
    open_project(shop)
    kept, read = open_project(shop), read_project(shop)
    for name in read.metrics:
        assert meaning_parts(kept.metrics[name], kept) == meaning_parts(read.metrics[name], read), name


def test_how_a_source_fills_a_column_belongs_to_the_stage_it_decides(shop: Path) -> None:
    (shop / "sources").mkdir()
    source = shop / "sources" / "crm.yaml"
    source.write_text(
        "title: CRM\ncolumns: {id: text, at: datetime, stage: text, score: number, who: text}\n"
        "derived: {level: \"CASE WHEN score >= 50 THEN 'mql' ELSE 'lead' END\"}\n"
        "facts:\n  - fact: stage_entry\n    key: id\n"
        "    columns: {entered_at: at, stage: level, person_id: who, reason: who}\n",
        encoding="utf-8",
    )
    before = meaning(shop, "hot")
    assert "score >= 50" in before["source crm: stage_entry.stage"]
    rewrite(source, "reason: who", "reason: stage")
    assert changes(before, meaning(shop, "hot")) == (), "a column that the metric does not read"
    rewrite(source, "score >= 50", "score >= 60")
    assert [one.part for one in changes(before, meaning(shop, "hot"))] == ["source crm: stage_entry.stage"]


def test_the_life_of_a_contract(run: Run, shop: Path) -> None:
    place = str(shop)
    code, out, _ = run("check", "-w", place)
    assert code == 0, "nobody has signed yet: a warning"
    assert "! hot waits for marketing: `leadline agree hot --as marketing`" in out
    assert run("check", "--strict", "-w", place)[0] == 3
    assert run("agree", "hot", "--as", "sales", "--by", "Bo", "-w", place)[1].splitlines()[1] == (
        "! marketing has not signed yet"
    )
    run("agree", "hot", "--as", "marketing", "--by", "Ana", "--note", "as of June", "-w", place)
    code, out, _ = run("check", "--strict", "-w", place)
    assert (code, "✓ contracts: all teams agree to what 1 definitions mean" in out) == (0, True)

    edit(shop, "'Email'", "'Display'")
    code, out, _ = run("check", "-w", place)
    assert code == 3
    assert "✗ hot is not what sales agreed to on 2026-06-15. Changed: formula: " in out
    assert "channel = 'Email') → count(stage_entry where stage = 'mql' and channel = 'Display')" in out
    code, out, _ = run("check", "--format", "github", "-w", place)
    assert code == 3
    assert out.splitlines()[0].startswith("::error file=metrics/own.yaml,line=3::hot is not what marketing agreed to")
    told = json.loads(run("check", "-f", "json", "-w", place)[1])
    assert [one["severity"] for one in told["concerns"]] == ["error", "error"]

    run("agree", "hot", "--as", "marketing", "--by", "Ana", "-w", place)
    run("agree", "hot", "--as", "sales", "--by", "Bo", "-w", place)
    assert run("check", "-w", place)[0] == 0
    record = read_agreements(shop)["hot"]
    assert [(one.team, one.by) for one in record.record] == [
        ("sales", "Bo"), ("marketing", "Ana"), ("marketing", "Ana"), ("sales", "Bo")
    ]  # fmt: skip
    assert len(record.meanings) == 2, "what was signed before is still written down"

    run("agree", "hot", "--as", "sales", "--withdraw", "--by", "Bo", "--note", "too many", "-w", place)
    code, out, _ = run("check", "-w", place)
    assert (code, "✗ sales withdrew its agreement to hot on 2026-06-15" in out) == (3, True)
    _, out, _ = run("agree", "hot", "--status", "-w", place)
    assert out.splitlines()[1].startswith("  version 1 · meaning ")
    assert "owner Ana" in out.splitlines()[1]
    assert out.splitlines()[2:] == [
        "  ✓ marketing agreed on 2026-06-15 by Ana",
        "  ✗ sales withdrew its agreement on 2026-06-15 by Bo: too many",
    ]


def test_to_agree_twice_to_the_same_changes_nothing(run: Run, shop: Path) -> None:
    run("agree", "hot", "--as", "sales", "--by", "Bo", "-w", str(shop))
    before = agreement_path(shop, "hot").read_bytes()
    run("agree", "hot", "--as", "sales", "--by", "Bo", "-w", str(shop))
    assert agreement_path(shop, "hot").read_bytes() == before


def test_an_agreement_is_text_that_says_what_was_signed(run: Run, shop: Path) -> None:
    run("agree", "hot", "--as", "sales", "--by", "Bo", "-w", str(shop))
    told = yaml.safe_load((shop / "agreements" / "hot.yaml").read_text(encoding="utf-8"))
    [entry] = told["record"]
    assert entry["team"] == "sales"
    assert told["meanings"][entry["meaning"]]["formula"] == (
        "count(stage_entry where stage = 'mql' and channel = 'Email')"
    )


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("hat", "--as", "sales"), "unknown-metric"),
        (("hot", "--as", "sale"), "unknown-team"),
        (("hot", "--as", "sales", "--withdraw"), "nothing-to-withdraw"),
        (("--as", "sales"), "bad-usage"),
        (("hot", "--withdraw"), "bad-usage"),
        (("nothing", "--status"), "unknown-metric"),
    ],
)
def test_mistakes_name_the_way_out(run: Run, shop: Path, args: tuple[str, ...], code: str) -> None:
    ended, _, err = run("agree", *args, "-w", str(shop))
    assert ended == 2
    assert f"[{code}]" in err
    assert "fix:" in err


def test_a_metric_that_is_gone_is_told(run: Run, shop: Path) -> None:
    run("agree", "share", "--as", "sales", "--by", "Bo", "-w", str(shop))
    edit(shop, "share: hot / leads\n", "")
    code, out, _ = run("check", "-w", str(shop))
    assert code == 3
    assert "share was agreed to by sales and is no metric any more" in out


def test_teams_of_a_contract_are_those_of_the_workspace(shop: Path) -> None:
    with pytest.raises(DefinitionError, match="unknown-team"):
        edit(shop, "[marketing, sales]", "[marketing, finance]")
    rewrite(shop / "leadline.yaml", "name: Test\n", "name: Test\nteams: [marketing, finance]\n")
    [term] = read_terms(read_project(shop))
    assert [(one.team, one.state) for one in term.standings] == [("marketing", "missing"), ("finance", "missing")]


def test_a_damaged_record_names_file_and_line(run: Run, shop: Path) -> None:
    run("agree", "hot", "--as", "sales", "--by", "Bo", "-w", str(shop))
    rewrite(shop / "agreements" / "hot.yaml", "did: agreed", "did: maybe")
    code, _, err = run("check", "-w", str(shop))
    assert code == 3
    assert "agreements/hot.yaml:5" in err


def test_ids_that_are_no_file_names_stay_in_the_folder(tmp_path: Path) -> None:
    assert agreement_path(tmp_path, "../../x").parent == tmp_path / "agreements"
    assert agreement_path(tmp_path, "A b").name.startswith("m-")


EXAMPLE = """
wide:
  formula: sum(ad.clicks) / sum(ad.impressions)
  examples:
    - given:
        ad: [{date: 2026-01-05, clicks: 3, impressions: 10}, {date: 2026-01-06, clicks: 1, impressions: 10}]
      expect: 0.2
    - given: {ad: []}
      expect: null
first:
  formula: count(stage_entry where stage = 'lead' and is_first)
  examples:
    - given:
        stage_entry:
          - {entered_at: 2026-01-05T10:00:00, stage: lead, person_id: p1}
          - {entered_at: 2026-01-06T10:00:00, stage: lead, person_id: p1}
      expect: 1
"""


def test_golden_examples_are_run(run: Run, tmp_path: Path) -> None:
    shop = make_workspace(tmp_path / "shop", metrics=EXAMPLE).path
    code, out, _ = run("check", "-w", str(shop))
    assert (code, "✓ golden examples: 3 give what they must" in out) == (0, True)
    assert not (shop / "warehouse.duckdb").exists(), "a check of definitions alone makes no warehouse"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("expect: 0.2", "expect: 0.25", "metrics/own.yaml:5"),
        ("expect: 0.2", "expect: 0.25", "gives 0.2, and must give 0.25"),
        ("sum(ad.clicks) /", "sum(ad.conversions) /", "gives no value, and must give 0.2"),
        ("clicks: 3", "clicks: many", "a row cannot be what its fact holds"),
        ("clicks: 3", "klicks: 3", "There is no column of ad named 'klicks'."),
        ("ad: []", "adds: []", "There is no fact named 'adds'."),
    ],
)
def test_an_example_that_fails_is_told_and_nothing_is_signed(
    run: Run, tmp_path: Path, old: str, new: str, told: str
) -> None:
    shop = make_workspace(tmp_path / "shop", metrics=EXAMPLE.replace(old, new)).path
    code, out, _ = run("check", "-w", str(shop))
    assert code == 3
    assert "✗ the example of wide " in out
    assert told in out
    code, _, err = run("agree", "wide", "--as", "sales", "-w", str(shop))
    assert (code, "[example-fails]" in err) == (5, True)
    assert not (shop / "agreements").exists()


def test_a_check_of_data_still_ends_with_four(run: Run, tmp_path: Path) -> None:
    workspace = make_workspace(tmp_path / "shop")
    give(workspace, {"ad": [{"date": "2026-01-01", "clicks": 1}]})
    con = workspace.warehouse(write=True).con
    con.execute("INSERT INTO ledger.finding SELECT 1, 'error', 'r', 'f.csv', 3, '', '', 'is off', '', 1, ''")
    workspace.close()
    code, out, _ = run("check", "-w", str(workspace.path))
    assert (code, "✗ test: f.csv:3 is off [r]" in out) == (4, True)


def test_the_glossary_shows_who_agreed_and_what_it_meant_before(run: Run, shop: Path, tmp_path: Path) -> None:
    edit(
        shop,
        "hot:\n",
        "hot:\n  version: 2\n  versions: [{until: 2026-01-31, formula: leads, note: too wide}]\n",
    )
    run("agree", "hot", "--as", "sales", "--by", "Bo", "--note", "<b>fine</b>", "-w", str(shop))
    run("glossary", "--out", str(tmp_path / "pages"), "-w", str(shop))
    page = (tmp_path / "pages" / "hot.html").read_text(encoding="utf-8")
    for text in (
        "Who agreed", "<bdi>Bo</bdi>", "not agreed", "&lt;b&gt;fine&lt;/b&gt;", "Version 1, until Jan 31, 2026",
        "too wide", "In effect since", "Feb 1, 2026",
    ):  # fmt: skip
        assert text in page


def git(folder: Path, *words: str) -> str:
    """Runs git there, as somebody; what it prints."""
    who = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True)
    return done.stdout


@pytest.mark.slow
def test_from_definition_to_agreement_and_round_again(run: Run, demo: Path) -> None:
    """Define, agree by both, change, the check fails, the diff shows the effect, agree again, the check passes."""
    place = str(demo)
    (demo / ".gitignore").write_text("warehouse.duckdb*\nlanding/\nexports/\n.leadline/\n", encoding="utf-8")
    own = demo / "metrics" / "contract.yaml"
    definition = (
        "mql:\n  formula: count(stage_entry where stage = 'mql' and is_first{more})\n  unit: people\n"
        "  version: {version}\n  contract: {{teams: [marketing, sales]}}\n"
        "media: sum(ad.spend{where})\n"
    )
    own.write_text(definition.format(more="", version=1, where=""), encoding="utf-8")
    run("agree", "mql", "--as", "marketing", "-w", place)
    run("agree", "mql", "--as", "sales", "-w", place)
    assert run("check", "-w", place)[0] == 0
    git(demo, "init", "-q")
    git(demo, "add", ".")
    git(demo, "commit", "-qm", "What an MQL is")

    without = " where platform <> 'linkedin_ads'"
    own.write_text(definition.format(more=" and channel <> 'Referral'", version=2, where=without), encoding="utf-8")
    code, out, _ = run("check", "-w", place)
    assert code == 3
    assert "✗ mql is not what sales agreed to" in out

    code, out, _ = run("diff", "HEAD", "--metric", "mql,cost_per_mql,media", "-f", "json", "-w", place)
    assert code == 0
    told = {one["id"]: one for one in json.loads(out, parse_float=Decimal)["definitions"]["metrics"]}
    con = duckdb.connect(str(demo / "warehouse.duckdb"), read_only=True)
    # By hand: the referred MQLs of each month, in the zone of the workspace.
    referred = dict(
        con.execute(
            "SELECT strftime(timezone('Europe/Berlin', timezone('UTC', entered_at)), '%Y-%m-01'), count(*) "
            "FROM fact.stage_entry WHERE stage = 'mql' AND is_first AND channel = 'Referral' GROUP BY 1"
        ).fetchall()
    )
    unknown = con.execute(
        "SELECT count(*) FROM fact.stage_entry WHERE stage = 'mql' AND is_first AND channel IS NULL"
    ).fetchone()
    spent = dict(
        con.execute(
            "SELECT strftime(date, '%Y-%m-01'), sum(spend) FROM fact.ad WHERE platform = 'linkedin_ads' GROUP BY 1"
        ).fetchall()
    )
    con.close()
    assert unknown == (0,)
    media = told["media"]
    assert {cell["period"]: cell["was"] - cell["now"] for cell in media["cells"]} == spent, "to the cent"
    assert media["was"] - media["now"] == sum(spent.values())
    mql = told["mql"]
    assert {cell["period"]: cell["was"] - cell["now"] for cell in mql["cells"]} == referred
    assert mql["was"] - mql["now"] == sum(referred.values())
    [moved] = mql["moved"]
    assert (moved["fact"], moved["way"], moved["count"]) == ("stage_entry", "gone", sum(referred.values()))
    assert all(row[moved["columns"].index("email")] == "•••" for row in moved["rows"])
    assert not told["cost_per_mql"]["direct"]

    _, out, _ = run("diff", "HEAD", "-w", place)
    assert "formula: count(stage_entry where stage = 'mql' and is_first) → count(" in out
    assert "cost_per_mql" in out

    run("agree", "mql", "--as", "marketing", "-w", place)
    assert run("check", "-w", place)[0] == 3, "one of both is not enough"
    run("agree", "mql", "--as", "sales", "-w", place)
    assert run("check", "-w", place)[0] == 0
