"""What pictures' files say of them: EXIF, IPTC and XMP that these tests write; junk and damage say nothing."""

import json
import os
import struct
import time
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from core.library.indexing.sync import index_paths
from core.models.model import Model
from core.pictures.metadata.boilerplate import is_written_by_person
from core.pictures.metadata.description import camera_name, read_description
from core.pictures.metadata.source_metadata import coordinates, iso_time
from index_store.filters import parse
from index_store.folder.collection import Collection
from index_store.formats.jsonl import export_jsonl, import_jsonl
from index_store.items import Description

DESCRIPTION, MAKE, MODEL, COMMENT_XP, KEYWORDS_XP = 0x010E, 0x010F, 0x0110, 0x9C9C, 0x9C9E
TAKEN, OFFSET, USER_COMMENT = 0x9003, 0x9011, 0x9286


def exif(
    tags: dict[int, object], more: dict[int, object] | None = None, gps: dict[int, object] | None = None
) -> Image.Exif:
    made = Image.Exif()
    made.endian = "<"
    for tag, value in tags.items():
        made[tag] = value
    made.get_ifd(0x8769).update(more or {})
    made.get_ifd(0x8825).update(gps or {})
    return made


def picture(path: Path, **saved: object) -> Path:
    Image.new("RGB", (32, 24), "teal").save(path, **saved)  # type: ignore[arg-type]
    return path


def degrees(value: float) -> tuple[float, float, float]:
    whole, minutes = int(value), (value - int(value)) * 60
    return float(whole), float(int(minutes)), (minutes - int(minutes)) * 60


def iptc(*records: tuple[int, int, bytes]) -> bytes:
    """Photoshop's resources with IPTC's records, as a JPEG's APP13 holds them."""
    data = b"".join(struct.pack(">BBBH", 0x1C, record, number, len(v)) + v for record, number, v in records)
    resource = b"8BIM" + struct.pack(">HxxI", 0x0404, len(data)) + data + b"\0" * (len(data) % 2)
    return b"Photoshop 3.0\0" + b"8BIM" + struct.pack(">HxxI", 0x03ED, 3) + b"abc\0" + resource


def with_segment(path: Path, marker: int, data: bytes) -> Path:
    """A JPEG with one more segment behind its start."""
    jpeg = path.read_bytes()
    path.write_bytes(jpeg[:2] + struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data + jpeg[2:])
    return path


def xmp(body: str, attributes: str = "") -> bytes:
    spaces = {
        "dc": "http://purl.org/dc/elements/1.1/", "exif": "http://ns.adobe.com/exif/1.0/",
        "tiff": "http://ns.adobe.com/tiff/1.0/", "photoshop": "http://ns.adobe.com/photoshop/1.0/",
        "lr": "http://ns.adobe.com/lightroom/1.0/", "xmp": "http://ns.adobe.com/xap/1.0/",
        "digiKam": "http://www.digikam.org/ns/1.0/",
    }  # fmt: skip
    named = " ".join(f'xmlns:{name}="{uri}"' for name, uri in spaces.items())
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {named} {attributes}>{body}</rdf:Description></rdf:RDF></x:xmpmeta>'
        '<?xpacket end="w"?>'
    ).encode()


def alt(name: str, **texts: str) -> str:
    items = "".join(f'<rdf:li xml:lang="{lang.replace("_", "-")}">{text}</rdf:li>' for lang, text in texts.items())
    return f"<{name}><rdf:Alt>{items}</rdf:Alt></{name}>"


def bag(name: str, *texts: str) -> str:
    return f"<{name}><rdf:Bag>{''.join(f'<rdf:li>{text}</rdf:li>' for text in texts)}</rdf:Bag></{name}>"


BERLIN = {1: "N", 2: degrees(52.52), 3: "E", 4: degrees(13.405)}
WHOLE = exif(
    {DESCRIPTION: "Two boats", MAKE: "Canon", MODEL: "Canon EOS 5D", KEYWORDS_XP: "sea;boats".encode("utf-16-le")},
    {TAKEN: "2024:05:03 14:07:09", OFFSET: "+02:00"},
    BERLIN,
)
BOATS = Description("Two boats", ("sea", "boats"), "2024-05-03T14:07:09+02:00", "Canon EOS 5D", 52.52, 13.405)


TIFF = WHOLE.tobytes().removeprefix(b"Exif\0\0")  # EXIF is a TIFF without pixels; Pillow saves a TIFF without its parts


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".avif", ".mpo"])
def test_exif_in_every_format_that_has_it(tmp_path: Path, suffix: str) -> None:
    assert read_description(picture(tmp_path / f"a{suffix}", exif=WHOLE)) == BOATS


def test_nothing_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [picture(tmp_path / f"a{suffix}", exif=WHOLE) for suffix in (".jpg", ".png", ".mpo")]
    bare = picture(tmp_path / "bare.png")
    monkeypatch.setattr("PIL.ImageFile.ImageFile.load", lambda self: pytest.fail("a picture was decoded"))
    assert [read_description(file) for file in files] == [BOATS] * 3 and read_description(bare) == Description()


@pytest.mark.parametrize(
    ("charset", "encoding"),
    [(b"ASCII\0\0\0", "utf-8"), (b"UNICODE\0", "utf-16-le"), (b"UNICODE\0", "utf-16-be"), (b"\0" * 8, "utf-8"),
     (b"UNICODE\0", "utf-16"), (b"JIS\0\0\0\0\0", "iso2022_jp"), (b"", "cp1252")],
)  # fmt: skip
def test_user_comments_in_their_encodings(tmp_path: Path, charset: bytes, encoding: str) -> None:
    text = "a dog in the rain" if encoding.startswith("iso") else "ein Café im Regen"
    more = {USER_COMMENT: charset + text.encode(encoding) + b"\0\0"}
    assert read_description(picture(tmp_path / "a.jpg", exif=exif({}, more))).caption == text


@pytest.mark.parametrize("unicode", [True, False])
def test_iptc(tmp_path: Path, unicode: bool) -> None:
    encoding = "utf-8" if unicode else "cp1252"
    records = [(1, 90, b"\x1b%G")] if unicode else []
    records += [(2, 120, "Ein Café".encode(encoding)), (2, 105, b"Headline"), (2, 25, "Köln".encode(encoding)),
                (2, 25, b"rain"), (2, 55, b"20240503"), (2, 60, b"140709+0200")]  # fmt: skip
    file = with_segment(picture(tmp_path / "a.jpg"), 0xED, iptc(*records))
    assert read_description(file) == Description("Ein Café", ("Köln", "rain"), "2024-05-03T14:07:09+02:00")
    info = TiffImagePlugin.ImageFileDirectory_v2()
    info[33723], info.tagtype[33723] = iptc(*records)[40:], 7
    assert read_description(picture(tmp_path / "a.tif", tiffinfo=info)).caption == "Ein Café"


def test_xmp_inside_and_beside(tmp_path: Path) -> None:
    inside = xmp(
        alt("dc:description", de_DE="Zwei Boote", x_default="Two boats") + alt("dc:title", x_default="A title")
        + bag("dc:subject", "sea", "Berlin") + bag("lr:hierarchicalSubject", "Places|Germany|Berlin")
        + bag("digiKam:TagsList", "Places/Sea")
        + "<exif:GPSLatitude>52,31.2N</exif:GPSLatitude><exif:GPSLongitude>13,24,18E</exif:GPSLongitude>",
        'tiff:Make="NIKON CORPORATION" tiff:Model="NIKON D90" photoshop:DateCreated="2024-05"',
    )  # fmt: skip
    told = Description("Two boats", ("sea", "Berlin", "Places", "Germany"), "2024-05", "NIKON D90", 52.52, 13.405)
    for name in ("a.jpg", "a.webp"):
        assert read_description(picture(tmp_path / name, xmp=inside)) == told
    text = PngImagePlugin.PngInfo()
    text.add_itxt("XML:com.adobe.xmp", inside.decode(), zip=True)
    assert read_description(picture(tmp_path / "a.png", pnginfo=text)) == told
    raw = tmp_path / "b.nef"
    raw.write_bytes(b"no RAW file at all")
    for sidecar in ("b.xmp", "b.nef.xmp", "b.XMP"):
        (tmp_path / sidecar).write_bytes(inside.decode().encode("utf-16" if sidecar == "b.XMP" else "utf-8"))
        assert read_description(raw) == told
        (tmp_path / sidecar).unlink()
    (tmp_path / "a.jpg.xmp").write_bytes(
        xmp(alt("dc:description", en="Better"), 'exif:DateTimeOriginal="2023-01-02T03:04:05Z"')
    )
    better = read_description(tmp_path / "a.jpg")
    assert (better.caption, better.taken, better.camera) == ("Better", "2023-01-02T03:04:05+00:00", "NIKON D90")


def test_a_png_is_read_to_its_end(tmp_path: Path) -> None:
    """As exiftool and others write them, behind the pixels."""
    file = picture(tmp_path / "a.png")
    chunks = [(b"eXIf", TIFF), (b"tEXt", b"Title\0not needed"),
              (b"zTXt", b"Description\0\0" + zlib.compress(b"Three boats"))]  # fmt: skip
    packed = b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)
    data = file.read_bytes()
    file.write_bytes(data[:-12] + packed + data[-12:])
    assert read_description(file) == BOATS
    file.write_bytes(data[:-12] + packed[packed.index(b"zTXt") - 4 :] + data[-12:])
    assert read_description(file).caption == "Three boats"


@pytest.mark.parametrize(
    "junk",
    ["OLYMPUS DIGITAL CAMERA         ", "SONY DSC", "Default", "Screenshot", "MINOLTA DIGITAL CAMERA", "SAMSUNG",
     "KODAK Digital Still Camera", "Created with GIMP", "DSC_0042.JPG", "IMG_20240503_140709", "dav", "oznor", "", " ",
     "...", "2024", "a", "Canon EOS 5D", "canon", "CASIO COMPUTER CO.,LTD", "untitled", "{\"filterId\": 0}",
     "filter: 0; fileterIntensity: 0.0; filterMask: 0; hw-remosaic: false;", "oplus_1048608", "x" * 90, "<Digimax S5>",
     "Processed with VSCO with c1 preset", "MEDION DIGITAL CAMERA", "JENOPTIK DIGITAL CAMERA", "Digital Camera",
     "File written by Adobe Photoshop 5.0", "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90"],
)  # fmt: skip
def test_what_cameras_write_is_no_caption(tmp_path: Path, junk: str) -> None:
    tags: dict[int, object] = {DESCRIPTION: junk, MAKE: "Canon", MODEL: "Canon EOS 5D"}
    file = picture(tmp_path / "a.jpg", exif=exif(tags, {USER_COMMENT: b"ASCII\0\0\0" + b"Anna with her hat"}))
    assert read_description(file).caption == "Anna with her hat"


@pytest.mark.parametrize(
    "text",
    ["A girl with a digital camera", "Sony camera on a table", "Screenshot of the game that Anna won", "Hat", "犬",
     "Photo 51 of our trip to Sète", "SUNSET AT SEA", "Created in the garden by Anna", "写真" * 60, "P.S. I love you"],
)  # fmt: skip
def test_what_people_write_is(text: str) -> None:
    assert is_written_by_person(text, "Canon", "a")


@pytest.mark.parametrize(
    ("make", "model", "name"),
    [
        ("Canon", "Canon EOS 5D", "Canon EOS 5D"),
        ("NIKON CORPORATION", "NIKON D90\0", "NIKON D90"),
        ("EASTMAN KODAK COMPANY", "KODAK DX6490", "KODAK DX6490"),
        ("Google", "Pixel 7", "Google Pixel 7"),
        ("SONY", "", "SONY"),
        ("", "Pixel  7 ", "Pixel 7"),
        ("OLYMPUS IMAGING CORP.  ", "E-M5", "OLYMPUS E-M5"),
        ("CASIO COMPUTER CO.,LTD.", "EX-Z40", "CASIO COMPUTER EX-Z40"),
        ("Unknown", "---", ""),
        ("samsung", "SAMSUNG-SM-G900A", "samsung SAMSUNG-SM-G900A"),
    ],
)
def test_a_camera_is_named_once(make: str, model: str, name: str) -> None:
    assert camera_name(make, model) == name


@pytest.mark.parametrize(
    ("text", "offset", "known"),
    [
        ("2024:05:03 14:07:09", "", "2024-05-03T14:07:09"),
        ("2024:05:03 14:07:09", "-05:30", "2024-05-03T14:07:09-05:30"),
        ("2024:05:03 14:07:09", "   :  ", "2024-05-03T14:07:09"),
        ("2024-05-03T14:07:09.25Z", "", "2024-05-03T14:07:09+00:00"),
        ("2024:05:03", "", "2024-05-03"),
        ("2024-05", "", "2024-05"),
        ("20240500", "", "2024-05"),
        ("20240000", "", "2024"),
        ("2024:05:03 25:00:00", "", "2024-05-03"),
        ("2024:05:03 14:07", "", "2024-05-03T14:07:00"),
        ("0000:00:00 00:00:00", "", ""),
        ("    :  :     :  :  ", "", ""),
        ("2024:13:01 00:00:00", "", ""),
        ("2023:02:29 10:00:00", "", ""),
        ("1970:01:01 00:00:00", "", ""),
        ("0001:01:01 00:00:00", "", ""),
        ("yesterday", "", ""),
        ("", "", ""),
    ],
)
def test_moments(text: str, offset: str, known: str) -> None:
    assert iso_time(text, offset) == known


@pytest.mark.parametrize(
    ("gps", "known"),
    [
        (BERLIN, (52.52, 13.405)),
        ({1: "S", 2: degrees(33.9), 3: "W", 4: degrees(18.4)}, (-33.9, -18.4)),
        ({1: "n\0", 2: (52.52, 0.0, 0.0), 3: "e", 4: (13.0, 24.3, 0.0)}, (52.52, 13.405)),
        ({1: "N", 2: (0.0, 0.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)}, None),
        ({2: degrees(52.52), 4: degrees(13.405)}, None),  # on which side of the world?
        ({1: "N", 2: degrees(52.52)}, None),
        ({1: "N", 2: (91.0, 0.0, 0.0), 3: "E", 4: degrees(13.4)}, None),
        ({1: "N", 2: (52.0, 99.0, 0.0), 3: "E", 4: degrees(13.4)}, None),
        ({1: "N", 2: (TiffImagePlugin.IFDRational(0, 0),) * 3, 3: "E", 4: degrees(13.4)}, None),
        ({1: "N", 2: (1.0,) * 5, 3: "E", 4: degrees(13.4)}, None),
        ({}, None),
    ],
)
def test_places(tmp_path: Path, gps: dict[int, object], known: tuple[float, float] | None) -> None:
    told = read_description(picture(tmp_path / "a.jpg", exif=exif({MODEL: "x1"}, None, gps)))
    assert (told.latitude, told.longitude) == (known or (None, None)) and told.camera == "x1"
    assert coordinates(float("nan"), 1) is None


def test_keywords_become_tags_that_can_be_tags(tmp_path: Path) -> None:
    words = [(2, 25, word) for word in (b"Sea", b"sea", b" a  b ", b"", b"x" * 101, b"line\nbreak", b"\x07bell")]
    file = with_segment(picture(tmp_path / "a.jpg"), 0xED, iptc(*words))
    assert read_description(file).tags == ("Sea", "a b", "line break", "bell")


def test_damage_costs_the_description_at_most(tmp_path: Path) -> None:
    whole = with_segment(
        picture(tmp_path / "w.jpg", exif=WHOLE, xmp=xmp(alt("dc:title", en="T"))), 0xED, iptc((2, 120, b"C"))
    )
    data = whole.read_bytes()
    file = tmp_path / "a.jpg"
    for at in range(2, 900, 7):
        file.write_bytes(data[:at] + b"\xff\xff\xff" + data[at + 3 :])
        read_description(file)
        file.write_bytes(data[:at])
        read_description(file)
    bomb = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    file.with_suffix(".xmp").write_bytes(bomb.encode() + xmp("&b;"))
    file.write_bytes(data)
    assert read_description(file).caption == "C"
    for sidecar in (b"", b"<x:xmpmeta", xmp("<dc:title>"), b"\0" * 100, b"\xff\xfe"):
        file.with_suffix(".xmp").write_bytes(sidecar)
        assert read_description(file).caption == "C"
    file.with_suffix(".xmp").unlink()
    os.mkfifo(tmp_path / "pipe.xmp")  # never read: it would wait for ever
    picture(tmp_path / "pipe.jpg")
    assert read_description(tmp_path / "pipe.jpg") == Description() == read_description(tmp_path / "nowhere.jpg")


def takeout(**other: object) -> str:
    """The JSON that Google Takeout writes beside a picture."""
    place = {"latitude": 52.52, "longitude": 13.405, "altitude": 0.0}
    empty = {"latitude": 0.0, "longitude": 0.0, "altitude": 0.0}
    whole = {"title": "a.jpg", "description": "Two boats\nat sea", "photoTakenTime": {"timestamp": "1714738029"}}
    return json.dumps(whole | {"geoData": empty, "geoDataExif": place} | other)


LONG = "a-picture-with-a-name-of-more-than-46-letters"


@pytest.mark.parametrize(
    ("name", "sidecar"),
    [
        ("a.jpg", "a.jpg.json"),
        ("a.jpg", "a.jpg.supplemental-metadata.json"),
        ("a(2).jpg", "a.jpg(2).json"),
        ("a(2).jpg", "a.jpg.supplemental-metadata(2).json"),
        (f"{LONG}.jpg", f"{LONG}..json"),
        ("a-name-of-some-length.jpg", "a-name-of-some-length.jpg.supplemental-metadat.json"),
    ],
)
def test_google_takeout_tells_what_google_photos_knew(tmp_path: Path, name: str, sidecar: str) -> None:
    file = picture(tmp_path / name)
    (tmp_path / sidecar).write_text(takeout(title=name), "utf-8")
    told = Description("Two boats at sea", (), "2024-05-03T12:07:09+00:00", None, 52.52, 13.405)
    assert read_description(file) == told
    assert read_description(picture(tmp_path / "other.jpg")) == Description()


def test_google_takeout_beside_what_else_is_known(tmp_path: Path) -> None:
    file = picture(tmp_path / "a.jpg", exif=WHOLE)
    (tmp_path / "a.jpg.json").write_text(takeout(description="", title="Our boats"), "utf-8")
    assert read_description(file) == BOATS  # its time is local, and a description goes before a title
    (tmp_path / "a.jpg.json").write_text(takeout(description="A storm"), "utf-8")
    file.with_suffix(".xmp").write_bytes(xmp(alt("dc:title", en="XMP")))
    assert read_description(file) == replace(BOATS, caption="A storm")
    bare = picture(tmp_path / "b.jpg")
    for nonsense in ("", "[]", "{}", '{"photoTakenTime": 7, "title": 3, "geoData": [1]}', "\0", '{"description": "x"}'):
        (tmp_path / "b.jpg.json").write_text(nonsense)
        assert read_description(bare) == Description()


def test_a_takeout_sidecar_that_changed_is_read_again(tmp_path: Path, collection: Collection, model: Model) -> None:
    picture(tmp_path / "a.jpg")
    report = index_paths(model, collection, [tmp_path])
    (tmp_path / "a.jpg.supplemental-metadata.json").write_text(takeout())
    (tmp_path / "notes.json").write_text("{}")
    report = index_paths(model, collection, [tmp_path])
    (item,) = collection.all_items()
    assert (report.unchanged, item.caption) == (1, "Two boats at sea")
    assert report.passed_over == {".json": 1}, "only what lies beside no picture"


def test_the_longest_name_leaves_no_room_for_a_sidecar(tmp_path: Path) -> None:
    path = tmp_path / f"{'x' * 251}.jpg"  # 255 bytes, as many as file systems take
    Image.new("RGB", (8, 8)).save(path, exif=exif({MODEL: "Pixel 7"}))
    assert read_description(path).camera == "Pixel 7"


def test_indexing_takes_what_files_say(tmp_path: Path, collection: Collection, model: Model) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    picture(root / "a.jpg", exif=WHOLE)
    Image.new("RGB", (30, 20), "red").save(root / "b.jpg", exif=exif({DESCRIPTION: "SONY DSC"}))
    (root / "captions.csv").write_text("file,caption\nb.jpg,a hat\n")
    index_paths(model, collection, [root])
    one, two = sorted(collection.all_items(), key=lambda item: item.path)
    assert (one.caption, one.tags, one.taken, one.camera) == (
        "Two boats",
        ("boats", "sea"),
        BOATS.taken,
        "Canon EOS 5D",
    )
    assert (two.caption, two.tags, two.taken) == (None, (), None)
    for condition in ("tag=sea", "taken>=2024-05", "camera=canon", "near=52.52,13.40,5km", "caption=boats"):
        assert collection.ids(parse([condition])) == [one.id]
    collection.tag([one.id], add=["mine"], remove=["sea"])
    index_paths(model, collection, [root], captions=root / "captions.csv")
    assert {item.caption for item in collection.all_items("image")} == {"Two boats", "a hat"}
    assert index_paths(model, collection, [root]).unchanged == 2
    assert collection.items([one.id])[0].tags == ("boats", "mine")  # what somebody took away does not come back
    (root / "captions.csv").write_text("file,caption\na.jpg,from the file\n")
    index_paths(model, collection, [root], captions=root / "captions.csv")
    (again,) = collection.ids(parse(["caption=from the file", "kind=image"]))
    assert collection.items([again])[0].tags[:2] == ("boats", "mine") and collection.verify() == []


def test_pictures_of_before_are_asked_without_being_encoded_again(
    tmp_path: Path, collection: Collection, model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "pictures"
    root.mkdir()
    file = picture(root / "a.jpg", exif=WHOLE)
    with monkeypatch.context() as before:
        before.setattr("core.library.indexing.prepared_picture.read_description", lambda path: Description())
        before.setattr("core.library.indexing.prepared_picture.now", lambda: None)
        index_paths(model, collection, [root])
    (old,) = collection.all_items()
    assert old.camera is None and old.described is None
    monkeypatch.setattr(type(model), "light_pictures", lambda self, images: pytest.fail("encoded again"))
    report = index_paths(model, collection, [root])
    (item,) = collection.all_items()
    assert (report.unchanged, item.id, item.caption, item.tags) == (1, old.id, "Two boats", ("boats", "sea"))
    asked: list[Path] = []
    for module in ("known_pictures", "prepared_picture"):
        monkeypatch.setattr(
            f"core.library.indexing.{module}.read_description",
            lambda path: asked.append(path) or read_description(path),
        )
    index_paths(model, collection, [root])
    assert asked == []
    file.with_suffix(".xmp").write_bytes(xmp(alt("dc:description", en="Three boats"), 'exif:DateTimeOriginal="2020"'))
    index_paths(model, collection, [root])
    (item,) = collection.all_items()
    assert asked == [file] and (item.id, item.caption, item.taken) == (old.id, "Three boats", "2020")
    long_ago = time.time() - 100
    os.utime(file.with_suffix(".xmp"), (long_ago, long_ago))
    index_paths(model, collection, [root])
    assert asked == [file]


def test_descriptions_travel(tmp_path: Path, collection: Collection, model: Model) -> None:
    index_paths(model, collection, [picture(tmp_path / "a.jpg", exif=WHOLE)])
    (item,) = collection.all_items()
    assert item.described
    export_jsonl(collection, tmp_path / "items.jsonl")
    with Collection.create(tmp_path / "copy", model=model.name, vocabulary=model.vocabulary.terms) as copy:
        import_jsonl(copy, tmp_path / "items.jsonl")
        (there,) = copy.all_items()
    for name in ("caption", "tags", "taken", "camera", "latitude", "longitude", "described"):
        assert getattr(there, name) == getattr(item, name)


def test_what_pillow_does_not_open_or_would_decode(tmp_path: Path) -> None:
    for name, head in (("a.tif", b"II*\0"), ("a.dng", b"II*\0"), ("a.orf", b"IIRO"), ("a.rw2", b"IIU\0")):
        (tmp_path / name).write_bytes(head + TIFF[4:])
        assert read_description(tmp_path / name) == BOATS
    boxes = [
        (b"JXL ", b"\r\n\x87\n"),
        (b"jxlc", b"pixels"),
        (b"Exif", b"\0" * 4 + TIFF),
        (b"xml ", xmp(bag("dc:subject", "x"))),
    ]
    (tmp_path / "a.jxl").write_bytes(b"".join(struct.pack(">I", len(data) + 8) + kind + data for kind, data in boxes))
    assert read_description(tmp_path / "a.jxl") == replace(BOATS, tags=("x", "sea", "boats"))
    preview = picture(tmp_path / "p.jpg", exif=WHOLE).read_bytes()
    (tmp_path / "a.raf").write_bytes(
        b"FUJIFILMCCD-RAW ".ljust(84, b"\0") + struct.pack(">II", 100, len(preview)) + b"\0" * 8 + preview
    )
    assert read_description(tmp_path / "a.raf") == BOATS
