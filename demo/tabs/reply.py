"""What a visitor is told in answer to what was done last, on a tab where work goes on meanwhile."""

from dataclasses import dataclass

from demo.components.notices import done_notice, error_notice


@dataclass(frozen=True)
class Reply:
    """A sentence: of what was done, or, `refused`, of why it was not. A refusal stays until it is dismissed.

    Both are gone with the next thing that the visitor does on the tab.
    """

    sentence: str = ""
    refused: bool = False

    @property
    def html(self) -> str:
        """As a notice; "" for no sentence."""
        return error_notice(self.sentence, dismissed=True) if self.refused else done_notice(self.sentence)

    @property
    def kept(self) -> "Reply":
        """What is left of it when the visitor comes back to the tab."""
        return self if self.refused else NO_REPLY


NO_REPLY = Reply()


def refusal(error: Exception) -> Reply:
    """Why something was not done."""
    return Reply(str(error), refused=True)
