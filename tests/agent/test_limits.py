from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgebench.agent.job import JobError, Limits
from edgebench.agent.limits import check_model_size, check_peak_rss, exclusive


def run_limited(limits: str, body: str) -> subprocess.CompletedProcess[str]:
    code = (
        "from edgebench.agent.job import Limits; from edgebench.agent.limits import apply_limits\n"
        f"apply_limits({limits})\n{body}"
    )
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=30
    )


def test_past_its_wall_time_the_agent_ends_itself() -> None:
    done = run_limited("Limits(wall_s=0.2)", "import time; time.sleep(20)")
    assert done.returncode == -signal.SIGALRM


def test_past_its_processor_time_the_system_ends_it() -> None:
    done = run_limited("Limits(cpu_s=1)", "while True: pass")
    assert done.returncode in {-signal.SIGXCPU, -signal.SIGKILL}


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not enforce RLIMIT_AS")
def test_address_space_is_capped() -> None:
    done = run_limited("Limits(address_space_bytes=1 << 30)", "bytearray(2 << 30)")
    assert "MemoryError" in done.stderr


def test_no_limits_change_nothing() -> None:
    assert run_limited("Limits()", "print('ran')").stdout == "ran\n"


def test_model_over_its_cap_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "m.tflite"
    model.write_bytes(b"x" * 100)
    check_model_size(str(model), Limits(model_bytes=100))
    with pytest.raises(JobError, match=r"m\.tflite has 100 bytes, over the 99") as caught:
        check_model_size(str(model), Limits(model_bytes=99))
    assert caught.value.kind == "model_too_large"


def test_memory_over_its_budget_is_told() -> None:
    check_peak_rss(100, Limits(peak_rss_bytes=100))
    check_peak_rss(None, Limits(peak_rss_bytes=100))
    with pytest.raises(JobError) as caught:
        check_peak_rss(101, Limits(peak_rss_bytes=100))
    assert caught.value.kind == "over_budget"


def test_lock_keeps_a_second_agent_out_until_the_first_is_done(tmp_path: Path) -> None:
    lock = str(tmp_path / "agent.lock")
    with exclusive(lock, 0.0):
        with (
            pytest.raises(JobError, match=r"still running after 0.1 s") as caught,
            exclusive(lock, 0.1),
        ):
            pytest.fail("two agents ran at once")
        assert caught.value.kind == "device_busy"
    with exclusive(lock, 0.0):
        pass


def test_lock_of_an_agent_that_died_is_free(tmp_path: Path) -> None:
    lock = tmp_path / "agent.lock"
    code = (
        "import os, signal; from edgebench.agent.limits import exclusive\n"
        f"with exclusive({str(lock)!r}, 0): os.kill(os.getpid(), signal.SIGKILL)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=False, timeout=30)
    assert done.returncode == -signal.SIGKILL
    with exclusive(str(lock), 0.0):
        pass
