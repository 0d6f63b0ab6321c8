"""The measuring program: carried to a device as one file, it reads one JSON job and writes one JSON result.

Python 3.8 syntax; it needs the standard library, numpy and a runtime, nothing of edgebench but `edgebench.runtimes`
and `edgebench.stats`.
"""

AGENT_VERSION = "3"
