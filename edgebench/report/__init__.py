"""Reports: the summary document, the tables, and one offline page for a run."""

from edgebench.report.document import Summary
from edgebench.report.heldout import write_heldout
from edgebench.report.markdown_page import render_markdown
from edgebench.report.notebook import notebook_html
from edgebench.report.paper import paper_document, write_paper
from edgebench.report.summary import as_json, as_plain, summarise
from edgebench.report.tables import front_frame, trials_frame
from edgebench.report.view import RunView
from edgebench.report.write import check_names, render_files, write_report

__all__ = [
    "RunView",
    "Summary",
    "as_json",
    "as_plain",
    "check_names",
    "front_frame",
    "notebook_html",
    "paper_document",
    "render_files",
    "render_markdown",
    "summarise",
    "trials_frame",
    "write_heldout",
    "write_paper",
    "write_report",
]
