"""A program for an environment that has sentence-transformers and no Sightwords: asks an exported head there.

Arguments: the head's folder, a file of dense vectors (.npy), and a new folder for what comes of it: weights of the
vectors at once (`weights.npy`) and behind a text encoder (`texts.npy`, whose vectors are `encoded.npy`), the decoded
terms, and the head as the package saves it, as it came and after a step of training.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch
from sentence_transformers import SentenceTransformer, SparseEncoder
from sentence_transformers.sentence_transformer.modules import StaticEmbedding

source, vectors, out = (Path(argument) for argument in sys.argv[1:])
out.mkdir()
dense = np.load(vectors)
try:
    SparseEncoder(str(source))
except ValueError as error:  # as the package refuses the code of strangers
    assert "trust_remote_code=True" in str(error)
head = SparseEncoder(str(source), trust_remote_code=True)

weights = head.encode(list(dense))
np.save(out / "weights.npy", weights.to_dense().numpy())
assert head.get_embedding_dimension() == weights.shape[1] and head.similarity_fn_name == "dot"
(out / "decoded.json").write_text(json.dumps(head.decode(weights)), "utf-8")
scores = head.similarity(head.encode_query(list(dense[:2])), head.encode_document(list(dense)))
np.testing.assert_allclose(scores.numpy(), (weights.to_dense()[:2] @ weights.to_dense().T).numpy(), rtol=1e-5)

for wrong in (dense, "a dog", [dense[0][1:]], [{"text": "a dog"}]):
    try:
        head.encode(wrong)
    except ValueError as error:
        assert "dense vector" in str(error), error
    else:
        raise AssertionError(f"{wrong} was taken for a vector")

torch.manual_seed(0)
texts = ["dog", "black sea", "a cat"]
encoder = SentenceTransformer(modules=[StaticEmbedding(head.tokenizer, embedding_dim=dense.shape[1])])
np.save(out / "encoded.npy", encoder.encode(texts))
both = SparseEncoder(modules=[*encoder.children(), *head.children()])
np.save(out / "texts.npy", both.encode(texts).to_dense().numpy())

head.save(str(out / "saved"))
again = SparseEncoder(str(out / "saved"), trust_remote_code=True)
assert torch.equal(again.encode(list(dense)).to_dense(), weights.to_dense())

optimizer = torch.optim.Adam(head.parameters(), lr=1e-2)
head.train()
head(head.preprocess(list(dense)))["sentence_embedding"].sum().backward()
optimizer.step()
np.save(out / "trained.npy", head.encode(list(dense)).to_dense().numpy())
head.save(str(out / "trained"))
