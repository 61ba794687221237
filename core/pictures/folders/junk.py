"""Folders and files that systems and programs keep for themselves beside pictures: bins, thumbnails, old versions.

What lies in them was deleted, or is made from pictures that lie elsewhere. Knows names only, and opens nothing.
"""

import re
from collections.abc import Sequence

# By whole name, whatever the case
FOLDERS = frozenset(
    (
        # bins of Windows, NAS systems, Samba, macOS, Nextcloud and digiKam (.Trash-1000 and its like: see PATTERN)
        "$recycle.bin", "recycler", "recycled", "recycle bin", "#recycle", "@recycle", ".recycle", "trashbox",
        "network trash folder", "files_trashbin", ".dtrash",
        # what a file system or a disk's own programs keep
        "lost+found", "found.000", "system volume information", ".spotlight-v100", ".fseventsd", ".temporaryitems",
        "temporary items", ".documentrevisions-v100", "__macosx", ".appledouble",
        # thumbnails and copies of pictures that lie beside them
        "@eadir", ".@__thumb", ".thumbnails", ".thumbs", ".thumb", ".xvpics", ".picasaoriginals",
        # old versions
        "#snapshot", "@recently-snapshot", ".snapshot", ".snapshots", "~snapshot", ".zfs", ".stversions",
        "files_versions", ".dropbox.cache", ".@upload_cache",
    )
)  # fmt: skip
PATTERN = re.compile(r"\.trash.*|.*\.lrdata|appdata_[0-9a-z]{12}", re.DOTALL)  # Lightroom's previews, Nextcloud's
LIBRARIES = re.compile(r".*\.(photoslibrary|photolibrary|migratedphotolibrary|aplibrary)|iphoto library", re.DOTALL)
ORIGINALS = frozenset({"originals", "masters", "modified"})  # the parts of Apple's libraries that hold the pictures
APPLE_DOUBLE, APPLE_DOUBLE_BYTES = "._", b"\0\5\x16\7"  # ._name.jpg: what macOS notes about name.jpg, on other disks


def is_junk_folder(name: str, parent: str = "") -> bool:
    """Whether a folder of this name, in a folder named `parent`, holds what nobody looks for."""
    low = name.lower()
    if low in FOLDERS or PATTERN.fullmatch(low):
        return True
    return LIBRARIES.fullmatch(parent.lower()) is not None and low not in ORIGINALS


def junk_folder(folders: Sequence[str]) -> str | None:
    """The first of the folders, each in the one before, that is junk; None where none is."""
    for parent, name in zip(("", *folders), folders, strict=False):
        if is_junk_folder(name, parent):
            return name
    return None
