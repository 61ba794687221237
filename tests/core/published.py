"""Repositories as they are published (configurations, file names, kinds of tokenizers) with tiny random weights, and a
hub that serves them, for the tests of what the program fetches of them."""

import json
import re
import shutil
import string
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import regex
import sentencepiece
import torch
from huggingface_hub import constants
from safetensors.torch import save_file
from tokenizers import (
    AddedToken,
    BertWordPieceTokenizer,
    Regex,
    Tokenizer,
    models,
    normalizers,
    pre_tokenizers,
    processors,
    trainers,
)

from tests.core.towers import TINY, blip_folder, random_towers

TEXT = [
    "A brown dog runs after a red ball on the wet grass, and two children watch it from a bench near the water.",
    "The old man's hat is blue; his wife's umbrella isn't: it's green, yellow and white!",
    "Seven people (three women, four men) are sitting at a long table with cups of tea & slices of cake.",
    "A café in Zürich where a naïve señor reads the news: 25 cats, 137 birds, 9 boats, 0 cars.",
    "Snow covers the mountains behind the small wooden house; smoke rises from its chimney at night.",
    "she's seen what they've done, we'll tell you what I'd say and you're right that I'm late",
    "a street with many lights, buses, trucks and a policeman on a horse who is holding a sign",
] * 3
ODD = [
    "a Dog", "a dog", "A DOG!", "", " ", "  two   spaces  ", "tab\tand\nnewline", "Café", "cafe\u0301",
    "NAÏVE Señor", "ÀÉÎÕÜ ß ẞ", "Łódź, Åre", "Привет мир", "ΑΒΓ δεζ", "日本の犬", "한국 개", "مرحبا", "ab12 34.5",
    "3,000,000", "1/2 + 1/3 = 5/6", "50% off!!!", "e-mail: me@example.org", "https://example.org/a?b=c#d",
    "it's John's; don't", "“quoted” ‘so’", "em—dash – en", "...", "?!", "#hashtag @user",
    "snake_case CamelCase", "a/b\\c|d", "(brackets) [x] {y}", "<html> & &amp;", "🐶", "a 🐕‍🦺 dog", "👍🏽👩‍👩‍👧",
    "☃ snow", "zero\u200bwidth", "no\u00a0break", "ﬁne ligature", "①②", "½ cup", "x² + y²", "$5 £6 €7",
    "C++ & C#", "\u0130stanbul", "ΟΔΟΣ", "a" * 90, "dog " * 200,
    " ".join(f"{word}{n}" for n, word in enumerate(("Red", "dog", "ÉTÉ", "ball,") * 50)), "'s 't 'RE 'll",
    "the the the", "\ufeffbom", "quick – brown…fox", "MiXeD cAsE wOrDs", "a man's hat isn't blue",
]  # fmt: skip
SIZES = dict(hidden_size=24, intermediate_size=48, num_hidden_layers=2, num_attention_heads=3)
EYES = dict(image_size=32, patch_size=8)
SPECIAL = {"lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": True}


def plain_word(text: str) -> str:
    """Lower case, one character after the other: what a normalizer of `tokenizers` does."""
    return "".join(character.lower() for character in text)


# --- repositories, each with all that its maintainers published that could matter; and what its ids should be

Ids = Callable[[str], list[int]]  # of a text, the special ones too, however long


def clip(folder: Path) -> Ids:
    """openai/clip-vit-base-patch32: byte-level BPE, weights as a pickle."""
    vocabulary, merges = _clip_pieces()
    text = SIZES | dict(
        model_type="clip_text_model", vocab_size=len(vocabulary), max_position_embeddings=77, hidden_act="quick_gelu",
        bos_token_id=0, eos_token_id=2, pad_token_id=1, projection_dim=24, architectures=None,
    )  # fmt: skip
    vision = SIZES | EYES | dict(model_type="clip_vision_model", hidden_act="quick_gelu", projection_dim=24)
    config = dict(
        architectures=["CLIPModel"], model_type="clip", projection_dim=24, initializer_factor=1.0,
        logit_scale_init_value=2.6592, text_config=text, text_config_dict=None, vision_config=vision,
        vision_config_dict=None, transformers_version=None, torch_dtype="float32",
    )  # fmt: skip
    _write(folder, "config.json", config)
    from transformers import CLIPConfig, CLIPModel

    torch.save(_random(CLIPModel(CLIPConfig(**config))), folder / "pytorch_model.bin")
    _write(
        folder,
        "preprocessor_config.json",
        dict(
            crop_size=32, do_center_crop=True, do_normalize=True, do_resize=True, resample=3, size=32,
            feature_extractor_type="CLIPFeatureExtractor", image_mean=[0.48145466, 0.4578275, 0.40821073],
            image_std=[0.26862954, 0.26130258, 0.27577711],
        ),
    )  # fmt: skip
    start, end = "<|startoftext|>", "<|endoftext|>"
    made = Tokenizer(
        models.BPE(vocabulary, merges, unk_token=end, continuing_subword_prefix="", end_of_word_suffix="</w>")
    )
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CLIP_WORDS), "removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    made.add_special_tokens([AddedToken(start, normalized=True), AddedToken(end)])
    made.post_processor = processors.RobertaProcessing(
        (end, vocabulary[end]), (start, vocabulary[start]), trim_offsets=False, add_prefix_space=False
    )
    made.save(str(folder / "tokenizer.json"))
    _write(folder, "vocab.json", vocabulary)
    (folder / "merges.txt").write_text("#version: 0.2\n" + "".join(f"{a} {b}\n" for a, b in merges), "utf-8")
    token = dict(SPECIAL, __type="AddedToken", normalized=True)
    del token["special"]
    names = {"bos_token": token | {"content": start}, "eos_token": token | {"content": end}}
    _write(
        folder,
        "tokenizer_config.json",
        names
        | dict(
            unk_token=token | {"content": end}, pad_token=end, add_prefix_space=False, errors="replace",
            do_lower_case=True, name_or_path="openai/clip-vit-base-patch32", model_max_length=77,
            special_tokens_map_file="./special_tokens_map.json", tokenizer_class="CLIPTokenizer",
        ),
    )  # fmt: skip
    _write(
        folder, "special_tokens_map.json", {"bos_token": start, "eos_token": end, "unk_token": end, "pad_token": end}
    )
    return _clip_ids


CLIP_WORDS = r"""<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"""


@cache
def _letters() -> dict[int, str]:
    """The letter that stands for each byte, as GPT-2 and CLIP have it."""
    shown = [*range(33, 127), *range(161, 173), *range(174, 256)]
    hidden = [byte for byte in range(256) if byte not in shown]
    return {byte: chr(byte) for byte in shown} | {byte: chr(256 + n) for n, byte in enumerate(hidden)}


@cache
def _clip_pieces() -> tuple[dict[str, int], list[tuple[str, str]]]:
    """CLIP's vocabulary in its order (bytes, bytes that end a word, merges, two of its own) and its merges."""
    taught = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    taught.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    words = [word for line in TEXT for word in regex.findall(CLIP_WORDS, line.lower())]
    taught.train_from_iterator(
        words, trainers.BpeTrainer(vocab_size=500, end_of_word_suffix="</w>", show_progress=False)
    )
    merges = [tuple(pair) for pair in json.loads(taught.to_str())["model"]["merges"]]
    letters = list(_letters().values())
    pieces = [*letters, *(f"{letter}</w>" for letter in letters), *(a + b for a, b in merges)]
    pieces += ["<|startoftext|>", "<|endoftext|>"]
    return {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}, merges


def _clip_ids(text: str) -> list[int]:
    """OpenAI's tokenizer by its definition: of the pairs of a word, the one that was merged first goes first."""
    vocabulary, merges = _clip_pieces()
    rank = {pair: number for number, pair in enumerate(merges)}
    text = re.sub(r"\s+", " ", unicodedata.normalize("NFC", text))
    ids = [vocabulary["<|startoftext|>"]]
    for word in regex.findall(CLIP_WORDS, plain_word(text)):
        parts = [_letters()[byte] for byte in word.encode()]
        parts[-1] += "</w>"
        while len(parts) > 1:
            best = min(pairwise(parts), key=lambda pair: rank.get(pair, len(rank)))
            if best not in rank:
                break
            at, joined = 0, []
            while at < len(parts):
                both = tuple(parts[at : at + 2]) == best
                joined.append("".join(parts[at : at + 1 + both]))
                at += 1 + both
            parts = joined
        ids += [vocabulary[part] for part in parts]
    return [*ids, vocabulary["<|endoftext|>"]]


def siglip(folder: Path) -> Ids:
    """google/siglip-base-patch16-224: a Unigram model of SentencePiece."""
    proto = _sentencepiece(
        model_type="unigram", vocab_size=230, pad_id=0, eos_id=1, unk_id=2, bos_id=-1,
        normalization_rule_name="nmt_nfkc", hard_vocab_limit=False,
    )  # fmt: skip
    (folder / "spiece.model").write_bytes(proto)
    pieces = sentencepiece.SentencePieceProcessor(model_proto=proto)
    _siglip_model(folder, vocab_size=len(pieces))
    _unigram_json(folder / "tokenizer.json", pieces, proto)
    tokens = {str(n): SPECIAL | {"content": t, "lstrip": True, "rstrip": True} for n, t in ((1, "</s>"), (2, "<unk>"))}
    _write(
        folder,
        "tokenizer_config.json",
        dict(
            added_tokens_decoder=tokens, additional_special_tokens=[], clean_up_tokenization_spaces=True,
            do_lower_case=True, eos_token="</s>", model_input_names=["input_ids"], model_max_length=64,
            pad_token="</s>", processor_class="SiglipProcessor", sp_model_kwargs={}, tokenizer_class="SiglipTokenizer",
            unk_token="<unk>",
        ),
    )  # fmt: skip
    kept = {"lstrip": True, "normalized": False, "rstrip": True, "single_word": False}
    names = (("eos_token", "</s>"), ("pad_token", "</s>"), ("unk_token", "<unk>"))
    _write(folder, "special_tokens_map.json", {name: kept | {"content": content} for name, content in names})

    def ids(text: str) -> list[int]:
        bare = text.lower().translate(str.maketrans("", "", string.punctuation))
        return [*pieces.encode(re.sub(r"\s+", " ", bare).strip()), 1]

    return ids


def _unigram_json(file: Path, pieces: sentencepiece.SentencePieceProcessor, proto: bytes) -> None:
    """The same model for `tokenizers`, with SigLIP's cleaning inside, as published repositories have it beside it."""
    from transformers.convert_slow_tokenizer import import_protobuf

    parsed = import_protobuf().ModelProto()
    parsed.ParseFromString(proto)
    scores = [(pieces.id_to_piece(n), pieces.get_score(n)) for n in range(len(pieces))]
    made = Tokenizer(models.Unigram(scores, unk_id=2, byte_fallback=False))
    bare = Regex("[" + re.escape(string.punctuation) + "]")
    made.normalizer = normalizers.Sequence(
        [
            normalizers.Lowercase(),
            normalizers.Replace(bare, ""),
            normalizers.Replace(Regex(r"\s+"), " "),
            normalizers.Strip(),
            normalizers.Precompiled(parsed.normalizer_spec.precompiled_charsmap),
            normalizers.Replace(Regex(" {2,}"), " "),
        ]
    )
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    made.add_special_tokens([AddedToken(token, normalized=False) for token in ("<pad>", "</s>", "<unk>")])
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    made.save(str(file))


def siglip2(folder: Path, naflex: bool = False) -> Ids:
    """google/siglip2-base-patch16-224: Gemma's BPE, whose published class keeps capitals; model_type "siglip"."""
    proto = _sentencepiece(
        model_type="bpe", vocab_size=560, pad_id=0, eos_id=1, bos_id=2, unk_id=3, eos_piece="<eos>", bos_piece="<bos>",
        normalization_rule_name="identity", byte_fallback=True, add_dummy_prefix=False, remove_extra_whitespaces=False,
        split_digits=True, allow_whitespace_only_pieces=True,
    )  # fmt: skip
    pieces = sentencepiece.SentencePieceProcessor(model_proto=proto)
    _siglip_model(folder, naflex=naflex, vocab_size=len(pieces), projection_size=24)
    vocabulary = {pieces.id_to_piece(number): number for number in range(len(pieces))}
    merges: list[tuple[str, str]] = []
    for piece, number in vocabulary.items():
        if number > 3 and not pieces.is_byte(number):
            halves = [(piece[:at], piece[at:]) for at in range(1, len(piece))]
            known = [pair for pair in halves if set(pair) <= vocabulary.keys()]
            merges += sorted(known, key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))
    made = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.normalizer = normalizers.Replace(" ", "▁")
    made.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
    own = ("<pad>", "<eos>", "<bos>", "<unk>")
    made.add_special_tokens([AddedToken(token, normalized=False) for token in own])
    made.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    made.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer.model").write_bytes(proto)
    _write(
        folder,
        "tokenizer_config.json",
        dict(
            add_bos_token=False, add_eos_token=True, clean_up_tokenization_spaces=False, do_lower_case=True,
            added_tokens_decoder={str(n): SPECIAL | {"content": token} for n, token in enumerate(own)},
            bos_token="<bos>", eos_token="<eos>", model_input_names=["input_ids"], model_max_length=64,
            pad_token="<pad>", padding_side="right", processor_class="SiglipProcessor", sp_model_kwargs={},
            spaces_between_special_tokens=False, tokenizer_class="GemmaTokenizer", unk_token="<unk>",
            use_default_system_prompt=False,
        ),
    )  # fmt: skip
    return lambda text: [*pieces.encode(plain_word(text)), 1]


def siglip2_naflex(folder: Path) -> Ids:
    """google/siglip2-base-patch16-naflex: the same words; pictures keep their aspect; model_type "siglip2"."""
    return siglip2(folder, naflex=True)


def blip(folder: Path) -> Ids:
    """Salesforce/blip-itm-base-coco: BERT's WordPieces and two of its own."""
    pieces = wordpieces(folder)
    sizes = replace(TINY, vocab_size=len(pieces) + 2, positions=40)
    blip_folder(folder, random_towers(sizes), sizes)
    wordpieces(folder)  # over the vocabulary of those towers
    BertWordPieceTokenizer(str(folder / "vocab.txt"), lowercase=True).save(str(folder / "tokenizer.json"))
    _write(folder, "tokenizer_config.json", dict(do_lower_case=True, tokenizer_class="BertTokenizer"))
    _write(folder, "special_tokens_map.json", dict(cls_token="[CLS]", pad_token="[PAD]", sep_token="[SEP]"))
    _write(folder, "preprocessor_config.json", dict(image_processor_type="BlipImageProcessor", size=32))
    return bert_ids(pieces)


@cache
def _taught_wordpieces() -> tuple[str, ...]:
    taught = BertWordPieceTokenizer(lowercase=True)
    taught.train_from_iterator([*TEXT, string.punctuation], vocab_size=300, min_frequency=1, show_progress=False)
    return tuple(sorted(taught.get_vocab(), key=taught.get_vocab().__getitem__))


def wordpieces(folder: Path) -> tuple[str, ...]:
    """The pieces of the vocab.txt that is written into the folder: BERT's own five first."""
    pieces = _taught_wordpieces()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(pieces) + "\n", "utf-8")
    return pieces


def bert_ids(pieces: Iterable[str]) -> Ids:
    """BERT's algorithm by its definition, after LAVIS's cleaning of captions (at most 50 words)."""
    number = {piece: n for n, piece in enumerate(pieces)}

    def words(text: str) -> list[str]:
        text = " ".join(re.sub(r"[.!\"()*#:;~]", " ", text.lower()).split()[:50])
        kept = (c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
        spaced = ""
        for c in kept:
            if c.isspace():
                spaced += " "
            elif unicodedata.category(c).startswith("C") or c == "\ufffd":
                continue
            elif unicodedata.category(c).startswith("P") or c in string.punctuation or _chinese(c):
                spaced += f" {c} "
            else:
                spaced += c
        return spaced.split()

    def ids(text: str) -> list[int]:
        found = [number["[CLS]"]]
        for word in words(text):
            parts, at = [], 0
            while at < len(word):
                ends = (end for end in range(len(word), at, -1) if ("##" * (at > 0) + word[at:end]) in number)
                if (end := next(ends, None)) is None:
                    parts = ["[UNK]"]
                    break
                parts.append("##" * (at > 0) + word[at:end])
                at = end
            found += [number[part] for part in (parts if len(word) <= 100 else ["[UNK]"])]
        return [*found, number["[SEP]"]]

    return ids


def _chinese(character: str) -> bool:
    return any(a <= ord(character) <= b for a, b in ((0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0xF900, 0xFAFF)))


def _siglip_model(folder: Path, naflex: bool = False, **text: int) -> None:
    from transformers import Siglip2Config, Siglip2Model, SiglipConfig, SiglipModel

    kind = "siglip2" if naflex else "siglip"
    eyes: dict[str, Any] = dict(patch_size=8, num_patches=16) if naflex else dict(EYES)
    config = dict(
        architectures=["Siglip2Model" if naflex else "SiglipModel"], initializer_factor=1.0, model_type=kind,
        text_config=SIZES | text | dict(model_type=f"{kind}_text_model"), torch_dtype="float32",
        vision_config=SIZES | eyes | dict(model_type=f"{kind}_vision_model"),
    )  # fmt: skip
    _write(folder, "config.json", config)
    model: Any = Siglip2Model(Siglip2Config(**config)) if naflex else SiglipModel(SiglipConfig(**config))
    save_file(_random(model), folder / "model.safetensors", metadata={"format": "pt"})
    processor: dict[str, Any] = dict(
        do_normalize=True, do_rescale=True, do_resize=True, image_mean=[0.5] * 3, image_std=[0.5] * 3,
        resample=2 if naflex else 3, rescale_factor=1 / 255, processor_class=f"S{kind[1:]}Processor",
        image_processor_type="Siglip2ImageProcessor" if naflex else "SiglipImageProcessor",
    )  # fmt: skip
    processor |= dict(max_num_patches=16, patch_size=8) if naflex else dict(size={"height": 32, "width": 32})
    _write(folder, "preprocessor_config.json", processor)


def _random(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights that are large enough for each to matter."""
    with torch.random.fork_rng():
        torch.manual_seed(3)
        for name, value in model.named_parameters():
            with torch.no_grad():
                value.copy_(torch.randn(value.shape) * 0.2 + (1.0 if "norm" in name else 0.0))
    return {name: value.clone() for name, value in model.state_dict().items()}


@cache
def _sentencepiece(**options: object) -> bytes:
    written = BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(TEXT), model_writer=written, minloglevel=2, num_threads=1, **options
    )
    return written.getvalue()


def _write(folder: Path, name: str, value: object) -> None:
    (folder / name).write_text(json.dumps(value), "utf-8")


# --- the hub


def serve(repositories: dict[str, Path], cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts a hub in place that has these repositories: what is fetched of them comes into the cache, nothing else."""

    def told(self: object, repo: str, **options: object) -> SimpleNamespace:
        files = [path for path in repositories[repo].iterdir() if path.is_file()]
        return SimpleNamespace(
            siblings=[SimpleNamespace(rfilename=path.name, size=path.stat().st_size) for path in files]
        )

    def fetched(repo: str, name: str, **options: object) -> str:
        place = cache_folder / f"{options.get('repo_type', 'model')}s--{repo.replace('/', '--')}"
        (place / "refs").mkdir(parents=True, exist_ok=True)
        (place / "refs" / "main").write_text("abc")
        (place / "snapshots" / "abc").mkdir(parents=True, exist_ok=True)
        return str(shutil.copy(repositories[repo] / name, place / "snapshots" / "abc" / name))

    monkeypatch.setattr("huggingface_hub.HfApi.repo_info", told)
    monkeypatch.setattr("huggingface_hub.hf_hub_download", fetched)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache_folder))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)


def downloaded(repo: str, cache_folder: Path) -> set[str]:
    """The names of the files that came of a repository."""
    return {path.name for path in (cache_folder / f"models--{repo.replace('/', '--')}").glob("snapshots/abc/*")}
