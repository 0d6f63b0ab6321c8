"""edgebench runs: what the store holds."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Any

import typer

from edgebench.cli import options
from edgebench.cli.screen import out, print_facts, print_json, print_table
from edgebench.records import Run, RunResult, Trial
from edgebench.watching import scored, short

app = typer.Typer(help="List runs, show or delete one.", no_args_is_help=True)


@app.command("list")
def list_runs(store: options.Store = options.DEFAULT_STORE, as_json: options.Json = False) -> None:
    """List all runs, oldest first."""
    from edgebench import api

    with api.open_store(store) as opened:
        results = [opened.load(run_id) for run_id in opened.run_ids()]
    rows = [_row(result) for result in results]
    if as_json:
        print_json({"schema_version": 1, "runs": rows})
        return
    print_table(
        ("run", "suite", "status", "started (UTC)", "seed", "trials"),
        [
            (r["run_id"], r["suite"], r["status"], r["started_utc"][:19], str(r["seed"]),
             f"{sum(r['trials'].values())}/{r['max_trials']}")
            for r in rows
        ],
        text=4,
    )  # fmt: skip


@app.command("show")
def show(
    run_id: options.RunId,
    failed: Annotated[bool, typer.Option("--failed", help="Only trials that failed.")] = False,
    store: options.Store = options.DEFAULT_STORE,
    as_json: options.Json = False,
) -> None:
    """Show a run and its trials."""
    from pydantic import TypeAdapter

    from edgebench import api

    with api.open_store(store) as opened:
        result = opened.load(run_id)
    trials = [t for t in result.trials if not failed or t.status.value == "failed"]
    if as_json:
        print_json(
            {
                "schema_version": 1,
                **_row(result),
                "run": TypeAdapter(Run).dump_python(result.run, mode="json"),
                "trials_by_id": {
                    t.trial_id: TypeAdapter(Trial).dump_python(t, mode="json") for t in trials
                },
            }
        )
        return
    print_facts({k: v for k, v in _row(result).items() if k != "trials"})
    out().print()
    print_table(
        (
            "trial",
            "status",
            "architecture or reason",
            short(result.run.suite.training.watch),
            "param bytes",
            "latency ms",
            "epochs",
        ),
        [_trial_row(trial) for trial in trials],
        text=3,
    )


@app.command("delete")
def delete(
    run_id: options.RunId,
    store: options.Store = options.DEFAULT_STORE,
) -> None:
    """Delete a run from the store; its report stays."""
    from edgebench import api

    with api.open_store(store) as opened:
        opened.delete(run_id)
    out().print(f"deleted {run_id}", markup=False)


def _row(result: RunResult) -> dict[str, Any]:
    run = result.run
    searched = [trial for trial in result.trials if not trial.is_baseline]
    return {
        "run_id": run.run_id,
        "suite": run.suite.name,
        "status": run.status,
        "started_utc": run.started_utc,
        "objective": run.suite.objective,
        "oracle": run.suite.oracle.name,
        "seed": run.suite.seed,
        "max_trials": run.suite.oracle.max_trials,
        "trials": dict(Counter(trial.status.value for trial in searched)),
        "wall_s": run.wall_s,
        "git_commit": run.git_commit,
    }


def _trial_row(trial: Trial) -> tuple[str, ...]:
    values = trial.values()

    def shown(name: str, spec: str) -> str:
        return format(values[name], spec).replace(",", " ") if name in values else "-"

    return (
        trial.trial_id,
        trial.status.value,
        trial.reason or trial.architecture,
        shown(scored(trial), ".3f"),
        shown("param_bytes", ",.0f"),
        shown("latency_ms", ".3f"),
        str(trial.epochs),
    )
