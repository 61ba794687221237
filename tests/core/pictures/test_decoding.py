"""Large pictures are decoded reduced, in bounded memory, and look as they would have; bombs are refused unopened."""

import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.errors import ImageError
from core.pictures.formats import decoding
from core.pictures.formats.decoding import DRAFTED, MAX_BYTES, Memory, shrunk
from core.pictures.formats.jpeg import read_frame
from core.pictures.formats.kinds import READS_HEIC, READS_JXL
from core.pictures.images import open_image, read_picture, working_copy
from tests.odd_files import cr3, huge_jpeg, jpeg, png_header, raf, tiff_raw
from tests.photographs import photograph

ROOT = Path(__file__).resolve().parents[3]
PEAK = """
import sys
from core.pictures.images import read_picture, thumbnail, working_copy
def peak(): return int(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")).split()[1]) // 1024
read_picture(sys.argv[1]); before = peak()
picture = read_picture(sys.argv[2]); thumbnail(working_copy(picture.image))
print(picture.width, picture.height, peak() - before)
"""


def enlarged(size: tuple[int, int]) -> Image.Image:
    with Image.open(photograph("lion.jpg")) as image:
        return image.convert("RGB").resize(size, Image.Resampling.BICUBIC)


def alike(image: Image.Image, other: Image.Image) -> float:
    """Mean difference of two pictures, of 255."""
    small = [np.asarray(one.resize((64, 64), Image.Resampling.BOX), dtype=float) for one in (image, other)]
    return float(np.abs(small[0] - small[1]).mean())


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True}])
def test_a_large_jpeg_is_decoded_reduced_and_looks_the_same(tmp_path: Path, options: dict[str, object]) -> None:
    whole = enlarged((4000, 3000))
    (tmp_path / "a.jpg").write_bytes(jpeg(whole, quality=90, **options))
    picture = read_picture(tmp_path / "a.jpg")
    assert (picture.width, picture.height) == (4000, 3000) and picture.image.size == (2000, 1500)
    assert alike(picture.image, whole) < 1
    assert max(working_copy(picture.image).size) == 1024


@pytest.mark.parametrize(
    "size", [(1, 1), (7, 3000), (DRAFTED, 9), (2 * DRAFTED - 1, 5), (2 * DRAFTED, 5), (12_300, 900)]
)
def test_reducing_leaves_enough(tmp_path: Path, size: tuple[int, int]) -> None:
    huge_jpeg(tmp_path / "a.jpg", *size)
    picture = read_picture(tmp_path / "a.jpg")
    assert (picture.width, picture.height) == size
    assert min(max(size), DRAFTED) <= max(picture.image.size) < max(2 * DRAFTED, max(size) / 8 + 1)


def test_a_turned_and_reduced_picture_has_its_full_size(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (tmp_path / "a.jpg").write_bytes(jpeg(enlarged((4000, 3000)), exif=exif))
    picture = read_picture(tmp_path / "a.jpg")
    assert (picture.width, picture.height) == (3000, 4000) and picture.image.size == (1500, 2000)


@pytest.mark.parametrize(
    ("suffix", "mode"),
    [("png", "RGB"), ("png", "RGBA"), ("png", "P"), ("png", "L"), ("png", "1"), ("png", "LA"), ("tif", "CMYK"),
     ("tif", "I;16"), ("tif", "F"), ("webp", "RGBA"), ("gif", "P"), ("jp2", "RGB"), ("bmp", "RGB")],
)  # fmt: skip
def test_what_cannot_be_decoded_reduced_is_shrunk_and_looks_the_same(tmp_path: Path, suffix: str, mode: str) -> None:
    whole = enlarged((4300, 384))
    if mode in ("I;16", "F"):
        values = np.asarray(whole.convert("L"), dtype=np.float32)
        stored = Image.fromarray((values * 257).astype(np.uint16) if mode == "I;16" else values / 255)
        whole = whole.convert("L").convert("RGB")
    else:
        stored = whole.convert(mode)
        whole = stored.convert("RGB")
    stored.save(tmp_path / f"a.{suffix}")
    picture = read_picture(tmp_path / f"a.{suffix}")
    assert (picture.width, picture.height) == (4300, 384) and picture.image.size == (2150, 192)
    assert alike(picture.image, whole) < 3


def test_shrinking_in_strips_is_shrinking_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    noise = Image.fromarray(np.random.default_rng(3).integers(0, 256, (777, 6200, 3), dtype=np.uint8))
    monkeypatch.setattr(decoding, "STRIP", 6200 * 11)
    assert shrunk(noise).tobytes() == noise.reduce(3).tobytes()


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
def test_a_telephone_of_200_megapixels_takes_little_memory(tmp_path: Path) -> None:
    huge_jpeg(tmp_path / "huge.jpg", 16_320, 12_240)
    huge_jpeg(tmp_path / "small.jpg", 2000, 1500)
    command = [sys.executable, "-c", PEAK, tmp_path / "small.jpg", tmp_path / "huge.jpg"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    width, height, megabytes = map(int, done.stdout.split())
    assert (width, height) == (16_320, 12_240) and megabytes < 60


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (png_header(100_000, 100_000), "megapixels|pixels than"),
        (png_header(15_000, 15_000), "more pixels than can be read in 800 MB"),
        (png_header(50_000, 30_000, mode=0), "pixels"),
        (jpeg(Image.new("RGB", (8, 8))).replace(b"\0\x08\0\x08\x03", b"\xff\xdc\xff\xdc\x03"), "1,000 megapixels"),
        (
            jpeg(Image.new("RGB", (8, 8)), progressive=True, subsampling=0).replace(
                b"\0\x08\0\x08\x03", b"\x50\0\x50\0\x03"
            ),
            "as progressive JPEG takes",
        ),
    ],
    ids=["png", "png of 225", "grey png", "jpeg", "progressive jpeg"],
)
def test_bombs_are_refused_from_their_header(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes, said: str
) -> None:
    (tmp_path / "bomb.jpg").write_bytes(data)
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("decoded"))
    with pytest.raises(ImageError, match=said) as caught:
        open_image(tmp_path / "bomb.jpg")
    message = str(caught.value)
    assert str(tmp_path / "bomb.jpg") in message and message.endswith(".") and "\n" not in message


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_the_largest_allowed_size_is_not_a_bomb(tmp_path: Path) -> None:
    (tmp_path / "large.png").write_bytes(png_header(MAX_BYTES // 4 // 10_000, 10_000))
    with pytest.raises(ImageError, match="damaged"):  # got as far as decoding
        open_image(tmp_path / "large.png")


def test_whoever_wants_more_memory_than_is_free_waits() -> None:
    memory, most, now, lock = Memory(10), 0, 0, threading.Lock()

    def work(amount: int) -> None:
        nonlocal most, now
        with memory.held(amount):
            with lock:
                now += amount
                most = max(most, now)
            time.sleep(0.01)
            with lock:
                now -= amount

    threads = [threading.Thread(target=work, args=(amount,)) for amount in (6, 6, 10, 3, 3, 4, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert now == 0 and 6 <= most <= 10
    with pytest.raises(ValueError, match="as it was"), memory.held(10):
        raise ValueError("as it was")
    with memory.held(10):
        pass


def test_frames_of_jpegs(tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 50))
    forms = {
        "a": {"subsampling": 0},
        "b": {"subsampling": 2},
        "c": {"progressive": True},
        "d": {"exif": b"Exif\0\0" + bytes(60_000)},
    }
    frames = {}
    for name, options in forms.items():
        (tmp_path / name).write_bytes(b"xyz" + jpeg(image, **options))
        with open(tmp_path / name, "rb") as file:
            frames[name] = read_frame(file, 3)
            assert read_frame(file) is None and read_frame(file, 10_000_000) is None
    assert all(frame is not None and (frame.width, frame.height) == (100, 50) for frame in frames.values())
    told = {name: (frame.whole, frame.coefficients) for name, frame in frames.items() if frame}
    assert told == {"a": (False, 15_000), "b": (False, 7_500), "c": (True, 7_500), "d": (False, 7_500)}


def test_a_preview_is_decoded_reduced_as_well(tmp_path: Path) -> None:
    (tmp_path / "a.nef").write_bytes(tiff_raw([jpeg(enlarged((4000, 3000)))], orientation=8))
    picture = read_picture(tmp_path / "a.nef")
    assert (picture.width, picture.height) == (3000, 4000) and picture.image.size == (1500, 2000)


@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_read_or_refused_in_a_sentence(tmp_path: Path) -> None:
    """Bytes are changed and ends cut off, in files of all kinds; no other exception may come of it."""
    random, image = np.random.default_rng(1), Image.effect_noise((200, 150), 80).convert("RGB")
    whole = jpeg(image)
    files = {
        "a.jpg": whole, "b.jpg": jpeg(image, progressive=True), "a.nef": tiff_raw([whole]), "a.raf": raf(whole),
        "a.cr2": tiff_raw([whole], order=">", orientation=6), "a.cr3": cr3(whole, 6),
    }  # fmt: skip
    forms = ("png", "jp2", "webp", "tif", "avif", "gif", "ico", "icns", "bmp", "tga", "jxl", "heic")
    for suffix in forms:
        if (suffix, True) in (("jxl", not READS_JXL), ("heic", not READS_HEIC)):
            continue
        image.save(tmp_path / f"whole.{suffix}", **({"format": "HEIF"} if suffix == "heic" else {}))
        files[f"a.{suffix}"] = (tmp_path / f"whole.{suffix}").read_bytes()
    for round_ in range(4):
        for name, data in files.items():
            changed = bytearray(data)
            for at in random.integers(0, min(len(data), 400 if round_ % 2 else len(data)), 4):
                changed[at] = random.integers(0, 256)
            for broken in (bytes(changed), data[: random.integers(1, len(data))]):
                (tmp_path / name).write_bytes(broken)
                try:
                    open_image(tmp_path / name)
                except ImageError as error:
                    assert str(error).endswith(".") and "\n" not in str(error), name
