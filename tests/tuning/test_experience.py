"""What trainings that were cut short would have come to."""

from __future__ import annotations

import numpy as np
import pytest

from edgebench.tuning.experience import Earlier, Known


def known(final, fidelity, pairs=(), is_dead=None):
    """Return trials of one objective; ``pairs`` are (row, share, loss then)."""
    final = np.array(final, dtype=float)[:, None]
    return Known(
        vectors=np.zeros((len(final), 1)),
        losses=final,
        fidelity=np.array(fidelity, dtype=float),
        is_dead=np.zeros(len(final), dtype=bool) if is_dead is None else np.array(is_dead),
        earlier=Earlier(
            rows=np.array([row for row, _, _ in pairs], dtype=int),
            losses=np.array([[loss] for _, _, loss in pairs]).reshape(-1, 1),
            fidelity=np.array([share for _, share, _ in pairs], dtype=float),
        ),
    )


def losses(trials):
    found = trials.foretold()
    return found.losses[:, 0], found.variance[:, 0]


def test_whole_trainings_are_what_they_came_to():
    found, variance = losses(known([0.2, 0.4], [1.0, 1.0], [(0, 0.5, 0.9)]))
    assert found == pytest.approx([0.2, 0.4])
    assert variance.tolist() == [0.0, 0.0]


def test_a_short_training_is_taken_to_fall_as_the_others_did():
    pairs = [(0, 0.1, 0.8), (1, 0.1, 0.4), (2, 0.1, 0.2)]
    found, variance = losses(known([0.4, 0.2, 0.1, 0.6], [1.0, 1.0, 1.0, 0.1], pairs))
    assert found[3] == pytest.approx(0.3)
    assert variance[3] == pytest.approx(0.0)


def test_trainings_that_differ_later_say_less():
    steady = [(row, 0.1, loss) for row, loss in enumerate((0.8, 0.4, 0.2))]
    final = np.array([0.5, 0.11, 0.2])
    _, variance = losses(known([*final, 0.6], [1.0, 1.0, 1.0, 0.1], steady))
    assert variance[3] > 0.05


def test_only_trainings_that_paused_at_the_same_share_are_heard():
    pairs = [(0, 0.5, 0.4), (1, 0.1, 0.8), (1, 0.5, 0.2)]
    found, variance = losses(known([0.4, 0.4, 0.9, 0.9], [1.0, 1.0, 0.1, 0.2], pairs))
    assert found[2] == pytest.approx(0.45)
    assert found[3] == pytest.approx(0.9)
    assert variance[2] > 0.0
    assert variance[3] > 0.0


def test_the_dead_foretell_nothing():
    pairs = [(0, 0.1, 0.8), (1, 0.1, 0.8)]
    trials = known([0.4, 0.8, 0.8], [1.0, 1.0, 0.1], pairs, [False, True, False])
    assert losses(trials)[0][2] == pytest.approx(0.4)


def test_what_training_does_not_change_is_known_at_once():
    pairs = [(row, 0.1, loss) for row, loss in enumerate((0.8, 0.4))]
    found, variance = losses(known([0.8, 0.4, 0.6], [1.0, 1.0, 0.1], pairs))
    assert found[2] == pytest.approx(0.6)
    assert variance[2] == pytest.approx(0.0)


def test_a_short_training_that_would_beat_the_reference_is_live():
    pairs = [(0, 0.1, 1.6), (1, 0.1, 1.2)]
    trials = known([0.8, 0.6, 1.8, 2.4], [1.0, 1.0, 0.1, 0.1], pairs)
    assert trials.is_live.tolist() == [True, True, False, False]
    assert trials.foretold().is_live.tolist() == [True, True, True, False]
