"""The code that the documentation shows is run as it stands there."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_keras_tuner_example_finds_a_front(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "keras-tuner.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning:edgebench", "-c", code],
        cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    *members, volume = done.stdout.splitlines()[-20:]
    sizes = [int(re.search(r"(\d+) bytes", line)[1]) for line in members if " bytes " in line]
    assert len(sizes) >= 2
    assert sizes == sorted(sizes, reverse=True)
    assert 0.0 < float(volume.removeprefix("hypervolume ")) < 1.0


def blocks(page: str, language: str) -> list[str]:
    """Return the blocks of a page that are in one language, in order."""
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


def run(folder: Path, *arguments: str) -> str:
    """Run Python in a folder whose modules are installed, and return what it printed."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}{os.pathsep}{folder}", "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_the_python_page_runs_from_the_first_block_to_the_last(tmp_path: Path) -> None:
    (suite,) = blocks("python.md", "yaml")
    (tmp_path / "small.yaml").write_text(suite)
    program = "\n".join(blocks("python.md", "python"))
    guarded = "if __name__ == '__main__':\n" + textwrap.indent(program, "    ")
    (tmp_path / "all_blocks.py").write_text(guarded)
    shown, exported, measured, gated, mistake = run(tmp_path, "all_blocks.py").splitlines()
    assert re.fullmatch(r"<SearchResult \S+: \d on the front, pick t00\d>", shown)
    path, accuracy = exported.split()
    assert (tmp_path / path).is_file()
    assert 0 <= float(accuracy) <= 1
    assert measured.endswith(("litert", "tflite"))
    assert gated == "0"
    assert mistake == "--template  squeezenet-aut is not a template | did you mean squeezenet-auto?"


def test_the_plugin_of_the_page_is_used_as_the_page_says(tmp_path: Path) -> None:
    for name, code in zip(
        ("leafkit", "leafkit_runtime"), blocks("plugins.md", "python"), strict=True
    ):
        (tmp_path / f"{name}.py").write_text(code)
    (described,) = blocks("plugins.md", "toml")
    project = tomllib.loads(described)["project"]
    info = tmp_path / f"{project['name']}-{project['version']}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n"
    )
    groups = project["entry-points"].items()
    (info / "entry_points.txt").write_text(
        "\n".join(
            f"[{group}]\n" + "\n".join(f"{k} = {v}" for k, v in each.items())
            for group, each in groups
        )
    )
    (commands,) = blocks("plugins.md", "sh")
    template, data, doctor = (
        run(tmp_path, "-m", "edgebench", *shlex.split(line)[1:]) for line in commands.splitlines()
    )
    assert "leaf-mlp" in template
    assert "leaves" in data
    for name in ("leaf-mlp", "leaves", "leaf-file", "leaf-runtime"):
        assert re.search(rf"ok +(\w+ )+{name} +leafkit 0.1, loads", doctor)
    code = (
        "from pathlib import Path\n"
        "from edgebench import load_template, profile\n"
        "from edgebench.export import Exporter\n"
        "from edgebench.templates import resolve_values\n"
        "template = load_template('leaf-mlp', input_shapes=((6, 6, 1),), classes=2)\n"
        "model = template.assemble(dict(resolve_values(template).values))\n"
        "file = Exporter(model).convert('leaf-file', Path('made'))\n"
        "print(profile(file.path, runtime='leaf-runtime', blocks=1, block_s=0.05).environment.runtime)"
    )
    assert run(tmp_path, "-c", code).strip() == "leaf-runtime"
