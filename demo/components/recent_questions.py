"""The questions that this browser asked last, to ask again; a script fills the list from what the browser keeps."""

RECENT_SCRIPT = "sightwords.recentQuestions(element)"


def recent_questions() -> str:
    """The list, empty and hidden: no server knows what is in it."""
    return (
        '<details class="sw-recent" hidden><summary>Recent questions</summary><ul></ul>'
        '<p class="sw-quiet">Only this browser keeps them. <button type="button" class="sw-forget">Clear the list'
        "</button></p></details>"
    )
