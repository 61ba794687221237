"""The picture of a training: what its panels hold, whatever the training was."""

from dataclasses import replace

import pytest

from core.training.curves import EpochMeasures, drawn_curves

ROW = EpochMeasures(
    1, 10, loss=8.0, match=7.9, sparsity=0.1, expansion=0.0, seconds=1.0, recall_at_1=0.5, recall_error=0.02,
    flops=4000.0, query_terms=3000.0, item_terms=2900.0,
)  # fmt: skip
CURVES = [ROW, replace(ROW, epoch=2, loss=4.0, recall_at_1=0.7, flops=40.0, query_terms=90.0, item_terms=95.0)]


def test_a_wide_fall_is_drawn_on_a_logarithmic_scale_and_a_small_one_from_zero() -> None:
    loss, _, flops, terms, chance = drawn_curves(CURVES, "none").axes
    assert [axes.get_yscale() for axes in (loss, flops, terms, chance)] == ["linear", "log", "log", "linear"]
    assert loss.get_ylim()[0] == chance.get_ylim()[0] == 0
    assert flops.lines[0].get_ydata() == pytest.approx([4000, 40])


def test_the_kept_epoch_and_the_dense_recall_are_lines() -> None:
    figure = drawn_curves(CURVES, "caption", kept=2, dense=0.8)
    recall = figure.axes[1]
    assert [line.get_ydata()[0] for line in recall.lines if line.get_label() == "dense"] == [0.8]
    assert all(2 in axes.lines[-1].get_xdata() for axes in figure.axes)
    assert [text.get_text() for text in recall.get_legend().get_texts()] == ["head", "dense"]
    assert "epoch 2" in figure.get_suptitle()


def test_without_validation_its_panels_say_so() -> None:
    unjudged = replace(ROW, recall_at_1=None, recall_error=None, flops=None, query_terms=None, item_terms=None)
    figure = drawn_curves([unjudged], "caption", kept=1)
    assert [len(axes.lines) for axes in figure.axes] == [4, 0, 0, 0, 2]
    assert all("no validation" in axes.texts[0].get_text() for axes in figure.axes[1:4])
