"""Tasks by name."""

from __future__ import annotations

import pytest

from edgebench.errors import InputError, UnknownNameError
from edgebench.tasks import TASKS, Classification, Detection, Segmentation, load_task
from edgebench.templates import TEMPLATES


def test_there_is_a_task_for_each_name():
    kinds = {name: type(load_task(name)) for name in TASKS}
    assert kinds == {
        "classification": Classification,
        "segmentation": Segmentation,
        "detection": Detection,
    }


@pytest.mark.usefixtures("keras")
def test_every_template_has_a_task():
    from edgebench.testing.examples import example_template

    assert {example_template(name).task for name in TEMPLATES} == set(TASKS)


def test_detection_knows_the_size_of_its_images():
    assert load_task("detection") == Detection(size=(224, 224))
    assert load_task("detection", [(300, 260, 1)]) == Detection(size=(300, 260))
    with pytest.raises(InputError, match=r"needs images, not inputs of shape \(10,\)"):
        load_task("detection", [(10,)])


def test_other_names_are_refused_with_the_nearest():
    with pytest.raises(UnknownNameError) as caught:
        load_task("segmentations")
    assert caught.value.remedy == "did you mean segmentation?"
