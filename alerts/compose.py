"""What a message says, whatever the channel: headlines, who said it, and the plain text.

`Notice` is one message; `alerts.mail` and `alerts.blocks` give it its two dresses. All words from outside went through
`outside.words` or `outside.link` before they got here.
"""

from datetime import datetime
from typing import Literal

import msgspec
from msgspec import UNSET

from alerts.candidates import Candidate
from alerts.outside import link, words
from store import events as ev

MOST_ITEMS = 20
"""Alerts that one message spells out; it counts the others."""

LONGEST_QUOTE = 600

Kind = Literal["alerts", "digest", "storm", "muted", "probe"]


class Item(msgspec.Struct, frozen=True):
    """One alert as shown. `position` is the event that triggered it; `rule_version` the rules that asked for it."""

    alert: str
    trigger: str
    headlines: tuple[str, ...]
    position: int
    rule: str
    rule_version: str
    story: str | None = None
    claim: str | None = None
    quote: str | None = None
    url: str | None = None
    speaker: str | None = None
    outlet: str | None = None


class Notice(msgspec.Struct, frozen=True):
    """One message. `title` is the story's, `omitted` the number of alerts beyond `items`."""

    message: str
    kind: Kind
    rule: str
    rule_version: str
    title: str
    items: tuple[Item, ...]
    formed_at: datetime
    story: str | None = None
    about: str = ""
    omitted: int = 0

    @property
    def subject(self) -> str:
        """One line for a list of messages: the first headline, or what kind of summary it is."""
        count = len(self.items) + self.omitted
        first = self.items[0].headlines[0] if self.items else ""
        match self.kind:
            case "storm":
                return words(f"{count} alerts at once: {self.title}", 150)
            case "digest":
                return words(f"Digest: {count} {_alerts(count)}: {self.title}", 150)
            case "muted":
                return words(f"{count} {_alerts(count)} held while muted: {self.title}", 150)
            case "probe":
                return words(f"Test message from Dateline: {self.title}", 150)
            case "alerts":
                more = f" (and {count - 1} more)" if count > 1 else ""
                return words(first, 150 - len(more)) + more

    @property
    def footer(self) -> str:
        """Which rule sent this, in which version, and how to ask or stop."""
        return (
            f"Rule {self.rule}, version {self.rule_version}. Why: dateline alerts explain {self.message}. "
            f"Silence: dateline alerts mute rule:{self.rule}"
        )


def _alerts(count: int) -> str:
    return "alert" if count == 1 else "alerts"


def plain(notice: Notice) -> str:
    """The message as plain text, for mail and for the fallback of richer forms. Ends in a newline."""
    parts = [notice.title]
    for item in notice.items:
        lines = list(item.headlines)
        if item.quote:
            lines.append(f"“{item.quote}”")
        lines += [part for part in (said_by(item), item.url) if part]
        lines.append(f"[event {item.position}]")
        parts.append("\n".join(lines))
    if notice.omitted:
        parts.append(f"… and {notice.omitted} more.")
    return "\n\n".join([*parts, "-- \n" + notice.footer]) + "\n"


def said_by(item: Item) -> str:
    """Who said it and where: `Dmitry Peskov, in The Meridian`."""
    place = f"in {item.outlet}" if item.outlet else ""
    return ", ".join(part for part in (item.speaker, place) if part)


# --- words for one alert ---------------------------------------------------------------------------


def alert_text(candidate: Candidate, source: ev.Event | None) -> ev.AlertText:
    """The text that `alert.raised` keeps: headline, quote, link and names, taken from the event at `quote_at`.

    `source` None, or without its text (erased): the headline alone, without names.
    """
    match source:
        case ev.MentionRecorded(text=text) if text is not UNSET:
            speaker = who(text, source.anonymity)
            headline = _headline(candidate, speaker, text.outlet)
            return _text(headline, text.quote, text.url, speaker, text.outlet)
        case ev.ArticleRevised(text=text) if text is not UNSET:
            return _text(_headline(candidate, None, None), _edit(text, candidate.passage), text.url, None, None)
        case ev.FeedAdded(text=text) if text is not UNSET:
            name = text.title or text.outlet or text.url
            return _text(_headline(candidate, None, name), None, text.url, None, text.outlet)
        case _:
            return _text(_headline(candidate, None, None), None, None, None, None)


def _text(headline: str, quote: str | None, url: str | None, speaker: str | None, outlet: str | None) -> ev.AlertText:
    return ev.AlertText(
        words(headline, 300),
        words(quote, LONGEST_QUOTE) or None,
        link(url),
        words(speaker, 200) or None,
        words(outlet, 100) or None,
    )


def _edit(text: ev.RevisionText, passage: int | None) -> str | None:
    if passage is None or passage >= len(text.passages):
        return None
    before, after = text.passages[passage]
    if before and after:
        return f"{words(before, LONGEST_QUOTE // 2 - 8)}” → “{words(after, LONGEST_QUOTE // 2 - 8)}"
    return before or after


def who(text: ev.MentionText, anonymity: str) -> str:
    """Who is made responsible for a passage, in words: name, role and institution, or that there is no name."""
    if anonymity == "none":
        return "in the outlet's own voice" if not text.echo_of else f"relaying {words(text.echo_of, 80)}"
    parts = [part for part in (text.speaker, text.role, text.organisation) if part]
    named = ", ".join(words(part, 80) for part in dict.fromkeys(parts))
    return named if anonymity == "named" and named else f"an unnamed source ({named})" if named else "an unnamed source"


def _headline(candidate: Candidate, speaker: str | None, outlet: str | None) -> str:
    claim = candidate.claim.text if candidate.claim else ""
    facts = candidate.facts
    by = f" by {speaker}" if speaker and not speaker.startswith(("in ", "relaying ")) else ""
    match candidate.trigger:
        case "first_mention":
            return f"First mention: {claim}"
        case "new_origin":
            return f"New independent source, no. {facts[2]} ({facts[1] or (speaker if by else outlet) or 'unknown'}): {claim}"
        case "denial":
            denier = facts[1] or outlet
            return f"Denied{by or (f' by {denier}' if denier else '')}: {claim}"
        case "status_change":
            return f"Now {facts[1]}, until now {facts[0]}: {claim}"
        case "variant_drift":
            return f"Another {facts[0]}: {facts[2]}, until now {facts[1]}: {claim}"
        case "silent_edit":
            return f"Changed after publication ({', '.join(facts).replace('_', ' ')}): {claim}"
        case "vanished_passage":
            return f"Passage removed after publication: {claim}"
        case "withdrawal":
            return f"Article withdrawn ({facts[0]}): {claim}"
        case "deadline_near":
            return f"Due by {facts[0]}, still {facts[1]}: {claim}"
        case "deadline_passed":
            return f"Deadline {facts[0]} has passed, {facts[1]}: {claim}"
        case "unusual_volume":
            return f"{facts[0]} articles within {facts[1]}, usually {facts[2]}: {claim}"
        case "feed_silent":
            return f"Feed silent since {facts[1][:16]}: {outlet or facts[0]}"
        case "feed_failing":
            return f"Feed cannot be read since {facts[1][:16]} ({facts[2]}): {outlet or facts[0]}"
        case "retraction":
            return f"Taken back ({facts[0]}): {facts[1]}"


WHY_TAKEN_BACK = {
    "reread": "a better reading no longer finds it",
    "revised": "the article no longer says so",
    "article_withdrawn": "the article was withdrawn",
    "rejected": "a reviewer rejected it",
    "corrected": "a reviewer corrected it",
    "recovered": "the feed can be read again",
}


def retraction_text(reason: str, told: ev.AlertText | None) -> ev.AlertText:
    """What is said when an alert is taken back: the old words, and why they no longer hold."""
    why = WHY_TAKEN_BACK.get(reason, reason)
    if told is None:
        return ev.AlertText(f"Taken back: {why}")
    return ev.AlertText(words(f"Taken back, {why}: {told.headline}", 300), told.quote, told.url, told.speaker, told.outlet)


def item(alert: ev.AlertRaised, position: int) -> Item:
    """A recorded alert as a message shows it. Its words are cleaned again: the ledger is older than this release."""
    text = alert.text
    if text is UNSET:
        text = ev.AlertText(f"{alert.trigger.replace('_', ' ')} (its text was erased)")
    return Item(
        alert.alert, alert.trigger, (words(text.headline, 300),), position, alert.rule, alert.rule_version,
        alert.story, alert.claim, words(text.quote, LONGEST_QUOTE) or None, link(text.url),
        words(text.speaker, 200) or None, words(text.outlet, 100) or None,
    )  # fmt: skip


def merged(items: list[Item]) -> tuple[Item, ...]:
    """Items that show the same passage become one with several headlines; order of first appearance."""
    found: dict[object, Item] = {}
    for one in items:
        key = (one.url, one.quote) if one.quote else one.alert
        if key in found:
            together = dict.fromkeys((*found[key].headlines, *one.headlines))
            found[key] = msgspec.structs.replace(found[key], headlines=tuple(together))
        else:
            found[key] = one
    return tuple(found.values())
