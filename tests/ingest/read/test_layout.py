"""Layouts of delimited text as vendors export them: preambles, several tables, totals, footers."""

from __future__ import annotations

import pytest

from leadline.ingest.read.block import Aside, Start
from leadline.ingest.read.record import Record
from leadline.ingest.read.stage import stage_items

GA4_SNAPSHOT = """# ----------------------------------------
# Reports snapshot
# Account: Acme, Inc
# ----------------------------------------
#
# Start date: 20260501
# End date: 20260502
Nth day,Active users
0000,12
0001,15

# Start date: 20260501
# End date: 20260502
Country,Active users
Germany,20
France,7
"""

ZOOM = """Attendee Report,,,,
Report Generated:,"Oct 6, 2026 8:00 PM",,,
Topic,Webinar ID,Actual Start Time,Actual Duration (minutes),# Registered
Pricing live,123 456 789,"Oct 6, 2026 6:00 PM",75,3
Host Details,,,,
Attended,User Name (Original Name),Email,Time in Session (minutes),
Yes,Host,host@example.com,75,
Attendee Details,,,,
Attended,User Name (Original Name),Email,Time in Session (minutes),Is Guest
Yes,Ada,ada@example.com,28,Yes
No,Linus,linus@example.com,--,
"""

GOOGLE = """Campaign report
"July 8, 2025 - July 31, 2025"
Day,Campaign,Clicks,Cost
2025-07-08,Brand,"1,234",5.00
2025-07-09,Generic, --,6.00
Total: Campaigns, --,"1,234",11.00
Total: Account,,"1,234",11.00
"""

LINKEDIN = (
    "Campaign Performance Report (in UTC)\nReport Start: September 1, 2024, 12:00 AM\n"
    "Report End: September 30, 2024, 11:59 PM\nDate Generated: October 1, 2024, 9:00 AM\n\n"
    "Start Date (in UTC)\tAccount Name\tTotal Spent\tClicks\n09/01/2024\tAcct\t100.00\t50\n"
)

MICROSOFT = """"Report Name: Campaign Performance Report","","",""
"Report Time: 9/1/2026","","",""
"Time Zone: (GMT) London","","",""

"Gregorian date","Campaign","Clicks","Spend"
"9/1/2026","Brand","5","1.50"
"9/2/2026","Brand","6","2.50"

"©2026 Microsoft Corporation. All rights reserved. "
"""

# name, text, [(table name, header line, columns, preamble lines, [first column and line of each row])]
LAYOUTS = [
    ("plain", "a,b\n1,x\n2,y\n", [("", 1, ("a", "b"), 0, [(2, "1"), (3, "2")])]),
    ("crlf", "a,b\r\n1,x\r\n2,y\r\n", [("", 1, ("a", "b"), 0, [(2, "1"), (3, "2")])]),
    ("old mac", "a,b\r1,x\r2,y\r", [("", 1, ("a", "b"), 0, [(2, "1"), (3, "2")])]),
    ("no end", "a,b\n1,x\n2,y", [("", 1, ("a", "b"), 0, [(2, "1"), (3, "2")])]),
    ("pipe", "a|b\n1|x, y\n", [("", 1, ("a", "b"), 0, [(2, "1")])]),
    (
        "decimal comma",
        "Tag;Wert\n1.1.2026;1,5\n2.1.2026;2,5\n",
        [("", 1, ("Tag", "Wert"), 0, [(2, "1.1.2026"), (3, "2.1.2026")])],
    ),
    (
        "blanks",
        " id  date  n  \n 00001 19970101  1\n 00002 19970112  2\n",
        [("", 1, ("id", "date", "n"), 0, [(2, "00001"), (3, "00002")])],
    ),
    ("one column", "email\na@x.org\nb@x.org\n", [("", 1, ("email",), 0, [(2, "a@x.org"), (3, "b@x.org")])]),
    (
        "hash ids",
        "Id,Name,Score,Note\n#1,x,2,\n#2,,,\n#3,y,3,z\n# end\n",
        [("", 1, ("Id", "Name", "Score", "Note"), 0, [(2, "#1"), (3, "#2"), (4, "#3")])],
    ),
    (
        "hash ids on short lines",
        "Id,Day,Score,Note\n#1,2026-01-05\n#A-2,2026-01-05,3\n#3,2026-01-06,3,z\n# end, x\n",
        [("", 1, ("Id", "Day", "Score", "Note"), 0, [(2, "#1"), (3, "#A-2"), (4, "#3")])],
    ),
    ("hash column", "#,Name,Score\n1,x,2\n2,y,3\n", [("", 1, ("#", "Name", "Score"), 0, [(2, "1"), (3, "2")])]),
    ("index column", ",a,b\n0,1,2\n1,3,4\n", [("", 1, ("column_1", "a", "b"), 0, [(2, "0"), (3, "1")])]),
    ("quoted break", 'a,b\n"x\ny",1\nz,2\n', [("", 1, ("a", "b"), 0, [(2, "x\ny"), (4, "z")])]),
    ("blank lines", "a,b\n\n1,x\n\n\n2,y\n", [("", 1, ("a", "b"), 0, [(3, "1"), (6, "2")])]),
    ("sparse end", "name,note,n\nfoo,x,1\nbar,,\n", [("", 1, ("name", "note", "n"), 0, [(2, "foo"), (3, "bar")])]),
    (
        "pivoted",
        "Campaign,2024-01,2024-02\nBrand,1,2\n",
        [("", 1, ("Campaign", "2024-01", "2024-02"), 0, [(2, "Brand")])],
    ),
    (
        "key and value above",
        "Account,Acme\nCurrency,EUR\nDay,Campaign,Clicks,Cost\n2026-01-01,a,1,2\n2026-01-02,b,1,2\n",
        [("", 3, ("Day", "Campaign", "Clicks", "Cost"), 2, [(4, "2026-01-01"), (5, "2026-01-02")])],
    ),
    (
        "many keys and values above",
        "".join(f"Key {word},Value {word}\n" for word in "abcdefgh")
        + "Day,Campaign,Clicks,Cost\n2026-01-01,a,1,2\n2026-01-02,b,1,2\n",
        [("", 9, ("Day", "Campaign", "Clicks", "Cost"), 8, [(10, "2026-01-01"), (11, "2026-01-02")])],
    ),
    (
        "total below a gap",
        "Day,Campaign,Clicks\n2026-01-01,a,1\n2026-01-02,b,2\n\nTotal,,3\n",
        [("", 1, ("Day", "Campaign", "Clicks"), 0, [(2, "2026-01-01"), (3, "2026-01-02"), (5, "Total")])],
    ),
    (
        "carriage return in a cell",
        'a,b\n1,"x\ry"\n2,z\n',
        [("", 1, ("a", "b"), 0, [(2, "1"), (3, "2")])],
    ),
    (
        "doubled carriage returns",
        "a,b\r\r\n1,x\r\r\n2,y\r\r\n",
        [("", 1, ("a", "b"), 0, [(2, "1"), (3, "2")])],
    ),
    (
        "google ads",
        GOOGLE,
        [
            (
                "Campaign report",
                3,
                ("Day", "Campaign", "Clicks", "Cost"),
                2,
                [(4, "2025-07-08"), (5, "2025-07-09"), (6, "Total: Campaigns"), (7, "Total: Account")],
            )
        ],
    ),
    (
        "linkedin",
        LINKEDIN,
        [
            (
                "Campaign Performance Report (in UTC)",
                6,
                ("Start Date (in UTC)", "Account Name", "Total Spent", "Clicks"),
                4,
                [(7, "09/01/2024")],
            )
        ],
    ),
    (
        "microsoft",
        MICROSOFT,
        [
            (
                "Report Name: Campaign Performance Report",
                5,
                ("Gregorian date", "Campaign", "Clicks", "Spend"),
                3,
                [(6, "9/1/2026"), (7, "9/2/2026")],
            )
        ],
    ),
    (
        "ga4 snapshot",
        GA4_SNAPSHOT,
        [
            ("Reports snapshot", 8, ("Nth day", "Active users"), 7, [(9, "0000"), (10, "0001")]),
            ("Start date: 20260501", 14, ("Country", "Active users"), 2, [(15, "Germany"), (16, "France")]),
        ],
    ),
    (
        "zoom",
        ZOOM,
        [
            (
                "Attendee Report",
                3,
                ("Topic", "Webinar ID", "Actual Start Time", "Actual Duration (minutes)", "# Registered"),
                2,
                [(4, "Pricing live")],
            ),
            (
                "Host Details",
                6,
                ("Attended", "User Name (Original Name)", "Email", "Time in Session (minutes)"),
                1,
                [(7, "Yes")],
            ),
            (
                "Attendee Details",
                9,
                ("Attended", "User Name (Original Name)", "Email", "Time in Session (minutes)", "Is Guest"),
                1,
                [(10, "Yes"), (11, "No")],
            ),
        ],
    ),
]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le"])
@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in LAYOUTS], ids=[case[0] for case in LAYOUTS])
def test_layout(tables, rows, text, expected, encoding):
    found = tables(text, encoding)
    summary = [(t.name, t.header_line, t.columns, len(t.preamble), [row[:2] for row in rows(t)]) for t in found]
    assert summary == expected
    assert [t.rows for t in found] == [len(case[4]) for case in expected]
    assert not [note for t in found for note in t.notes if note.severity == "error"]


def test_zoom_without_padding_reads_the_same(tables, rows):
    bare = "\n".join(line.rstrip(",") for line in ZOOM.splitlines())
    padded, short = tables(ZOOM), tables(bare)
    assert [(t.name, t.columns, rows(t)) for t in padded] == [(t.name, t.columns, rows(t)) for t in short]


def test_empty_host_block_is_a_table_without_rows(tables):
    text = ZOOM.replace("Yes,Host,host@example.com,75,\n", "")
    assert [(t.name, t.rows) for t in tables(text)] == [
        ("Attendee Report", 1),
        ("Host Details", 0),
        ("Attendee Details", 2),
    ]


def test_footer_is_told_and_no_row(tables):
    [table] = tables(MICROSOFT)
    assert [(note.rule, note.line) for note in table.notes] == [("footer", 9)]


def test_rows_that_no_table_takes_are_an_error(con, tmp_path):
    header, lost = Record(1, ["a", "b", "c"]), Record(9, ["x", "y", "z"], "x,y,z")
    [table] = stage_items(con, [Start(header, (), ""), Aside(lost, "footer")], "f.csv", tmp_path)
    assert ("error", "row-outside-table", 9) in [(n.severity, n.rule, n.line) for n in table.notes]


def test_short_rows_are_filled_up_and_told(tables, rows):
    [table] = tables("Day,Campaign,Clicks\n2026-01-01,a,1\n2026-01-02\nTotal,,1\n")
    assert rows(table)[1] == (3, "2026-01-02", None, None)
    assert [(n.rule, n.line, n.count) for n in table.notes] == [("short-rows", 3, 1)]


def test_row_with_too_many_cells_is_an_error_and_not_staged(tables, rows):
    [table] = tables("Day,Campaign,Clicks\n2026-01-01,a,1\n2026-01-02,Brand, DE,7\n2026-01-03,b,2\n")
    assert [row[0] for row in rows(table)] == [2, 4]
    [note] = table.notes
    assert (note.severity, note.rule, note.line, note.value) == ("error", "too-many-cells", 3, "2026-01-02,Brand, DE,7")


def test_empty_cells_beyond_the_header_do_no_harm(tables, rows):
    [table] = tables("a,b\n1,x,,\n2,y,,\n")
    assert rows(table) == [(2, "1", "x"), (3, "2", "y")]
    assert not table.notes


def test_many_wide_rows_are_counted(tables):
    text = "Day,Campaign,Clicks\n" + "2026-01-01,a,1\n" * 100 + "2026-01-01,a,b,1\n" * 30
    [table] = tables(text)
    assert sum(note.count for note in table.notes) == 30
    assert table.rows == 100


def test_many_remarks_hide_no_lost_row(tables):
    day = "2026-01-01,a,1\n"
    [table] = tables("Day,Campaign,Clicks\n" + day * 300 + "# x\n" * 250 + day + "2026-01-01,a,b,1\n" + day)
    told = {rule: [n for n in table.notes if n.rule == rule] for rule in ("comment", "too-many-cells")}
    assert sum(note.count for note in told["comment"]) == 250
    assert [note.line for note in told["too-many-cells"]] == [553]


def test_repeated_header_is_left_out(tables, rows):
    [table] = tables("Day,Clicks\n2026-01-01,1\nDay,Clicks\n2026-01-02,2\n")
    assert [row[0] for row in rows(table)] == [2, 4]
    assert [(n.rule, n.line) for n in table.notes] == [("repeated-header", 3)]


def test_repeated_header_far_below_is_left_out(tables, rows):
    text = "Day,Clicks\n" + "2026-01-01,1\n" * 5000 + "Day,Clicks\n2026-01-02,2\n"
    [table] = tables(text)
    assert table.rows == 5001
    assert rows(table)[-1] == (5003, "2026-01-02", "2")


def test_second_table_far_below_is_found(tables):
    text = "Day,Clicks\n" + "2026-01-01,1\n" * 5000 + "Devices,\nDevice,Cost\nmobile,2\n"
    assert [(t.name, t.header_line, t.rows) for t in tables(text)] == [("", 1, 5000), ("Devices", 5003, 1)]


def test_cut_off_last_line_is_an_error(tables):
    [table] = tables("Day,Campaign,Clicks\n2026-01-01,a,1\n2026-01-02,Bra")
    [note] = table.notes
    assert (note.severity, note.rule, note.line) == ("error", "cut-off", 3)


def test_short_total_at_the_end_is_no_cut_off(tables):
    [table] = tables("Day,Campaign,Clicks\n2026-01-01,a,1\nTotal,")
    assert "cut-off" not in [note.rule for note in table.notes]


@pytest.mark.parametrize(
    ("header", "columns", "changed"),
    [
        ("a,a,A", ("a", "a_2", "A_3"), 2),
        ("a,,b", ("a", "column_2", "b"), 1),
        (" a ,b\u00a0,\ufeffc", ("a", "b", "c"), 0),
        ("_line,b,c", ("_line_2", "b", "c"), 1),
        ('"a\nb",c,d', ("a b", "c", "d"), 0),
        ("a,b,", ("a", "b", "column_3"), 1),
    ],
)
def test_header_names_are_made_unique(tables, header, columns, changed):
    [table] = tables(header + "\n1,x,y\n2,z,w\n")
    assert table.columns == columns
    assert len([note for note in table.notes if note.rule == "renamed-column"]) == changed


def test_header_without_rows(tables):
    [table] = tables("Day,Campaign,Clicks\n")
    assert (table.rows, [note.rule for note in table.notes]) == (0, ["no-rows"])


def test_no_header_when_options_say_so(tables, rows):
    [table] = tables(" 00004 0001 19970101  2\n 00004 0001 19970118  2\n", header=False, names=("a", "b", "day", "n"))
    assert table.columns == ("a", "b", "day", "n")
    assert rows(table)[0] == (1, "00004", "0001", "19970101", "2")


def test_skip_and_delimiter_options(tables, rows):
    [table] = tables("# x\nnoise; noise\na;b\n1;2\n", skip=2, delimiter=";")
    assert rows(table) == [(4, "1", "2")]


def test_quote_option(tables, rows):
    [table] = tables('name\tn\n"best" ad\t1\n"other\t2\n', quote="")
    assert rows(table) == [(2, '"best" ad', "1"), (3, '"other', "2")]


def test_quote_within_an_unquoted_cell_is_a_character(tables, rows):
    [table] = tables('name,n\n5" pipe,1\nx,2\n')
    assert rows(table) == [(2, '5" pipe', "1"), (3, "x", "2")]


def test_file_name_with_pattern_characters(con, write):
    from leadline.ingest.read import read

    path = write("a,b\n1,2\n", "report[1]*.csv")
    assert read(con, path)[0].rows == 1


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,x\n2,y\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "\ufeffa,b\n1,x\n2,y",
        "a,b\n1,x\n2,y\n\n\n",
        "a,b\r\n1,x\r\n2,y\r\n\r\n",
        'a,b\n1,"x\r\n\r\nz"\n2,y\n',
        'a,b\r\n1,"x\nz"\r\n2,y\r\n',
        "a|b\n1|x\n2|y\n",
    ],
)
def test_plain_files_are_read_by_duckdb_itself(tables, rows, text, monkeypatch):
    """The fast path: what goes by way of a spool costs several times as much."""
    monkeypatch.setattr("leadline.ingest.read.spool.Spool.__init__", lambda *_: pytest.fail("went by way of a spool"))
    [table] = tables(text)
    assert (table.rows, [row[1] for row in rows(table)]) == (2, ["1", "2"])
    assert rows(table)[1][0] == text[: text.index("2")].count("\n") + 1
