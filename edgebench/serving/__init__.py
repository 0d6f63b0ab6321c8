"""A run's report, served on this machine while the run goes on."""

from edgebench.serving.server import serve
from edgebench.serving.site import Site

__all__ = ["Site", "serve"]
