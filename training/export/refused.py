"""Why a source does not become a model. Codes are stable; nothing is written when one is raised."""

from __future__ import annotations

from typing import Literal

Code = Literal[
    "SOURCE_UNTRUSTED",  # loading it would execute code and --trust was not given
    "SOURCE_INVALID",  # missing, damaged, or not what the command says it is
    "UNSUPPORTED",  # a step, layer or shape that no rule here converts
    "FEATURES_MISMATCH",  # names or their number are not the model's
    "ROWS_INVALID",  # too few rows, missing columns, values the model does not take
    "BATCH_FROZEN",  # the graph works for some number of rows only
    "ANSWERS_DIFFER",  # the graph answers otherwise than the library
    "NOT_PROBABILITIES",  # a classifier whose outputs do not add up to 1
    "FORM_INVALID",  # external data, custom operators, several inputs
    "OUT_EXISTS",  # the output folder is there and not empty
]


class Refused(Exception):
    """@param message what, where and what to do, in one sentence or two"""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code
