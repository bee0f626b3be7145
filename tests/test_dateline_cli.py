"""The command line: one clear line for a user's mistake, stable exit codes, JSON where it is asked for."""

import json

import pytest
from test_dateline_demo import dateline

CLAIMS = """
claims:
- {id: bridge-closes, text: The Arno bridge closes in May., story: bridge, keyterms: [Arno bridge, closes],
   deadline: 2024-05-31}
- {id: bridge-toll, text: The Arno bridge gets a toll., story: bridge, keyterms: [Arno bridge, toll]}
entities:
- {id: city, name: City Council}
"""


@pytest.fixture
def home(tmp_path):
    path = tmp_path / "home"
    assert dateline("init", path).returncode == 0
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    return path


def ask(*arguments):
    done = dateline(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("story", "x", "--home", "/nonexistent"), 78, "dateline init"),
        (("match", "--claims", "/nonexistent.yaml", "/nonexistent.txt"), 2, "/nonexistent.yaml"),
        (("demo", "--wire", "/nonexistent"), 2, "no wire"),
        (("nonsense",), 2, "nonsense"),
        (("claims", "import", "/nonexistent", "--home", "/tmp"), 2, "/nonexistent"),
    ],
)
def test_mistakes_are_one_clear_message_on_stderr(arguments, code, said):
    done = dateline(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_claims_are_imported_listed_amended_and_retired(home, tmp_path):
    first = ask("claims", "import", tmp_path / "claims.yaml", "--home", home)
    assert (first["tracked"], first["stories"]) == (["bridge-closes", "bridge-toll"], ["bridge"])
    assert ask("claims", "import", tmp_path / "claims.yaml", "--home", home)["unchanged"] == ["bridge-closes", "bridge-toll"]
    amended = ask("claims", "amend", "bridge-closes", "--set", "deadline=2024-06-30", "--home", home)
    assert amended["amended"] == ["bridge-closes"]
    assert ask("claims", "show", "bridge-closes", "--home", home)["deadline"] == "2024-06-30"
    ask("claims", "retire", "bridge-toll", "--home", home)
    assert [c["id"] for c in ask("claims", "list", "--home", home)] == ["bridge-closes"]
    assert dateline("claims", "retire", "bridge-toll", "--home", home).returncode == 2
    assert ask("stories", "list", "--home", home)[0]["id"] == "bridge"


def test_feeds_are_added_once_listed_and_removed(home):
    url = "https://news.example/rss.xml"
    assert ask("feeds", "add", url, "--home", home)["added"] is True
    assert ask("feeds", "add", url, "--home", home)["added"] is False
    assert [feed["url"] for feed in ask("feeds", "list", "--home", home)] == [url]
    exported = dateline("feeds", "export", "--home", home)
    assert url in exported.stdout
    ask("feeds", "remove", url, "--home", home)
    assert ask("feeds", "list", "--home", home)[0]["state"] == "gone"
    assert ask("feeds", "add", url, "--home", home)["added"] is True
    assert dateline("feeds", "add", "ftp://x.example", "--home", home).returncode == 2


def test_a_backup_is_restored_verified_and_equal(home, tmp_path):
    ask("claims", "import", tmp_path / "claims.yaml", "--home", home)
    made = ask("backup", tmp_path / "b.tar.gz", "--home", home)
    restored = ask("restore", tmp_path / "b.tar.gz", "--home", tmp_path / "again")
    assert (made["events"], made["root"]) == (restored["events"], restored["root"])
    assert ask("claims", "list", "--home", tmp_path / "again") == ask("claims", "list", "--home", home)
    assert dateline("restore", tmp_path / "b.tar.gz", "--home", home).returncode == 2


def test_an_archive_that_is_none_is_refused(home, tmp_path):
    (tmp_path / "x.tar.gz").write_bytes(b"no archive")
    done = dateline("restore", tmp_path / "x.tar.gz", "--home", tmp_path / "new")
    assert done.returncode == 1
    assert not (tmp_path / "new").exists() or not list((tmp_path / "new").iterdir())


def test_doctor_says_what_is_missing(home):
    done = dateline("doctor", "--home", home, "--json")
    found = {check["name"]: check for check in json.loads(done.stdout)}
    assert found["feeds"]["state"] == "look"
    assert "feeds import" in found["feeds"]["remedy"]


def test_a_database_of_a_newer_release_is_refused(home):
    import sqlite3

    with sqlite3.connect(home / "ledger.db") as raw:
        raw.execute("UPDATE head SET format = 99")
    done = dateline("claims", "list", "--home", home)
    assert done.returncode != 0
    assert "newer Dateline" in done.stderr


def test_match_reads_files_without_a_home(tmp_path):
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    text = "Arno bridge to close\n\nThe Arno bridge closes in May, the City Council said on Monday.\n"
    (tmp_path / "001_x.txt").write_text(text)
    done = dateline("match", "--claims", tmp_path / "claims.yaml", tmp_path / "001_x.txt")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert {row["claim"] for row in rows} >= {"bridge-closes"}
    for row in rows:
        assert text[row["start"] : row["end"]] == row["quote"]
        assert row["doc"] == "001"
