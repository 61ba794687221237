"""Heads that travel to sentence-transformers: by that package's layers they weigh as before, and they come back.

The layers are restated here; the package itself is asked in test_sentence_transformers.py.
"""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch.nn import functional
from typer.testing import CliRunner

from core.errors import ModelError
from core.models.exchange.reading import import_head
from core.models.exchange.writing import export_head
from core.models.head import HeadConfig, SparseHead, load_head
from core.models.head_files import head_config
from core.models.kept_heads import keep_head, kept_head
from core.models.registry import find_head
from core.vocabulary import Vocabulary
from demo.cli import app
from tests.core.models.travelling_heads import ADAPTED, DENSE, PLAIN, made_head
from tests.rounding import ROUNDING

pytestmark = pytest.mark.numeric


def test_the_layers_of_the_package_weigh_as_the_head_does(tmp_path: Path) -> None:
    for name in (PLAIN, ADAPTED):
        head = made_head(tmp_path / name, name)
        export_head(tmp_path / name, tmp_path / f"{name}-out", name=name)
        expected = head.weigh(DENSE)
        assert 0.1 < (expected > 0).mean() < 0.9
        np.testing.assert_allclose(_weighed(tmp_path / f"{name}-out", DENSE), expected, rtol=0, atol=ROUNDING)


def _weighed(folder: Path, dense: NDArray[np.float32]) -> NDArray[np.float32]:
    """What the modules of a folder make of dense vectors, each by its formula in the package or in dense2sparse.py."""
    rows = torch.from_numpy(dense).double()
    for module in json.loads((folder / "modules.json").read_text())[1:]:
        place, kind = folder / module["path"], module["type"].rpartition(".")[2]
        said = json.loads((place / "config.json").read_text())
        file = place / "model.safetensors"
        weights = {key: value.double() for key, value in load_file(file).items()} if file.exists() else {}
        if kind == "Adapter":
            down = functional.linear(rows, weights["down.weight"], weights["down.bias"])
            moved = rows + functional.linear(functional.gelu(down), weights["up.weight"], weights["up.bias"])
            rows = functional.normalize(moved) * rows.norm(dim=1, keepdim=True)
        elif kind == "Dense":
            assert said["activation_function"] == "torch.nn.modules.linear.Identity"
            rows = functional.linear(rows, weights["linear.weight"], weights["linear.bias"])
        elif kind == "LayerNorm":
            eps = torch.nn.LayerNorm(said["dimension"]).eps  # which the package does not let choose
            rows = functional.layer_norm(rows, rows.shape[1:], weights["norm.weight"], weights["norm.bias"], eps)
        elif kind == "SpladePooling":
            assert (said["activation_function"], said["embedding_dimension"]) == ("relu", rows.shape[1])
            rows = rows.relu().log1p()
        else:
            assert kind == "LeastWeight"
            rows = torch.where(rows > said["least_weight"], rows, 0.0)
    return rows.numpy()


def test_a_head_comes_back_to_the_bit_with_all_that_is_known_of_it(tmp_path: Path) -> None:
    for name in (PLAIN, ADAPTED):
        head = made_head(tmp_path / name, name)
        sizes = export_head(tmp_path / name, tmp_path / f"{name}-out", name=name)
        assert import_head(tmp_path / f"{name}-out", tmp_path / f"{name}-back") == sizes == head.config
        back, vocabulary = load_head(tmp_path / f"{name}-back")
        for key, value in head.state_dict().items():
            assert torch.equal(back.state_dict()[key], value), key
        before = Vocabulary.load(tmp_path / name / "vocabulary.json")
        assert (vocabulary.terms, vocabulary.forms) == (before.terms, before.forms)
        assert vocabulary.tokenizer == before.tokenizer
        assert head_config(tmp_path / f"{name}-back") == head_config(tmp_path / name)
    kept = keep_head(tmp_path / f"{ADAPTED}-back", "mine")
    assert (kept / "queries.tsv").read_text() == (tmp_path / ADAPTED / "queries.tsv").read_text()


def test_paths_of_this_machine_stay_at_home(tmp_path: Path) -> None:
    made_head(tmp_path / "head", PLAIN)
    said = head_config(tmp_path / "head")
    told = said | {"encoder": f"clip:{tmp_path}/clip", "data": str(tmp_path / "data"), "by": "clip:openai/clip"}
    (tmp_path / "head" / "config.json").write_text(json.dumps(told))
    export_head(tmp_path / "head", tmp_path / "out", name="head")
    texts = [file.read_bytes() for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert not any(str(tmp_path).encode() in text for text in texts)
    import_head(tmp_path / "out", tmp_path / "back")
    assert head_config(tmp_path / "back") == said | {"by": "clip:openai/clip"}


def test_tokens_are_terms_by_number_and_texts_split_into_them(tmp_path: Path) -> None:
    for name in (PLAIN, ADAPTED):
        made_head(tmp_path / name, name)
        export_head(tmp_path / name, tmp_path / f"{name}-out", name=name)
        terms = Vocabulary.load(tmp_path / name / "vocabulary.json").terms
        tokens = Tokenizer.from_file(str(tmp_path / f"{name}-out" / "tokenizer.json"))
        assert tuple(tokens.id_to_token(number) for number in range(len(terms))) == terms
        split = tokens.encode("Black cats: playing!").tokens
        assert split == (["black", "cat", "##s", "[UNK]", "play", "##ing", "[UNK]"] if name == PLAIN else
                         ["black", "[UNK]", "[UNK]"])  # fmt: skip


@pytest.mark.parametrize(
    ("file", "content", "reason"),
    [
        ("modules.json", None, "no SparseEncoder of sentence-transformers"),
        ("modules.json", "{", "cannot be read as a head"),
        ("modules.json", '[{"type": "a.Transformer", "path": ""}]', "has the modules Transformer, not those of"),
        ("1_Dense/config.json", '{"activation_function": "torch.nn.modules.activation.Tanh"}', "sets activation_funct"),
        ("4_SpladePooling/config.json", '{"activation_function": "log1p_relu"}', "a head can only have relu there"),
        ("3_Dense/model.safetensors", "", "cannot be read as a head"),
        ("tokenizer.json", "{}", r"cannot be read as a head \(tokenizer\.json"),
        ("config_dense2sparse.json", "[]", "cannot be read as a head"),
    ],
)
def test_what_is_no_head_is_refused_and_leaves_nothing(
    tmp_path: Path, file: str, content: str | None, reason: str
) -> None:
    made_head(tmp_path / "head", PLAIN)
    export_head(tmp_path / "head", tmp_path / "out", name="head")
    (tmp_path / "out" / file).unlink()
    if content is not None:
        (tmp_path / "out" / file).write_text(content)
    with pytest.raises(ModelError, match=reason):
        import_head(tmp_path / "out", tmp_path / "back")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["head", "out"]


def test_weights_that_lost_some_terms_are_refused(tmp_path: Path) -> None:
    made_head(tmp_path / "head", PLAIN)
    export_head(tmp_path / "head", tmp_path / "out", name="head")
    file = tmp_path / "out" / "2_LayerNorm" / "model.safetensors"
    save_file({key: value[1:].clone() for key, value in load_file(file).items()}, file)
    with pytest.raises(ModelError, match=r"(?s)cannot be read as a head.*vocab_layer_norm"):
        import_head(tmp_path / "out", tmp_path / "back")


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    made_head(tmp_path / "head", PLAIN)
    result = CliRunner().invoke(app, ["export-head", str(tmp_path / "head"), str(tmp_path)])
    assert result.exit_code == 1 and "something already; name a new folder" in " ".join(result.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == ["head"]
    (tmp_path / "empty").mkdir()
    export_head(tmp_path / "head", tmp_path / "empty", name="head")
    assert (tmp_path / "empty" / "modules.json").exists()


def test_the_commands_carry_a_model_s_head_there_and_back(tmp_path: Path) -> None:
    """As a head of that model's encoder, under a name or in a folder."""

    def run(*arguments: object) -> dict[str, object]:
        result = CliRunner().invoke(app, [*map(str, arguments), "--json"])
        assert result.exit_code == 0, result.output
        told: dict[str, object] = json.loads(result.stdout)
        return told

    out = tmp_path / "out"
    assert run("export-head", "photos", out)["folder"] == str(out)
    assert "vectors of `photos`, 257 numbers each" in " ".join((out / "README.md").read_text().split())
    told = run("import-head", out, "--keep", "mine")
    kept = kept_head("mine")
    assert kept is not None and told["head"] == str(kept) and told["name"] == "mine"
    run("import-head", out, "--out", tmp_path / "back")
    shipped, place = SparseHead.load(find_head("photos")[0]), tmp_path / "back"
    assert head_config(place)["encoder"] == head_config(kept)["encoder"] == "photos"
    random = np.random.default_rng(0)
    dense = random.standard_normal((9, shipped.config.dense_size)).astype(np.float32)
    for folder in (place, kept):
        np.testing.assert_array_equal(SparseHead.load(folder).weigh(dense), shipped.weigh(dense))
    assert CliRunner().invoke(app, ["import-head", str(out)]).exit_code == 2


def test_terms_of_a_head_without_its_own_are_named(tmp_path: Path) -> None:
    SparseHead(HeadConfig(4, 5, 3)).save(tmp_path / "head")
    (tmp_path / "terms.txt").write_text("dog\ncat\nsea\n")
    arguments = ["export-head", str(tmp_path / "head"), str(tmp_path / "out")]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 1 and "--vocabulary FILE" in result.stderr
    assert CliRunner().invoke(app, [*arguments, "--vocabulary", str(tmp_path / "terms.txt")]).exit_code == 0
    import_head(tmp_path / "out", tmp_path / "back")
    assert load_head(tmp_path / "back")[1].terms == ("dog", "cat", "sea")
