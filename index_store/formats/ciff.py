"""Collections in the Common Index File Format, which PISA, Anserini, OldDog and others read (Lin et al., ECIR 2020).

A file is a header, then one message for each term (its postings by ascending document, ids as gaps), then one for each
document. The length of each message stands before it (https://github.com/osirrc/ciff). Postings hold whole numbers
("tf"), so weights are multiplied by a scale and rounded; the description in the header names the scale. What must come
back to the last bit travels as JSON lines (`jsonl.py`).
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import BinaryIO

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import DecodeError, Message
from numpy.typing import NDArray

from index_store.errors import ExchangeError
from index_store.formats.transfer import BATCH, Imported, add_missing, written_whole
from index_store.items import NewItem
from index_store.progress import Progress, silent
from index_store.store import Store
from index_store.vectors import SparseVector

SCALE = 1000.0  # weights of some 0.01 to 5 keep about three digits
# both as `export_ciff` writes them into the description
_SCALE = re.compile(r"weights times ([0-9.e+-]+), rounded")
_MODEL = re.compile(r"Sightwords, model (.+?); weights times")
_FIELDS = {  # message -> (name, number, type) of its fields
    "Header": (
        ("version", 1, "INT32"), ("num_postings_lists", 2, "INT32"), ("num_docs", 3, "INT32"),
        ("total_postings_lists", 4, "INT32"), ("total_docs", 5, "INT32"),
        ("total_terms_in_collection", 6, "INT64"), ("average_doclength", 7, "DOUBLE"), ("description", 8, "STRING"),
    ),
    "Posting": (("docid", 1, "INT32"), ("tf", 2, "INT32")),
    "PostingsList": (("term", 1, "STRING"), ("df", 2, "INT64"), ("cf", 3, "INT64"), ("postings", 4, "Posting")),
    "DocRecord": (("docid", 1, "INT32"), ("collection_docid", 2, "STRING"), ("doclength", 3, "INT32")),
}  # fmt: skip


def _messages() -> dict[str, type[Message]]:
    """The format's messages, described here instead of in a compiled file."""
    file = descriptor_pb2.FileDescriptorProto(name="sightwords/ciff.proto", package="ciff", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in _FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            if kind in _FIELDS:
                message.field.add(name=field, number=number, type=kinds.TYPE_MESSAGE, type_name=f".ciff.{kind}",
                                  label=kinds.LABEL_REPEATED)  # fmt: skip
            else:
                message.field.add(name=field, number=number, type=kinds.Type.Value(f"TYPE_{kind}"),
                                  label=kinds.LABEL_OPTIONAL)  # fmt: skip
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"ciff.{name}")) for name in _FIELDS}


_MESSAGES = _messages()


def export_ciff(collection: Store, target: Path, *, scale: float = SCALE, progress: Progress = silent) -> int:
    """Writes every item, by ascending id, as one document named by its id; returns how many. No weight is below 1.

    ExchangeError where the file cannot be written.
    """
    ids, documents, terms, counts = _inverted(collection, scale, progress)
    lengths = np.bincount(documents, weights=counts, minlength=len(ids))
    starts = np.flatnonzero(np.diff(terms, prepend=-1))
    spans = zip(starts.tolist(), np.append(starts, len(terms))[1:].tolist(), strict=True)
    by_name = sorted(spans, key=lambda span: collection.vocabulary[terms[span[0]]].encode())
    with written_whole(target) as file:
        _write(file, "Header", version=1, num_postings_lists=len(by_name), num_docs=len(ids),
               total_postings_lists=len(by_name), total_docs=len(ids), total_terms_in_collection=int(counts.sum()),
               average_doclength=float(lengths.mean()) if len(ids) else 0.0,
               description=f"Sightwords, model {collection.model}; weights times {scale:g}, rounded")  # fmt: skip
        for start, end in by_name:
            gaps, own = np.diff(documents[start:end], prepend=0).tolist(), counts[start:end].tolist()
            postings = [_MESSAGES["Posting"](docid=gap, tf=tf) for gap, tf in zip(gaps, own, strict=True)]
            _write(file, "PostingsList", term=collection.vocabulary[terms[start]], df=len(own), cf=sum(own),
                   postings=postings)  # fmt: skip
        for document, (item, length) in enumerate(zip(ids, lengths.tolist(), strict=True)):
            _write(file, "DocRecord", docid=document, collection_docid=str(item), doclength=int(length))
    return len(ids)


def _inverted(
    collection: Store, scale: float, progress: Progress
) -> tuple[list[int], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Ids of the items, by document; and document, term and whole weight of each posting, by term, then document."""
    ids: list[int] = []
    sizes, terms, counts = [], [np.zeros(0, np.int32)], [np.zeros(0, np.int64)]
    items = collection.all_items()
    while batch := [item.id for item in islice(items, BATCH)]:
        for vector in collection.vectors(batch):
            sizes.append(len(vector))
            terms.append(vector.terms)
            counts.append(np.maximum(1, np.rint(vector.weights.astype(np.float64) * scale)).astype(np.int64))
        ids += batch
        progress(len(ids), max(len(ids), len(collection)), "")
    every, documents = np.concatenate(terms).astype(np.int64), np.repeat(np.arange(len(ids)), sizes)
    order = np.argsort(every, kind="stable")
    return ids, documents[order], every[order], np.concatenate(counts)[order]


def import_ciff(collection: Store, source: Path, *, progress: Progress = silent) -> Imported:
    """Adds a file's documents as items of kind "image", with their names as paths.

    Weights are divided by the scale that the header names, if it does. Items that are there already are left as they
    are. ExchangeError, before anything is added, where the file is not in this format or has a term that the
    collection's vocabulary lacks.
    """
    items = _items(source, {term: number for number, term in enumerate(collection.vocabulary)})
    return add_missing(collection, items, len(items), progress=progress)


def model_of_ciff(source: Path) -> str | None:
    """The model that made a file's weights, as `export_ciff` noted it; None where another program wrote the file.

    ExchangeError where the file is not in this format.
    """
    with _reading(source) as read:
        match = _MODEL.match(read("Header").description)
    return match[1] if match else None


@contextmanager
def _reading(source: Path) -> Iterator[Callable[[str], Message]]:
    """A function that reads the next message, of a named kind; ExchangeError where the file is wrong."""
    try:
        with source.open("rb") as file:
            yield _reader(file, source)
    except OSError as error:
        raise ExchangeError(f"{source} cannot be read: {(error.strerror or str(error)).lower()}.") from error
    except (DecodeError, IndexError, ValueError, MemoryError, OverflowError) as error:
        raise ExchangeError(
            f"{source} is not in the Common Index File Format ({error}); nothing was imported."
        ) from error


def _items(source: Path, ids: dict[str, int]) -> list[NewItem]:
    with _reading(source) as read:
        header = read("Header")
        match = _SCALE.search(header.description)
        scale = float(match[1]) if match else 1.0
        pairs: list[dict[int, float]] = [{} for _ in range(header.num_docs)]
        for _ in range(header.num_postings_lists):
            postings = read("PostingsList")
            term = ids.get(postings.term)
            if term is None:
                raise ExchangeError(
                    f"{source} has the term {postings.term!r}, which is not in the collection's "
                    "vocabulary; nothing was imported."
                )
            document = 0
            for posting in postings.postings:
                document += posting.docid
                pairs[document][term] = posting.tf / scale
        records = [read("DocRecord") for _ in range(header.num_docs)]
    made = []
    for record in records:
        vector = SparseVector.from_pairs(pairs[record.docid])
        name = record.collection_docid
        content = sha256(json.dumps([name, vector.terms.tolist(), vector.weights.tolist()]).encode()).hexdigest()
        made.append(NewItem("image", name, None, content, vector))
    return made


def _write(file: BinaryIO, kind: str, **fields: object) -> None:
    data = _MESSAGES[kind](**fields).SerializeToString()
    file.write(_varint(len(data)) + data)


def _varint(number: int) -> bytes:
    """A number as seven bits a byte, the lowest first; the top bit of a byte says that more follow."""
    parts = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes([*parts, number])


def _reader(file: BinaryIO, source: Path) -> Callable[[str], Message]:
    def read(kind: str) -> Message:
        size = shift = 0
        while True:
            byte = file.read(1)
            if not byte or shift > 28:
                raise ValueError("it ends too early" if not byte else "a length makes no sense")
            size |= (byte[0] & 127) << shift
            shift += 7
            if byte[0] < 128:
                break
        data = file.read(size)
        if len(data) < size:
            raise ValueError("it ends too early")
        return _MESSAGES[kind].FromString(data)

    return read
