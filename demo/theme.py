"""The look of the app: the theme of Gradio's own controls, and the files of styles and scripts that the page loads.

Nothing here may come from a network: Gradio's stock themes would fetch web fonts; these fonts are local.
"""

from pathlib import Path

from gradio.themes import Base
from gradio.themes.utils import colors, fonts, sizes

ASSETS = Path(__file__).resolve().parent.parent / "assets"
LOGO = ASSETS / "logo.svg"
STATIC = Path(__file__).resolve().parent / "static"
STYLES = tuple(  # in the order in which they are applied
    STATIC / f"{name}.css"
    for name in (
        "style", "search", "welcome", "query_chips", "bars", "results", "large_view", "inspect", "compare",
        "library", "lab",
    )
)  # fmt: skip

# Shipped inside Gradio's own package and served by this app; system fonts stand in where it is missing.
# Weight 700 and not 600: the package's semi-bold file has no Latin letters.
SANS = (fonts.LocalFont("IBM Plex Sans", (400, 700)), *map(fonts.Font, ("Segoe UI", "Helvetica Neue", "sans-serif")))
MONO = (fonts.LocalFont("IBM Plex Mono", (400,)), *map(fonts.Font, ("Menlo", "Consolas", "monospace")))

TEAL = colors.Color(
    name="sightwords_teal",
    c50="#f0faf8", c100="#d3f1ec", c200="#a8e2d9", c300="#74ccc1", c400="#43b0a5", c500="#1f9288",
    c600="#0f766e", c700="#115e59", c800="#134b48", c900="#143f3d", c950="#062523",
)  # fmt: skip
STONE = colors.Color(
    name="sightwords_stone",
    c50="#faf9f6", c100="#f3f1ec", c200="#e6e3dc", c300="#d2cec4", c400="#a29f97", c500="#716f69",
    c600="#55544f", c700="#3b3d3e", c800="#23282c", c900="#191d21", c950="#121518",
)  # fmt: skip


def scripts() -> str:
    """The scripts of `demo/static/` as tags for the head of the page.

    They are inline because Gradio runs inline scripts before it builds the page, and does not wait for linked ones; so
    every `js_on_load` finds the function that it calls.
    """
    files = sorted(STATIC.glob("*.js"))
    return "".join(f"<script>{file.read_text('utf-8')}//# sourceURL={file.name}\n</script>\n" for file in files)


def theme() -> Base:
    """The Gradio theme, light and dark."""
    return Base(
        primary_hue=TEAL,
        secondary_hue=TEAL,
        neutral_hue=STONE,
        radius_size=sizes.radius_lg,
        text_size=sizes.text_md,
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="#1f2528",
        body_text_color_dark="#e8ebe9",
        block_background_fill="#ffffff",
        block_background_fill_dark="*neutral_900",
        block_border_width="0px",
        block_shadow="none",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_400",
        block_title_text_color="*neutral_600",
        block_title_text_color_dark="#b6b8b4",
        block_title_text_weight="600",
        block_info_text_color="*neutral_500",
        block_info_text_color_dark="*neutral_400",
        input_background_fill="#ffffff",
        input_background_fill_dark="*neutral_900",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        button_border_width="1px",
        button_primary_border_color="*primary_600",
        button_primary_border_color_hover="*primary_700",
        button_primary_border_color_dark="*primary_600",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover_dark="*primary_700",
        button_primary_text_color="#ffffff",
        button_secondary_background_fill="#ffffff",
        button_secondary_background_fill_hover="*primary_50",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover_dark="*neutral_700",
        button_large_text_weight="400",
        button_secondary_border_color="*neutral_300",
        button_secondary_border_color_hover="*primary_600",
        button_secondary_border_color_dark="*neutral_700",
        slider_color="*primary_600",
        slider_color_dark="*primary_400",
        checkbox_label_background_fill_selected="*primary_100",
        checkbox_label_background_fill_selected_dark="*primary_900",
        checkbox_label_text_color_selected="*primary_800",
        checkbox_label_text_color_selected_dark="*primary_100",
        checkbox_background_color_selected="*primary_600",
        checkbox_background_color_selected_dark="*primary_500",
        checkbox_border_color_selected="*primary_600",
        checkbox_border_color_selected_dark="*primary_500",
    )
