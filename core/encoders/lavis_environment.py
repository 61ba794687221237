"""The Python environment of salesforce-lavis's own, which no single environment can share with Sightwords: how it is
made, whole or not at all, and where it lies.

LAVIS pins transformers < 4.27, whose tokenizers have wheels for Python 3.11 at most.
"""

import json
import os
import platform
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from core.errors import DownloadStopped, MissingFiles, ModelError
from core.files import home_folder
from index_store.progress import Progress, ShouldStop, never, silent

LAVIS_VERSION = "1.0.2"
PYTHON = (3, 11)
PACKAGES = (  # proven together; torchvision must be of torch's release
    "torch==2.13.0",
    "torchvision==0.28.0",
    f"salesforce-lavis=={LAVIS_VERSION}",
    "numpy<2",  # its OpenCV was built for that
    "pillow<13",  # as Sightwords: 13 resizes rows and columns in another order, which changes pixels by up to 19 of 255
)
BYTES = 2_500_000_000  # measured with torch's CPU build
BYTES_CUDA = 6_200_000_000  # measured with torch's CUDA build
_STAMP = "sightwords.json"  # written last: the environment is whole
_GLANCE_S = 0.2  # how soon a wish to stop is noticed
_COLLECTING, _INSTALLING = "Collecting ", "Installing collected packages: "


class LavisEnvironment:
    """As a source of a model: what it lacks, where it lies, and how it is brought here."""

    name = f"salesforce-lavis {LAVIS_VERSION}"

    @property
    def folder(self) -> Path:
        return home_folder() / "lavis"

    def missing(self) -> list[str]:
        """Its name when it is not here, or not of this version."""
        try:
            stamp = json.loads((self.folder / _STAMP).read_text("utf-8"))
        except (OSError, ValueError):
            return [self.name]
        return [] if stamp == {"packages": list(PACKAGES)} and _python_in(self.folder).exists() else [self.name]

    def locate(self) -> Path:
        """Its Python; MissingFiles says how to make it."""
        if self.missing():
            raise MissingFiles(
                f"The environment of {self.name} is not on this machine (looked for in {self.folder}); "
                "`sightwords setup-lavis` makes it."
            )
        return _python_in(self.folder)

    def whereabouts(self) -> str:
        """What is missing and where it is looked for, as part of a sentence."""
        return f"the environment of {self.name} (looked for in {self.folder}; `sightwords setup-lavis` makes it)"

    def size(self) -> int:
        """Bytes on disk that it will take, about; by the build of torch that pip chose for Sightwords itself."""
        import torch

        return 0 if not self.missing() else BYTES if torch.version.cuda is None else BYTES_CUDA

    def fetch(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """As `make`, where it is missing."""
        if self.missing():
            self.make(progress=progress, should_stop=should_stop)

    def make(self, *, progress: Progress = silent, should_stop: ShouldStop = never) -> None:
        """Makes it beside its place and moves it there when it works; until then, what is there stays.

        `progress`: packages done, of how many (None: not known yet), and what is going on. Raises ModelError when
        Python 3.11, a network or room on the disk is missing, DownloadStopped when asked to stop; both leave nothing.
        """
        python = _python_311()
        self._check_room()
        making = self.folder.with_name("lavis.part")
        try:
            shutil.rmtree(making, ignore_errors=True)  # of a try that was killed
            making.parent.mkdir(parents=True, exist_ok=True)
            _watched([python, "-m", "venv", str(making)], progress, should_stop)
            pip = [str(_python_in(making)), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
            _watched([*pip, *PACKAGES], progress, should_stop)
            self._try(making, progress, should_stop)
            (making / _STAMP).write_text(json.dumps({"packages": list(PACKAGES)}), "utf-8")
            shutil.rmtree(self.folder, ignore_errors=True)
            os.replace(making, self.folder)
        except OSError as error:
            raise ModelError(
                f"The environment {self.folder} cannot be made ({(error.strerror or str(error)).lower()})."
            ) from error
        finally:
            shutil.rmtree(making, ignore_errors=True)

    def _check_room(self) -> None:
        existing = self.folder
        while not existing.exists():
            existing = existing.parent
        free, needed = shutil.disk_usage(existing).free, self.size()
        if free < needed:
            raise ModelError(
                f"{self.name} needs {needed / 1e9:.1f} GB in {self.folder.parent}, but only {free / 1e9:.1f} GB are "
                "free there; free some, or set SIGHTWORDS_HOME to a folder on a larger disk."
            )

    def _try(self, making: Path, progress: Progress, should_stop: ShouldStop) -> None:
        progress(0, None, "trying it")
        stub = "import sys, types; sys.modules['torchvision._meta_registrations'] = types.ModuleType('none'); "
        _watched([str(_python_in(making)), "-I", "-c", stub + "import lavis"], progress, should_stop)


def _python_in(folder: Path) -> Path:
    return folder / "Scripts" / "python.exe" if sys.platform == "win32" else folder / "bin" / "python"


def _python_311() -> str:
    """A Python 3.11 of this machine; ModelError when there is none that could hold LAVIS."""
    if sys.platform == "darwin" and platform.machine() == "arm64":
        raise ModelError(
            "salesforce-lavis cannot be installed on a Mac with Apple's processors, because its library decord is not "
            "published for them; use lavis-blip-… or lavis-albef-…, which need no salesforce-lavis."
        )
    if sys.version_info[:2] == PYTHON:
        return sys.executable
    for name in ("python3.11", "python3", "python"):
        if (found := shutil.which(name)) and _is_311(found):
            return found
    raise ModelError(
        "salesforce-lavis needs Python 3.11, which is not found on this machine; install it so that `python3.11` "
        "starts it, and run the command again."
    )


def _is_311(python: str) -> bool:
    tell = "import sys; sys.exit(sys.version_info[:2] != (3, 11))"
    return subprocess.run([python, "-I", "-c", tell], capture_output=True).returncode == 0


def _watched(command: Sequence[str], progress: Progress, should_stop: ShouldStop) -> None:
    """Runs a command to its end; ModelError with its own reason when it fails, DownloadStopped when asked to stop."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        encoding="utf-8", errors="replace",
    )  # fmt: skip
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    reader = threading.Thread(target=_read, args=(process, lines), daemon=True)
    reader.start()
    output: list[str] = []
    try:
        while True:
            if should_stop():
                raise DownloadStopped("The environment of salesforce-lavis was not made: stopped as asked.")
            try:
                line = lines.get(timeout=_GLANCE_S)
            except queue.Empty:
                continue
            if line is None:
                break
            output.append(line.strip())
            _tell(output, progress)
        if process.wait():
            raise ModelError(f"The environment of salesforce-lavis cannot be made ({_reason(output)}).")
    finally:
        process.kill()
        process.wait()
        reader.join()


def _read(process: "subprocess.Popen[str]", lines: "queue.SimpleQueue[str | None]") -> None:
    assert process.stdout is not None
    with process.stdout:
        for line in process.stdout:
            lines.put(line)
    lines.put(None)


def _tell(output: Sequence[str], progress: Progress) -> None:
    line = output[-1]
    if line.startswith(_INSTALLING):
        names = line.removeprefix(_INSTALLING).split(", ")
        progress(len(names), len(names), f"installing {len(names)} packages")
    elif line.startswith(_COLLECTING):
        progress(sum(earlier.startswith(_COLLECTING) for earlier in output), None, line)


def _reason(output: Sequence[str]) -> str:
    """What a failed command gave for its reason: its first complaint that is no follow-up, else its last line."""
    if any("Failed to establish a new connection" in line or "NewConnectionError" in line for line in output):
        return "the package index cannot be reached; check the network"
    if any("No space left on device" in line for line in output):
        return "the disk is full"
    errors = [line.removeprefix("ERROR: ") for line in output if line.startswith("ERROR: ")]
    return (errors or [line for line in output if line] or ["no reason given"])[-1][:300].rstrip(".")
