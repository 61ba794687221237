"""Pictures in large are those of the open collection, by number: upright, without metadata, and nothing else."""

import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import ExifTags, Image
from starlette.testclient import TestClient

from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.pictures.images import WORKING_BOX
from demo.components.result_grid import folder_key
from demo.pictures_route import BOX, pictures_route
from demo.state.app import AppState
from index_store.folder.collection import Collection

TURNED = 6  # EXIF: the camera was held upright


def save_photograph(path: Path) -> None:
    """A tall picture as a camera writes it: lying on its side, with the place where it was taken."""
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = TURNED
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    half = Image.new("RGB", (3000, 2000), "red")
    half.paste("blue", (0, 0, 1500, 2000))
    half.save(path, exif=exif)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, model: Model, patches: list[Image.Image]) -> Path:
    """A collection of a photograph, a TIFF, a picture with a caption as an item, and one that was deleted since."""
    root = tmp_path_factory.mktemp("large")
    pictures = root / "pictures"
    pictures.mkdir()
    save_photograph(pictures / "a turned one.jpg")
    patches[0].convert("CMYK").save(pictures / "b.tif")
    patches[1].save(pictures / "c.png")
    (root / "captions.jsonl").write_text('{"file": "c.png", "captions": ["a dog"]}', "utf-8")
    with Collection.create(root / "made", model=model.name, vocabulary=model.vocabulary.terms) as made:
        index_paths(model, made, [pictures], captions=root / "captions.jsonl", captions_folder=pictures)
    (pictures / "c.png").unlink()
    return root / "made"


@pytest.fixture(params=[False, True], ids=["own", "public"])
def state(request: pytest.FixtureRequest, folder: Path, model: Model) -> Iterator[AppState]:
    state = AppState(model, folder, public=request.param)
    state.start()
    state.ready()
    yield state
    state.close()


@pytest.fixture
def ids(state: AppState) -> dict[str, int]:
    assert state.collection is not None
    return {"caption" if one.kind == "caption" else Path(one.path).name: one.id for one in state.collection.all_items()}


@pytest.fixture
def asked(state: AppState) -> TestClient:
    assert state.collection is not None
    key = folder_key(state.collection.thumbnails)
    return TestClient(pictures_route(state), base_url=f"http://localhost/{key}/")


def test_a_photograph_comes_upright_and_says_nothing_of_its_place(
    asked: TestClient, state: AppState, ids: dict[str, int]
) -> None:
    answer = asked.get(f"{ids['a turned one.jpg']}")
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/jpeg"
    assert "private" in answer.headers["cache-control"]
    image = Image.open(io.BytesIO(answer.content))
    assert image.height > image.width and not image.getexif()
    assert max(image.size) <= (WORKING_BOX if state.public else BOX) and max(image.size) >= WORKING_BOX
    assert image.getpixel((image.width // 2, image.height - 5))[0] > 200  # type: ignore[index] # red is below
    again = asked.get(f"{ids['a turned one.jpg']}", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304 and again.content == b""


def test_what_no_browser_shows_comes_as_a_jpeg(asked: TestClient, ids: dict[str, int]) -> None:
    image = Image.open(io.BytesIO(asked.get(f"{ids['b.tif']}").content))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (48, 32))


def test_the_file_is_for_who_may_know_where_it_lies(asked: TestClient, state: AppState, ids: dict[str, int]) -> None:
    answer = asked.get(f"{ids['a turned one.jpg']}/file")
    if state.public:
        assert answer.status_code == 404
    else:
        assert answer.content.startswith(b"\xff\xd8") and b"Exif" in answer.content[:64]
        assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''a%20turned%20one.jpg"


def test_nothing_else_can_be_had_and_no_path_is_told(
    asked: TestClient, ids: dict[str, int], folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "secret.png").write_bytes(b"secret")
    turned = ids["a turned one.jpg"]
    for wanted in (
        f"{ids['c.png']}", f"{ids['caption']}", "999", f"{2**70}", "-1", "1.5", "x", "", f"{turned}/other",
        f"../{folder_key(tmp_path)}/{turned}", f"{tmp_path}/secret.png", "..%2f..%2fsecret.png", f"{ids['c.png']}/file",
    ):  # fmt: skip
        answer = asked.get(wanted)
        assert answer.status_code == 404, wanted
        assert str(folder.parent) not in answer.text and "secret" not in answer.text
