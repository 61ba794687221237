"""Commands that ask: search a collection, or see the vector that a question becomes."""

from typing import Annotated, Literal

import typer

from demo import terminal
from demo.commands.opening import opened
from demo.commands.options import (
    DEFAULT_MODEL,
    CollectionOption,
    DeviceOption,
    ImageOption,
    JsonOption,
    ModelOption,
    PrecisionOption,
    TextArgument,
    WhereOption,
    one_of,
)

commands = typer.Typer()


@commands.command()
def search(
    text: TextArgument = None,
    image: ImageOption = None,
    collection: CollectionOption = None,
    k: Annotated[int, typer.Option("-k", help="How many hits.")] = 10,
    expansion: Annotated[float, typer.Option(help="0 uses the query's own words only, 1 all that it evokes.")] = 1.0,
    mode: Annotated[
        Literal["full", "literal", "hybrid"],
        typer.Option(help="literal: own words only; hybrid: an own word must match, all terms score."),
    ] = "full",
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="TERM", help="Leave out items with this term; repeatable.")
    ] = None,
    kind: Annotated[Literal["image", "caption"] | None, typer.Option(help="Only items of this kind.")] = None,
    where: WhereOption = None,
    budget: Annotated[
        int | None,
        typer.Option(min=1, help="Read at most so many postings, and say whether the answer is still exact."),
    ] = None,
    each: Annotated[
        bool, typer.Option("--each", help="Each of several nearly equal pictures, not the best one.")
    ] = False,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find pictures and captions, and say why."""
    one_of(text, image)
    from core.pictures.images import open_image
    from core.search.search import search as find
    from index_store.filters import parse

    only = parse(where or ())
    picture = open_image(image) if image is not None else None
    with opened(collection) as (model, held):
        result = find(
            model,
            held,
            text=text,
            image=picture,
            k=k,
            expansion=expansion,
            mode=mode,
            without=without or (),
            kind=kind,
            where=only,
            budget=budget,
            each=each,
        )
    for remark in result.remarks:
        if result.hits or remark.kind != "unanswered":  # which speaks of what was found
            terminal.say(remark.said, "yellow")
    if as_json:
        terminal.print_json(result.to_json() | ({"query": str(image)} if image is not None else {}))
    else:
        terminal.show_result(result, bool(only or kind or without))


@commands.command()
def encode(
    text: TextArgument = None,
    image: ImageOption = None,
    model: ModelOption = DEFAULT_MODEL,
    top: Annotated[int | None, typer.Option("--top", min=1, help="Only the heaviest so many terms.")] = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the sparse vector of a text or a picture."""
    one_of(text, image)
    from core.models.registry import load_model
    from core.pictures.images import open_image
    from core.search.explain import query_terms
    from core.search.search import encode_query

    picture = open_image(image) if image is not None else None
    own = load_model(model)
    query = encode_query(own, text=text, image=picture)
    vector = query.vector if top is None else query.vector.top(top)
    terms = query_terms(vector, own.vocabulary.terms, query.spoken)
    if as_json:
        asked = text if text is not None else str(image)
        terminal.print_json({"model": own.name, "query": asked, "terms": [term.to_json() for term in terms]})
    else:
        terminal.show_terms(terms)
