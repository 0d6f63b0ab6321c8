"""The published experiments, with what our own runs found beside them."""

from edgebench.report.paper.write import paper_document, write_paper

__all__ = ["paper_document", "write_paper"]
