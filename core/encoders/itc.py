"""Image-text contrast as BLIP and ALBEF do it: two transformers, two projections, one space; knows no file formats."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional

from core.encoders.batches import BatchedEncoder, Batches
from core.encoders.devices import ComputeDevice, compute_device, fitting_batch, transformer_bytes
from core.encoders.precision import compute_in
from core.encoders.preprocessing import CaptionTokens, normalised_pixels


class ItcTowers(nn.Module):
    """A picture's and a sentence's [CLS] vectors, projected and of unit length."""

    def __init__(self, vision_model: nn.Module, text_encoder: nn.Module, vision_proj: nn.Linear, text_proj: nn.Linear):
        """`vision_model`: transformers' BlipVisionModel; `text_encoder`: its BlipTextModel or BertModel."""
        super().__init__()
        self.vision_model, self.text_encoder = vision_model, text_encoder
        self.vision_proj, self.text_proj = vision_proj, text_proj

    def images(self, pixels: Tensor) -> Tensor:
        """(n, 3, S, S) normalised pixels -> (n, dim) unit rows."""
        states = self.vision_model(pixel_values=pixels).last_hidden_state  # (n, 1 + patches, width)
        return functional.normalize(self.vision_proj(states[:, 0]).float(), dim=-1)

    def texts(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(n, length) ids and their mask -> (n, dim) unit rows."""
        states = self.text_encoder(input_ids=ids, attention_mask=mask).last_hidden_state  # (n, length, width)
        return functional.normalize(self.text_proj(states[:, 0]).float(), dim=-1)


class FusedAttention(nn.Module):
    """The attention of BlipVisionModel with the same weights, through torch's fused kernel, which transformers leaves
    out for BLIP: a third of the time at 577 tokens, and no matrix of all their pairs."""

    def __init__(self, attention: Any):
        super().__init__()
        self.qkv, self.projection, self.heads = attention.qkv, attention.projection, attention.num_heads

    def forward(self, hidden_states: Tensor, **_: Any) -> tuple[Tensor, None]:
        """(n, tokens, width) -> the same shape, and no attention weights."""
        n, tokens, width = hidden_states.shape
        query, key, value = (
            self.qkv(hidden_states).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        )  # (n, heads, tokens, width of a head) each
        mixed = functional.scaled_dot_product_attention(query, key, value)
        return self.projection(mixed.transpose(1, 2).reshape(n, tokens, width)), None


class ItcEncoder(BatchedEncoder):
    """Towers and preprocessing behind the DenseEncoder contract, on one device."""

    def __init__(
        self, name: str, towers: ItcTowers, tokens: CaptionTokens, device: str = "auto", precision: str = "fp32"
    ):
        """Moves the towers to the device; the products of their layers are computed in the precision, projections
        never. DeviceError when device or precision cannot be used."""
        self.name, self.dim = name, towers.vision_proj.out_features
        self.compute_device = compute_device(device, precision)
        self.towers = towers.eval().requires_grad_(False).to(self.compute_device.device)
        vision_model: Any = towers.vision_model
        text_encoder: Any = towers.text_encoder
        for layer in vision_model.encoder.layers:
            layer.self_attn = FusedAttention(layer.self_attn)
        for tower in (vision_model, text_encoder):
            compute_in(tower.encoder, self.compute_device.device, self.compute_device.dtype)
        self.tokens = tokens
        vision, text = vision_model.config, text_encoder.config
        self.side = int(vision.image_size)
        patches = 1 + (self.side // vision.patch_size) ** 2
        images = _batch(self.compute_device, patches, vision.hidden_size, vision.num_attention_heads)
        texts = _batch(self.compute_device, 64, text.hidden_size, text.num_attention_heads)
        self.images: Batches[Image.Image, Tensor] = Batches(images, self.pixels, self._run_images)
        self.texts: Batches[str, tuple[Tensor, Tensor]] = Batches(texts, self.tokens, self._run_texts)

    def pixels(self, images: Sequence[Image.Image]) -> Tensor:
        """Pictures -> (n, 3, S, S), what the image tower sees."""
        return torch.from_numpy(np.stack([normalised_pixels(image, self.side) for image in images]))

    @torch.inference_mode()
    def _run_images(self, pixels: Tensor) -> Tensor:
        return self.towers.images(pixels.to(self.compute_device.device))

    @torch.inference_mode()
    def _run_texts(self, tokens: tuple[Tensor, Tensor]) -> Tensor:
        ids, mask = tokens
        return self.towers.texts(ids.to(self.compute_device.device), mask.to(self.compute_device.device))


def _batch(where: ComputeDevice, tokens: int, width: int, heads: int) -> int:
    return fitting_batch(where, transformer_bytes(where, tokens, width, heads))
