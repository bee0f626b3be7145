"""A BERT encoder in plain torch, filled from public weights, with one head."""

import torch
from torch import Tensor, nn

from train.bases import Weights

WIDTH, INNER, HEADS, WORDS, PLACES, DROPOUT = 384, 1536, 12, 30522, 512, 0.1
_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "joined": "attention.output.dense",
    "norm": "attention.output.LayerNorm",
    "inner": "intermediate.dense",
    "outer": "output.dense",
    "last": "output.LayerNorm",
}


class Layer(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value, self.joined = (nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.norm, self.last = (nn.LayerNorm(WIDTH, eps=1e-12) for _ in range(2))
        self.inner, self.outer = nn.Linear(WIDTH, INNER), nn.Linear(INNER, WIDTH)
        self.drop = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        many, long, _ = x.shape
        split = (many, long, HEADS, WIDTH // HEADS)
        query, key, value = (part(x).view(split).transpose(1, 2) for part in (self.query, self.key, self.value))
        attention = (query @ key.transpose(-1, -2)) / (WIDTH // HEADS) ** 0.5 + mask
        seen = self.drop(attention.softmax(-1)) @ value
        x = self.norm(x + self.drop(self.joined(seen.transpose(1, 2).reshape(many, long, WIDTH))))
        return self.last(x + self.drop(self.outer(nn.functional.gelu(self.inner(x)))))


class StanceEncoder(nn.Module):
    """Logits of so many answers, from the first piece's vector beside the mean of all."""

    def __init__(self, answers: int, layers: int) -> None:
        super().__init__()
        self.words, self.places, self.types = (nn.Embedding(n, WIDTH) for n in (WORDS, PLACES, 2))
        self.norm, self.drop = nn.LayerNorm(WIDTH, eps=1e-12), nn.Dropout(DROPOUT)
        self.layers = nn.ModuleList(Layer() for _ in range(layers))
        self.head = nn.Linear(2 * WIDTH, answers)

    def forward(self, ids: Tensor, mask: Tensor, types: Tensor) -> Tensor:
        x = self.drop(self.norm(self.words(ids) + self.places.weight[: ids.shape[1]] + self.types(types)))
        blocked = (1 - mask[:, None, None, :].float()) * -1e4
        for layer in self.layers:
            x = layer(x, blocked)
        counted = mask[:, :, None].float()
        mean = (x * counted).sum(1) / counted.sum(1)
        return self.head(self.drop(torch.cat([x[:, 0], mean], 1)))


def pretrained(given: Weights, answers: int = 3) -> StanceEncoder:
    """Public weights (`train.bases`), with as many layers as they have and a fresh head. Raises KeyError for other shapes."""
    layers = 1 + max(int(name.split(".")[2]) for name in given if name.startswith("encoder.layer."))
    model = StanceEncoder(answers, layers)
    state = model.state_dict()
    state["words.weight"] = given["embeddings.word_embeddings.weight"]
    state["places.weight"] = given["embeddings.position_embeddings.weight"]
    state["types.weight"] = given["embeddings.token_type_embeddings.weight"]
    for kind in ("weight", "bias"):
        state[f"norm.{kind}"] = given[f"embeddings.LayerNorm.{kind}"]
        for number in range(layers):
            for ours, theirs in _NAMES.items():
                state[f"layers.{number}.{ours}.{kind}"] = given[f"encoder.layer.{number}.{theirs}.{kind}"]
    model.load_state_dict(state)
    return model
