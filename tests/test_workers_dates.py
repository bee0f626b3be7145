"""Days resolved against publication: None rather than wrong."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.reading import Attribution, Name
from tests.reader_world import CLAIMS, CLOSES, passage, text_of
from workers.dates import Day, happened_on, reference_day, said_on

QUILL = Attribution("named", Name("Ada Quill", "ada-quill"), Name("Ports Board", "ports-board"))
WELDER = Attribution("unnamed", None, None, Name("a welder"))
OWN_VOICE = Attribution()


def said(body, who=QUILL, quote=None, **known):
    text = text_of(body, **known)
    return said_on(text, passage(text, quote or body, CLOSES), who, CLAIMS)


@pytest.mark.parametrize(
    ("body", "day"),
    [
        ("Ada Quill said on Tuesday that it was shut.", date(2031, 5, 13)),
        ("Ada Quill said on Wednesday that it was shut.", date(2031, 5, 14)),
        ("On Thursday Ada Quill dismissed the report.", date(2031, 5, 8)),
        ("Ada Quill denied late on Monday that it was shut.", date(2031, 5, 12)),
        ("Ada Quill said yesterday it was shut.", date(2031, 5, 13)),
        ("Ada Quill told us this morning it was shut.", date(2031, 5, 14)),
        ("Ada Quill said on 5 May that it was shut.", date(2031, 5, 5)),
        ("Ada Quill said on Apr. 30 that it was shut.", date(2031, 4, 30)),
        ("Ada Quill said on December 30 that it was shut.", date(2030, 12, 30)),
        ("On the eighth Ada Quill swore it was shut.", date(2031, 5, 8)),
        ("Ada Quill said on the 24th that it was shut.", date(2031, 4, 24)),
        ("Ada Quill denied on Monday that it would close on Tuesday.", date(2031, 5, 12)),
    ],
)
def test_the_day_beside_the_verb_of_saying_is_resolved(body, day):
    assert said(body) == Day(day, "day")


@pytest.mark.parametrize(
    "body",
    [
        "Ada Quill said it was shut.",
        "Ada Quill said it would be shut by Friday.",
        "Ada Quill said it had been shut since Monday.",
        'Ada Quill said: "It was shut on Monday."',
        "Ada Quill said that it was shut on Monday.",
        "Ada Quill said on 31 February it was shut.",
    ],
)
def test_a_day_that_is_not_that_of_saying_is_not_taken_for_it(body):
    assert said(body) is None


def test_the_outlets_own_voice_speaks_on_the_day_of_publication_where_it_was_published():
    late = datetime(2031, 5, 14, 23, 30, tzinfo=timezone(timedelta(hours=9)))
    assert said("The bridge is shut.", OWN_VOICE, published=late) == Day(date(2031, 5, 14), "day")


def test_without_a_day_of_publication_nothing_relative_is_resolved():
    assert said("Ada Quill said on Tuesday it was shut.", published=None) is None
    assert said("The bridge is shut.", OWN_VOICE, published=None) is None


def test_a_dateline_at_the_head_tells_the_day_of_publication():
    text = text_of("Bridge shut\n\nPosted on : 2031-05-14 16:47\n\nThe bridge is shut.", published=None)
    assert reference_day(text) == date(2031, 5, 14)
    assert reference_day(text_of("14 May 2031\n\nShut.", published=None)) == date(2031, 5, 14)
    assert reference_day(text_of("The bridge is shut.", published=None)) is None


def test_a_speaker_keeps_the_day_that_was_given_before():
    body = 'The Ports Board denied on Tuesday it was shut. "Not so," said Ada Quill. Not so, said a welder.'
    assert said(body, quote='"Not so," said Ada Quill.') == Day(date(2031, 5, 13), "day")
    assert said(body, WELDER, quote="Not so, said a welder.") is None


def test_a_body_on_its_own_site_speaks_on_the_day_of_publication():
    board = Attribution("named", None, Name("Ports Board", "ports-board"))
    assert said("The bridge is not shut.", board, outlet="Ports Board") == Day(date(2031, 5, 14), "day")


def test_what_happened_has_its_day_only_if_one_is_given():
    def happened(body):
        text = text_of(body)
        return happened_on(text, passage(text, body, CLOSES))

    assert happened("The bridge was shut on 3 May.") == date(2031, 5, 3)
    assert happened("Ada Quill said on Tuesday that it was shut on 3 May.") == date(2031, 5, 3)
    assert happened("It was shut on 3 May and on 5 May.") is None
    assert happened("It will be shut by Friday.") is None


@given(st.text(max_size=120), st.datetimes(timezones=st.just(UTC)))
def test_no_text_makes_a_day_after_publication_the_day_of_saying(body, published):
    if not body.strip():
        return
    text = text_of(body, published=published)
    unit = text.units[0]
    day = said_on(text, passage(text, text.of(unit), CLOSES), QUILL, CLAIMS)
    assert day is None or day.on <= published.date()
