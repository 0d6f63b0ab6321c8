"""A project as the documentation's readers have one, and its steps done there.

Every command is run as it stands, in a process of its own. So that none takes hours, the shipped suites lie in the project with
a hundredth of their trials and epochs, and options of `SMALL` are added to what a page asks for. The board `pi4` is this machine
by that name, `RUN` is a run of one trial, and `t003` is that trial.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from pages import REPOSITORY, Step
from PIL import Image
from ruamel.yaml import YAML

ASSETS = REPOSITORY / "edgebench" / "profiling" / "assets"
BOARDS = ("pi4", "pi5")
PROGRAMS = {"edgebench": ["-P", "-m", "edgebench"], "pytest": ["-P", "-m", "pytest"]}
RUN_SUITE = """
name: small
template: mlp-auto
data: {name: digits, sample: 0.1, size: [32, 32]}
oracle: {name: random, max_trials: 1}
training: {max_epochs: 1}
latency: {winner_blocks: 1, block_s: 0.1}
export: [tflite-fp32, tflite-int8, onnx-fp32, keras]
"""
# What is added to a command, by a word in it, so that it takes seconds: the last of an option counts.
SMALL = {
    "search": "--scale 0.01",
    "paper/cifar10-squeezenet-auto": "--sample 0.01",
    "--sample": "--sample 0.01",
    "profile": "--blocks 1 --block-s 0.1",
    "mlperf-tiny": "--examples 50",
    "--sustained": "--sustained 2s",
    "compare": "--block-s 0.05",
}
# Names that a page's Python takes as given.
GIVEN = {
    "docs/tasks.md": (
        "import numpy\nfrom edgebench.tasks import default_boxes, map_sizes\n"
        "rows = numpy.zeros((1, len(default_boxes(map_sizes(224, 224))), 4 + 10 + 1))\n"
    ),
}
# Folders of pictures; the run's model answers with ten classes, as many as there are flowers.
CLASSES = {
    "photos": ("bird", "cat", "dog"),
    "path/to/faces": ("calm", "glad"),
    "path/to/flowers": [f"flower{number}" for number in range(10)],
}
WITHIN_S = 1800


def prepare(folder: Path) -> None:
    """Fill a folder with what a reader has: models, pictures, suites and a run."""
    for board in BOARDS:
        write_board(folder, board)
    for source in sorted((REPOSITORY / "suites").rglob("*.yaml")):
        target = folder / source.relative_to(REPOSITORY)
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_small_suite(source, target)
    (folder / "small.yaml").write_text(RUN_SUITE)
    _draw_pictures(folder)
    run(folder, "edgebench", "search", "small.yaml", "--json")
    models = folder / "reports" / run_of(folder) / "models"
    for name in "model base head a b models/keywords-int8".split():
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(models / "t001-fp32.tflite", folder / f"{name}.tflite")
    shutil.copyfile(models / "t001-fp32.onnx", folder / "model.onnx")
    for name in ("model", "mine"):
        shutil.copyfile(models / "t001-fp32.keras", folder / f"{name}.keras")
    (folder / "my-suite.yaml").write_text(RUN_SUITE)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)


def write_board(folder: Path, name: str) -> None:
    """Let a board be this machine by its name."""
    (folder / "devices").mkdir(exist_ok=True)
    (folder / "devices" / f"{name}.yaml").write_text(f"name: {name}\ntransport: {{kind: local}}\n")


def run_of(folder: Path) -> str:
    """Return the id of the project's run."""
    (summary,) = (folder / "reports").glob("*-*/summary.json")
    return str(json.loads(summary.read_text())["run_id"])


def do_command(step: Step, folder: Path) -> None:
    """Run a command line, and hold its exit code and what it prints against the page."""
    name_of_run = (folder / "RUN").read_text()
    text = re.sub(r"\bRUN\b", name_of_run, re.sub(r"\bt003\b", "t001", step.text))
    words = Step(step.page, step.line, "sh", text).words
    settings = {}
    while "=" in words[0]:
        name, _, value = words.pop(0).partition("=")
        settings[name] = value
    added = [word for key, more in SMALL.items() if key in words for word in more.split()]
    adds_board = words[1:3] == ["device", "add"]
    if adds_board:
        (folder / "devices" / f"{words[3]}.yaml").unlink()
    shown = re.search(r"#.*\bexit (\d)", step.text)
    done = run(folder, *words, *added, code=int(shown[1]) if shown else 0, **settings)
    if adds_board:
        write_board(folder, words[3])
    printed = done.stdout + done.stderr
    for line in step.output:
        assert _pattern(line).search(printed), f"{step}\nprints no line {line!r}:\n{printed}"


def do_python(program: str, step: Step, folder: Path) -> str:
    """Run a page's Python, as a script whose search is guarded, and return what it printed."""
    body = "".join(f"    {line}\n" for line in (GIVEN.get(step.page, "") + program).splitlines())
    script = folder / "of_the_page.py"
    script.write_text(f"if __name__ == '__main__':\n{body}")
    return run(folder, sys.executable, script.name).stdout


def run(
    folder: Path, program: str, *words: str, code: int = 0, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a program in a project; fails where it exits with another code."""
    python = PROGRAMS.get(program)
    command = [program] if python is None else [sys.executable, *python]
    done = subprocess.run(
        [*command, *words],
        cwd=folder,
        env={**os.environ, **environment(folder), **settings},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    told = f"{program} {' '.join(words)} ended with {done.returncode}, not {code}"
    assert done.returncode == code, f"{told}:\n{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done


def environment(folder: Path) -> dict[str, str]:
    """Return what a step's process has beside the environment of the tests: nothing opens a browser, home is the project."""
    data = os.environ.get("EDGEBENCH_DATA", str(REPOSITORY.parent / "shared" / "data"))
    return {
        "CI": "true",
        "COLUMNS": "120",
        "HOME": str(folder),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{folder}",
        **({"EDGEBENCH_DATA": data} if Path(data).is_dir() else {}),
    }


def lacks_data(step: Step) -> bool:
    """Return whether a step reads real data that is not here."""
    data = environment(Path()).get("EDGEBENCH_DATA", "")
    return any(not Path(data, name).is_dir() for name in step.data_dirs)


def _pattern(line: str) -> re.Pattern[str]:
    """Match a line that a page shows: its numbers may be others, and ``...`` may be anything."""
    literal = re.escape(" ".join(line.split())).replace(r"\.\.\.", ".*")
    spaced = literal.replace(r"\ ", r"\s+")
    return re.compile(re.sub(r"\d+", r"\\d+", spaced))


def _write_small_suite(source: Path, target: Path) -> None:
    yaml = YAML(typ="safe", pure=True)
    suite: dict[str, Any] = yaml.load(source.read_text(encoding="utf-8"))
    if "template" in suite:
        suite |= {"scale": 0.01, "repeats": 1}
        if "val_accuracy" in suite.get("reference", {}):
            suite["reference"]["val_accuracy"] = (
                0.01  # so short a training may be no better than chance
            )
        suite["latency"] = {**suite.get("latency", {}), "winner_blocks": 1, "block_s": 0.1}
        if suite["data"]["name"] == "digits":
            suite["data"]["sample"] = 0.1
    with target.open("w", encoding="utf-8") as file:
        yaml.dump(suite, file)


def _save_faces(root: Path) -> None:
    """Save a portrait, lit in two ways, where the package that ships it is installed."""
    if importlib.util.find_spec("skimage") is None:
        return
    from skimage.data import astronaut

    portrait = astronaut()[32:212, 135:315]
    for name, share in (("dim", 0.8), ("lit", 1.0)):
        (root / name).mkdir(parents=True)
        for number in range(6):
            lit = (portrait * (share - 0.02 * number)).astype(np.uint8)
            Image.fromarray(lit).save(root / name / f"{number:03}.png")


def _draw_pictures(folder: Path) -> None:
    """Draw folders of classes, one of masks, and arrays."""
    rng = np.random.default_rng(0)
    for root, names in CLASSES.items():
        for shade, name in enumerate(names):
            (folder / root / name).mkdir(parents=True)
            for number in range(12):
                drawn = rng.integers(0, 64, (32, 32, 3)) + 20 * shade
                path = folder / root / name / f"{number:03}.png"
                Image.fromarray(drawn.astype(np.uint8)).save(path)
    _save_faces(folder / "faces")
    for kind in ("images", "masks"):
        (folder / "path/to/field" / kind).mkdir(parents=True)
        for number in range(10):
            drawn = rng.integers(0, 2, (32, 32)).astype(np.uint8)
            Image.fromarray(drawn).save(folder / "path/to/field" / kind / f"{number:03}.png")
    x = rng.random((60, 32, 32, 3), dtype=np.float32)
    np.savez(
        folder / "mine.npz", x=x[:20], y=np.arange(20) % 10, x_train=x, y_train=np.arange(60) % 10
    )
    np.savez(folder / "plants.npz", x=x, y=(x[..., 0] > 0.5).astype(np.uint8))
