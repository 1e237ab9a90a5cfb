"""The table of bench/compare.sh from two files of JSON lines, ours and PyTorch's.

    python3 bench/compare_table.py OURS THEIRS

A row for each case, PyTorch's in the best of its ways to use the threads; under those of one model
and size, the row `best` sets the best thread count of each side against the other's, and the best
precision where there are several. The column `bound` is the time of the products alone in float32
beside ours (above 100 % in bfloat16). Expect medians over the rounds.
"""
import json
import statistics
import sys
from collections import defaultdict


def read(path):
    """{(model, size): {(threads, precision): {key: median over rounds}}}, as they appear."""
    rounds = defaultdict(lambda: defaultdict(lambda: defaultdict(list)))
    with open(path) as lines:
        for run in map(json.loads, lines):
            ways = rounds[run["model"], run["size"]][run["threads"], run["precision"]]
            ways[run.get("parallel")].append(run)
    return {case: {kind: min(map(medians, ways.values()), key=lambda row: row["ms_per_update"])
                   for kind, ways in by_kind.items()}
            for case, by_kind in rounds.items()}


def medians(runs):
    keys = ("ms_per_update", "bound_share", "peak_mb")
    return {key: statistics.median(run[key] for run in runs) for key in keys if key in runs[0]}


def print_row(model, size, threads, precision, a, b):
    print(f"{model:13} {size:6} {threads:>7} {precision:9} | {a['ms_per_update']:8.1f} {b['ms_per_update']:10.1f} "
          f"{b['ms_per_update'] / a['ms_per_update']:6.2f} | {100 * a['bound_share']:5.1f} | "
          f"{a['peak_mb']:7.0f} {b['peak_mb']:10.0f} {a['peak_mb'] / b['peak_mb']:6.2f}")


def main():
    ours, theirs = read(sys.argv[1]), read(sys.argv[2])
    print(f"{'model':13} {'size':6} {'threads':>7} {'precision':9} | {'ours ms':>8} {'PyTorch ms':>10} {'ratio':>6} | "
          f"{'bound':>5} | {'ours MB':>7} {'PyTorch MB':>10} {'ratio':>6}")
    for (model, size), a in ours.items():
        b = theirs[model, size]
        for kind in a:
            print_row(model, size, *kind, a[kind], b[kind])
        if len(a) > 1:
            best = [min(side.values(), key=lambda row: row["ms_per_update"]) for side in (a, b)]
            print_row(model, size, "best", "", *best)


main()
