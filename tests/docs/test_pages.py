"""Every command line and block of the documentation is run, as the page has it and in its order: see pages.py and project.py."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from documents import DOCUMENTS
from pages import REPOSITORY, SLOW, TEST, Step, pages, steps_of
from project import do_command, do_python, lacks_data, run

from edgebench.errors import EdgebenchError

STEPS = {
    str(page): steps_of((REPOSITORY / page).read_text(encoding="utf-8"), str(page))
    for page in pages()
}


def having(*places: str) -> list[str]:
    return [page for page, steps in STEPS.items() if any(step.where in places for step in steps)]


@pytest.mark.parametrize("page", having(TEST))
def test_a_page_does_what_it_shows(page: str, project: Path) -> None:
    follow(page, (TEST,), project)


@pytest.mark.slow
@pytest.mark.parametrize("page", having(SLOW))
def test_a_page_does_what_it_shows_in_full(page: str, project: Path) -> None:
    follow(page, (TEST, SLOW), project)


def follow(page: str, places: tuple[str, ...], project: Path) -> None:
    """Do the steps of a page that are done in these places, in order, but those whose data is not here."""
    steps = [step for step in STEPS[page] if step.where in places]
    for step in steps:
        if file := step.note("file"):
            (project / file).write_text(step.text)
    program = [step for step in steps if step.language == "python" and not step.note("file")]
    BEFOREHAND.get(page, Path)(project)
    left_out = [step for step in steps if lacks_data(step)]
    for step in steps:
        if step not in left_out:
            with naming(step):
                do(step, program, project)
    AFTERWARDS.get(page, Path)(project)
    if left_out:
        told = ", ".join(map(str, left_out))
        pytest.skip(f"all but these, whose data is not here (set EDGEBENCH_DATA): {told}")


@contextmanager
def naming(step: Step) -> Iterator[None]:
    """Let an error name the page and the line."""
    try:
        yield
    except Exception as error:
        error.add_note(f"at {step}")
        raise


def do(step: Step, program: list[Step], project: Path) -> None:
    """Do a step; a page's Python is one program, run where the last of it stands."""
    if step.is_command:
        do_command(step, project)
    elif step.language in DOCUMENTS:
        DOCUMENTS[step.language](step, project)
    elif program and step is program[-1]:
        printed = do_python("\n".join(each.text for each in program), step, project)
        CHECKS.get(step.page, str)(printed)
    else:
        known = step in program or step.note("file")
        assert known, f"nothing is known that runs {step.language}: say in a note why not"


def check_python_page(printed: str) -> None:
    shown, exported, measured, gated, mistake = printed.splitlines()[:5]
    assert re.fullmatch(r"<SearchResult \S+: \d on the front, pick t00\d>", shown)
    path, accuracy = exported.split()
    assert path.endswith(".tflite")
    assert 0 <= float(accuracy) <= 1
    assert measured.endswith(("litert", "tflite"))
    assert gated == "0"
    assert mistake == "--template  squeezenet-aut is not a template | did you mean squeezenet-auto?"


def check_keras_tuner(printed: str) -> None:
    *members, volume = [line for line in printed.splitlines() if re.search(r" bytes |^hyper", line)]
    sizes = [int(re.search(r"(\d+) bytes", line)[1]) for line in members]
    assert len(sizes) >= 2
    assert sizes == sorted(sizes, reverse=True)
    assert 0.0 < float(volume.removeprefix("hypervolume ")) < 1.0


def save_baseline(project: Path) -> None:
    """What the page has the tests held against was saved before, for the device that they name."""
    save = ("baseline", "save", "models", "--to", "ci/baseline", "--device", "pi5")
    run(project, "edgebench", *save)


def use_plugins(project: Path) -> None:
    """What the page offers is listed by doctor, and its exporter and runtime are used from Python."""
    doctor = run(project, "edgebench", "doctor").stdout
    for name in ("leaf-mlp", "leaves", "leaf-file", "leaf-runtime"):
        assert re.search(rf"ok +(\w+ )+{name} +leafkit 0.1, loads", doctor)
    program = (
        "from pathlib import Path\n"
        "from edgebench import load_template, profile\n"
        "from edgebench.export import Exporter\n"
        "from edgebench.templates import resolve_values\n"
        "template = load_template('leaf-mlp', input_shapes=((6, 6, 1),), classes=2)\n"
        "model = template.assemble(dict(resolve_values(template).values))\n"
        "file = Exporter(model).convert('leaf-file', Path('made'))\n"
        "print(profile(file.path, runtime='leaf-runtime', blocks=1, block_s=0.05).environment.runtime)"
    )
    step = Step("docs/plugins.md", 0, "python", program)
    assert do_python(program, step, project).splitlines()[-1] == "leaf-runtime"


CHECKS: dict[str, Callable[[str], object]] = {
    "docs/python.md": check_python_page,
    "docs/keras-tuner.md": check_keras_tuner,
}
BEFOREHAND: dict[str, Callable[[Path], object]] = {"docs/ci.md": save_baseline}
AFTERWARDS: dict[str, Callable[[Path], object]] = {"docs/plugins.md": use_plugins}


WRONG = {
    "```\nedgebench runs lst\n```\n": "ended with 2, not 0",
    "```\n$ edgebench --version\nno such line\n```\n": "prints no line 'no such line'",
    "```python\nraise SystemExit(3)\n```\n": "ended with 3, not 0",
    "```yaml\ntransprt: {kind: local}\n```\n": "transprt",
    "```rust\nfn main() {}\n```\n": "nothing is known that runs rust",
}


@pytest.mark.parametrize(("text", "told"), WRONG.items())
def test_a_page_that_is_wrong_is_told_by_its_line(
    text: str, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "RUN").write_text("0101-ash")
    monkeypatch.setitem(STEPS, "a.md", steps_of(text, "a.md"))
    with pytest.raises((AssertionError, EdgebenchError), match=re.escape(told)) as raised:
        follow("a.md", (TEST,), tmp_path)
    assert "at a.md:2: " in raised.value.__notes__[0]
