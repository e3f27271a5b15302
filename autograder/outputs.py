"""What a child sent as outputs of a cell → outputs in nbformat's form, harmless and within limits, whatever it sent."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from autograder.harmless import keep_pictures_and_text
from autograder.privacy import hide_paths

__all__ = ["OutputRoom", "text_or_nothing"]

KINDS: Final = ("stream", "display_data", "execute_result", "error")
#: An honest child keeps to its own limits, which are lower; one that forges its replies must fill neither this process nor the page.
ONE_PICTURE: Final = 6 << 20
ALL_PICTURES: Final = 24 << 20
ALL_TEXT: Final = 250_000
#: What an output of its own costs, in characters of text: there are some twelve hundred at the most.
EMPTY_OUTPUT: Final = 200


@dataclass
class OutputRoom:
    """How much of its outputs a notebook may still show: characters of text, and of pictures."""

    text: int = ALL_TEXT
    pictures: int = ALL_PICTURES

    def take(self, outputs: Any) -> list[dict[str, Any]]:
        """Those of a cell's outputs that can be shown and for which there is room."""
        kept = []
        for output in _plain_outputs(outputs):
            text, pictures = _sizes(output)
            if EMPTY_OUTPUT + text <= self.text and pictures <= min(ONE_PICTURE, self.pictures):
                self.text -= EMPTY_OUTPUT + text
                self.pictures -= pictures
                kept.append(output)
        return kept


def text_or_nothing(value: Any) -> str:
    """`value` if it is a text. To print anything else would take as long as its sender chooses."""
    return value if type(value) is str else ""


def _plain_outputs(outputs: Any) -> list[dict[str, Any]]:
    """Outputs in nbformat's form whatever the child sent: unknown kinds and values are dropped."""
    plain = [_plain_output(output) for output in outputs if type(output) is dict] if type(outputs) is list else []
    return [output for output in plain if output is not None]


def _plain_output(output: dict[Any, Any]) -> dict[str, Any] | None:
    kind = output.get("output_type")
    # An array compares element by element, so the type comes first.
    if type(kind) is not str or kind not in KINDS:
        return None
    if kind == "stream":
        name = "stderr" if text_or_nothing(output.get("name")) == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": hide_paths(text_or_nothing(output.get("text")))}
    if kind == "error":
        lines = output.get("traceback")
        # In one piece: of a million empty lines each would be looked at by itself, here and on the page.
        text = hide_paths("\n".join(map(text_or_nothing, lines))) if type(lines) is list else ""
        name, message = text_or_nothing(output.get("ename")), hide_paths(text_or_nothing(output.get("evalue")))
        return {"output_type": kind, "ename": name, "evalue": message, "traceback": [text]}
    data = output.get("data")
    plain = keep_pictures_and_text(data if type(data) is dict else {})
    if "text/plain" in plain:
        plain["text/plain"] = hide_paths(plain["text/plain"])
    shown: dict[str, Any] = {"output_type": kind, "data": plain, "metadata": {}}
    return {**shown, "execution_count": None} if kind == "execute_result" else shown


def _sizes(output: Mapping[str, Any]) -> tuple[int, int]:
    """The characters of text in an output of nbformat's form, and those of its pictures."""
    data = dict(output.get("data", {}))
    texts = [data.pop("text/plain", ""), *(output.get(key, "") for key in ("text", "ename", "evalue")), *output.get("traceback", ())]
    return sum(map(len, texts)), sum(map(len, data.values()))
