"""Parts of the recipe of `photos` that are formulas: oracles are the convolutions and hand-made groups."""

import numpy as np
import torch
from torch.nn import functional

from core.encoders.efficientnet import EfficientNetLite2
from core.encoders.photos import BANK_TEMPERATURE, TAUGHT_FROM, TaughtBlocks, pooled
from core.models.head import HeadConfig, SparseHead
from core.vocabulary import Vocabulary
from recipes.photos.blocks import BlocksOverPlaces, over_places
from recipes.photos.pictures import centres, query_bank
from recipes.photos.terms import always_lit, without_terms


def test_a_filter_over_places_is_the_convolution():
    generator = torch.Generator().manual_seed(0)
    filters, x = torch.randn(4, 1, 5, 5, generator=generator), torch.randn(3, 4, 9, 9, generator=generator)
    found = torch.einsum("ncp,cpq->ncq", x.flatten(2), over_places(filters))
    torch.testing.assert_close(found.view_as(x), functional.conv2d(x, filters, padding=2, groups=4))


def test_blocks_over_places_are_the_taught_blocks():
    """In bfloat16: within a hundredth of the features' own size."""
    torch.manual_seed(0)
    network = EfficientNetLite2().eval()
    blocks = TaughtBlocks(network)
    assert len(blocks.blocks) == len(network.blocks) - TAUGHT_FROM
    maps = torch.rand(2, 208, 9, 9)
    with torch.inference_mode():
        found, right = BlocksOverPlaces(blocks)(maps), pooled(blocks(maps))
    assert found.shape == right.shape == (2, 7 * 1280)
    assert (found - right).norm() < 0.01 * right.norm()


def test_what_is_taught_over_places_is_taught_to_the_blocks():
    torch.manual_seed(0)
    blocks = TaughtBlocks(EfficientNetLite2())
    blocks.requires_grad_(True)
    BlocksOverPlaces(blocks)(torch.rand(2, 208, 9, 9)).sum().backward()
    first = blocks.blocks[0]
    assert first.expand.weight.grad.abs().sum() > 0 and blocks.head.bias.grad.abs().sum() > 0
    assert first.depthwise.weight.grad is None  # its filters stand still


def test_centres_are_the_means_of_their_groups():
    places = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    rows = places.repeat_interleave(4, 0) + 0.01 * torch.tensor([[1.0, 0.0], [-1.0, 0.0]] * 4)
    shares = torch.tensor([0.2] * 4 + [0.05] * 4)
    middles, weights = centres(rows, shares, 2)
    order = torch.argsort(middles[:, 1])
    torch.testing.assert_close(middles[order], places)
    torch.testing.assert_close(weights[order], torch.tensor([0.8, 0.2]))


def test_a_term_that_every_question_lights_leaves_the_head():
    """Terms: "thing" lit by a bias, "cat" and "dog" by a number of the vector each."""
    vocabulary = Vocabulary(["cat", "thing", "dog"], {"cats": "cat", "things": "thing"})
    head = SparseHead(HeadConfig(2, 2, 3, least_weight=0.01)).eval()
    with torch.no_grad():
        head.proj.weight.copy_(torch.eye(2))
        head.proj.bias.zero_()
        head.vocab_projector.weight.copy_(torch.tensor([[1.0, -1.0], [0.0, 0.0], [-1.0, 1.0]]))
        head.vocab_projector.bias.copy_(torch.tensor([0.0, 2.0, 0.0]))
    rows = np.array([[1.0, 0.0], [0.0, 1.0]], np.float32)
    numbers = always_lit(head, vocabulary, ["a cat", "a dog"], rows)
    assert numbers == [1]  # each of the others is lit by what says it, and by nothing else
    smaller, terms = without_terms(head, vocabulary, numbers)
    assert terms.terms == ("cat", "dog") and terms.forms == {"cats": "cat"} and smaller.config.least_weight == 0.01
    np.testing.assert_array_equal(smaller.weigh(rows), head.weigh(rows)[:, [0, 2]])


def test_fewer_rows_than_centres_are_their_own_centres():
    rows = torch.eye(3)
    bank = query_bank([rows], rows, 8)
    whole = torch.logsumexp(rows @ rows.T / BANK_TEMPERATURE, 1) - torch.tensor(3.0).log()
    torch.testing.assert_close(bank.nearness(rows), BANK_TEMPERATURE * whole, atol=1e-4, rtol=0)


def test_kinds_of_questions_count_the_same():
    """Three questions of one kind at one place, one of the other at another: an image near either is as near."""
    one, other = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    bank = query_bank([one.repeat(3, 1), other[None]], torch.stack([one, other]), 4)
    near = bank.nearness(torch.stack([one, other]))
    torch.testing.assert_close(near[0], near[1])
    torch.testing.assert_close(bank.usual, near.mean())
