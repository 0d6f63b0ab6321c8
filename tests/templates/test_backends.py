from __future__ import annotations

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from edgebench.templates import TEMPLATES, read_graph, resolve_values
from edgebench.testing.backends import Answer, Case, ask_backend, save_reference
from edgebench.testing.examples import example_template
from edgebench.testing.weights import spread_weights

CANDIDATES: dict[str, dict[str, Any]] = {
    "mobilenetv2-auto": {"repeat_b6": 2},
    "mobilenetv2-ssd-auto": {"repeat_b5": 2},
    "squeezenet-se-auto": {"se_2": True, "se_skip_2": True, "se_3": True},
    "squeezenet-sem-auto": {"merge_at": "fire2", "se_3": True},
    "unet-auto": {"start_filters": 8, "depth": 2, "down_convs": 1},
}
FAST_COMPILING = {"XLA_FLAGS": "--xla_backend_optimization_level=0"}
References = dict[str, tuple[Case, Any]]


@pytest.fixture(scope="module")
def references(tmp_path_factory: pytest.TempPathFactory) -> References:
    """Every template built and run by TensorFlow, its weights in a file."""
    folder = str(tmp_path_factory.mktemp("weights"))
    found = {}
    for name in sorted(TEMPLATES):
        template = example_template(name)
        values = resolve_values(template, {}, CANDIDATES.get(name)).values
        model = template.assemble(values)
        spread_weights(model)
        case = Case(
            template=name,
            input_shapes=template.input_shapes,
            classes=template.classes,
            values=values,
            folder=folder,
        )
        save_reference(case, model)
        found[name] = (case, read_graph(model))
    return found


@pytest.fixture(scope="module", params=["jax", "torch"])
def answers(request: pytest.FixtureRequest, references: References) -> dict[str, Answer]:
    """Every template under another backend, in two processes, in another order of creation."""
    backend: str = request.param
    if importlib.util.find_spec(backend) is None:
        pytest.skip(f"{backend} is not installed: install it to try this backend")
    cases = [case for case, _ in reversed(references.values())]

    def ask(part: list[Case]) -> list[Answer]:
        return ask_backend(backend, part, PYTHONHASHSEED="7", **FAST_COMPILING)

    with ThreadPoolExecutor(2) as pool:
        found = [answer for part in pool.map(ask, [cases[::2], cases[1::2]]) for answer in part]
    assert {answer.backend for answer in found if not answer.error} == {backend}
    return {answer.template: answer for answer in found}


@pytest.mark.parametrize("name", sorted(TEMPLATES))
def test_another_backend_builds_runs_and_trains_it(
    name: str, answers: dict[str, Answer], references: References
) -> None:
    answer, facts = answers[name], references[name][1]
    assert not answer.error
    assert (answer.trainable_params, answer.total_params, answer.arch_id) == (
        facts.trainable_params,
        facts.total_params,
        facts.arch_id,
    )
    assert answer.max_abs_diff < 1e-4
    assert 0 < answer.loss < float("inf")
    assert answer.trained == 1.0
