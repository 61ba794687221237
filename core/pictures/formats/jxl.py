"""Reads how large a JPEG XL is from its first bytes, before the decoder takes memory for it; decodes nothing.

The size header is that of ISO/IEC 18181-1; a picture lies bare in the file, or in a box of a container.
"""

_BARE, _CONTAINER = b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n"
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height, from code 1 on


class _Bits:
    """Bits of bytes, least significant first."""

    def __init__(self, data: bytes) -> None:
        self._number, self._at = int.from_bytes(data, "little"), 0

    def take(self, count: int) -> int:
        """The next `count` bits as a number."""
        value = (self._number >> self._at) & ((1 << count) - 1)
        self._at += count
        return value

    def length(self, small: bool) -> int:
        """A side, in pixels."""
        return 8 * (1 + self.take(5)) if small else 1 + self.take((9, 13, 18, 30)[self.take(2)])


def read_size(head: bytes) -> tuple[int, int] | None:
    """(width, height) of the JPEG XL that begins with these bytes; None where it is none, or its picture comes later.

    Widths and heights are as stored, before the picture is turned.
    """
    start = 0 if head.startswith(_BARE) else _codestream(head)
    if start is None or head[start : start + 2] != _BARE:
        return None
    bits = _Bits(head[start + 2 : start + 14])
    small = bool(bits.take(1))
    height = bits.length(small)
    ratio = bits.take(3)
    width = bits.length(small) if ratio == 0 else height * _RATIOS[ratio - 1][0] // _RATIOS[ratio - 1][1]
    return width, height


def _codestream(head: bytes) -> int | None:
    """Where the picture begins inside the container's boxes."""
    at = 0 if head.startswith(_CONTAINER) else len(head)
    while at + 8 <= len(head):
        length, kind = int.from_bytes(head[at : at + 4], "big"), head[at + 4 : at + 8]
        header = 16 if length == 1 else 8
        if kind in (b"jxlc", b"jxlp"):
            return at + header + (4 if kind == b"jxlp" else 0)  # a part is numbered
        if length == 1:
            length = int.from_bytes(head[at + 8 : at + 16], "big")
        if length < header:
            return None
        at += length
    return None
