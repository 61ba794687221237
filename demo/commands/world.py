"""Commands about the illustrated world."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from demo import terminal
from demo.commands.opening import writing
from demo.commands.options import JsonOption
from demo.components import amounts

commands = typer.Typer()


@commands.command()
def scenes(
    split: Annotated[Literal["train", "val", "test"], typer.Option(help="Which part of the world.")],
    count: Annotated[int, typer.Option(help="How many pictures.")],
    out: Annotated[Path, typer.Option(help="The folder to draw into.")],
    as_json: JsonOption = False,
) -> None:
    """Draw pictures of the illustrated world, with captions and scene records (dataset_meta.json)."""
    from core.world.writer import META, write_scenes

    with terminal.progress_bar("drawing") as advance, writing(out):
        write_scenes(split, count, out, progress=advance)
    if as_json:
        terminal.print_json({"split": split, "count": count, "out": str(out.absolute()), "meta": META})
    else:
        drawn = f"{amounts.count(count, 'picture')} of the {split} split drawn into {out}"
        terminal.out().print(drawn, markup=False, soft_wrap=True)
