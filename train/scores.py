"""The figures that the model card quotes."""

from workers.pairs import LABELS

Answers = list[tuple[int, str]]
"""The true label's place in LABELS, and the label given."""


def f1(answers: Answers, label: str) -> float:
    hit = sum(LABELS[true] == given == label for true, given in answers)
    named = sum((LABELS[true] == label) + (given == label) for true, given in answers)
    return 2 * hit / named if named else 0.0


def accuracy(answers: Answers) -> float:
    return sum(LABELS[true] == given for true, given in answers) / len(answers)


def weighted(answers: Answers) -> float:
    """The FNC-1 score as a share of the best: a quarter for telling related from unrelated, the rest for the stance."""
    won = best = 0.0
    for true, given in answers:
        related = LABELS[true] != "unrelated"
        best += 1 if related else 0.25
        won += 0.25 * (related == (given != "unrelated")) + 0.75 * (related and LABELS[true] == given)
    return won / best


def headline_report(answers: Answers) -> str:
    each = {label: f1(answers, label) for label in LABELS[:3]}
    lost = sum(given == "unrelated" for _, given in answers) / len(answers)
    return _line("headlines", answers, each) + f", called unrelated {lost:.3f}"


def article_report(answers: Answers) -> str:
    each = {label: f1(answers, label) for label in LABELS}
    return _line("articles", answers, each) + f", weighted {weighted(answers):.4f}"


def _line(name: str, answers: Answers, each: dict[str, float]) -> str:
    macro = sum(each.values()) / len(each)
    parts = " ".join(f"{label} {value:.3f}" for label, value in each.items())
    return f"{name}: {len(answers)} pairs, accuracy {accuracy(answers):.4f}, macro-F1 {macro:.4f} ({parts})"
