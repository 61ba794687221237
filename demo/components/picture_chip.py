"""The picture that a question holds, beside the words; and the link that restores a question."""

from html import escape

from core.pictures.formats.kinds import picture_suffixes

# Runs in the page: the cross takes the picture out; a picture dropped or pasted anywhere is taken in.
PICTURE_SCRIPT = """
element.addEventListener('click', (event) => {
  if (event.target.closest('.sw-picture-off')) trigger('clear');
});
async function take(list) {
  const files = [...(list || [])];
  // a browser knows no type of RAW files and others
  const file = files.find((file) => file.type.startsWith('image/')) || files.find((file) => !file.type);
  if (!file) return;
  const {path} = await upload(file);
  trigger('upload', {path});
}
window.addEventListener('dragover', (event) => event.preventDefault());
window.addEventListener('drop', (event) => { event.preventDefault(); take(event.dataTransfer.files); });
window.addEventListener('paste', (event) => take(event.clipboardData.files));
"""

# Runs in the page: the address always holds the question, so that the browser's own share and bookmark work too.
LINK_SCRIPT = """
function address() {
  const held = element.querySelector('[data-link]');
  const query = new URLSearchParams(held ? held.dataset.link : '');
  const theme = new URLSearchParams(location.search).get('__theme');
  if (theme) query.set('__theme', theme);
  const text = query.toString();
  history.replaceState(history.state, '', location.pathname + (text ? '?' + text : ''));
}
element.addEventListener('click', async (event) => {
  const button = event.target.closest('.sw-share');
  if (!button) return;
  let said = 'Link copied';
  try { await navigator.clipboard.writeText(location.href); } catch { said = 'Copy it from the address bar'; }
  element.querySelector('.sw-copied').textContent = said;
});
watch('value', address);
"""


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
