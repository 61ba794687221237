"""Commands that ask: search a collection, or see the vector that a question becomes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from demo import terminal
from demo.commands.opening import opened_for
from demo.commands.options import (
    DEFAULT_MODEL,
    ByTableOption,
    CollectionOption,
    DenseWeightOption,
    DeviceOption,
    ImageOption,
    JsonOption,
    LiteralTextOption,
    ModelOption,
    PrecisionOption,
    RankOption,
    TextArgument,
    WhereOption,
    WordsCommand,
    one_of,
    one_text,
)

if TYPE_CHECKING:
    from PIL.Image import Image

commands = typer.Typer()


@commands.command(cls=WordsCommand)
def search(
    words: TextArgument = None,
    image: Annotated[
        Path | None, typer.Option("--image", help="A picture to find more like; with a TEXT, both are mixed.")
    ] = None,
    like: Annotated[
        list[int] | None,
        typer.Option(
            "--like",
            metavar="ID",
            help="An item to find more like, or the mean of several; with a TEXT, both are mixed; repeatable.",
        ),
    ] = None,
    share: Annotated[float, typer.Option(help="The say of picture or item beside the TEXT: 0 none, 1 all.")] = 0.5,
    collection: CollectionOption = None,
    k: Annotated[int, typer.Option("-k", help="How many hits.")] = 10,
    expansion: Annotated[float, typer.Option(help="0 uses the query's own words only, 1 all that it evokes.")] = 1.0,
    mode: Annotated[
        Literal["full", "literal", "hybrid"],
        typer.Option(help="literal: own words only; hybrid: an own word must match, all terms score."),
    ] = "full",
    weight: Annotated[
        list[str] | None,
        typer.Option(
            "--weight",
            metavar="TERM=W",
            help="A weight of your own, from -10 to 10: 0 switches the term off, below 0 it counts against an item; "
            "repeatable.",
        ),
    ] = None,
    right: Annotated[
        list[int] | None,
        typer.Option("--right", metavar="ID", help="A right item: what it lights counts for more; repeatable."),
    ] = None,
    wrong: Annotated[
        list[int] | None,
        typer.Option(
            "--wrong",
            metavar="ID",
            help="A wrong item: what it lights counts for less, or against; repeatable.",
        ),
    ] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="TERM", help="Leave out items with this term; repeatable.")
    ] = None,
    kind: Annotated[Literal["image", "caption", "both"], typer.Option(help="Only items of this kind.")] = "both",
    where: WhereOption = None,
    budget: Annotated[
        int | None,
        typer.Option(min=1, help="Read at most so many postings, and say whether the answer is still exact."),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Each of several nearly equal pictures, not the best one.")
    ] = False,
    literal_text: LiteralTextOption = False,
    rank: RankOption = "sparse",
    dense_weight: DenseWeightOption = None,
    by_table: ByTableOption = False,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find pictures and captions, and say why."""
    text = one_text(words)
    if text is None and image is None and not like:
        raise typer.BadParameter("give a TEXT, --image FILE or --like ID")
    from core.search.query import Query

    query = Query(
        text=text or "",
        picture=_opened_picture(image) if image is not None else None,
        like=like or None,
        share=share,
        expansion=expansion,
        mode=mode,
        weights=dict(map(_weight, weight or ())),
        right=right or (),
        wrong=wrong or (),
        kind=kind,
        where=where or (),
        without=without or (),
        each=each,
        k=k,
        budget=budget,
        literal_text=literal_text,
        rank=rank,
        dense_weight=dense_weight,
        by_table=by_table,
    )
    query.check()  # before the model is loaded, which takes seconds
    with opened_for(query, collection) as (model, held):
        from core.search.search import search as find

        result = find(model, held, query)
    for remark in result.remarks:
        if result.hits or remark.kind != "unanswered":  # which speaks of what was found
            terminal.say(remark.sentence, "yellow")
    if as_json:
        terminal.print_json(result.to_json() | ({"query": str(image)} if not result.query and image else {}))
    else:
        terminal.show_result(result, narrowed=bool(where or without or kind != "both"))


def _opened_picture(file: Path) -> "Image":
    from core.pictures.images import open_image

    return open_image(file)


def _weight(given: str) -> tuple[str, float]:
    """TERM=W as (term, weight); QueryError for anything else."""
    from core.errors import QueryError

    term, sign, number = given.rpartition("=")
    try:
        if sign and term.strip():
            return term, float(number)
    except ValueError:
        pass
    raise QueryError(f"{given[:60]!r} is no weight of a term; write TERM=WEIGHT, as in dog=1.5, or dog=-1 against it.")


@commands.command(cls=WordsCommand)
def encode(
    words: TextArgument = None,
    image: ImageOption = None,
    model: ModelOption = DEFAULT_MODEL,
    top: Annotated[int | None, typer.Option("--top", min=1, help="Only the heaviest so many terms.")] = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the sparse vector of a text or a picture."""
    text = one_text(words)
    one_of(text, image)
    from core.models.registry import load_model
    from core.pictures.images import open_image
    from core.search.encoding import encode_picture, encode_text
    from core.search.explain import query_terms

    picture = open_image(image) if image is not None else None
    own = load_model(model)
    query = encode_picture(own, picture) if picture is not None else encode_text(own, text or "")
    vector = query.vector if top is None else query.vector.top(top)
    terms = query_terms(vector, own.vocabulary.terms, query.literal)
    if as_json:
        asked = text if text is not None else str(image)
        terminal.print_json({"model": own.name, "query": asked, "terms": [term.to_json() for term in terms]})
    else:
        terminal.show_terms(terms)
