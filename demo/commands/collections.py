"""Commands that fill and look after a collection: index, remove, tag, verify, compact, stats."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from core.shipped import PHOTO_MODEL, WORLD_MODEL
from demo import terminal
from demo.commands.opening import world, writable
from demo.commands.options import (
    CollectionOption,
    DeviceOption,
    JsonOption,
    NewCollectionOption,
    OwnCollectionOption,
    PrecisionOption,
    WaitOption,
    WhereOption,
    YesOption,
)
from demo.components import amounts
from index_store.address import MilvusAddress
from index_store.errors import CollectionError
from index_store.folder.writer_lock import WAIT_S

if TYPE_CHECKING:
    from core.library.indexing.sync import IndexReport
    from index_store.items import Item
    from index_store.store import Store

commands = typer.Typer()


@commands.command()
def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Pictures, or folders of them.")],
    collection: NewCollectionOption,
    model: Annotated[
        str | None,
        typer.Option(
            "--model",
            help="The model; when left out, the collection's own; for a new one "
            f"{PHOTO_MODEL}, or {WORLD_MODEL} for drawings.",
        ),
    ] = None,
    captions: Annotated[
        Path | None,
        typer.Option(
            "--captions", help="Captions of the pictures: a table with a column file and one caption, JSON, …"
        ),
    ] = None,
    captions_folder: Annotated[
        Path | None,
        typer.Option("--captions-folder", metavar="DIR", help="Where the names in the captions file count from."),
    ] = None,
    shard: Annotated[
        str | None, typer.Option("--shard", metavar="I/N", help="Only this machine's share; `import` joins them.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Hidden files, deleted ones (#recycle…) and others' thumbnails (@eaDir…) too.")
    ] = False,
    keep_dense: Annotated[
        bool,
        typer.Option(
            "--keep-dense",
            help="From now on, keep the model's dense vectors, too, so that `search --rank fused` can rank by the "
            "whole picture; items that are there already are given theirs.",
        ),
    ] = False,
    with_captions: Annotated[
        float | None,
        typer.Option(
            "--with-captions",
            metavar="WEIGHT",
            min=0,
            max=1,
            help="From now on, what is written of a picture, its captions and keywords, weighs so much in what it is "
            "found by: 0 not at all, 1 as much as what is seen in it; kept in the collection.",
        ),
    ] = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    yes: YesOption = False,
    wait: WaitOption = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Add folders of pictures to a collection, or bring it in step with them."""
    from core.library.indexing.sync import index_paths
    from core.pictures.captions.reading import read_captions
    from core.pictures.folders.listing import Shard, existing

    share = Shard.parse(shard) if shard is not None else None
    if captions is not None:
        read_captions(captions)  # wrong input is told before a collection is made or a model loaded
    if keep_dense and isinstance(collection, MilvusAddress):  # before one is made there
        raise CollectionError(f"{collection} lies in Milvus, where no dense vectors are kept; index into a folder.")
    if with_captions is not None and isinstance(collection, MilvusAddress):
        raise CollectionError(
            f"{collection} lies in Milvus, where captions weigh nothing in pictures' vectors; index into a folder."
        )
    there, _ = existing(paths)
    with writable(collection, model, there, wait) as (own, opened):
        with terminal.interrupted() as should_stop, terminal.progress_bar("indexing") as advance:
            report = index_paths(
                own,
                opened,
                paths,
                captions=captions,
                captions_folder=captions_folder,
                shard=share,
                everything=everything,
                remove_many=yes,
                keep_dense=keep_dense,
                with_captions=with_captions,
                progress=advance,
                should_stop=should_stop,
            )
        report = _remove_gone_if_confirmed(opened, report)
        items, address = len(opened), opened.address
    _show_report(report, own.name, address, items, as_json)
    if report.cancelled:
        terminal.say("Stopped; what is counted above is stored, and the same command goes on from there.", "yellow")
        raise typer.Exit(1)
    if not report.read and share is None:
        terminal.say("Nothing could be read: there is no picture in what was named.", "red")
        raise typer.Exit(1)


def _remove_gone_if_confirmed(opened: "Store", report: "IndexReport") -> "IndexReport":
    """Asks whether items that indexing kept, though their files are gone, are to be taken out, and does so.

    Returns the report as it is then. Where nobody agrees, or can be asked, it says that the items stay.
    """
    from core.library.selection import remove_gone

    if not report.kept:
        return report
    gone = f"The files of {len(report.kept):,} of {amounts.count(len(opened), 'item')} are gone"
    if terminal.confirm(f"{gone}: take the items out?"):
        return replace(report, removed=report.removed + remove_gone(opened, report.kept), kept=())
    terminal.say(f"{gone}; they stay. --yes takes them out, unless their disk is not mounted.", "yellow")
    return report


def _show_report(report: "IndexReport", model: str, address: str, items: int, as_json: bool) -> None:
    if not as_json:
        terminal.show_report(report, address, items)
        return
    document = asdict(report) | {"collection": address, "model": model, "items": items}
    document["kept"] = len(report.kept)
    document["skipped"] = [{"path": path, "reason": reason} for path, reason in report.skipped]
    terminal.print_json(document)


@commands.command()
def remove(
    names: Annotated[list[str], typer.Argument(metavar="PATH_OR_ID", help="Items by id, or by their file or folder.")],
    collection: OwnCollectionOption,
    yes: YesOption = False,
    wait: WaitOption = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Take items out of a collection; the pictures themselves stay where they are. Many only once you agree."""
    from core.errors import RemovalNotAgreed
    from core.library.selection import is_many, select_items
    from index_store.opening import open_collection

    with open_collection(collection, writable=True, wait=wait) as opened:
        ids, held = select_items(opened, names), len(opened)
        asked = f"{len(ids):,} of the {held:,} items of {opened.address}"
        if is_many(len(ids), held) and not yes and not terminal.confirm(f"This takes out {asked}. Do so?"):
            raise RemovalNotAgreed(f"This would take out {asked}; nothing was changed. Say --yes to do it.")
        removed = opened.remove(ids)
    if as_json:
        terminal.print_json({"removed": removed, "ids": ids})
    else:
        terminal.out().print(f"{amounts.count(removed, 'item')} removed")


@commands.command()
def tag(
    collection: OwnCollectionOption,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="PATH_OR_ID", help="Items by id, or by their file or folder.")
    ] = None,
    where: WhereOption = None,
    add: Annotated[list[str] | None, typer.Option("--add", metavar="TAG", help="Give this tag; repeatable.")] = None,
    drop: Annotated[list[str] | None, typer.Option("--drop", metavar="TAG", help="Take it away; repeatable.")] = None,
    wait: WaitOption = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Give items tags, to search among with --where tag=…, or take tags away."""
    from core.library.selection import select_items
    from index_store.filters import parse
    from index_store.opening import open_collection

    if not (add or drop) or bool(names) == bool(where):
        raise typer.BadParameter("give items by name or by --where, and a tag to --add or to --drop")
    with open_collection(collection, writable=True, wait=wait) as opened:
        ids = select_items(opened, names) if names else opened.ids(parse(where or ()))
        opened.tag(ids, add or (), drop or ())
    if as_json:
        terminal.print_json({"tagged": len(ids), "ids": ids})
    else:
        terminal.out().print(f"{amounts.count(len(ids), 'item')} tagged")


@commands.command()
def verify(
    collection: CollectionOption = None,
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is found.")] = False,
    wait: WaitOption = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Check that catalog and postings of a collection agree, item by item; exit 1 where they do not."""
    from index_store.opening import open_collection

    path = collection if collection is not None else world()[1]
    with open_collection(path, writable=repair, wait=wait) as opened:
        found = opened.verify()
        repairs = opened.repair() if repair and found else None
        left = opened.verify() if repairs else found
    if as_json:
        mended = asdict(repairs) if repairs else None
        terminal.print_json({"collection": str(path), "problems": found, "repairs": mended, "left": left})
    else:
        for sentence in found or ["All that it holds agrees."]:
            terminal.out().print(sentence, markup=False, soft_wrap=True)
        if repairs:
            sentence = f"Mended: {amounts.count(repairs.rewritten, 'item')} written anew, {repairs.removed:,} taken out"
            terminal.out().print(f"{sentence}; index their folders again to bring those back.", markup=False)
    if left:
        raise typer.Exit(1)


@commands.command()
def compact(
    collection: OwnCollectionOption,
    wait: WaitOption = WAIT_S,
    as_json: JsonOption = False,
) -> None:
    """Make a collection small and quick again after many changes; `index` does it by itself when it is worth it."""
    from index_store.opening import open_collection

    with open_collection(collection, writable=True, wait=wait) as opened:
        done, place = opened.compact(), opened.address
    if as_json:
        terminal.print_json({"collection": place} | asdict(done))
    else:
        sizes = f"{done.bytes_before / 1e6:.1f} MB before, {done.bytes_after / 1e6:.1f} MB now"
        pieces = f"{sizes}; {done.segments_before} pieces before, {done.segments_after} now"
        terminal.out().print(pieces, markup=False, soft_wrap=True)


@commands.command()
def stats(collection: CollectionOption = None, where: WhereOption = None, as_json: JsonOption = False) -> None:
    """Show a collection in numbers, and how many items a filter lets through, by kind, folder and tag."""
    from index_store.filters import parse
    from index_store.opening import open_collection

    only = parse(where or ())

    path = collection if collection is not None else world()[1]
    with open_collection(path) as opened:
        numbers, counts, place, model = opened.stats(), opened.counts(only), opened.address, opened.model
        precision = opened.precision
    if as_json:
        frequent = [{"term": term, "items": count} for term, count in numbers.frequent]
        terminal.print_json(
            {"collection": place, "model": model, "precision": precision}
            | asdict(numbers)
            | {"frequent": frequent, "filtered": asdict(counts)}
        )
    else:
        terminal.show_stats(numbers, counts, place, model, precision)


@commands.command()
def duplicates(collection: OwnCollectionOption, wait: WaitOption = WAIT_S, as_json: JsonOption = False) -> None:
    """List pictures that are there more than once: equal to the byte, resaved, resized or cropped a little."""
    from core.library.duplicates import copies, find_copies
    from index_store.opening import open_collection

    with open_collection(collection, writable=True, wait=wait) as opened:
        find_copies(opened)
        found, place = copies(opened), opened.address
    if as_json:
        groups = [{"equal": one.equal, "items": [_picture(item) for item in one.items]} for one in found]
        terminal.print_json({"collection": place, "groups": groups})
    else:
        terminal.show_copies(found)


def _picture(item: "Item") -> dict[str, object]:
    names = ("id", "path", "width", "height", "bytes", "tags", "content_hash")
    return {name: getattr(item, name) for name in names}
