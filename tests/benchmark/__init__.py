"""How fast it is, side by side: the tutorial's loop, this program, and the floor that neither can pass.

    python -m tests.benchmark [--json results.json] [--model NAME ...]

The clips are made here, each thing that is timed runs in a process of its own, rounds alternate between them, and
what is told are medians with their spread. See `__main__` for what the figures mean.
"""
