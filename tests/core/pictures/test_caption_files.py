"""Caption files as people have them: every form and encoding, bad rows one by one, names as others write them."""

import json
import random
import unicodedata
from pathlib import Path

import pytest

from core.errors import DatasetError
from core.pictures.captions.assignment import assign_captions
from core.pictures.captions.encodings import document
from core.pictures.captions.reading import CaptionsFile, read_captions

FOUR = {
    "a.jpg": "a dog on a beach, running",
    "b.jpg": "two boats",
    "c.jpg": "ein Café, draußen",
    "d.jpg": 'a "red" kite',
}
ROWS = [{"file": name, "caption": text} for name, text in FOUR.items()]


def read(folder: Path, name: str, content: str | bytes | object) -> CaptionsFile:
    file = folder / name
    data = content if isinstance(content, str | bytes) else json.dumps(content)
    file.write_bytes(data if isinstance(data, bytes) else data.encode())
    return read_captions(file)


def said(found: CaptionsFile) -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for row in found.rows:
        texts.setdefault(row.name, []).extend(row.texts)
    return texts


def table(delimiter: str = ",", header: tuple[str, str] = ("file", "caption"), end: str = "\n") -> str:
    def cell(text: str) -> str:
        return '"' + text.replace('"', '""') + '"' if delimiter in text or '"' in text else text

    return end.join(delimiter.join(map(cell, row)) for row in [header, *FOUR.items()]) + end


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", table()),
        ("a.csv", table(end="\r\n")),
        ("a.csv", table(end="\r")),
        ("a.csv", table(";")),
        ("a.csv", "sep=;\n" + table(";")),
        ("a.csv", '"sep=|"\r\n' + table("|", end="\r\n")),
        ("a.csv", "\n\n" + table("\t")),
        ("a.tsv", table("\t")),
        ("a.txt", table()),
        ("a.csv", "\ufeff" + table()),
        ("a.csv", table().encode("cp1252")),
        ("a.csv", table().encode("utf-16")),
        ("a.csv", table().encode("utf-16-le")),
        ("a.csv", table().encode("utf-16-be")),
        ("a.csv", table().encode("utf-32")),
        ("a.csv", table(header=("File Name", "Captions"))),
        ("a.csv", table(header=("image-path", "Alt Text"))),
        ("a.csv", table(header=("IMAGE_ID", "label"))),
        ("a.csv", table(header=("filepath", "description"))),
        ("a.csv", table(";", ("Dateiname", "Beschreibung"), "\r\n").encode("cp1252")),  # German Excel's CSV
        ("a.csv", table(";", ("Datei", "Titel"))),
        ("a.csv", table(";", ("Nom du fichier", "Légende")).encode("cp1252")),
        ("a.txt", table("\t", ("Archivo", unicodedata.normalize("NFD", "Descripción"))).encode("utf-16")),
        ("a.csv", table(header=("Immagine", "didascalia"))),
        ("a.csv", table(header=("nome do arquivo", "DESCRIÇÃO"))),
        ("a.csv", table(header=("title", "name")).replace("title,name", "name,title")),
        ("a.csv", "".join(table().splitlines(keepends=True)[1:])),  # no header
        ("a.csv", "".join(f"{i},{line}" for i, line in enumerate(table().splitlines(keepends=True)[1:]))),
        ("a.csv", "".join(("," if i == 0 else f"{i},") + line for i, line in enumerate(table().splitlines(True)))),
        ("a.csv", "caption,file\n" + "".join(f"{text},{name}\n" for name, text in FOUR.items())),  # nothing quoted
        ("a.csv", "file,caption\n" + "".join(f'{name},"{text}"\n' for name, text in FOUR.items())),  # nothing doubled
        ("a.csv", "file,caption\n" + "".join(f"{name},{json.dumps(text, ensure_ascii=False)}\n"
                                              for name, text in FOUR.items())),  # with backslashes
        ("a.csv", "".join('"' + line.replace('"', '""') + '"\n' for line in table().splitlines())),  # quoted as a whole
        ("a.csv", "file,caption,,\n" + "".join(f"{line},,\n" for line in table().splitlines()[1:])),
        ("token.txt", "".join(f"{name}#0\t{text}\n" for name, text in FOUR.items())),
        ("captions.txt", "".join(f"{name} {text}\n" for name, text in FOUR.items())),
        ("captions.txt", "".join(f"{name}: {text}\n" for name, text in FOUR.items())),
        ("results.csv", "image_name| comment_number| comment\n" + "".join(
            f"{name}| {i}| {text}\n" for name, text in FOUR.items() for i in (0, 1))),
        ("a.jsonl", "\n".join(json.dumps(row) for row in ROWS)),
        ("a.json", "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode("utf-16")),
        ("a.jsonl", "\n\n".join(json.dumps({"image": n, "captions": [t]}) for n, t in FOUR.items())),
        ("metadata.jsonl", "\n".join(json.dumps({"file_name": n, "text": t}) for n, t in FOUR.items())),
        ("a.json", ROWS),
        ("a.jsonl", ROWS),
        ("a.json", {"data": ROWS}),
        ("a.json", FOUR),
        ("a.json", "[" + ",\n".join(json.dumps(row) for row in ROWS) + ",]"),  # a comma too many
        ("a.json", "".join(json.dumps(row) for row in ROWS)),
        ("a.jsonl", "\n".join(json.dumps(list(pair)) for pair in FOUR.items())),
        ("a.json", {name: {"captions": [text]} for name, text in FOUR.items()}),
        ("a.tsv", "".join(f"{name}\t{text}\t0.9\n" for name, text in FOUR.items())),
        ("a.csv", "file,caption\n" + "".join(f"{name},'{text}'\n" for name, text in FOUR.items()) + "\x1a"),
        ("a.json", {name: [text] for name, text in FOUR.items()}),
        ("a.json", {"file": [*FOUR], "caption": [*FOUR.values()]}),
        ("a.json", {"file": dict(enumerate(FOUR)), "caption": dict(enumerate(FOUR.values()))}),
        ("coco.json", {"images": [{"id": i, "file_name": name} for i, name in enumerate(FOUR)],
                       "annotations": [{"id": 9, "image_id": i, "caption": text}
                                       for i, text in enumerate(FOUR.values())]}),
        ("dataset_meta.json", {"images": [{"imgid": i, "split": "train", "filename": name,
                                           "sentences": [{"sentid": i, "raw": text, "tokens": ["a"]}]}
                                          for i, (name, text) in enumerate(FOUR.items())]}),
    ],
)  # fmt: skip
def test_every_form_says_the_same(tmp_path: Path, name: str, content: str | bytes | object) -> None:
    found = read(tmp_path, name, content)
    assert {name: sorted(set(texts)) for name, texts in said(found).items()} == {n: [t] for n, t in FOUR.items()}
    assert found.bad == ()


@pytest.mark.parametrize(
    ("name", "content", "line", "reason"),
    [
        ("a.csv", "file,caption\na.jpg,dog\nb.jpg,\nc.jpg,cat\n", "line 3", "b.jpg has no caption"),
        ("a.csv", "file,caption\na.jpg,dog\n,two boats\nc.jpg,cat\n", "line 3", "names no picture"),
        ("a.csv", "file,caption\na.jpg,dog\nb.jpg\nc.jpg,cat\n", "line 3", "b.jpg has no caption"),
        ("a.csv", f"file,caption\na.jpg,dog\nb.jpg,{'x' * 10_001}\nc.jpg,cat\n", "line 3", "longer than 10,000"),
        ("a.csv", "caption 1,file,caption 2,w\n1,a.jpg,x,9\n1,b.jpg,2,3,4\n1,c.jpg,x,9", "line 3", "has 5 cells"),
        ("results.csv", "image| n| comment\na.jpg| 0| dog\nb.jpg| 4   boats\nc.jpg| 0| cat\n", "line 3", "caption"),
        ("a.txt", "a.jpg dog\nnothing here\nc.jpg cat\n", "line 2", "expected"),
        ("a.jsonl", '{"file": "a.jpg", "text": "x"}\n{"file": \n{"file": "c.jpg", "text": "y"}', "line 2", "JSON"),
        ("a.jsonl", '{"file": "a.jpg", "text": "x"}\n[]\n{"file": "c.jpg", "text": "y"}', "line 2", "no object"),
        ("a.json", '[{"file": "a.jpg", "text": 1},\n{"file": "b},\n{"file": "c.jpg", "text": "y"}]', "line 2", "JSON"),
        ("a.json", [ROWS[0], {"file": "b.jpg"}, ROWS[2]], "entry 2", "captions of b.jpg are missing"),
        ("a.json", [ROWS[0], {"caption": "b"}, ROWS[2]], "entry 2", "picture's name is missing"),
        ("a.json", [ROWS[0], {"file": "b.jpg", "caption": None}, ROWS[2]], "entry 2", "has no caption"),
        ("a.json", [ROWS[0], {"file": "b.jpg", "captions": ["", 1.5]}, ROWS[2]], "entry 2", "has no caption"),
        ("a.json", '[["a.jpg", "x"], ["b.jpg", "\\ud800"], ["c.jpg", "y"]]', "entry 2", "not valid Unicode"),
        ("c.json", {"images": [{"id": 1, "file_name": "a.jpg"}, {"id": 2, "file_name": "c.jpg"}],
                    "annotations": [{"image_id": 1, "caption": "x"}, {"image_id": 7, "caption": "y"},
                                    {"image_id": 2, "caption": "z"}]}, "annotation 2", "no image 7"),
    ],
)  # fmt: skip
def test_a_bad_row_is_named_and_costs_no_other(
    tmp_path: Path, name: str, content: str | object, line: str, reason: str
) -> None:
    found = read(tmp_path, name, content)
    assert list(said(found)) == ["a.jpg", "c.jpg"]
    (bad,) = found.bad
    assert bad.position == line and reason in bad.fault
    assert found.sentence(bad, bad.fault).startswith(f"{tmp_path / name}, {line}: ")


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("", "", "holds no captions"),
        ("", "file,caption\n", "holds no captions"),
        ("", "PK\3\4[Content_Types].xml", "is a spreadsheet or an archive .* save its table as CSV"),
        ("", "picture of,words\nx,dog\n", "line 1: expected a header .*found: picture of, words"),
        ("", "id,caption\n1,a dog\n", "no column that says which picture"),
        ("", "caption\na dog\n", "no column that says which picture"),
        ("", "file;width\na.jpg;3\n", "no column of captions"),
        ("", "file,caption\n,dog\n,cat\n", "line 2: it names no picture. The other 1 row"),
        (".json", '[{"file": "a.jpg", "caption"', "is not JSON"),
        (".json", {"info": 1}, "no captions that are understood"),
        (".json", {"images": [], "annotations": []}, "holds no captions"),
    ],
)
def test_what_holds_no_captions_is_refused_in_a_sentence(
    tmp_path: Path, name: str, content: str | object, expected: str
) -> None:
    with pytest.raises(DatasetError, match=expected) as caught:
        read(tmp_path, f"captions{name or '.csv'}", content)
    assert str(tmp_path) in str(caught.value) and "\n" not in str(caught.value)
    with pytest.raises(DatasetError, match="cannot be read"):
        read_captions(tmp_path / "nowhere.csv")


def test_quotes_that_do_not_fit_together(tmp_path: Path) -> None:
    lines = [
        "file,caption",
        'a.jpg,"never closed',
        "b.jpg,two boats",
        'c.jpg,"He said ""hi"", twice"',
        'd.jpg,"Hello" said the man, laughing',
        'e.jpg,"two\r\nlines"',
        'f.jpg,a 5" nail',
        'g.jpg, "spaced" ',
    ]
    assert said(read(tmp_path, "a.csv", "\n".join(lines))) == {
        "a.jpg": ["never closed"],
        "b.jpg": ["two boats"],
        "c.jpg": ['He said "hi", twice'],
        "d.jpg": ['"Hello" said the man, laughing'],
        "e.jpg": ["two lines"],
        "f.jpg": ['a 5" nail'],
        "g.jpg": ["spaced"],
    }


def test_one_wrong_byte_costs_its_own_line_only(tmp_path: Path) -> None:
    data = "file,caption\na.jpg,café\n".encode() + b"b.jpg,caf\xe9 \x81\n" + "c.jpg,draußen\n".encode()
    found = said(read(tmp_path, "a.csv", data))
    assert found["a.jpg"] == ["café"] and found["c.jpg"] == ["draußen"] and found["b.jpg"][0].startswith("café")


def test_several_columns(tmp_path: Path) -> None:
    five = "image,caption_1,caption_2,Caption 3\na.jpg,one,two,\nb.jpg,one,,three\n"
    assert said(read(tmp_path, "a.csv", five)) == {"a.jpg": ["one", "two"], "b.jpg": ["one", "three"]}
    told = "title,label,caption,width,path,filename\nT,3,one,9,2024/may,a.jpg\nT,3,two,9,,b.jpg\n"
    assert said(read(tmp_path, "a.csv", told)) == {"2024/may/a.jpg": ["one"], "b.jpg": ["two"]}
    numbers = "image_id,file_name,caption\n17,a.jpg,one\n"
    assert said(read(tmp_path, "a.csv", numbers)) == {"a.jpg": ["one"]}
    karpathy = {"images": [{"filepath": "val2014", "filename": "a.jpg", "sentences": [{"raw": "x"}, {"raw": "y"}]}]}
    assert said(read(tmp_path, "a.json", karpathy)) == {"val2014/a.jpg": ["x", "y"]}
    assert said(read(tmp_path, "a.csv", "a.jpg\tone\ttwo\nb.jpg\tthree\t\n")) == {
        "a.jpg": ["one", "two"],
        "b.jpg": ["three"],
    }


def test_unclosed_quotes_take_no_time(tmp_path: Path) -> None:
    lines = "".join(f'{i}.jpg,"a dog, {i}\n' for i in range(20_000))
    found = read(tmp_path, "a.csv", "file,caption\n" + lines)
    assert len(found.rows) == 20_000 and found.rows[7].texts == ("a dog, 7",)


def test_tables_of_any_kind_never_raise_anything_else(tmp_path: Path) -> None:
    random_ = random.Random(7)
    pieces = ["file", "caption", ",", ";", "\t", "|", '"', "\n", "a.jpg", "é", " ", "\\", "{", "[", "0", "#0", "\x00"]
    for _ in range(600):
        text = "".join(random_.choices(pieces, k=random_.randrange(30)))
        try:
            read(tmp_path, random_.choice(["a.csv", "a.tsv", "a.txt", "a.json", "a.jsonl"]), text)
        except DatasetError as error:
            assert str(tmp_path) in str(error)


def given(tmp_path: Path, names: list[str], pictures: list[str], folder: str | None = None) -> dict[str, str | None]:
    """Which of the pictures below `tmp_path/in` each name means, by a captions file beside that folder."""
    root = tmp_path / "in"
    for picture in pictures:
        (root / picture).parent.mkdir(parents=True, exist_ok=True)
        (root / picture).touch()
    file = read(tmp_path, "names.json", [{"file": name, "caption": name} for name in names])
    paths = [root / picture for picture in pictures]
    found = assign_captions(file, paths, [root], None if folder is None else root / folder)
    means = {text: picture for picture, texts in found.by_picture.items() for text in texts}
    assert len(found.skipped) == len(names) - len(means)
    return {name: str(means[name].relative_to(root)) if name in means else None for name in names}


SUMMER = unicodedata.normalize("NFC", "été.jpg")


@pytest.mark.parametrize(
    ("name", "means"),
    [
        ("one/a.jpg", "one/a.jpg"),
        ("in/one/a.jpg", "one/a.jpg"),
        ("./one/a.jpg", "one/a.jpg"),
        ("a.jpg", "one/a.jpg"),
        ("elsewhere/a.jpg", "one/a.jpg"),
        ("/home/other/pictures/one/a.jpg", "one/a.jpg"),
        ("C:\\Users\\me\\one\\a.jpg", "one/a.jpg"),
        ("one\\a.JPG", "one/a.jpg"),
        ("a", "one/a.jpg"),
        ("A.jpg", "one/a.jpg"),
        ("https://example.org/one/a.jpg?size=2", "one/a.jpg"),
        ("my%20cat.jpg", "two/my cat.jpg"),
        (unicodedata.normalize("NFD", SUMMER), f"two/{SUMMER}"),
        ("42", "two/000000000042.jpg"),
        ("001.jpg", None),  # both folders have one
        ("two/001.jpg", "two/001.jpg"),
        ("deep/two/001.jpg", "two/001.jpg"),
        ("three/001.jpg", None),
        ("a.png", None),
        ("nothing.jpg", None),
        ("", None),
    ],
)
def test_names_as_other_systems_write_them(tmp_path: Path, name: str, means: str | None) -> None:
    pictures = ["one/a.jpg", "one/001.jpg", "two/001.jpg", "two/my cat.jpg", f"two/{SUMMER}", "two/000000000042.jpg"]
    if not name:
        return
    assert given(tmp_path, [name], pictures) == {name: means}


def test_names_that_no_file_can_have_cost_no_other(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "loop").symlink_to("loop")
    long, loop = "x" * 300 + ".jpg", str(tmp_path / "in" / "loop" / "a.png")
    assert given(tmp_path, [long, loop, "a.jpg"], ["a.jpg"]) == {long: None, loop: None, "a.jpg": "a.jpg"}


def test_of_two_names_for_one_picture_neither_is_guessed(tmp_path: Path) -> None:
    pictures = ["a.jpg", "b.jpg"]
    assert given(tmp_path, ["train/a.jpg", "test/a.jpg", "b.jpg", "test/b.jpg"], pictures) == {
        "train/a.jpg": None,
        "test/a.jpg": None,
        "b.jpg": "b.jpg",
        "test/b.jpg": None,
    }
    assert given(tmp_path, ["a", "a.jpg", "in/a.jpg"], pictures) == dict.fromkeys(["a", "a.jpg", "in/a.jpg"], "a.jpg")


def test_a_folder_says_which_of_several_is_meant(tmp_path: Path) -> None:
    pictures = ["one/a.jpg", "two/a.jpg", "two/b.jpg", "two/below/b.jpg", "a.JPG"]
    assert given(tmp_path, ["a.jpg"], pictures[:3]) == {"a.jpg": None}
    assert given(tmp_path, ["a.jpg", "b.jpg"], pictures, "two") == {"a.jpg": "two/a.jpg", "b.jpg": "two/b.jpg"}
    assert given(tmp_path, ["b.jpg"], pictures, "one") == {"b.jpg": None}
    file = read(tmp_path, "names.csv", "file,caption\nx.jpg,x\na.jpg,two of them\n")
    found = assign_captions(file, [tmp_path / "in" / one for one in pictures[:2]])
    assert [reason.split("/names.csv, ")[1] for _, reason in found.skipped] == [
        "line 2: it names 'x.jpg', but there is no such picture.",
        f"line 3: 'a.jpg' could be {tmp_path}/in/one/a.jpg or {tmp_path}/in/two/a.jpg; write its folder, or name a "
        "folder with --captions-folder.",
    ]
    with pytest.raises(DatasetError, match="There is no folder"):
        assign_captions(file, [], folder=tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("encoding", "captions"),
    [
        ("cp1251", ("собака на снегу", "кошка на красном диване", "две лодки на море ночью")),
        ("cp1253", ("σκύλος στο χιόνι", "γάτα στον κόκκινο καναπέ", "δύο βάρκες στη θάλασσα")),
        ("cp932", ("赤いソファの上の猫", "雪の中の子犬", "夜の海の二隻の船")),
        ("gb18030", ("雪地里的小狗", "红色沙发上的猫", "夜晚海上的两艘船")),
        ("euc_kr", ("빨간 소파 위의 고양이", "눈 속의 강아지", "밤바다의 배 두 척")),
        ("cp1252", ("un café près de la mer", "été à la plage", "Straße mit Bäumen, großer Hund")),
        ("cp1252", ("déjà", "été", "là")),
    ],
)
def test_a_file_in_the_code_page_of_its_script(encoding: str, captions: tuple[str, ...]) -> None:
    text = "file,caption\n" + "".join(f'{number}.jpg,"{caption}"\n' for number, caption in enumerate(captions))
    assert document(text.encode(encoding)) == text
