"""The paper's published files from the hub: the example of the reference README, term by term."""

from pathlib import Path

import numpy as np
import pytest
from huggingface_hub import hf_hub_download, snapshot_download

from core.data.dense import IMAGES_FILE, META_FILE, read_meta, read_vectors
from core.data.hub import dataset_folder
from core.models.head import SparseHead
from core.vocabulary import Vocabulary

HEAD = "lsr42/d2s_mscoco-blip-dense_q_reg_0.001_d_reg_0.001"
PICTURE = "COCO_val2014_000000184613.jpg"
TERMS = {
    "animals": 1.6846,
    "boy": 1.6151,
    "buffalo": 1.5110,
    "animal": 1.3621,
    "people": 1.3547,
    "walking": 1.3171,
}


@pytest.mark.network
def test_the_example_of_the_reference_readme() -> None:
    data = dataset_folder("lsr42/mscoco-blip-dense")
    image = next(image for image in read_meta(data / META_FILE) if image["filename"] == PICTURE)
    dense = read_vectors(data / IMAGES_FILE)[str(image["imgid"])]
    head = SparseHead.load(Path(snapshot_download(HEAD)))
    vocabulary = Vocabulary.load(Path(hf_hub_download("distilbert-base-uncased", "vocab.txt")))
    assert vocabulary.tokenizer == "wordpiece" and len(vocabulary) == 30_522
    (row,) = head.weigh(dense[None])
    found = {vocabulary.terms[i]: float(row[i]) for i in np.argsort(-row)[: len(TERMS)]}
    assert list(found) == list(TERMS) and found == pytest.approx(TERMS, abs=1e-3)
