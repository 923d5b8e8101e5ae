"""What runs now, how far it is, and the time left: one line on a terminal, else a line now and then."""

import shutil
import sys
import time

PLAIN_SECONDS = 30  # between lines where nobody watches


def duration(seconds):
    """For people: 40 s, 3 min, 1 h 5 min."""
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


class Progress:
    """@plan: [(key, guess in seconds)] of all steps, in order; steps of one key take about as long.

    What a step will take is what those of its key took; before the first, the guess, corrected by how wrong guesses were.
    """

    def __init__(self, plan, stream=None, clock=time.monotonic):
        self.plan, self.stream, self.clock = plan, stream or sys.stderr, clock
        self.done = 0
        self.took = {}  # {key: [seconds]}
        self.begun = self.said = clock()
        self.label = ""

    def begin(self, label):
        """The next step begins."""
        self.label, self.begun = label, self.clock()
        self.note("")

    def end(self, measured=True):
        """It has ended; @measured: whether it took its time."""
        if measured:
            key, _ = self.plan[self.done]
            self.took.setdefault(key, []).append(self.clock() - self.begun)
        self.done += 1
        self.begun = self.clock()

    def left(self):
        """Seconds to the end, the running step's whole time less what it has taken."""
        guessed = sum(guess * len(self.took[key]) for key, guess in dict(self.plan).items()
                      if key in self.took)
        spent = sum(map(sum, self.took.values()))
        wrong = spent / guessed if guessed else 1
        rest = 0
        for position, (key, guess) in enumerate(self.plan[self.done:]):
            took = self.took.get(key)
            expected = sum(took) / len(took) if took else guess * wrong
            running = self.clock() - self.begun if position == 0 else 0
            rest += max(0, expected - running)
        return rest

    def note(self, detail):
        """Says what the running step does."""
        text = f"[{self.done + 1}/{len(self.plan)}] {self.label}"
        text += f", {detail}" if detail else ""
        text += f" - {duration(self.left())} left"
        if self.stream.isatty():
            width = shutil.get_terminal_size().columns
            self.stream.write(f"\r\033[K{text[:width - 1]}")
        elif self.clock() - self.said >= PLAIN_SECONDS:
            self.said = self.clock()
            self.stream.write(f"{text}\n")
        self.stream.flush()

    def say(self, text):
        """A line of its own."""
        self.clear()
        self.stream.write(f"bench: {text}\n")
        self.stream.flush()

    def clear(self):
        """Takes the line away, before something else is printed."""
        if self.stream.isatty():
            self.stream.write("\r\033[K")
            self.stream.flush()
