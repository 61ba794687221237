"""Files are opened only for a browser of the very computer that the app runs on."""

from pathlib import Path

import pytest
import typer

from core.errors import ImageError
from demo.state.own_machine import asked_from_here, is_loopback, open_here

HERE = {"host": "127.0.0.1:7860", "origin": "http://127.0.0.1:7860"}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1", "[::1]", "127.0.0.2"])
def test_only_this_computer_reaches_a_loopback_address(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.0.4", "example.org", "127.0.0.1.example.org"])
def test_others_reach_every_other_address(host: str) -> None:
    assert not is_loopback(host)


def test_a_browser_of_this_computer_is_told_from_one_behind_a_proxy() -> None:
    assert asked_from_here("127.0.0.1", HERE)
    assert asked_from_here("::1", {"host": "localhost:7860", "origin": "http://localhost:7860"})
    assert not asked_from_here("192.168.0.4", HERE)
    for header in ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via"):
        assert not asked_from_here("127.0.0.1", HERE | {header: "x"})
    assert not asked_from_here("127.0.0.1", HERE | {"origin": "https://example.org"})
    assert not asked_from_here("127.0.0.1", HERE | {"host": "example.org"})
    assert not asked_from_here("127.0.0.1", {"host": "127.0.0.1:7860"})


def test_the_file_or_its_folder_is_handed_to_the_system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    opened: list[tuple[str, bool]] = []
    monkeypatch.setattr(typer, "launch", lambda path, locate: opened.append((path, locate)) or 0)
    picture = tmp_path / "-a picture.png"
    picture.write_bytes(b"x")
    open_here(str(picture))
    open_here(str(picture), folder=True)
    assert opened == [(str(picture), False), (str(picture), True)]


def test_what_cannot_be_opened_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="There is no picture at"):
        open_here(str(tmp_path / "gone.png"))
    (tmp_path / "a.png").write_bytes(b"x")
    monkeypatch.setattr(typer, "launch", lambda path, locate: 1)
    with pytest.raises(ImageError, match="No program"):
        open_here(str(tmp_path / "a.png"))
