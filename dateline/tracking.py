"""Changing the watch list: claims, entities and stories become events; what must be read again is asked for.

Changing what a reader looks for (text, slots, terms, variants) re-matches the archive for that claim; changing what
only a fold looks at (deadline, principals, relations) concludes its status anew at once.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from dateline.chores import rematch
from dateline.home import Home
from dateline.parts import open_chores
from store.claim import Claim, ClaimSet, Entity
from store.conclude import conclude
from store.database import reading
from store.events import ClaimAmended, ClaimRetired, ClaimTracked, EntityDefined, MentionWithdrawn, StoryAmended, StoryOpened
from store.ledger import Draft

MATCHED_FIELDS = frozenset({"text", "slots", "keyterms", "aliases", "variants", "threshold"})


class Changed(NamedTuple):
    """What an import changed, by id."""

    tracked: tuple[str, ...] = ()
    amended: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()
    stories: tuple[str, ...] = ()


def changed_fields(before: Claim, after: Claim) -> tuple[str, ...]:
    return tuple(name for name in Claim.__struct_fields__ if getattr(before, name) != getattr(after, name))


def drafts_for(
    wanted: ClaimSet, titles: dict[str, str], known: ClaimSet, stories: dict[str, str], now: datetime
) -> tuple[list[Draft], Changed]:
    """The events that make `known` contain `wanted`. What `known` has besides is left alone."""
    entities = [e for e in wanted.entities if known.entity_by_id.get(e.id) != e]
    opened, retitled = _story_changes(wanted.claims, titles, stories)
    drafts = [_entity(entity, now) for entity in entities]
    drafts += [Draft(StoryOpened(id_, title), f"story/{id_}", now) for id_, title in opened.items()]
    drafts += [Draft(StoryAmended(id_, title), f"story/{id_}", now) for id_, title in retitled.items()]
    tracked, amended, unchanged = [], [], []
    for claim in wanted.claims:
        before = known.by_id.get(claim.id)
        if before == claim:
            unchanged.append(claim.id)
        elif before is None:
            tracked.append(claim.id)
            drafts.append(Draft(ClaimTracked(claim), f"claim/{claim.id}", now))
        else:
            amended.append(claim.id)
            event = ClaimAmended(claim, changed_fields(before, claim))
            drafts.append(Draft(event, f"claim/{claim.id}", now))
    return drafts, Changed(
        tuple(tracked), tuple(amended), tuple(unchanged), tuple(e.id for e in entities), (*opened, *retitled)
    )


def _entity(entity: Entity, now: datetime) -> Draft:
    return Draft(EntityDefined(entity), f"entity/{entity.id}", now)


def _story_changes(
    claims: Sequence[Claim], titles: dict[str, str], stories: dict[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    opened = {
        claim.story: titles.get(claim.story, claim.story.replace("-", " ")) for claim in claims if claim.story not in stories
    }
    retitled = {id_: title for id_, title in titles.items() if id_ in stories and stories[id_] != title}
    return opened, retitled


def track(home: Home, wanted: ClaimSet, titles: dict[str, str], *, actor: str = "operator") -> Changed:
    """Imports claims and entities: one transaction, idempotent. A chore reads the archive again where it has to be."""
    now = home.clock.now()
    with home.ledger.writing(actor) as write:
        known = home.timeline.claim_set(write.connection)
        stories = home.timeline.stories(write.connection)
        drafts, changed = drafts_for(wanted, titles, known, stories, now)
        write.append(drafts)
        scope = frozenset(changed.tracked) | {
            id_ for id_ in changed.amended if MATCHED_FIELDS & set(changed_fields(known.by_id[id_], wanted.by_id[id_]))
        }
        if scope or changed.entities:
            since = home.timeline.next_position(write.connection)
            if home.timeline.article_ids(write.connection):
                open_chores(home).ask_within(write.connection, rematch(() if changed.entities else scope, since))
        touched = (*changed.amended, *changed.tracked)
        write.append(conclude(write.connection, home.timeline, touched, now, None))
    return changed


def retire(home: Home, claim: str, *, actor: str = "operator") -> bool:
    """Stops tracking a claim; its mentions are withdrawn, its history stays. False if it is not tracked."""
    now = home.clock.now()
    with home.ledger.writing(actor) as write:
        if claim not in home.timeline.claim_set(write.connection).by_id:
            return False
        standing = [e for e in home.timeline.evidence(write.connection, [claim]) if e.ended_at is None]
        drafts = [
            Draft(
                MentionWithdrawn(e.id, e.mention.article, claim, "claim_retired"),
                f"article/{e.mention.article}",
                max(now, e.occurred_at),
            )
            for e in standing
        ]
        write.append([Draft(ClaimRetired(claim), f"claim/{claim}", now), *drafts])
    return True


def watch_list(home: Home) -> ClaimSet:
    with reading(home.engine) as connection:
        return home.timeline.claim_set(connection)
