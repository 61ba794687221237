"""The collections of one's own that the Library page shows: made, chosen, renamed, deleted; knows no Gradio."""

import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import QueryError
from core.files import write_text_whole
from core.shipped import PHOTO_MODEL, SHIPPED, WORLD_MODEL
from demo.components.amounts import of_kinds
from demo.state.app import AppState, Shown
from demo.state.contents import WAIT_S, Contents, folder_named, refuse_nothing
from demo.state.names import NAME_FILE, WORLD, collection_name, made_here, made_in, plain_name, same_name
from index_store.address import Address
from index_store.folder.collection import Collection
from index_store.opening import open_collection

if TYPE_CHECKING:
    from core.models.model import Model

log = logging.getLogger(__name__)

NAME = re.compile(r"[\w][\w .-]{0,59}")


class Library:
    """The collections made in the app, in HOME/collections, and the one in use. Shared by all visitors."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._started_with = state.path  # the collection that the app was started with, whatever its folder
        self._started_model = state.model_name
        self.contents = Contents(state)

    def collections(self) -> dict[str, Address | None]:
        """What can be searched, by name: the built-in world, the one the app was started with, those made here."""
        known: dict[str, Address | None] = {}
        if self._started_with is None or self._started_model in SHIPPED:
            known[WORLD] = None
        if self._started_with is not None:
            known[collection_name(self._started_with)] = self._started_with
        return known | {collection_name(place): place for place in made_here()}

    @property
    def current(self) -> str:
        """The name of the collection in use."""
        return self._state.shown.name

    def use(self, name: str, model: "Model | None" = None, shown: Shown | None = None) -> None:
        """Goes over to the named collection and the model that made it (`model`, where that is loaded already).

        `shown`: what the page of whoever wants it shows. Raises QueryError for a name that is none, or while work is
        under way, and OtherCollection where the page shows another collection than is open.
        """
        known = self.collections()
        name = same_name(name, known) or name
        if name not in known:
            raise QueryError(f"There is no collection '{name[:60]}'; choose one from the list.")
        with self.contents.left_alone(shown):
            self._go_over(known[name], model)

    @property
    def usual_model(self) -> str:
        """The model of a new collection where no other one is chosen: the app's own, if that knows photographs."""
        own = self._started_model
        return PHOTO_MODEL if own.partition("+")[0] == WORLD_MODEL else own

    def models(self) -> dict[str, str]:
        """What a new collection can be made with: what to call it → its name; that for photographs first."""
        from core.models.registry import models

        known = {entry.name: entry.name if entry.ready else f"{entry.name} (to be fetched)" for entry in models()}
        first = {name: known.get(name, name) for name in (PHOTO_MODEL, self._started_model)}
        return {label: name for name, label in (first | known).items()}

    def about(self, model_name: str) -> str:
        """What a model is for, in its own honest words; empty for one without a name of its own."""
        from core.models.registry import models

        return next((entry.about for entry in models() if entry.name == model_name), "")

    def create(self, name: str, model_name: str = "", folder: str = "", shown: Shown | None = None) -> Shown:
        """Makes an empty collection and goes over to it, with the named model, or else with the usual one.

        `folder`: where its pictures are to come from: the world's drawings have a model of their own, which takes the
        place of the usual one. `shown`: as in `use`. Returns the new one, as pages show it. Raises QueryError for a
        name that it cannot have, MissingFiles for a model that is not on this machine, and OtherCollection.
        """
        name = self._free_name(name)
        self._state.check_shown(shown)
        model, _ = self._state.ready()
        wanted = self._suited(model_name, folder)
        if wanted != model.name:
            from core.models.registry import load_model

            model = load_model(wanted)
        with self.contents.left_alone(shown):
            path = _free_folder(name) / "collection"
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / NAME_FILE).write_text(name, "utf-8")
            terms = model.vocabulary.terms
            Collection.create(path, model=model.name, vocabulary=terms, precision=model.precision).close()
            self._state.use(path, model)
            return self._state.shown

    def rename(self, name: str, new: str, shown: Shown | None = None) -> None:
        """Calls a collection that was made here otherwise; nothing of it is moved. `shown`: as in `use`."""
        self._state.check_shown(shown)
        place = self._made_here(name)
        new = self._free_name(new, besides=collection_name(place))
        write_text_whole(place.parent / NAME_FILE, new)
        self.contents.no_news()

    def what_goes(self, name: str) -> str:
        """What deleting a collection that was made here takes away, and what stays, for a person to agree."""
        place = self._made_here(name)
        with open_collection(place) as collection:
            kinds = collection.counts().kinds
        index = f"the index of {' and '.join(of_kinds(kinds)) or 'nothing yet'}"
        kept = place.parent / "pictures"
        stays = f"; those that were given to it stay in {kept}" if kept.is_dir() and any(kept.iterdir()) else ""
        return f"This deletes ‘{name}’: {index}, with all tags. The pictures themselves stay{stays}."

    def delete(self, name: str, shown: Shown | None = None) -> None:
        """Deletes a collection that was made here, for good; pictures stay. Goes over to another if it is in use.

        `shown`: as in `use`.
        """
        from core.data.dense_items import dense_file

        place = self._made_here(name)
        with self.contents.left_alone(shown):
            if place == self._state.path:
                other = next((path for path in self.collections().values() if path != place), None)
                self._go_over(other, None)
            with Collection.open(place) as collection:
                dense = dense_file(collection)
            Collection.delete(place, wait=WAIT_S)
            self._state.note_deleted(place)
            dense.unlink(missing_ok=True)
            (place.parent / NAME_FILE).unlink(missing_ok=True)
            with suppress(OSError):  # pictures that were given to it lie there
                place.parent.rmdir()

    def _made_here(self, name: str) -> Path:
        place = self.collections().get(same_name(name, self.collections()) or name)
        if not isinstance(place, Path) or place.parent.parent != made_in():
            raise QueryError(f"‘{name[:60]}’ was not made here, so that it is neither renamed nor deleted here.")
        return place

    def _free_name(self, name: str, besides: str = "") -> str:
        """A name that a collection can have and no other one has; letters may be large or small."""
        name = name.strip()
        if not NAME.fullmatch(name) or same_name(name, [WORLD]):
            raise QueryError("A collection's name has letters, digits, spaces, dots or dashes, at most 60 of them.")
        if taken := same_name(name, [known for known in self.collections() if known != besides]):
            raise QueryError(f"There is a collection '{taken}' already; choose it from the list or take another name.")
        return name

    def create_for(
        self, files: Sequence[Path], folder: str, name: str = "", model_name: str = "", shown: Shown | None = None
    ) -> Shown:
        """A collection for pictures that are to be added while the built-in world, which takes none, is open.

        It has the name given, or that of their folder; the rest is as in `create`.
        """
        refuse_nothing(files, folder)
        given = folder_named(folder)
        if given is not None and not given.exists():
            raise QueryError(f"There is no folder {given}; name one of this computer.")
        return self.create(name.strip() or _name_of(given), model_name, folder, shown)

    def _suited(self, model_name: str, folder: str) -> str:
        usual, place = self.usual_model, folder_named(folder)
        if model_name not in ("", usual) or usual != PHOTO_MODEL or place is None:
            return model_name or usual
        from core.models.registry import model_for

        return model_for([place])

    def _go_over(self, path: Address | None, model: "Model | None") -> None:
        if path == self._state.path:
            return
        if model is not None:
            self._state.use(path, model)
        elif path == self._started_with:
            self._state.use(path, self._started_model)
        elif path is None:
            self._state.use(None, self._started_model if self._started_with is None else WORLD_MODEL)
        else:
            with open_collection(path) as collection:
                made_by = collection.model
            self._state.use(path, made_by)


def _free_folder(name: str) -> Path:
    """A folder for a new collection: of its name, unless a collection that was renamed has that one."""
    number, taken = 1, {plain_name(folder.name) for folder in made_in().glob("*") if (folder / "collection").exists()}
    while plain_name(folder := name if number == 1 else f"{name}-{number}") in taken:
        number += 1
    return made_in() / folder


def _name_of(folder: Path | None) -> str:
    """A name for the collection of a folder's pictures, or of pictures that come without one."""
    name = re.sub(r"[^\w .-]+", " ", folder.absolute().name if folder else "").strip(" .-")
    return name[:60] or "My pictures"
