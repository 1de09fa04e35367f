"""Durable work: an operation is a row whose steps run in order, each saved, undone on failure.

See `model` for how a verb declares one, `runner` for how it is run, `table` for the rows.
"""

from unkai.kit.operations.model import (
    Operation,
    OperationView,
    Result,
    Retry,
    Run,
    Step,
    StepObserver,
    Wait,
)
from unkai.kit.operations.runner import Operations
from unkai.kit.operations.stalled import stalled

__all__ = [
    "Operation",
    "OperationView",
    "Operations",
    "Result",
    "Retry",
    "Run",
    "Step",
    "StepObserver",
    "Wait",
    "stalled",
]
