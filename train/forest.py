"""LightGBM's trees as the arrays that workers.trees evaluates."""

from typing import Any

import lightgbm as lgb
import numpy as np

from workers.trees import Forest


def export(learner: lgb.LGBMClassifier) -> Forest:
    """The same sums as `predict(raw_score=True)`. Raises ValueError for a split that is not numerical `<=`."""
    model = learner.booster_.dump_model()
    nodes: list[tuple[int, float, int, int, float]] = []
    roots = [_add(tree["tree_structure"], nodes) for tree in model["tree_info"]]
    feature, threshold, left, right, value = zip(*nodes, strict=True)
    return Forest(
        feature=np.array(feature, dtype=np.int32),
        threshold=np.array(threshold),
        left=np.array(left, dtype=np.int32),
        right=np.array(right, dtype=np.int32),
        value=np.array(value),
        roots=np.array(roots, dtype=np.int32),
        depth=max(_depth(tree["tree_structure"]) for tree in model["tree_info"]),
        classes=model["num_tree_per_iteration"],
    )


def _add(node: dict[str, Any], nodes: list[tuple[int, float, int, int, float]]) -> int:
    here = len(nodes)
    if "leaf_value" in node:
        nodes.append((0, 0.0, here, here, node["leaf_value"]))
        return here
    if node["decision_type"] != "<=":
        raise ValueError(f"cannot export a split by {node['decision_type']}")
    nodes.append((0, 0.0, 0, 0, 0.0))
    left, right = _add(node["left_child"], nodes), _add(node["right_child"], nodes)
    nodes[here] = (node["split_feature"], node["threshold"], left, right, 0.0)
    return here


def _depth(node: dict[str, Any]) -> int:
    return 0 if "leaf_value" in node else 1 + max(_depth(node["left_child"]), _depth(node["right_child"]))
