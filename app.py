"""Builds and launches the demo; Hugging Face Spaces runs this file."""

import os
import sys

from core.shipped import WORLD_MODEL
from demo.web import launch
from index_store.address import parse_address
from index_store.errors import SightwordsError


def main() -> None:
    """Listens where the environment says: GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, everywhere on Spaces.

    SIGHTWORDS_MODEL and SIGHTWORDS_COLLECTION name what it shows, where there is no command line to say so;
    SIGHTWORDS_TELL_PLACES=1 lets visitors of a public app know where pictures were taken, and with what camera.
    """
    everywhere = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"
    host = os.environ.get("GRADIO_SERVER_NAME") or everywhere
    named = os.environ.get("SIGHTWORDS_COLLECTION")
    try:
        launch(
            model=os.environ.get("SIGHTWORDS_MODEL") or WORLD_MODEL,
            collection=parse_address(named) if named else None,
            host=host,
            port=int(os.environ.get("GRADIO_SERVER_PORT") or 7860),
            tell_places=os.environ.get("SIGHTWORDS_TELL_PLACES") == "1",
        )
    except (SightwordsError, OSError, ValueError) as error:  # a port that is taken, or is no number
        sys.exit(f"Sightwords cannot start: {error}")


if __name__ == "__main__":
    main()
