"""The command `embed`: a dense data set from pictures and captions."""

from pathlib import Path
from typing import Annotated

import typer

from core.shipped import PHOTO_MODEL, WORLD_MODEL
from demo import terminal
from demo.commands.options import DeviceOption, JsonOption, PrecisionOption
from demo.commands.research_options import stoppable

commands = typer.Typer()


@commands.command()
def embed(
    dataset: Annotated[Path, typer.Option(help="Pictures, with dataset_meta.json that lists them and their captions.")],
    out: Annotated[Path, typer.Option(help="The folder to write the dense data set into.")],
    model: Annotated[
        str | None,
        typer.Option(
            "--model", help=f"The model or encoder's name; when left out, {PHOTO_MODEL}, or {WORLD_MODEL} for drawings."
        ),
    ] = None,
    device: DeviceOption = None,
    precision: PrecisionOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a dense data set from pictures and captions."""
    from core.data.embedding import embed_dataset, refuse_overwriting
    from core.models.registry import load_encoder, model_for

    refuse_overwriting(out)
    encoder = load_encoder(model or model_for([dataset]))
    with terminal.progress_bar("embedding") as advance, stoppable("Stopped; nothing was written."):
        written = embed_dataset(encoder, dataset, out, progress=advance)
    if as_json:
        terminal.print_json({"model": encoder.name, "out": str(out.absolute())} | written)
    else:
        counts = f"{written['images']} images and {written['captions']} captions, {written['dim']} dimensions each"
        terminal.out().print(f"{counts}, written into {out}", markup=False, soft_wrap=True)
