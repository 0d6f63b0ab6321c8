"""The forms of a run: what each holds, where each goes, and what is refused."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from edgebench.cli.app import run
from edgebench.errors import InputError, UnavailableError
from edgebench.exchange import forms
from edgebench.records import RunResult
from edgebench.report import RunView, front_frame, trials_frame
from edgebench.store import SqliteStore

RUN = "1121-cedar"


@pytest.fixture
def report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, result: RunResult
) -> Callable[..., int]:
    """Run the command in a folder whose store holds the run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    with SqliteStore(tmp_path / ".edgebench") as store:
        store.save_run(result.run)
        for trial in result.trials:
            store.record_trial(RUN, trial)
    return lambda *words: run(["report", RUN, *words])


def rendered(result: RunResult, form: str, *, is_front: bool = False) -> bytes:
    return forms.render(RunView.of(result), form, report_dir=Path("reports/r"), is_front=is_front)


def test_a_table_holds_all_trials_or_the_front(result: RunResult) -> None:
    whole = pd.read_csv(io.BytesIO(rendered(result, "csv")))
    assert list(whole["trial_id"]) == ["t001", "t002", "t003", "t004", "t005", "t006"]
    assert list(whole.columns) == list(trials_frame(result).columns)
    front = pd.read_csv(io.BytesIO(rendered(result, "csv", is_front=True)))
    assert set(front["trial_id"]) == {"t001", "t002"}
    assert list(front.columns) == list(front_frame(result).columns)


def test_parquet_keeps_types(result: RunResult) -> None:
    table = pd.read_parquet(io.BytesIO(rendered(result, "parquet"))).set_index("trial_id")
    assert table["hp.se_ratio_2"].dtype == "Int64"
    assert table["hp.se_2"].dtype == "boolean"
    assert table.loc["t001", "latency_ms_high"] == 2.0
    assert pd.isna(table.loc["t004", "val_accuracy"])


def test_a_column_of_several_types_is_text_in_parquet(result: RunResult) -> None:
    for trial, value in zip(result.trials, (1, "many", True), strict=False):
        trial.hyperparameters["width"] = value  # type: ignore[index]
    table = pd.read_parquet(io.BytesIO(rendered(result, "parquet")))
    assert list(table["hp.width"])[:3] == ["1", "many", "True"]


@pytest.mark.parametrize(
    ("form", "begins"), [("md", "# example, run"), ("csv", "trial_id,status"), ("json", '{\n  "schema')]
)  # fmt: skip
def test_one_form_of_text_is_printed_and_nothing_drawn(
    report: Callable[..., int], capfd: pytest.CaptureFixture[str], form: str, begins: str
) -> None:
    assert report("--format", form) == 0
    assert capfd.readouterr().out.startswith(begins)
    assert not Path("reports").exists()


def test_a_form_goes_where_it_is_told(
    report: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert report("--format", "csv", "--front", "--out", "made/front.csv") == 0
    assert capsys.readouterr().out == "made/front.csv\n"
    assert len(pd.read_csv("made/front.csv")) == 2


def test_a_form_that_is_asked_for_twice_is_written_once(
    report: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert report("--format", "csv", "--format", "csv", "--out", "trials.csv") == 0
    assert capsys.readouterr().out == "trials.csv\n"
    assert Path("trials.csv").is_file()


def test_several_forms_go_into_one_folder_and_the_page_where_it_always_goes(
    report: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ("html", "json", "parquet", "optuna", "tensorboard")
    words = [word for form in wanted for word in ("--format", form)]
    assert report(*words, "--out", "made", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    places = {one["format"]: one["place"] for one in document["written"]}
    assert places == {
        "html": f"reports/{RUN}/index.html",
        "json": f"made/{RUN}.json",
        "parquet": f"made/{RUN}.parquet",
        "optuna": "made/optuna.journal",
        "tensorboard": f"made/{RUN}",
    }
    assert all(Path(place).exists() for place in places.values())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "cvs"], "did you mean csv?"),
        (["--format", "csv", "--format", "md"], "csv must be told where to go"),
        (["--format", "tensorboard"], "tensorboard must be told where to go"),
        (["--format", "mlflow"], "neither --out nor MLFLOW_TRACKING_URI"),
        (["--format", "mlflow", "--format", "csv", "--out", "x"], "mlflow shares --out with no other"),
        (["--front"], "--front is for tables"),
        (["--format", "md", "--front"], "--front is for tables"),
        (["--out", "x"], "--out is for other forms than the page"),
        (["--format", "csv", "--out", ".edgebench/edgebench.sqlite/x"], "cannot be written"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_one_sentence(
    report: Callable[..., int], capsys: pytest.CaptureFixture[str], words: list[str], said: str
) -> None:
    assert report(*words) == 2
    assert said in capsys.readouterr().err.replace("\n", " ")


@pytest.mark.parametrize("form", ["csv", "tensorboard", "optuna"])
def test_an_id_that_leads_elsewhere_is_refused(
    tmp_path: Path, result: RunResult, form: str
) -> None:
    astray = replace(result, run=replace(result.run, run_id="../r"))
    with pytest.raises(InputError, match="cannot name a file"):
        forms.write(RunView.of(astray), form, tmp_path, report_dir=tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("form", ["mlflow", "tensorboard"])
def test_a_library_that_is_not_there_is_told_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == form]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, f"edgebench.exchange.{form}", raising=False)
    monkeypatch.setitem(sys.modules, form, None)
    with pytest.raises(UnavailableError) as caught:
        forms.optional(form)
    assert caught.value.remedy == f"pip install 'edgebench[{form}]'"
