"""What a search believes of candidates it has not tried: a mean and a variance, and whether they are worth having."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
import sklearn
from scipy.linalg import solve_triangular
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Kernel, Matern, WhiteKernel
from sklearn.tree import ExtraTreeRegressor

from edgebench.tuning.features import Vectors

TREES = 64
VOTERS = 32
FOLDS = 4
FOLDED_TREES = 16
LEAST_ERROR = 1e-6
MOST_FITTED = 128
LEAST_LOSS = 1e-3
DOUBT = 0.05
JITTER = 1e-8
Numbers = npt.NDArray[np.float64]
Forest = list[ExtraTreeRegressor]


@dataclass(frozen=True, slots=True)
class Belief:
    """Normal beliefs, one a candidate."""

    mean: Numbers
    variance: Numbers

    def quantiles(self, standard: Numbers) -> Numbers:
        """Return the values at standard normal quantiles, shape (candidates, quantiles)."""
        return self.mean[:, None] + np.sqrt(self.variance)[:, None] * standard


@dataclass(frozen=True, slots=True)
class Scale:
    """Losses as a model learns them: the logarithm of what is left to perfection.

    Perfection is 0 where all losses are above it, else a little beyond the best seen. So a step from 90 to 95 % counts as
    much as one from 80 to 90 %.
    """

    perfect: float

    @classmethod
    def of(cls, losses: Numbers) -> Self:
        lowest, highest = float(losses.min()), float(losses.max())
        return cls(0.0 if lowest > 0.0 else lowest - max(0.1 * (highest - lowest), LEAST_LOSS))

    def to_targets(self, losses: Numbers) -> Numbers:
        return np.asarray(np.log(np.maximum(losses - self.perfect, LEAST_LOSS)))

    def to_losses(self, targets: Numbers) -> Numbers:
        return np.asarray(np.exp(targets) + self.perfect)


def forest_belief(vectors: Vectors, targets: Numbers, asked: Vectors, seed: int) -> Belief:
    """Return what extra trees alone believe: fast, and right about what is counted, such as parameters."""
    answers = _answers(_forest(vectors, targets, VOTERS, seed), asked)
    return Belief(answers.mean(axis=0), answers.var(axis=0))


class Surrogate:
    """A Gaussian process and extra trees, each believed as far as it foresaw the trials it had not seen.

    The process is right about what adds up, such as latency; the trees find interactions and keep their head far away.
    Where they disagree the variance grows.

    Args:
        seed: Of the trees.

    Sources: Rasmussen and Williams 2006, "Gaussian Processes for Machine Learning" (leaving one out, 5.4.2); Geurts et
    al. 2006, "Extremely randomized trees".
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def fit(self, vectors: Vectors, targets: Numbers, variance: Numbers | None = None) -> Self:
        """Learn from one row and one target a trial, at least two.

        Args:
            vectors: Shape (trials, features).
            targets: One a trial.
            variance: How unsure each target is, beside the noise that all share; the trees do not heed it.
        """
        self._middle = float(targets.mean())
        self._spread = float(targets.std()) or 1.0
        scaled = (targets - self._middle) / self._spread
        doubt = np.full(len(targets), JITTER)
        if variance is not None:
            doubt += variance / self._spread**2
        some = np.random.default_rng(self._seed).permutation(len(targets))[:MOST_FITTED]
        self._process = _process(vectors[some], scaled[some], doubt[some])
        errors = (
            _left_out_error(self._process),
            _folded_error(vectors[some], scaled[some], self._seed),
        )
        self._trust = errors[1] / (errors[0] + errors[1])
        if len(some) < len(targets):
            self._process = _process(vectors, scaled, doubt, self._process.kernel_)
        self._trees = _forest(vectors, scaled, TREES, self._seed)
        return self

    def believe(self, vectors: Vectors) -> Belief:
        """Return what is believed of each row."""
        mean, deviation = self._process.predict(vectors, return_std=True)
        answers = _answers(self._trees, vectors)
        share, rest = self._trust, 1.0 - self._trust
        middle = share * mean + rest * answers.mean(axis=0)
        variance = share * deviation**2 + rest * answers.var(axis=0)
        variance += share * rest * (mean - answers.mean(axis=0)) ** 2
        return Belief(middle * self._spread + self._middle, variance * self._spread**2)


def _process(
    vectors: Vectors, targets: Numbers, doubt: Numbers, kernel: Kernel | None = None
) -> GaussianProcessRegressor:
    """Return a process with that kernel, or with one fitted to the rows: that takes cubic time, many times."""
    start = Matern(length_scale=3.0, length_scale_bounds=(0.3, 30.0), nu=2.5) + WhiteKernel(
        1e-2, noise_level_bounds=(1e-4, 1.0)
    )
    optimizer = None if kernel else "fmin_l_bfgs_b"
    process = GaussianProcessRegressor(kernel or start, alpha=doubt, optimizer=optimizer)
    with warnings.catch_warnings(), sklearn.config_context(skip_parameter_validation=True):
        # A kernel at the edge of its bounds is what noiseless or featureless targets call for.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return process.fit(vectors, targets)


def _left_out_error(process: GaussianProcessRegressor) -> float:
    """Return the mean squared error for each trial from all others, in closed form."""
    inverse = solve_triangular(process.L_, np.eye(len(process.L_)), lower=True)
    precision = (inverse**2).sum(axis=0)
    return float(np.mean((process.alpha_.ravel() / precision) ** 2)) + LEAST_ERROR


def _folded_error(vectors: Vectors, targets: Numbers, seed: int) -> float:
    """Return the mean squared error of trees for each fold from the others."""
    return float(np.mean((_foretold(vectors, targets, seed) - targets) ** 2)) + LEAST_ERROR


def _foretold(vectors: Vectors, targets: Numbers, seed: int) -> Numbers:
    """Return for each row what trees say that were grown from the other folds."""
    fold = np.arange(len(targets)) % FOLDS
    foretold = np.empty(len(targets))
    for k in range(min(FOLDS, len(targets))):
        forest = _forest(vectors[fold != k], targets[fold != k], FOLDED_TREES, seed)
        foretold[fold == k] = _answers(forest, vectors[fold == k]).mean(axis=0)
    return foretold


def _forest(vectors: Vectors, targets: Numbers, trees: int, seed: int) -> Forest:
    """Return extra trees, grown one by one: scikit-learn's own forest spends as long on setting each up."""
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    state = np.random.RandomState(0)
    forest = []
    with sklearn.config_context(skip_parameter_validation=True):
        for each in np.random.default_rng(seed).integers(2**31, size=trees):
            state.seed(int(each))
            tree = ExtraTreeRegressor(max_features=None, random_state=state)
            forest.append(tree.fit(rows, targets, check_input=False))
    return forest


def chance_to_live(
    views: Sequence[tuple[Vectors, Vectors]], is_live: npt.NDArray[np.bool_], seed: int
) -> Numbers:
    """Return the chance of each asked row to be worth having at all: to train, and to beat the reference.

    Networks that stay at chance are no bad values of a smooth function: a model of accuracy that must explain them knows
    little of the others. So they are told apart first. A forest votes on each view, and each view is heard as far as it
    foresaw the trials that it had not seen: weights proportional to the likelihood. One network that died at some size
    does not rule out that size then, many do.

    Args:
        views: (what is known, what is asked) as rows of equal columns: all features, and the cheap metrics alone.
        is_live: One a known row.
        seed: Of the forests.
    """
    if is_live.all():
        return np.ones(len(views[0][1]))
    targets = is_live.astype(float)
    chances = [
        _answers(_forest(known, targets, VOTERS, seed), asked).mean(axis=0)
        for known, asked in views
    ]
    if len(chances) == 1:
        return np.asarray(chances[0])
    evidence = np.array([_log_likelihood(known, targets, seed) for known, _ in views])
    weights = np.exp(evidence - evidence.max())
    return np.asarray(np.average(chances, axis=0, weights=weights))


def _log_likelihood(vectors: Vectors, targets: Numbers, seed: int) -> float:
    """Return that of 0 or 1 a row, each foretold by trees grown from the other folds."""
    order = np.random.default_rng(seed).permutation(len(targets))
    chances = np.clip(_foretold(vectors[order], targets[order], seed), DOUBT, 1.0 - DOUBT)
    return float(np.log(np.where(targets[order] > 0.0, chances, 1.0 - chances)).sum())


def _answers(forest: Forest, vectors: Vectors) -> Numbers:
    """Return what each tree says of each row."""
    rows = np.ascontiguousarray(vectors, dtype=np.float32)
    return np.stack([tree.predict(rows, check_input=False) for tree in forest])
