"""What builds of benchmark_model from TensorFlow 1.13 to 2.18 print, read."""

from __future__ import annotations

import dataclasses

import pytest

from edgebench.profiling.benchmark_model import MIB, Report, parse

TF_1_13 = """\
STARTING!
Num runs: [50]
Inter-run delay (seconds): [-1]
Num threads: [1]
Benchmark name: []
Output prefix: []
Warmup runs: [1]
Graph: [/data/local/tmp/mobilenet_v1_1.0_224.tflite]
Input layers: []
Input shapes: []
Use nnapi : [0]
Loaded model /data/local/tmp/mobilenet_v1_1.0_224.tflite
resolved reporter
Initialized session in 3.717ms
Running benchmark for 1 iterations
count=1 curr=174236

Running benchmark for 50 iterations
count=50 first=165342 curr=164911 min=164522 max=168311 avg=165103 std=714

Average inference timings in us: Warmup: 174236, Init: 3717, no stats: 165103
"""

TITLED = """\
Initialized session in 2.517ms.
Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
Timings (microseconds): count=50 first=209891 curr=209739 min=209739 max=210599 avg=210028 std=221
Memory (bytes): count=0
"""

TF_2_4 = """\
STARTING!
Log parameter values verbosely: [0]
Graph: [/data/local/tmp/yolov5s_fp32_640.tflite]
Num threads: [4]
#threads used for CPU inference: [4]
Use xnnpack: [1]
Loaded model /data/local/tmp/yolov5s_fp32_640.tflite
XNNPACK delegate created.
Going to apply 1 delegates one after another.
Explicitly applied XNNPACK delegate, and the model graph will be partially executed by the delegate w/ 22 delegate kernels.
The input model file size (MB): 0.541472
Initialized session in 18.738ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 180 seconds.
count=6 first=140706 curr=74599 min=74599 max=140706 avg=85791.2 std=24559

Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 180 seconds.
count=50 first=74456 curr=74516 min=73909 max=75323 avg=74481.6 std=268

Inference timings in us: Init: 18738, First inference: 140706, Warmup (avg): 85791.2, Inference (avg): 74481.6
Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual memory footprint of the model at runtime. Take the information at your discretion.
Peak memory footprint (MB): init=6.44141 overall=64.8633
"""

TF_2_9 = """\
STARTING!
Log parameter values verbosely: [0]
Num threads: [4]
Graph: [./mobilenet_v1_1.0_224.tflite]
Enable op profiling: [1]
#threads used for CPU inference: [4]
Loaded model ./mobilenet_v1_1.0_224.tflite
The input model file size (MB): 16.9008
Initialized session in 17.187ms.
Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
count=1 curr=3512391

Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
count=50 first=2990275 curr=2913402 min=2727568 max=3189954 avg=2.95034e+06 std=109798

Inference timings in us: Init: 17187, First inference: 3512391, Warmup (avg): 3.51239e+06, Inference (avg): 2.95034e+06
Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual memory footprint of the model at runtime. Take the information at your discretion.
Memory footprint delta from the start of the tool (MB): init=4.21094 overall=46.0859
Profiling Info for Benchmark Initialization:
============================== Run Order ==============================
\t             [node type]\t          [start]\t  [first]\t [avg ms]\t     [%]\t  [cdf%]\t  [mem KB]\t[times called]\t[Name]
\t         AllocateTensors\t            0.000\t    1.356\t    1.356\t100.000%\t100.000%\t     0.000\t        1\tAllocateTensors/0

Number of nodes executed: 1
Timings (microseconds): count=1 curr=1356
Memory (bytes): count=0
1 nodes observed

Operator-wise Profiling Info for Regular Benchmark Runs:
Timings (microseconds): count=50 first=2990195 curr=2913331 min=2727497 max=3189880 avg=2.95026e+06 std=109797
Memory (bytes): count=0
31 nodes observed
"""

TF_2_18 = """\
INFO: STARTING!
INFO: Log parameter values verbosely: [0]
INFO: Graph: [/usr/share/oob-demo-assets/models/ssd_mobilenet_v2_coco.tflite]
INFO: Signature to run: []
INFO: Use xnnpack: [1]
INFO: Loaded model /usr/share/oob-demo-assets/models/ssd_mobilenet_v2_coco.tflite
INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
INFO: XNNPACK delegate created.
INFO: Explicitly applied XNNPACK delegate, and the model graph will be completely executed by the delegate w/ 1 delegate kernels.
INFO: The input model file size (MB): 67.3128
INFO: Initialized session in 614.333ms.
INFO: Running benchmark for at least 1 iterations and at least 0.5 seconds but terminate if exceeding 150 seconds.
INFO: count=1 curr=905463 p5=905463 median=905463 p95=905463

INFO: Running benchmark for at least 50 iterations and at least 1 seconds but terminate if exceeding 150 seconds.
INFO: count=50 first=900416 curr=898333 min=898007 max=906121 avg=899641 std=1549 p5=898333 median=899281 p95=904305

INFO: Inference timings in us: Init: 614333, First inference: 905463, Warmup (avg): 905463, Inference (avg): 899641
INFO: Note: as the benchmark tool itself affects memory footprint, the following is only APPROXIMATE to the actual memory footprint of the model at runtime. Take the information at your discretion.
INFO: Memory footprint delta from the start of the tool (MB): init=144.16 overall=149.285
INFO: Overall peak memory footprint (MB) via periodic monitoring: 154.133
INFO: Memory status at the end of exeution:
INFO: - VmRSS              : 154 MB
INFO: + RssAnnon           : 90 MB
INFO: + RssFile + RssShmem : 64 MB
"""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(
            TF_1_13,
            Report(
                invokes=50,
                mean_ns=165_103_000,
                init_ns=3_717_000,
                first_ns=174_236_000,
                warmup_invokes=1,
                delegate="none",
                peak_rss_bytes=None,
                growth_bytes=None,
            ),
            id="1.13",
        ),
        pytest.param(
            TITLED,
            Report(
                invokes=50,
                mean_ns=210_028_000,
                init_ns=2_517_000,
                first_ns=209_891_000,
                warmup_invokes=0,
                delegate="none",
                peak_rss_bytes=None,
                growth_bytes=None,
            ),
            id="titled",
        ),
        pytest.param(
            TF_2_4,
            Report(
                invokes=50,
                mean_ns=74_481_600,
                init_ns=18_738_000,
                first_ns=140_706_000,
                warmup_invokes=6,
                delegate="xnnpack",
                peak_rss_bytes=None,
                growth_bytes=round(64.8633 * MIB),
            ),
            id="2.4",
        ),
        pytest.param(
            TF_2_9,
            Report(
                invokes=50,
                mean_ns=2_950_340_000,
                init_ns=17_187_000,
                first_ns=3_512_391_000,
                warmup_invokes=1,
                delegate="none",
                peak_rss_bytes=None,
                growth_bytes=round(46.0859 * MIB),
            ),
            id="2.9 with operators",
        ),
        pytest.param(
            TF_2_18,
            Report(
                invokes=50,
                mean_ns=899_641_000,
                init_ns=614_333_000,
                first_ns=905_463_000,
                warmup_invokes=1,
                delegate="xnnpack",
                peak_rss_bytes=round(154.133 * MIB),
                growth_bytes=round(149.285 * MIB),
            ),
            id="2.18",
        ),
    ],
)
def test_builds_of_all_years_are_read(text: str, expected: Report) -> None:
    report = parse(text)
    assert dataclasses.replace(report, mean_ns=expected.mean_ns) == expected
    assert report.mean_ns == pytest.approx(expected.mean_ns)
    assert parse(text.replace("\n", "\r\n")) == report


@pytest.mark.parametrize(
    ("line", "delegate"),
    [
        ("the model graph will be completely executed by the delegate.", "xnnpack"),
        ("the model graph will be partially executed by the delegate w/ 2 kernels.", "xnnpack"),
        ("the model graph will not be executed by the delegate.", "none"),
    ],
)
def test_delegate_is_the_one_that_took_nodes(line: str, delegate: str) -> None:
    verb = "Though XNNPACK delegate is explicitly applied," if "not" in line else ""
    said = f"{verb or 'Explicitly applied XNNPACK delegate, and'} {line}"
    assert parse(f"XNNPACK delegate created.\n{said}\n{TITLED}").delegate == delegate


def test_delegate_that_is_made_but_of_which_nothing_is_said_is_unknown() -> None:
    made = "INFO: Created TensorFlow Lite XNNPACK delegate for CPU.\n"
    taken = (
        "VERBOSE: Replacing 58 out of 58 node(s) with delegate (TfLiteXNNPackDelegate) node,"
        " yielding 1 partitions for the whole graph.\n"
    )
    assert parse(made + TITLED).delegate is None
    assert parse(made + taken + TITLED).delegate == "xnnpack"


def test_runs_that_all_took_the_same_time_are_read() -> None:
    text = "Initialized session in 1ms.\ncount=10 curr=12(all same)\n\ncount=64 curr=11(all same)\n"
    report = parse(text)
    assert (report.invokes, report.mean_ns, report.warmup_invokes) == (64, 11_000, 10)
    assert report.first_ns == 12_000


def test_memory_that_a_platform_does_not_tell_is_unknown() -> None:
    text = f"{TITLED}Peak memory footprint (MB): init=0 overall=0\n"
    assert parse(text).growth_bytes is None


@pytest.mark.parametrize(
    "text", ["", "STARTING!\nFailed to mmap model\n", "count=0\n", "Initialized session in 1ms.\n"]
)
def test_text_without_timings_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="tells no timings"):
        parse(text)
