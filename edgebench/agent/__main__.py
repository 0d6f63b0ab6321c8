import sys

from edgebench.agent.main import main

raise SystemExit(main(sys.argv))
