"""The picture that a question holds, beside the words; and the link that restores a question."""

from html import escape

from core.pictures.formats.kinds import picture_suffixes

PICTURE_SCRIPT = "sightwords.questionPicture(element, trigger, upload)"

LINK_SCRIPT = "sightwords.shareLink(element, watch)"


def picture_chip(source: str, name: str) -> str:
    """A small picture with its name and a cross; `source` is a URL."""
    return (
        f'<div class="sw-picture"><img src="{escape(source)}" alt="{escape(name)}">'
        f"<span>like <bdi>{escape(name)}</bdi></span>"
        '<button type="button" class="sw-picture-off" aria-label="Take the picture out of the question">×</button>'
        "</div>"
    )


def share_link(link: str, note: str = "") -> str:
    """A button that copies the link to this question; `note`: what the link cannot hold."""
    said = f'<span class="sw-quiet">{escape(note)}</span>' if note else ""
    return (
        f'<p class="sw-sharing" data-link="{escape(link)}"><button type="button" class="sw-share">Copy link</button>'
        f'<span class="sw-copied" role="status"></span>{said}</p>'
    )


def picture_files() -> list[str]:
    """What a button for pictures lets people choose, as Gradio wants it told."""
    return ["image", *sorted(picture_suffixes())]


def of_what_was_sent(sentence: str, path: str) -> str:
    """An error about an uploaded file in words of the person who sent it and knows no path of this machine."""
    said = sentence.replace(f"picture {path}", "picture that you sent").replace(path, "what you sent")
    return said[:1].upper() + said[1:]
