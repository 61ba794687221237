"""Colour profiles for tests, made here from their definition (ICC.1:2010), and what they mean, computed apart."""

import struct

import numpy as np

XYZ = tuple[float, float, float]
PROPHOTO: tuple[XYZ, XYZ, XYZ] = ((0.79767, 0.28804, 0.0), (0.13519, 0.71187, 0.0), (0.03134, 0.00009, 0.82491))
DISPLAY_P3: tuple[XYZ, XYZ, XYZ] = (
    (0.51512, 0.24120, -0.00105),
    (0.29198, 0.69225, 0.04189),
    (0.15710, 0.06657, 0.78407),
)
ADOBE_RGB: tuple[XYZ, XYZ, XYZ] = (
    (0.60974, 0.31111, 0.01947),
    (0.20528, 0.62567, 0.06087),
    (0.14919, 0.06322, 0.74457),
)
SRGB: tuple[XYZ, XYZ, XYZ] = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
WHITE: XYZ = (0.9642, 1.0, 0.8249)  # D50, the white of every profile


def rgb_profile(primaries: tuple[XYZ, XYZ, XYZ], gamma: float) -> bytes:
    """Of a display: three primaries, adapted to D50, and one gamma."""
    tags = {b"wtpt": _xyz(WHITE)}
    for letter, primary in zip((b"r", b"g", b"b"), primaries, strict=True):
        tags[letter + b"XYZ"] = _xyz(primary)
        tags[letter + b"TRC"] = _gamma(gamma)
    return _profile(b"mntr", b"RGB ", b"XYZ ", tags)


def grey_profile(gamma: float) -> bytes:
    return _profile(b"mntr", b"GRAY", b"XYZ ", {b"wtpt": _xyz(WHITE), b"kTRC": _gamma(gamma)})


def cmyk_profile(corner: tuple[int, int, int]) -> bytes:
    """Of a press on which black is black, and every other ink gives the colour `corner` (Lab, a and b from 128)."""
    same = bytes(range(256))
    of_inks = [(0, 128, 128) if inks & 1 else corner if inks else (255, 128, 128) for inks in range(16)]
    colours = b"".join(map(bytes, of_inks))
    identity = b"".join(struct.pack(">i", 65536 if row == column else 0) for row in range(3) for column in range(3))
    table = b"mft1" + bytes(4) + bytes((4, 3, 2, 0)) + identity + same * 4 + colours + same * 3
    return _profile(b"prtr", b"CMYK", b"Lab ", {b"wtpt": _xyz(WHITE), b"A2B0": table})


def in_srgb(colour: tuple[int, int, int], primaries: tuple[XYZ, XYZ, XYZ], gamma: float) -> tuple[int, ...]:
    """What the colour is in sRGB, by the formulas of IEC 61966-2-1."""
    light = np.array(primaries).T @ (np.array(colour) / 255) ** gamma
    linear = (np.linalg.inv(np.array(SRGB).T) @ light).clip(0, 1)
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return tuple((coded * 255).round().astype(int).tolist())


def _xyz(value: XYZ) -> bytes:
    return b"XYZ " + bytes(4) + b"".join(struct.pack(">i", round(part * 65536)) for part in value)


def _gamma(value: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(value * 256))


def _profile(kind: bytes, space: bytes, connection: bytes, tags: dict[bytes, bytes]) -> bytes:
    text = b"for tests"
    described = b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text + bytes(1 + 4 + 4 + 2 + 1 + 67)
    tags = {b"desc": described, b"cprt": b"text" + bytes(4) + text + b"\0", **tags}
    table, data, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, content in tags.items():
        content += bytes(-len(content) % 4)
        table += name + struct.pack(">II", at + len(data), len(content))
        data += content
    header = struct.pack(">I4sI4s4s4s", at + len(data), bytes(4), 0x02400000, kind, space, connection)
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) + _xyz(WHITE)[8:]
    return header.ljust(128, b"\0") + struct.pack(">I", len(tags)) + table + data
