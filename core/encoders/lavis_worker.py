"""Runs salesforce-lavis itself, in an environment of its own; talks to its parent in JSON, one message a line.

Started as `python -I lavis_worker.py` by the environment that `sightwords setup-lavis` makes, which holds neither
Sightwords nor its libraries: this file imports only Python's own, torch, numpy, Pillow and lavis.

The parent says {"do": …, …}; each answer is an object, {"error": sentence} when it could not be done:
- load: family ("blip", "albef"), tuned ("coco", "flickr"), vocabulary (vocab.txt), device, a checkpoint's path or none
  for random weights, and sizes (those of Sightwords' LavisSizes) or none for the published ones -> lavis (its version),
  dim
- images: PNGs in base64 -> rows;  texts: sentences -> rows
- pixels: PNGs -> rows, what the image tower would see;  ids: sentences -> ids, a list of numbers each
- save: path -> {}; writes the weights there
Rows are {"shape": […], "data": float32 in base64}.
"""

import base64
import io
import json
import os
import pickle
import re
import sys
import types
from typing import Any


class Lavis:
    """One retrieval model of LAVIS with LAVIS's own preprocessing."""

    def load(
        self,
        family: str,
        tuned: str,
        vocabulary: str,
        device: str,
        checkpoint: "str | None" = None,
        sizes: "dict[str, Any] | None" = None,
    ) -> "dict[str, Any]":
        sys.modules["torchvision._meta_registrations"] = types.ModuleType("none")  # fails on a CPU-only torch
        from importlib.metadata import version

        import torch
        from lavis.models.albef_models.albef_retrieval import AlbefRetrieval
        from lavis.models.base_model import BaseModel
        from lavis.models.blip_models.blip_retrieval import BlipRetrieval
        from lavis.processors.blip_processors import BlipCaptionProcessor, BlipImageEvalProcessor
        from transformers import BertTokenizer

        fetched = BertTokenizer.from_pretrained
        BertTokenizer.from_pretrained = lambda name: fetched(vocabulary)  # else the hub's
        BaseModel.load_checkpoint_from_config = lambda model, cfg: None  # else LAVIS's server; see _fill
        kind = BlipRetrieval if family == "blip" else AlbefRetrieval
        model = (kind.from_pretrained(tuned) if sizes is None else _sized(kind, sizes)).eval().requires_grad_(False)
        for name in ("visual_encoder_m", "text_encoder_m", "vision_proj_m", "text_proj_m", "model_pairs"):
            delattr(model, name)  # what only training needs is half of the memory
        if checkpoint is not None:
            _fill(model, checkpoint)
        else:
            _scatter(model)
        if device == "auto":
            device = "cuda" if torch.cuda.is_available() else "cpu"
        self.model, self.torch, self.device = model.to(device), torch, device
        self.image, self.caption = BlipImageEvalProcessor(sizes["image_size"] if sizes else 384), BlipCaptionProcessor()
        return {"lavis": version("salesforce-lavis"), "dim": model.vision_proj.out_features}

    def images(self, pngs: "list[str]") -> "dict[str, Any]":
        with self.torch.inference_mode():
            states = self.model.visual_encoder.forward_features(self._seen(pngs).to(self.device))
            return _rows(self._unit(self.model.vision_proj(states[:, 0])))

    def texts(self, texts: "list[str]") -> "dict[str, Any]":
        with self.torch.inference_mode():
            states = self.model.text_encoder.forward_text(self._read(texts).to(self.device)).last_hidden_state
            return _rows(self._unit(self.model.text_proj(states[:, 0])))

    def pixels(self, pngs: "list[str]") -> "dict[str, Any]":
        return _rows(self._seen(pngs))

    def ids(self, texts: "list[str]") -> "dict[str, Any]":
        read = self._read(texts)
        rows = zip(read.input_ids.tolist(), read.attention_mask.sum(1).tolist(), strict=True)
        return {"ids": [row[:length] for row, length in rows]}

    def save(self, path: str) -> "dict[str, Any]":
        self.torch.save({"model": self.model.state_dict()}, path)
        return {}

    def _seen(self, pngs: "list[str]") -> Any:
        from PIL import Image

        return self.torch.stack(
            [self.image(Image.open(io.BytesIO(base64.b64decode(png))).convert("RGB")) for png in pngs]
        )

    def _read(self, texts: "list[str]") -> Any:
        model = self.model
        return model.tokenizer(
            [self.caption(text) for text in texts],
            padding=True,
            truncation=True,
            max_length=model.max_txt_len,
            return_tensors="pt",
        )

    def _unit(self, rows: Any) -> Any:
        return self.torch.nn.functional.normalize(rows, dim=-1)


def _sized(kind: Any, sizes: "dict[str, Any]") -> Any:
    """A model of other sizes than the published ones, everything else as LAVIS configures it."""
    from lavis.common.utils import get_abs_path
    from lavis.models.med import XBertEncoder
    from lavis.models.vit import VisionTransformerEncoder
    from transformers import BertConfig

    vision = VisionTransformerEncoder(
        img_size=sizes["image_size"],
        patch_size=sizes["patch_size"],
        embed_dim=sizes["vision_width"],
        depth=sizes["vision_layers"],
        num_heads=sizes["vision_heads"],
    )
    vision.vision_width = sizes["vision_width"]
    blip = sizes["family"] == "blip"
    text = BertConfig.from_json_file(get_abs_path(f"configs/models/med_config{'' if blip else '_albef'}.json"))
    text.update(
        {
            "hidden_size": sizes["text_width"],
            "intermediate_size": 4 * sizes["text_width"],
            "num_hidden_layers": sizes["text_layers"] * (1 if blip else 2),  # ALBEF: then as many that look at both
            "fusion_layer": sizes["text_layers"],
            "num_attention_heads": sizes["text_heads"],
            "vocab_size": sizes["vocab_size"],
            "max_position_embeddings": sizes["positions"],
            "encoder_width": sizes["vision_width"],
        }
    )
    encoder = XBertEncoder(config=text, add_pooling_layer=False)
    return kind(vision, encoder, queue_size=8, embed_dim=sizes["dim"], max_txt_len=sizes["max_tokens"])


def _scatter(model: Any) -> None:
    """Random weights, large enough that each matters, and always the same."""
    import torch

    random = torch.Generator().manual_seed(0)
    for name, weights in model.named_parameters():
        if weights.dim() > 1:
            wide = "embed" in name or "token" in name
            spread, centre = 0.5 if wide else weights[0].numel() ** -0.5, 0.0
        else:
            spread, centre = 0.1, 1.0 if "norm" in name.lower() and name.endswith("weight") else 0.0
        weights.copy_(torch.randn(weights.shape, generator=random) * spread + centre)


def _fill(model: Any, checkpoint: str) -> None:
    import torch

    try:
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not re.search("un(supported (global|class)|recognized function)", str(error), re.I):
            raise  # no checkpoint, or a damaged one
        loaded = torch.load(checkpoint, map_location="cpu", weights_only=False)  # as LAVIS does: the file is trusted
    missing, _ = model.load_state_dict(loaded.get("model", loaded), strict=False)
    needed = [
        key for key in missing if key.startswith(("visual_encoder.", "text_encoder.", "vision_proj", "text_proj"))
    ]
    needed = [key for key in needed if "position_ids" not in key]
    if needed:
        raise ValueError(f"the checkpoint {checkpoint} lacks {len(needed)} weights, {needed[0]} among them")


def _rows(rows: Any) -> "dict[str, Any]":
    array = rows.float().cpu().numpy()
    return {"shape": list(array.shape), "data": base64.b64encode(array.tobytes()).decode("ascii")}


def main() -> None:
    """Answers until the parent closes the pipe."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # LAVIS prints to standard output
    work = Lavis()
    for line in sys.stdin:
        message = json.loads(line)
        try:
            answer = getattr(work, message.pop("do"))(**message)
        except Exception as error:  # whatever a library raises: the parent makes a sentence of it
            answer = {"error": (str(error).strip().split("\n")[0] or type(error).__name__).rstrip(".")}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
