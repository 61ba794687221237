"""What can be done with the selected results: asked for more like, (un)tagged, taken out; a script shows it."""

SELECTION_SCRIPT = "sightwords.selectionBar(element, trigger)"


def selection_bar() -> str:
    """The bar, which a script shows where results are selected, with what their owner alone may do where that is so."""
    return (
        '<section class="sw-selection" aria-label="Selected results" hidden>'
        '<p class="sw-selected" role="status"></p>'
        '<div class="sw-selection-do"><button type="button" data-do="like">More like these</button>'
        '<button type="button" data-do="right" title="What they show counts for more">✓ Right</button>'
        '<button type="button" data-do="wrong" title="What they show counts for less">✗ Wrong</button>'
        '<form class="sw-tagging" data-owner><input type="text" class="sw-tag" placeholder="Tag …" maxlength="100" '
        'aria-label="Tag for the selected results" autocomplete="off" autocapitalize="none">'
        '<button type="submit">Tag</button><button type="submit" data-untag>Untag</button></form>'
        '<button type="button" data-do="ask" data-owner>Take out …</button>'
        '<button type="button" data-do="clear">Clear</button></div>'
        '<div class="sw-selection-asked" hidden><p role="alert"></p>'
        '<button type="button" class="sw-stop" data-do="remove">Take them out</button>'
        '<button type="button" data-do="leave">No, leave them</button></div></section>'
    )
