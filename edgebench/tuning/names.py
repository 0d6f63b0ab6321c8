"""Names of runs and trials, and the identity of a candidate."""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Collection, Mapping
from datetime import UTC, datetime
from typing import Any

BASELINE_ID = "base"
WORDS = (
    "acacia alder almond amber apple ash aspen aster balsa bamboo banyan barley basil beech begonia berry birch bluebell "
    "bracken briar broom cactus camellia cassia cedar cherry chestnut citron clover cocoa coral cotton cress crocus cypress "
    "dahlia daisy daphne elder elm erica fennel fern fig flax foxglove fuchsia garnet gentian ginger ginkgo gorse hawthorn "
    "hazel heath hemlock hickory holly hop iris ivy jasmine juniper kapok kelp larch laurel lavender lemon lilac lily linden "
    "lotus lupin magnolia mahogany mallow maple marigold marjoram mint mimosa moss mulberry myrtle nettle nutmeg oak olive "
    "onyx opal orchid osier palm pansy papaya peach pear pecan peony pepper pine plane plum poplar poppy primrose quartz "
    "quince reed rose rowan rush saffron sage sequoia sorrel spruce sumac sycamore tamarind teak thistle thyme tulip vetch "
    "vine violet walnut willow yarrow yew zinnia"
).split()


def new_run_id(taken: Collection[str]) -> str:
    """Return a name such as ``1121-cedar``: month, day and a word, unlike any that is taken."""
    day = datetime.now(UTC).strftime("%m%d")
    free = [f"{day}-{word}" for word in WORDS if f"{day}-{word}" not in taken]
    if free:
        return random.SystemRandom().choice(free)
    number = len(taken)
    while f"{day}-{number}" in taken:
        number += 1
    return f"{day}-{number}"


def next_trial_id(taken: Collection[str]) -> str:
    """Return the id after the highest one taken: ``t001``, ``t002``, ..."""
    numbers = [trial_number(trial_id) for trial_id in taken if trial_id != BASELINE_ID]
    return f"t{max(numbers, default=0) + 1:03d}"


def trial_number(trial_id: str) -> int:
    """Return the number in a trial's id: trials began in the order of their numbers."""
    return int(trial_id[1:])


def candidate_id(arch_id: str, training: Mapping[str, Any]) -> str:
    """Return the identity of a network and the way it is trained.

    Args:
        arch_id: Of the graph alone.
        training: The hyperparameters that leave the graph as it is.
    """
    text = json.dumps([arch_id, dict(sorted(training.items()))], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
