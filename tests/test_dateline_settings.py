"""Settings: file, then environment, then a clear message; secrets stay out of what is printed and logged."""

import pytest

from dateline.errors import CONFIG, UserError
from dateline.home import Home, create_home
from dateline.logs import clean, redacted
from dateline.settings import load_settings

CANARY = "canary-7f3a"


def test_a_new_home_has_defaults_and_a_secret_that_only_its_owner_reads(tmp_path):
    assert create_home(tmp_path / "h")
    assert not create_home(tmp_path / "h")
    assert ((tmp_path / "h" / "secret").stat().st_mode & 0o777) == 0o600
    with Home(tmp_path / "h") as home:
        assert not home.settings.distributed
        assert home.settings.ledger_url().startswith("sqlite:///")


def test_a_folder_that_is_no_home_says_what_to_do(tmp_path):
    with pytest.raises(UserError, match="dateline init") as error:
        Home(tmp_path)
    assert error.value.code == CONFIG


def test_the_environment_overrides_the_file(tmp_path):
    (tmp_path / "settings.toml").write_text("[ingest]\nthreads = 2\nuser_agent = 'x'\n")
    settings = load_settings(tmp_path, {"DATELINE_INGEST_THREADS": "5", "DATELINE_INGEST_ALLOW": "10.0.0.0/8, ::1"})
    assert (settings.ingest.threads, settings.ingest.user_agent) == (5, "x")
    assert settings.ingest.allow == ["10.0.0.0/8", "::1"]


def test_a_secret_may_come_from_a_file_and_is_not_shown(tmp_path):
    (tmp_path / "pw").write_text(CANARY + "\n")
    (tmp_path / "settings.toml").write_text(
        '[channels.desk]\nkind = "smtp"\nhost = "m.example"\nsender = "a@m.example"\nto = ["b@m.example"]\n'
    )
    settings = load_settings(tmp_path, {"DATELINE_CHANNELS_DESK_PASSWORD_FILE": str(tmp_path / "pw")})
    assert settings.channels["desk"].password.get_secret_value() == CANARY
    assert CANARY not in repr(settings)


@pytest.mark.parametrize(
    ("toml", "environment", "said"),
    [
        ("threads = 1", {}, "threads"),
        ("[ingest]\nthreads = 0", {}, "ingest.threads"),
        ("[ingest", {}, "settings.toml"),
        ("", {"DATELINE_PARTITIONS": "many"}, "partitions"),
        ("", {"DATELINE_DATABASE_URL_FILE": "/nowhere/pw"}, "DATELINE_DATABASE_URL_FILE"),
        ('[channels.x]\nkind = "pigeon"', {}, "channels.x"),
    ],
)
def test_faults_are_named(tmp_path, toml, environment, said):
    (tmp_path / "settings.toml").write_text(toml)
    with pytest.raises(UserError) as error:
        load_settings(tmp_path, environment)
    assert said in str(error.value)
    assert error.value.code == CONFIG


def test_logs_carry_no_secrets_and_no_control_characters():
    line = redacted(None, "info", {
        "event": "x", "password": CANARY, "smtp_token": CANARY, "url": f"postgresql://me:{CANARY}@db/x",
        "hook": f"https://hooks.slack.com/services/{CANARY}", "title": "a\x1b[31mred\x07 \u202eevil",
    })  # fmt: skip
    assert CANARY not in repr(line)
    assert "\x1b" not in line["title"]
    assert clean("a\u202eb") == "a\\x202eb"
