"""Our BLIP and ALBEF against salesforce-lavis itself, in the environment that `sightwords setup-lavis` makes."""

from dataclasses import replace

import pytest

from core.encoders.lavis_environment import LavisEnvironment
from core.models.parity import ParityCheck, parity_checks

pytestmark = pytest.mark.numeric
ENVIRONMENT = LavisEnvironment()
HOME = ENVIRONMENT.folder  # of whoever runs the tests: they themselves have another home
needs_lavis = pytest.mark.skipif(bool(ENVIRONMENT.missing()), reason=f"no salesforce-lavis in {HOME}")


def _holds(rows: list[ParityCheck]) -> None:
    for row in rows:
        assert row.passed, row
    names = {row.model for row in rows}
    assert len(names) >= 2 and any("BLIP" in name for name in names) and any("ALBEF" in name for name in names)
    for name in names:
        whats = {row.what for row in rows if row.model == name}
        assert {"pixels", "sentences read as other tokens", "vectors of pictures", "vectors of sentences"} <= whats
        assert sum(row.control for row in rows if row.model == name) == 3


@pytest.mark.slow
@pytest.mark.lavis
@needs_lavis
def test_small_towers_say_what_salesforce_lavis_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTWORDS_HOME", str(HOME.parent))
    _holds(list(parity_checks()))


@pytest.mark.slow
@pytest.mark.lavis
@pytest.mark.full_size
@needs_lavis
def test_towers_of_the_published_size_do_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTWORDS_HOME", str(HOME.parent))
    _holds(list(parity_checks(full=True)))


def test_a_control_passes_by_being_noticed() -> None:
    same = ParityCheck("BLIP", "vectors of pictures", 1e-7, 1e-5)
    assert same.passed and not replace(same, difference=2e-5).passed
    control = ParityCheck("BLIP", "control: a layer fewer", 0.3, 1e-2, control=True)
    assert control.passed and not replace(control, difference=1e-3).passed
