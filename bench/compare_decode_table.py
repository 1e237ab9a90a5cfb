"""The table of bench/compare_decode.sh from two files of JSON lines, ours and PyTorch's.

    python3 bench/compare_decode_table.py OURS THEIRS

A row for each beam size and thread count, medians over the rounds; under those of a beam size, the
row `best` sets the best thread count of each side against the other's.
"""
import json
import statistics
import sys
from collections import defaultdict


def read(path):
    """{beam: {threads: {key: median over rounds}}}, in order of appearance."""
    rounds = defaultdict(lambda: defaultdict(list))
    with open(path) as lines:
        for run in map(json.loads, lines):
            rounds[run["beam"]][run["threads"]].append(run)
    keys = ("sentences_per_s", "bound_share", "agreeing", "sentences")
    return {beam: {threads: {key: statistics.median(run[key] for run in runs)
                             for key in keys if key in runs[0]}
                   for threads, runs in by_threads.items()}
            for beam, by_threads in rounds.items()}


def print_row(beam, threads, a, b):
    print(f"{beam:4} {threads:>7} | {a['sentences_per_s']:10.1f} {b['sentences_per_s']:10.1f} "
          f"{a['sentences_per_s'] / b['sentences_per_s']:6.1f} | {100 * a['bound_share']:5.1f} | "
          f"{b['agreeing']:.0f} of {b['sentences']:.0f}")


def main():
    ours, theirs = read(sys.argv[1]), read(sys.argv[2])
    print("beam threads | ours, s/s  PyTorch, s/s ratio | bound | equal translations")
    for beam, a in ours.items():
        b = theirs[beam]
        for threads in a:
            print_row(beam, threads, a[threads], b[threads])
        if len(a) > 1:
            best = [max(side.values(), key=lambda row: row["sentences_per_s"]) for side in (a, b)]
            print_row(beam, "best", *best)


main()
