"""The order: each round measures everything once, configurations in turn, so that a slow minute hits all of them.

A step's samples count when it has ended, all or none. What fails twice is left out from then on; the rest goes on.
"""

import time
from collections import namedtuple

from matrix.commands import Failed, Missing
from matrix.progress import Progress
from matrix.results import PartResult

# What a run is asked for. @size: of speedtest1; @seconds: of each run of wrk; @limit_s: no round begins that would end
# later, None: as many as @rounds says.
Settings = namedtuple("Settings", "rounds size seconds quick limit_s", defaults=(False, None))

# @configuration: whose failure ends it; @seconds: a guess; @run: called with a function that takes a detail for the
# progress line, returns samples; @once: in the first round only.
Step = namedtuple("Step", "configuration label seconds run once", defaults=(False,))

# Of a part: @steps of a round; @settings: where they differ, figures cannot be compared; @absent: see PartResult; @finish:
# called at the end, however it comes, for what steps leave for the next ones.
Plan = namedtuple("Plan", "steps settings absent finish", defaults=((), (), (), lambda: None))

# @plan: from Settings to Plan, raises Missing; @summary: from PartResult to lines; @plots: from PartResult to plots;
# @table: from PartResult to text, instead of the table that all have.
Part = namedtuple("Part", "name title text plan summary plots table",
                  defaults=(lambda _: [], lambda _: [], None))


def make_plans(parts, settings, results):
    """{part: Plan}; parts that cannot run here are in @results with the reason."""
    plans = {}
    for part in parts:
        try:
            plan = part.plan(settings)
        except Missing as missing:
            results.parts[part.name] = PartResult(part.title)
            results.parts[part.name].skipped = str(missing)
            continue
        plans[part] = plan
        results.parts[part.name] = PartResult(part.title, plan.settings, plan.absent)
    return plans


def in_order(plans, rounds):
    """[(round, part, step)] of the whole run."""
    return [(number, part, step) for number in range(rounds) for part, plan in plans.items()
            for step in plan.steps if number == 0 or not step.once]


def label(part, step, number, rounds):
    return f"round {number + 1}/{rounds}, {part.name}: {step.label}"


def take_step(part, step, result, progress):
    """Adds its samples, or its failure. What fails is tried once more: a busy machine can be the reason."""
    for attempt in range(2):
        try:
            result.add(step.run(progress.note))
            return
        except (Failed, OSError) as failed:  # a full /dev/shm, say
            progress.say(f"{part.name}, {step.configuration}: {failed}")
            if attempt == 1:
                result.failures.append((step.configuration, str(failed)))


def take_turns(plans, settings, results, checkpoint, stream=None):
    """Runs all steps. @checkpoint is called after each round. True where none was left out for the time."""
    steps = in_order(plans, settings.rounds)
    progress = Progress([((p.name, s.label), s.seconds) for _, p, s in steps], stream)
    start = before = time.monotonic()
    current = 0
    try:
        for number, part, step in steps:
            if number != current:
                current, now = number, time.monotonic()
                checkpoint()
                if settings.limit_s and now - start + (now - before) > settings.limit_s:
                    progress.say(f"{number} rounds of {settings.rounds}: the next would end after "
                                 f"{settings.limit_s} s")
                    results.rounds = number
                    return False
                before = now
            result = results.parts[part.name]
            failed = step.configuration in [c for c, _ in result.failures]
            if not failed:
                progress.begin(label(part, step, number, settings.rounds))
                take_step(part, step, result, progress)
            progress.end(not failed)
    finally:
        progress.clear()
        for plan in plans.values():
            plan.finish()
    return True
