"""The watched worker, with a real process in a small Python that speaks the protocol and can misbehave."""

import sys
from pathlib import Path

import numpy as np
import pytest

from core.encoders.lavis_environment import LAVIS_VERSION
from core.encoders.lavis_original import LavisOriginal
from core.encoders.worker import Worker
from core.errors import ModelError
from tests.core.towers import pictures

SCRIPT = """
import base64, json, os, struct, sys, time
mode, count = sys.argv[1], 0
if mode == "no start":
    print("no such library", file=sys.stderr); sys.exit(3)
for line in sys.stdin:
    message = json.loads(line)
    if message["do"] == "load":
        answer = {"lavis": "0.9" if mode == "old" else "1.0.2", "dim": 256}
    else:
        count += 1
        inputs = message.get("texts") or message.get("pngs")
        if count == 2 and mode == "crash":
            os._exit(7)
        if count == 2 and mode == "hang":
            time.sleep(60)
        if count == 2 and mode == "garbage":
            print("Missing keys []", flush=True)
        data = b"".join(struct.pack("<256f", len(text), *[0.0] * 255) for text in inputs)
        answer = {"shape": [len(inputs), 256], "data": base64.b64encode(data).decode()}
        if mode == "fails":
            answer = {"error": "out of memory"}
    print(json.dumps(answer), flush=True)
"""


def worker(folder: Path, mode: str) -> Worker:
    (folder / "worker.py").write_text(SCRIPT)
    command = [sys.executable, "-I", str(folder / "worker.py"), mode]
    return Worker("The worker", command, {"do": "load"}, {"lavis": LAVIS_VERSION, "dim": 256})


def test_rows_come_in_order_through_several_messages(tmp_path: Path) -> None:
    encoder = LavisOriginal("it", worker(tmp_path, "good"))
    texts = ["a" * (1 + n) for n in range(19)]
    assert encoder.encode_texts(texts)[:, 0].tolist() == list(range(1, 20))
    assert encoder.encode_images(pictures(3)).shape == (3, 256)
    assert encoder.encode_texts([]).shape == (0, 256)
    encoder.close()
    assert encoder.encode_texts(["abc"])[0, 0] == 3  # starts anew
    encoder.close()


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("no start", r"ended by itself \(exit status 3: no such library\)"),
        ("old", r"its lavis is 0\.9, but 1\.0\.2 is needed"),
        ("crash", r"ended by itself \(exit status 7\)"),
        ("garbage", "said what is no answer"),
        ("fails", "failed: out of memory"),
    ],
)
def test_what_goes_wrong_is_one_sentence(tmp_path: Path, mode: str, sentence: str) -> None:
    encoder = LavisOriginal("it", worker(tmp_path, mode))
    with pytest.raises(ModelError, match=sentence) as caught:
        encoder.encode_texts(["text"] * 20)
    assert "\n" not in str(caught.value)
    if mode in ("crash", "garbage"):  # the next one starts another process
        assert np.array_equal(encoder.encode_texts(["four"])[:, 0], [4])
    encoder.close()


def test_a_hang_ends(tmp_path: Path) -> None:
    made = worker(tmp_path, "hang")
    assert made.ask({"do": "texts", "texts": ["a"]})["shape"] == [1, 256]
    with pytest.raises(ModelError, match=r"no answer within 0\.5 seconds"):
        made.ask({"do": "texts", "texts": ["a"]}, patience_s=0.5)


def test_a_python_that_is_not_there(tmp_path: Path) -> None:
    gone = Worker("The worker", [str(tmp_path / "python")], {}, {})
    with pytest.raises(ModelError, match=r"cannot be started: .*no such file"):
        gone.ask({})
