"""What is run of the documentation is counted, and what its notes say of the rest is so."""

from __future__ import annotations

import re
import shlex
from collections import Counter
from typing import Any

import pytest
import typer
from pages import ELSEWHERE, REPOSITORY, SLOW, TEST, Note, Step, commands_within, pages, steps_of
from ruamel.yaml import YAML

from edgebench.cli.app import app

CONTRIBUTING = (REPOSITORY / "CONTRIBUTING.md").read_text(encoding="utf-8")
PAGES = {str(page): (REPOSITORY / page).read_text(encoding="utf-8") for page in pages()}
STEPS = [step for page, text in PAGES.items() for step in steps_of(text, page)]
COMMANDS = [(page, text) for page, said in PAGES.items() for text in commands_within(said)]


def counted(steps: list[Step]) -> str:
    """Return the sentence on how much of the documentation is run, and where."""
    lines = sum(step.is_command for step in steps)
    places = Counter(step.where if step.where in (TEST, SLOW, "") else "there" for step in steps)
    return (
        f"Of {lines} command lines and {len(steps) - lines} blocks, `make test` runs {places[TEST]}, "
        f"`make slow` {places[SLOW]}, other tests and CI's jobs {places['there']}; {places['']} are not run."
    )


def test_the_count_is_published() -> None:
    sentence = counted(STEPS)
    assert sentence in " ".join(CONTRIBUTING.split()), f"CONTRIBUTING.md should say: {sentence}"


def test_the_reasons_for_what_is_not_run_are_published() -> None:
    reasons = Counter(step.why_not for step in STEPS if not step.where)
    told = dict(re.findall(r"^- (.+): (\d+)$", CONTRIBUTING, flags=re.MULTILINE))
    asked = "\n".join(f"- {reason}: {count}" for reason, count in reasons.most_common())
    assert told == {reason: str(count) for reason, count in reasons.items()}, asked


ELSEWHERE_RUN = [step for step in STEPS if step.where not in (TEST, SLOW, "")]


@pytest.mark.parametrize("step", ELSEWHERE_RUN, ids=str)
def test_what_is_run_elsewhere_is_run_there(step: Step) -> None:
    assert stands_in(step, (REPOSITORY / step.where).read_text(encoding="utf-8"))


def stands_in(step: Step, text: str) -> bool:
    """Return whether a test names a command's verb and options, or a workflow has a step that is the command."""
    if step.where.endswith(".yml"):
        jobs = YAML(typ="safe", pure=True).load(text)["jobs"].values()
        return step.text.split("#")[0].strip() in [s.get("run") for j in jobs for s in j["steps"]]
    options = [word for word in step.words if word.startswith("--")]
    return all(f'"{word}"' in text for word in (*verb_of(step.words)[0], *options))


def verb_of(words: list[str]) -> tuple[list[str], Any]:
    """Return the words that name a verb of the real command, and the verb; raises KeyError where it is none."""
    command: Any = typer.main.get_command(app)
    named = []
    for word in words[1:]:
        if not hasattr(command, "commands") or word.startswith("-"):
            break
        command = command.commands[word]
        named.append(word)
    return named, command


@pytest.mark.parametrize(("page", "text"), COMMANDS)
def test_a_command_within_a_sentence_has_a_verb_and_options_that_there_are(
    page: str, text: str
) -> None:
    words = shlex.split(text)
    if words[0] == "python":
        assert (REPOSITORY / words[1]).is_file(), page
        return
    _, command = verb_of(words)
    known = {option for parameter in command.params for option in parameter.opts}
    known |= {"--help", "--install-completion"}
    assert {word for word in words if word.startswith("--")} <= known, page


def test_every_note_is_of_a_step() -> None:
    assert len(STEPS) > 60
    idle = [
        (step.page, note)
        for step in STEPS
        for note in step.notes
        if not any(
            other.text.startswith(note.words) for other in STEPS if other.notes is step.notes
        )
    ]
    assert idle == []


PAGE = """\
<!-- not run "docker": needs Docker -->
<!-- run in make slow "edgebench doctor" -->
```
docker run \\
  edgebench
edgebench doctor     # what works
edgebench runs list
```

<!-- file: small.yaml -->
```yaml
name: small
```

```console
$ edgebench runs list
run   trials
$ edgebench search
```

It goes on:

```text
t001 ...
```
"""


def test_a_page_becomes_steps() -> None:
    steps = steps_of(PAGE, "a.md")
    assert [(step.line, step.language, step.where) for step in steps] == [
        (4, "sh", ""), (6, "sh", SLOW), (7, "sh", TEST), (12, "yaml", TEST), (16, "sh", TEST), (18, "sh", SLOW),
    ]  # fmt: skip
    assert steps[0].words == ["docker", "run", "edgebench"]
    assert steps[0].note("not run") == "needs Docker"
    assert steps[3].notes == (Note("file", "small.yaml", ""),)
    assert [step.output for step in steps[4:]] == [("run   trials",), ("t001 ...",)]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("<!-- not run -->\n```\nmake\n```\n", "a.md:1: <!-- not run --> is no note"),
        ("<!-- slow -->\n```\nmake\n```\n", "a.md:1: <!-- slow --> is no note"),
        ("<!-- file: a -->\n\nA sentence.\n", "a.md:2: no block follows the note"),
    ],
)
def test_a_note_that_says_nothing_known_is_an_error(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        steps_of(text, "a.md")


def test_a_step_that_is_nowhere_else_is_seen() -> None:
    step = Step("a.md", 1, "sh", "edgebench watch RUN")
    assert step.where == ELSEWHERE["edgebench watch"]
    assert stands_in(step, 'run(["watch", "1121-cedar"])')
    assert not stands_in(step, "nothing of it")
