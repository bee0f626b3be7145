"""Which member of a group gets which partition: fair, and moving as few partitions as possible. Pure."""

from collections.abc import Sequence


def share_out(holders: Sequence[str | None], members: Sequence[str]) -> tuple[str | None, ...]:
    """The member for each partition, given who holds it now. None everywhere when there is no member.

    No two members differ by more than one partition, and a member keeps what it holds as far as that
    allows. All members reckon this for themselves from the same rows, so it depends on nothing else.
    """
    quota = _quotas(holders, members)
    target: list[str | None] = []
    for holder in holders:
        keeps = holder is not None and quota.get(holder, 0) > 0
        if keeps and holder is not None:
            quota[holder] -= 1
        target.append(holder if keeps else None)
    wanting = (member for member in sorted(quota) for _ in range(quota[member]))
    return tuple(holder if holder is not None else next(wanting, None) for holder in target)


def _quotas(holders: Sequence[str | None], members: Sequence[str]) -> dict[str, int]:
    """How many partitions each member may have; those that hold most get the odd ones."""
    if not members:
        return {}
    least, odd = divmod(len(holders), len(members))
    by_holding = sorted(members, key=lambda member: (-holders.count(member), member))
    return {member: least + (place < odd) for place, member in enumerate(by_holding)}
