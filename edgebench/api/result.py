"""What a search found, as Python users hold it."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgebench.api.files import export
from edgebench.api.stores import DEFAULT_REPORTS, DEFAULT_STORE, open_store
from edgebench.errors import InputError
from edgebench.objectives import is_feasible
from edgebench.records import Constraint, ExportTarget, Goal, RunResult, metric_kind

if TYPE_CHECKING:
    import pandas

    from edgebench.tuning import Exported


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SearchResult:
    """A search as far as it came.

    ``summary`` is the document that ``summary.json`` holds, ``report_path`` the page, ``result`` all records, and ``store``
    the folder that they are in. A notebook shows it as the headline, the front and the trade-off.
    """

    run_id: str
    summary: Mapping[str, Any]
    report_path: Path
    result: RunResult
    store: Path

    @property
    def front(self) -> pandas.DataFrame:
        """One row a member of the front, best first objective first."""
        from edgebench.report import front_frame

        return front_frame(self.result)

    @property
    def trials(self) -> pandas.DataFrame:
        """One row an ended trial, the baseline last."""
        from edgebench.report import trials_frame

        return trials_frame(self.result)

    @property
    def pick(self) -> Mapping[str, Any] | None:
        """The member to ship, as it stands in the summary, or None when the front is empty."""
        return next((member for member in self.summary["front"] if member["pick"]), None)

    def best(self, metric: str, *limits: str) -> Mapping[str, Any] | None:
        """Return the member of the front that is best by a metric, as it stands in the summary.

        Args:
            metric: What to judge by, such as ``val_accuracy``: the highest, or of costs the lowest.
            *limits: As ``"latency_ms<=1"``; all must hold. A limit on latency holds for the ninetieth percentile too, as it
                does in a search.

        Returns:
            The member; None where none keeps the limits.

        Raises:
            InputError: something is no metric, no limit, or no member's number.
        """
        from edgebench.report import RunView

        constraints = [Constraint.parse(limit) for limit in limits]
        sign = 1.0 if metric_kind(metric).goal is Goal.MAX else -1.0
        values = {m.trial.trial_id: m.values for m in RunView.of(self.result).front}
        asked = {metric, *(constraint.metric for constraint in constraints)}
        known = {name for found in values.values() for name in found}
        if values and not asked <= known:
            raise InputError(
                f"no model on the front of {self.run_id} has {min(asked - known)}",
                why=f"known: {', '.join(sorted(known))}",
            )
        within = {
            trial_id: found[metric]
            for trial_id, found in values.items()
            if asked <= found.keys() and is_feasible(constraints, found)
        }
        if not within:
            return None
        best_id = max(within, key=lambda trial_id: sign * within[trial_id])
        members: Sequence[Mapping[str, Any]] = self.summary["front"]
        return next(member for member in members if member["trial_id"] == best_id)

    def report(self, *, show: bool = False) -> Path:
        """Draw the report again from the store, and return its page.

        Args:
            show: Open it in the browser.
        """
        drawn = draw(self.run_id, store=self.store, reports=self.report_path.parent.parent)
        if show:
            webbrowser.open(drawn.report_path.resolve().as_uri())
        return drawn.report_path

    def export(
        self,
        trial_id: str | None = None,
        *,
        targets: Sequence[ExportTarget | str] | None = None,
        out: str | Path,
        dynamic_batch: bool = False,
    ) -> Exported:
        """Write the files of one trial into a folder, as `edgebench.api.export` does.

        Args:
            trial_id: One that was trained and may have won; the pick where it is left out.
            targets: Such as ``tflite-int8``, or the name of a plugin's exporter; None for those of the suite.
            out: Folder of the files.
            dynamic_batch: Leave the number of examples open.

        Raises:
            InputError: there is no such trial, or no pick.
            WorkError: a file cannot be made, or answers otherwise than Keras.
        """
        chosen = trial_id or self.summary["pick"]
        if chosen is None:
            raise InputError(f"run {self.run_id} has no pick", remedy="name one of its trials")
        return export(
            self.run_id,
            chosen,
            targets=targets,
            out=out,
            dynamic_batch=dynamic_batch,
            store=self.store,
        )

    def __repr__(self) -> str:
        members, pick = len(self.summary["front"]), self.summary["pick"]
        return f"<SearchResult {self.run_id}: {members} on the front, pick {pick}>"

    def _repr_html_(self) -> str:
        from edgebench.report import notebook_html

        return notebook_html(self.result)


def load_result(
    run_id: str, *, store: str | Path = DEFAULT_STORE, reports: str | Path = DEFAULT_REPORTS
) -> SearchResult:
    """Return a run from its store; nothing is drawn, see `SearchResult.report`.

    Args:
        run_id: The run.
        store: Folder of all results.
        reports: Folder of all reports.

    Raises:
        InputError: there is no such store or run.
    """
    from edgebench.report import as_json, summarise

    with open_store(store) as opened:
        result = opened.load(opened.run(run_id).run_id)
    page = Path(reports) / result.run.run_id / "index.html"
    return SearchResult(
        run_id=result.run.run_id,
        summary=json.loads(as_json(summarise(result, report_dir=page.parent))),
        report_path=page,
        result=result,
        store=Path(store),
    )


def draw(
    run_id: str, *, store: str | Path = DEFAULT_STORE, reports: str | Path = DEFAULT_REPORTS
) -> SearchResult:
    """Draw the report of a run from its store, and return the run."""
    from edgebench.report import write_heldout, write_report

    found = load_result(run_id, store=store, reports=reports)
    with open_store(store) as opened:
        page = write_report(found.result, Path(reports), opened.artifact_path)
    if found.result.artifacts:
        write_heldout(found.result.run.suite, page.parent / "models")
    return found
