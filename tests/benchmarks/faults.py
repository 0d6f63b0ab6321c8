"""What becomes of a profile and of a search when the board they measure on fails, and of the same command once it is well.

    python tests/benchmarks/faults.py --tool arm64-device MODEL.tflite

The board is an emulated one, of its own folder, behind a real sshd; ``--tool`` brings it up, puts faults on it and takes them
off. Each row is one command, ended by itself: its exit code, how long it took and its last words; then whether a process of
ours was still running on the board, and what the same command did after the fault was taken off. Each is written to
``results/faults.json`` when it is done and not run again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1])]

from journal import MACHINE, Journal  # noqa: E402

PATH = HERE / "results" / "faults.json"
FAULTS = (
    "drop",
    "slow",
    "stall",
    "refuse",
    "nospace /home/pi/edgebench 64k",
    "readonly",
    "lowmem 48",
    "reboot",
    "hot",
)
COMMANDS = ("profile", "search")
BEGUN = {"profile": 10.0, "search": 25.0}
LIMIT_S = 600.0
SUITE = """\
name: faults
template: squeezenet-se-auto
data: {name: digits, sample: 0.3, size: [32, 32]}
reference: {val_accuracy: 0.0, latency_ms: 1000}
oracle: {max_trials: 3}
training: {max_epochs: 1}
latency: {blocks: 1, winner_blocks: 1, block_s: 0.3}
export: [tflite-fp32]
"""
DEVICE = """\
name: board
transport: {{kind: ssh, host: 127.0.0.1, user: pi, port: {port}, identity_file: {root}/id_ed25519, known_hosts: {root}/known_hosts}}
work_dir: /home/pi/edgebench
cooling: {{max_start_c: 70, wait_s: 5}}
budget: {{timeout_s: 60, reconnect_s: 20}}
"""


class Board:
    """The board of a folder, and what is done to it."""

    def __init__(self, tool: Path, root: Path) -> None:
        self._tool = tool
        self.root = root

    def do(self, *words: str) -> str:
        command = [str(self._tool), words[0], "--root", str(self.root), *words[1:]]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def port(self) -> str:
        words = self.do("status").split()
        return next(w for w in words if w.startswith("port=")).removeprefix("port=")

    def orphans(self) -> int:
        """Return how many agents still run, five seconds after the command that asked them has ended."""
        time.sleep(5.0)
        return self.do("exec", "ps", "ax", "-o", "args").count("agent.pyz {")


def run(command: list[str], folder: Path) -> tuple[subprocess.Popen[str], float]:
    log = (folder / "said").open("w")
    arguments = [sys.executable, "-m", "edgebench", *command]
    begun = time.monotonic()
    process = subprocess.Popen(
        arguments, cwd=folder, stdout=subprocess.PIPE, stderr=log, text=True, start_new_session=True
    )
    return process, begun


def ended(process: subprocess.Popen[str], begun: float, folder: Path) -> dict[str, Any]:
    """Wait for the command, and return what it did."""
    try:
        stdout, _ = process.communicate(timeout=LIMIT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        return {"exit": "hung", "seconds": LIMIT_S}
    document = json.loads(stdout) if stdout.strip() else {}
    found: dict[str, Any] = {
        "exit": process.returncode,
        "seconds": round(time.monotonic() - begun, 1),
        "said": (folder / "said").read_text().strip().splitlines()[-3:],
    }
    if "measurements" in document:
        found["reasons"] = [m["reasons"] for m in document["measurements"]]
        found["valid"] = [m["valid"] for m in document["measurements"]]
    if "trials" in document:
        summary = json.loads((folder / document["report"]).with_name("summary.json").read_text())
        found["trials"] = summary["trials"]
        rows = (folder / document["report"]).with_name("trials.csv").read_text().splitlines()
        column = rows[0].split(",").index("latency_ms") if "latency_ms" in rows[0] else None
        found["measured"] = sum(bool(column and row.split(",")[column]) for row in rows[1:])
        found["front"] = len(summary["front"])
        found["files"] = sum(len(m["artifacts"]) for m in summary["front"])
        found["run"] = summary["run_id"]
    return found


def try_fault(board: Board, kind: str, fault: str, model: Path) -> dict[str, Any]:
    """Put a fault on the board while a command runs; take it off, and run the command again."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "suite.yaml").write_text(SUITE)
        (folder / "board.yaml").write_text(DEVICE.format(port=board.port(), root=board.root))
        where = ["--device", "board.yaml", "--json"]
        command = {
            "profile": ["profile", *[str(model)] * 2, "--blocks", "1", "--block-s", "0.3", *where],
            "search": ["search", "suite.yaml", "--workers", "1", *where],
        }[kind]
        process, begun = run(command, folder)
        time.sleep(BEGUN[kind])
        was_running = process.poll() is None
        board.do("fault", *fault.split())
        if fault == "refuse":
            board.do("fault", "drop")
        during = ended(process, begun, folder)
        orphans = board.orphans()
        board.do("fault", "off")
        again = command
        if kind == "search" and during.get("run"):
            again = ["search", "--resume", during["run"], "--json"]
        after = ended(*run(again, folder), folder)
    facts = {"command": kind, "fault": fault, "was_running": was_running, "orphans": orphans}
    return {**facts, "during": during, "after": after}


def table(runs: list[dict[str, Any]]) -> str:
    lines = [
        "| command | fault | exit, seconds | what it says | orphans | afterwards |",
        "|---|---|---|---|---|---|",
    ]
    for row in runs:
        during, after = row["during"], row["after"]
        said = next((s for s in during.get("said", ()) if s.startswith("error")), "")
        if "valid" in during:
            said = f"valid {during['valid']}, {during['reasons']}"
        if "trials" in during:
            said = f"{during['trials']['completed']} trials, {during['measured']} measured, front {during['front']}"
        later = f"exit {after['exit']}"
        if "trials" in after:
            later += f": {after['trials']['completed']} trials, {after['measured']} measured, front {after['front']}"
        took = f"{during['exit']}, {during['seconds']:.0f}"
        lines.append(
            f"| {row['command']} | {row['fault']} | {took} | {said} | {row['orphans']} | {later} |"
        )
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description="What becomes of commands when the board fails.")
    parser.add_argument("model", type=Path)
    parser.add_argument("--tool", type=Path, required=True)
    parser.add_argument("--root", type=Path, default=Path("/var/tmp/arm64-device-faults"))
    parser.add_argument("--out", type=Path, default=PATH)
    parser.add_argument("--command", choices=COMMANDS, action="append")
    given = parser.parse_args()
    journal = Journal(given.out, {"machine": MACHINE, "model": given.model.name})
    given.root.mkdir(parents=True, exist_ok=True)
    board = Board(given.tool.resolve(), given.root)
    board.do("up")
    try:
        for kind in given.command or COMMANDS:
            for fault in FAULTS:
                if not any((r["command"], r["fault"]) == (kind, fault) for r in journal.runs):
                    journal.add(try_fault(board, kind, fault, given.model.resolve()))
    finally:
        board.do("down")
    print(table(journal.runs))  # noqa: T201


if __name__ == "__main__":
    main()
