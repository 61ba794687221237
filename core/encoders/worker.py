"""Another process that answers in JSON, one message a line, and is watched; knows nothing of what it computes."""

import json
import queue
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Mapping, Sequence
from typing import IO, Any

from core.errors import ModelError

PATIENCE_S = 300.0  # for one message: eight pictures take a slow processor half a minute
CLOSING_S = 2.0  # for a worker that is asked to end


class Worker:
    """Started by the first message and anew after a failure; one message at a time, from any thread."""

    def __init__(self, what: str, command: Sequence[str], hello: Mapping[str, object], expect: Mapping[str, object]):
        """`what`: its name in error messages; `hello`: the first message; `expect`: what the answer to it must say."""
        self.what, self._command, self._hello, self._expect = what, list(command), dict(hello), dict(expect)
        self._lock = threading.Lock()
        self._running: _Running | None = None

    def ask(self, message: Mapping[str, object], patience_s: float = PATIENCE_S) -> dict[str, Any]:
        """The answer to a message. Raises ModelError, one sentence, when the worker cannot be started, dies, is silent
        for longer than `patience_s`, says what is no answer, or says that it failed; all but the last end it."""
        with self._lock:
            if self._running is None:
                self._running = self._started(patience_s)
            return self._exchange(self._running, message, patience_s)

    def close(self) -> None:
        """Ends the process; the next message starts another."""
        with self._lock:
            self._end()

    def _started(self, patience_s: float) -> "_Running":
        try:
            running = _Running(self._command)
        except OSError as error:
            raise ModelError(
                f"{self.what} cannot be started: {self._command[0]} ({(error.strerror or str(error)).lower()})."
            ) from error
        self._running = running
        try:
            answer = self._exchange(running, self._hello, patience_s)
            for key, wanted in self._expect.items():
                if answer.get(key) != wanted:
                    raise ModelError(
                        f"{self.what} says that its {key} is {answer.get(key)}, but {wanted} is needed; "
                        "run `sightwords setup-lavis --again`."
                    )
        except ModelError:
            self._end()
            raise
        return running

    def _exchange(self, running: "_Running", message: Mapping[str, object], patience_s: float) -> dict[str, Any]:
        try:
            line = running.say(json.dumps(message), patience_s)
        except TimeoutError as error:
            self._end()
            raise ModelError(f"{self.what} gave no answer within {patience_s:g} seconds and was ended.") from error
        except EOFError as error:
            code, last = running.wait(), running.last_words()
            self._end()
            raise ModelError(f"{self.what} ended by itself (exit status {code}{last}); try again.") from error
        try:
            answer = json.loads(line)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            self._end()
            raise ModelError(f"{self.what} said what is no answer ({line.strip()[:60]!r}) and was ended.")
        if "error" in answer:
            raise ModelError(f"{self.what} failed: {answer['error']}.")
        return answer

    def _end(self) -> None:
        if self._running is not None:
            self._running.close()
            self._running = None


class _Running:
    """A process, its pipes and the thread that reads its answers, so that waiting for one can have an end."""

    def __init__(self, command: Sequence[str]):
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - as long as the process
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                text=True,
                encoding="utf-8",
                errors="replace",
            )
        except OSError:
            self._errors.close()
            raise
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=_read, args=(self._process.stdout, self._lines), daemon=True).start()
        self.close = weakref.finalize(self, _end, self._process, self._errors)  # also when Python ends

    def say(self, line: str, patience_s: float) -> str:
        """The next line after this one; TimeoutError when none comes, EOFError when the process has ended."""
        stdin = self._process.stdin
        assert stdin is not None
        sent = threading.Timer(patience_s, self._process.kill)  # a worker that hangs reads nothing either
        sent.start()
        try:
            stdin.write(line + "\n")
            stdin.flush()
        except OSError as error:  # a broken pipe
            raise EOFError from error
        finally:
            sent.cancel()
        try:
            answer = self._lines.get(timeout=patience_s)
        except queue.Empty:
            raise TimeoutError from None
        if not answer:
            raise EOFError
        return answer

    def wait(self) -> int:
        """The exit status of a process that has closed its pipes."""
        try:
            return self._process.wait(CLOSING_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def last_words(self) -> str:
        """The last line that the process wrote to standard error, as a part of a sentence."""
        self._errors.seek(0)
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        written = [line.strip() for line in lines if line.strip()]
        return f": {written[-1][:200].rstrip('.')}" if written else ""


def _read(stream: IO[str], lines: "queue.SimpleQueue[str]") -> None:
    with stream:  # closed by who reads it, once the process has ended
        for line in stream:
            lines.put(line)
    lines.put("")


def _end(process: "subprocess.Popen[str]", errors: IO[bytes]) -> None:
    try:
        if process.stdin is not None:
            process.stdin.close()  # it ends at the end of its input
        process.wait(CLOSING_S)
    except (OSError, subprocess.TimeoutExpired):
        process.kill()
        process.wait()
    errors.close()
