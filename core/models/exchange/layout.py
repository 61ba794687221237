"""How sentence-transformers lays out a SparseEncoder in a folder, and which of its modules a head becomes.

DenseVectors, Adapter and LeastWeight are ours and lie in the folder; the others are the package's own.
"""

from pathlib import Path

MODULES_FILE = "modules.json"  # the modules in their order, each with its class and its folder
MODULE_CONFIG = "config.json"  # of every module but the first
MODULE_WEIGHTS = "model.safetensors"
SETTINGS_FILE = "config_sentence_transformers.json"
INPUT_CONFIG = "config_dense2sparse.json"  # of DenseVectors, which lies at the root
TOKENIZER_FILE, TOKENIZER_CONFIG = "tokenizer.json", "tokenizer_config.json"
CARD_FILE = "README.md"
CODE = Path(__file__).with_name("dense2sparse.py")  # travels in every folder
CLASSES = {
    "Dense": "sentence_transformers.base.modules.dense.Dense",
    "LayerNorm": "sentence_transformers.sentence_transformer.modules.layer_norm.LayerNorm",
    "SpladePooling": "sentence_transformers.sparse_encoder.modules.splade_pooling.SpladePooling",
} | {name: f"{CODE.stem}.{name}" for name in ("DenseVectors", "Adapter", "LeastWeight")}

# The package's layer norm adds 1e-5 to each variance, ours 1e-12. Of vectors 4096 times as long, its share is that of
# 6e-13 in ours. A power of two takes no digit off a weight, so that reading back gives the same bits.
SCALE = 4096.0
