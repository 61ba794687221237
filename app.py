"""Builds and launches the demo; Hugging Face Spaces runs this file."""

import os
import sys

from demo.web import launch
from index_store.errors import SightwordsError


def main() -> None:
    """Listens where the environment says: GRADIO_SERVER_NAME and GRADIO_SERVER_PORT, everywhere on Spaces."""
    everywhere = "0.0.0.0" if "SPACE_ID" in os.environ else "127.0.0.1"
    host = os.environ.get("GRADIO_SERVER_NAME") or everywhere
    try:
        launch(host=host, port=int(os.environ.get("GRADIO_SERVER_PORT") or 7860))
    except (SightwordsError, OSError, ValueError) as error:  # a port that is taken, or is no number
        sys.exit(f"Sightwords cannot start: {error}")


if __name__ == "__main__":
    main()
