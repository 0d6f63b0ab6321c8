"""What every runtime must do. Inherit `RuntimeContract` and give it a runtime and a model to have it checked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgebench import plugins
from edgebench.agent.models import seeded_inputs
from edgebench.runtimes import RUNTIMES, InferenceError, Runtime


class RuntimeContract:
    """Tests of one `edgebench.runtimes.Runtime`. Override both fixtures."""

    @pytest.fixture
    def runtime(self) -> Runtime:
        """Return the runtime."""
        raise NotImplementedError

    @pytest.fixture
    def model(self) -> Path:
        """Return a model file of its format."""
        raise NotImplementedError

    def test_has_a_registered_name_and_a_version(self, runtime: Runtime) -> None:
        assert runtime.name in {*RUNTIMES, *plugins.names("runtimes")}
        assert runtime.version()

    def test_outputs_fit_what_the_session_says(self, runtime: Runtime, model: Path) -> None:
        session = runtime.open(str(model), 1, None)
        session.set_inputs(seeded_inputs(session.inputs, seed=1))
        session.invoke()
        outputs = session.get_outputs()
        assert [output.shape for output in outputs] == [spec.shape for spec in session.outputs]
        assert [str(output.dtype) for output in outputs] == [s.dtype for s in session.outputs]
        assert all(np.isfinite(output).all() for output in outputs)

    def test_outputs_follow_the_inputs_that_were_set_last(
        self, runtime: Runtime, model: Path
    ) -> None:
        session = runtime.open(str(model), 1, None)
        results = []
        for seed in (1, 2, 1):
            session.set_inputs(seeded_inputs(session.inputs, seed))
            session.invoke()
            results.append(session.get_outputs())
        for first, second, third in zip(*results, strict=True):
            assert not np.array_equal(first, second)
            np.testing.assert_array_equal(first, third)

    def test_arrays_of_the_caller_are_left_alone(self, runtime: Runtime, model: Path) -> None:
        session = runtime.open(str(model), 1, None)
        mine = seeded_inputs(session.inputs, seed=1)
        before = [array.copy() for array in mine]
        session.set_inputs(mine)
        session.invoke()
        session.set_inputs(seeded_inputs(session.inputs, seed=2))
        session.invoke()
        for array, copy in zip(mine, before, strict=True):
            np.testing.assert_array_equal(array, copy)

    def test_invoking_again_needs_no_new_inputs(self, runtime: Runtime, model: Path) -> None:
        session = runtime.open(str(model), 1, None)
        session.set_inputs(seeded_inputs(session.inputs, seed=1))
        session.invoke()
        once = session.get_outputs()
        session.invoke()
        for first, second in zip(once, session.get_outputs(), strict=True):
            np.testing.assert_array_equal(first, second)

    def test_inputs_that_do_not_fit_are_refused(self, runtime: Runtime, model: Path) -> None:
        session = runtime.open(str(model), 1, None)
        fitting = seeded_inputs(session.inputs, seed=1)
        wrong = [[*fitting, np.zeros(1, np.float32)]]
        if fitting:
            wrong += [
                [fitting[0][..., None], *fitting[1:]],
                [fitting[0].astype(np.complex64), *fitting[1:]],
            ]
        for inputs in wrong:
            with pytest.raises(InferenceError) as caught:
                session.set_inputs(inputs)
            assert caught.value.kind == "inputs_rejected"

    def test_missing_model_is_told(self, runtime: Runtime, model: Path) -> None:
        with pytest.raises(InferenceError) as caught:
            runtime.open(str(model.with_name(f"absent{model.suffix}")), 1, None)
        assert caught.value.kind == "model_missing"

    def test_file_of_another_format_is_refused(self, runtime: Runtime, tmp_path: Path) -> None:
        (tmp_path / "model.pickle").write_bytes(b"x")
        with pytest.raises(InferenceError) as caught:
            runtime.open(str(tmp_path / "model.pickle"), 1, None)
        assert caught.value.kind == "format_mismatch"

    def test_file_that_is_no_model_is_refused(
        self, runtime: Runtime, model: Path, tmp_path: Path
    ) -> None:
        broken = tmp_path / f"broken{model.suffix}"
        broken.write_bytes(b"this is not a model of any kind")
        with pytest.raises(InferenceError) as caught:
            runtime.open(str(broken), 1, None)
        assert caught.value.kind == "model_rejected"

    def test_absent_delegate_is_an_error(self, runtime: Runtime, model: Path) -> None:
        with pytest.raises(InferenceError) as caught:
            runtime.open(str(model), 1, "no-such-delegate")
        assert caught.value.kind == "delegate_missing"

    def test_nothing_is_written_to_the_terminal(
        self, runtime: Runtime, model: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        session = runtime.open(str(model), 1, None)
        session.set_inputs(seeded_inputs(session.inputs, seed=1))
        session.invoke()
        session.get_outputs()
        assert capfd.readouterr() == ("", "")
