"""The picture that a question holds beside its words, and what there is to say of a picture that was sent."""

from html import escape

from core.pictures.formats.kinds import picture_suffixes

PICTURE_SCRIPT = "sightwords.questionPicture(element, trigger, upload)"


def picture_chip(source: str, name: str) -> str:
    """A small picture with its name and a cross; `source` is a URL."""
    return (
        f'<div class="sw-picture"><img src="{escape(source)}" alt="{escape(name)}">'
        f"<span>like <bdi>{escape(name)}</bdi></span>"
        '<button type="button" class="sw-picture-off" aria-label="Take the picture out of the question">×</button>'
        "</div>"
    )


def picture_files() -> list[str]:
    """The kinds of files that a button for pictures offers, in the form that Gradio's `file_types` takes."""
    return ["image", *sorted(picture_suffixes())]


def without_upload_path(sentence: str, path: str) -> str:
    """An error about the uploaded file at `path`, for the person who sent it and knows no path of this machine."""
    reworded = sentence.replace(f"picture {path}", "picture that you sent").replace(path, "what you sent")
    return reworded[:1].upper() + reworded[1:]
