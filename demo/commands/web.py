"""The command that starts the web app."""

from typing import Annotated

import typer

from demo.commands.opening import model_of
from demo.commands.options import DEFAULT_MODEL, CollectionOption, DeviceOption, PrecisionOption
from index_store.errors import SightwordsError

commands = typer.Typer()


@commands.command()
def serve(
    model: Annotated[
        str | None,
        typer.Option("--model", help=f"The model; when left out, the collection's own, else {DEFAULT_MODEL}."),
    ] = None,
    collection: CollectionOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on; 0.0.0.0 lets others in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 7860,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer its actions as MCP tools at /gradio_api/mcp/ too.")] = False,
    public: Annotated[
        bool | None,
        typer.Option(
            "--public/--private",
            help="public: visitors may look, but change nothing; only on Spaces when left out.",
            show_default=False,
        ),
    ] = None,
    tell_places: Annotated[
        bool,
        typer.Option(
            "--tell-places", help="public: tell visitors where and with what camera pictures were taken, too."
        ),
    ] = False,
    auth: Annotated[
        str | None,
        typer.Option(
            metavar="USER",
            help="Let in only who logs in by this name, with the password in the variable SIGHTWORDS_PASSWORD.",
        ),
    ] = None,
    root_path: Annotated[
        str, typer.Option(metavar="PATH", help="Where a proxy offers the app: /pictures, or the whole address.")
    ] = "",
    memory: Annotated[
        float | None,
        typer.Option(
            min=0, metavar="GB", help="Hold vectors in memory up to so many GB; half of the machine's when left out."
        ),
    ] = None,
) -> None:
    """Start the web app."""
    if collection is not None:
        made_by = model_of(collection)  # says what is wrong before the web app's seconds of imports
        model = model or made_by
    from demo import web

    try:
        web.launch(
            model or DEFAULT_MODEL,
            collection,
            host=host,
            port=port or None,
            mcp=mcp,
            public=public,
            tell_places=tell_places,
            user=auth,
            root_path=root_path,
            memory=None if memory is None else int(memory * 10**9),
        )
    except OSError as error:
        raise SightwordsError(f"The web app cannot listen on {host}:{port} ({error}); try another --port.") from error
