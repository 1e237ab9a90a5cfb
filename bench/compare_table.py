"""The table of bench/compare.sh from two files of JSON lines, ours and PyTorch's.

    python3 bench/compare_table.py OURS THEIRS

A row for each case, PyTorch's in the best of its ways to use the threads; under those of one model
and size, the row `best` sets the best thread count of each side against the other's. Expect medians
over the rounds.
"""
import json
import statistics
import sys
from collections import defaultdict


def read(path):
    """{(model, size): {threads: {key: median over rounds}}}, in order of appearance."""
    rounds = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    with open(path) as lines:
        for run in map(json.loads, lines):
            ways = rounds[run["model"], run["size"]][run["threads"]]
            ways[run.get("parallel")].append(run)
    return {case: {threads: min(map(medians, ways.values()), key=lambda row: row["ms_per_update"])
                   for threads, ways in by_threads.items()}
            for case, by_threads in rounds.items()}


def medians(runs):
    keys = ("ms_per_update", "bound_share", "peak_mb")
    return {key: statistics.median(run[key] for run in runs) for key in keys if key in runs[0]}


def print_row(model, size, threads, a, b):
    print(f"{model:13} {size:6} {threads:>7} | {a['ms_per_update']:8.1f} {b['ms_per_update']:10.1f} "
          f"{b['ms_per_update'] / a['ms_per_update']:6.2f} | {100 * a['bound_share']:5.1f} | "
          f"{a['peak_mb']:7.0f} {b['peak_mb']:10.0f} {a['peak_mb'] / b['peak_mb']:6.2f}")


def main():
    ours, theirs = read(sys.argv[1]), read(sys.argv[2])
    print(f"{'model':13} {'size':6} {'threads':>7} | {'ours ms':>8} {'PyTorch ms':>10} {'ratio':>6} | "
          f"{'bound':>5} | {'ours MB':>7} {'PyTorch MB':>10} {'ratio':>6}")
    for (model, size), a in ours.items():
        b = theirs[model, size]
        for threads in a:
            print_row(model, size, threads, a[threads], b[threads])
        if len(a) > 1:
            best = [min(side.values(), key=lambda row: row["ms_per_update"]) for side in (a, b)]
            print_row(model, size, "best", *best)


main()
