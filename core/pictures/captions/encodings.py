"""Turns bytes into text where nothing, or something wrong, says which encoding they are in; knows no files."""

from string import ascii_letters

from charset_normalizer import from_bytes

_MARKS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)  # what texts begin with
_LOOKED_AT = 4_096  # bytes that tell UTF-16 without a mark
_OTHER_SCRIPTS = ("cp1251", "cp1253", "cp932", "gb18030", "euc_kr")  # Windows', where its letters are not Latin
_BEYOND_ASCII = bytes(range(128, 256))
_MOSTLY = 0.3  # bytes beyond ASCII, for each letter of ASCII, from which on a text is in another script than Latin


def document(data: bytes) -> str:
    """The text of a file, with plain line ends; bytes that are wrong in UTF-8 cost their own line only."""
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None) or unmarked_utf16(data)
    if encoding and encoding != "utf-8-sig":
        text = data.decode(encoding, "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
            text = _other_script(data, lines) or "\n".join(map(plain, lines))
    return text.removeprefix("\ufeff").rstrip("\0\x1a").replace("\r\n", "\n").replace("\r", "\n")


def _other_script(data: bytes, lines: list[bytes]) -> str:
    """The text where it is in no Latin script and in its script's own code page; "" for any other.

    Western texts have few letters beyond ASCII, and what tells their code pages apart is mostly guessed wrong.
    """
    foreign = len(data) - len(data.translate(None, _BEYOND_ASCII))
    latin = len(data) - len(data.translate(None, ascii_letters.encode()))
    if foreign < _MOSTLY * latin or any(not line.isascii() and _is_utf8(line) for line in lines):
        return ""
    found = from_bytes(data, cp_isolation=[*_OTHER_SCRIPTS]).best()
    return "" if found is None else str(found)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def plain(data: bytes) -> str:
    """A text in UTF-8 or, where it is none, in Windows' 1252."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    return data.decode("latin-1")  # five bytes mean nothing in 1252


def unmarked_utf16(data: bytes) -> str | None:
    """UTF-16 without a mark, told by its zeros: every second byte of mostly Latin text."""
    some = data[:_LOOKED_AT]
    even, odd = some[::2].count(0), some[1::2].count(0)
    if max(even, odd) * 4 < len(some) or not some:
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def is_encodable(text: str) -> bool:
    """Whether a text has an encoding in UTF-8: a file's name, or half a pair of surrogates in JSON, may have none."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
