"""The figures that the model card quotes."""

from workers.pairs import LABELS

Answers = list[tuple[int, str]]
"""The true label's place in LABELS, and the label given."""
AS_PUBLISHED = 2.15
"""Unrelated pairs to a related one in FNC-1. Held-out stories have far fewer, since most unrelated pairs join two folds."""


def f1(answers: Answers, label: str, unrelated: float = 1) -> float:
    """`unrelated` is what a pair that is truly unrelated counts, beside 1 for any other."""
    hit = named = 0.0
    for true, given in answers:
        counts = unrelated if LABELS[true] == "unrelated" else 1
        hit += counts * (LABELS[true] == given == label)
        named += counts * ((LABELS[true] == label) + (given == label))
    return 2 * hit / named if named else 0.0


def accuracy(answers: Answers, unrelated: float = 1) -> float:
    counts = [unrelated if LABELS[true] == "unrelated" else 1 for true, _ in answers]
    right = sum(one for one, (true, given) in zip(counts, answers, strict=True) if LABELS[true] == given)
    return right / sum(counts)


def weighted(answers: Answers, unrelated: float = 1) -> float:
    """The FNC-1 score as a share of the best: a quarter for telling related from unrelated, the rest for the stance."""
    won = best = 0.0
    for true, given in answers:
        related = LABELS[true] != "unrelated"
        counts = 1 if related else unrelated
        best += counts * (1 if related else 0.25)
        won += counts * (0.25 * (related == (given != "unrelated")) + 0.75 * (related and LABELS[true] == given))
    return won / best


def balance(answers: Answers) -> float:
    """What an unrelated pair must count for these pairs to be mixed as FNC-1 is."""
    unrelated = sum(LABELS[true] == "unrelated" for true, _ in answers)
    return AS_PUBLISHED * (len(answers) - unrelated) / unrelated if unrelated else 1


def headline_report(answers: Answers) -> str:
    each = {label: f1(answers, label) for label in LABELS[:3]}
    lost = sum(given == "unrelated" for _, given in answers) / len(answers)
    return _line("headlines", answers, accuracy(answers), each) + f", called unrelated {lost:.3f}"


def article_report(answers: Answers) -> str:
    """As they stand, then with unrelated pairs counted as often as FNC-1 has them."""
    lines = []
    for name, counts in (("articles", 1.0), ("  mixed as FNC-1", balance(answers))):
        each = {label: f1(answers, label, counts) for label in LABELS}
        lines.append(_line(name, answers, accuracy(answers, counts), each) + f", weighted {weighted(answers, counts):.4f}")
    return "\n  ".join(lines)


def _line(name: str, answers: Answers, right: float, each: dict[str, float]) -> str:
    macro = sum(each.values()) / len(each)
    parts = " ".join(f"{label} {value:.3f}" for label, value in each.items())
    return f"{name}: {len(answers)} pairs, accuracy {right:.4f}, macro-F1 {macro:.4f} ({parts})"
