"""How a library is asked to do its work: a line of JSON in, a line of JSON out, until the input ends. It times itself."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from time import perf_counter


def answer(works: Mapping[str, Callable[..., dict]]) -> None:
    """@param works by name; a line {"work": name, ...} is answered with what the work of that name returns"""
    answers = sys.stdout
    sys.stdout = sys.stderr  # what libraries print is not an answer
    for line in sys.stdin:
        asked = json.loads(line)
        try:
            told = works[asked.pop("work")](**asked)
        except Exception as error:
            told = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(told) + "\n")
        answers.flush()


def timed(work: Callable[[], object]) -> dict:
    began = perf_counter()
    work()
    return {"ms": (perf_counter() - began) * 1000}
