"""Any CLIP, SigLIP or SigLIP 2 checkpoint in transformers' format, for which people train heads of their own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from core.encoders.batches import BatchedEncoder, Batches
from core.encoders.devices import compute_device, fitting_batch, transformer_bytes
from core.encoders.dual_tokens import DualTokens, Kind, dual_tokens
from core.encoders.loading import check_whole, loading
from core.encoders.precision import compute_in
from core.errors import ModelError

KINDS: Mapping[str, tuple[str, ...]] = {"clip": ("clip",), "siglip": ("siglip", "siglip2")}  # config.json's model_type


class DualEncoder(BatchedEncoder):
    """A checkpoint's two towers with its own image processor and tokenizer, on one device."""

    def __init__(
        self,
        name: str,
        model: Any,
        processor: Any,
        tokens: DualTokens,
        device: str = "auto",
        precision: str = "fp32",
    ):
        """`model`: transformers' CLIPModel, SiglipModel or Siglip2Model; the others as saved with it."""
        self.name, self._processor, self._tokens = name, processor, tokens
        self.compute_device = compute_device(device, precision)
        self._model = model.eval().requires_grad_(False).to(self.compute_device.device)
        for tower in (model.vision_model, model.text_model):
            compute_in(tower.encoder, self.compute_device.device, self.compute_device.dtype)
        vision, text = model.config.vision_config, model.config.text_config
        self._length = text.max_position_embeddings
        self.dim = int(self._dimensions())
        side, patch = int(getattr(vision, "image_size", None) or 256), int(vision.patch_size)
        patches = max(getattr(vision, "num_patches", 0), (side // patch) ** 2)
        images = transformer_bytes(self.compute_device, 1 + patches, vision.hidden_size, vision.num_attention_heads)
        texts = transformer_bytes(self.compute_device, self._length, text.hidden_size, text.num_attention_heads)
        self.images: Batches[Image.Image, Mapping[str, Tensor]] = Batches(
            fitting_batch(self.compute_device, images), self._seen, self._run_images
        )
        self.texts: Batches[str, Mapping[str, Tensor]] = Batches(
            fitting_batch(self.compute_device, texts), self._read, self._run_texts
        )

    def _seen(self, images: Sequence[Image.Image]) -> Mapping[str, Tensor]:
        rgb = [np.asarray(image.convert("RGB")) for image in images]  # arrays: a 1-pixel side is not taken for channels
        return self._processor(rgb, input_data_format="channels_last", return_tensors="pt")

    def _read(self, texts: Sequence[str]) -> Mapping[str, Tensor]:
        return self._tokens(texts, self._length)

    @torch.inference_mode()
    def _run_images(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return _unit(self._model.get_image_features(**self._moved(inputs)))

    @torch.inference_mode()
    def _run_texts(self, inputs: Mapping[str, Tensor]) -> Tensor:
        return _unit(self._model.get_text_features(**self._moved(inputs)))

    def _moved(self, inputs: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return {name: values.to(self.compute_device.device) for name, values in inputs.items()}

    def _dimensions(self) -> int:
        return self._run_texts(self._read(["a"])).shape[1]


def load(name: str, folder: Path, kind: Kind, device: str = "auto", precision: str = "fp32") -> DualEncoder:
    """The encoder in a folder of the hub's layout; ModelError when it is another kind of model or incomplete."""
    from transformers import AutoConfig, AutoImageProcessor, AutoModel

    with loading(kind, folder):
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
        if config.model_type not in KINDS[kind]:
            raise ModelError(f"The folder {folder} holds a model of kind '{config.model_type}', not {kind}.")
        model, info = AutoModel.from_pretrained(
            folder, config=config, local_files_only=True, output_loading_info=True, dtype="float32"
        )
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, backend="pil")
        tokens = dual_tokens(kind, folder)
    check_whole(kind, folder, info)
    return DualEncoder(name, model, processor, tokens, device, precision)


def _unit(features: Any) -> Tensor:
    """(n, dim) unit rows of what get_image_features or get_text_features gave."""
    rows = features if isinstance(features, Tensor) else features.pooler_output
    return functional.normalize(rows.float(), dim=-1)
