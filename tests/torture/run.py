#!/usr/bin/env python3
"""Tortures babelgrad: kills, faults, damaged files, ranks, wrong options, hostile clients. Prints a line
for each failure and a table at the end; exit code 1 if something failed.

    tests/torture/run.py MINUTES [--seed N] [--build DIR]
    tests/torture/run.py --only files:17 [--seed N]      the case of a failure again
    tests/torture/run.py 2 --only server                 one part alone

Case K of a part is made by random numbers of its own (seed, part, K), so it does not depend on the
cases before it nor on the time; how many there are does. Two parts run at a time. Needs a build of
babelgrad with MPI, strace and python3-xxhash: scripts/torture.sh sees to that.
"""
import argparse
import concurrent.futures
import importlib
import pathlib
import random
import sys
import time
import traceback

import program

# Parts, and their shares of the time on one of the two processors: the longest first.
SHARES = {"kills": 0.4, "faults": 0.45, "files": 0.3, "server": 0.25, "ranks": 0.2, "limits": 0.15,
          "options": 0.1, "texts": 0.1, "together": 0.05}
MOST_FAILURES = 20  # of a part; then it ends


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("minutes", type=float, nargs="?", default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", metavar="PART[:CASE]")
    parser.add_argument("--build", type=pathlib.Path, default=program.ROOT / "build")
    args = parser.parse_args()
    args.part, _, case = (args.only or "").partition(":")
    if (args.part and args.part not in SHARES) or not (case or "0").isdecimal():
        parser.error(f"--only: need one of {', '.join(SHARES)}, and if wanted :CASE, a number")
    args.case = int(case) if case else None
    return args


def fail(args, name, k, error):
    where = f"--only {name}:{k} --seed {args.seed}"
    print(f"FAILED {error}\n       again: scripts/torture.sh {where}", flush=True)


def one_case(part, args, name, k):
    """(how many tries it was, whether all went well)."""
    try:
        return part.case(random.Random(f"{args.seed}/{name}/{k}"), k) or 1, True
    except program.Failure as error:
        fail(args, name, k, error)
    except Exception:  # of the torture itself
        fail(args, name, k, traceback.format_exc(limit=-3).replace("\n", " | "))
    return 1, False


def torture(args, name, seconds):
    """{"tried", "failed", "seconds"} of a part, in a process of its own."""
    program.binary = args.build.resolve() / "babelgrad"
    began, tried, failed, k = time.monotonic(), 0, 0, args.case or 0
    with program.Folder() as folder:
        part = importlib.import_module(name).Part(folder)
        while failed < MOST_FAILURES:
            tries, good = one_case(part, args, name, k)
            tried += tries
            failed += not good
            k += 1
            if args.case is not None or time.monotonic() - began >= seconds:
                break
        try:
            for line in getattr(part, "end_all", list)():
                print(f"{name}: {line}", flush=True)
        except program.Failure as error:
            failed += 1
            fail(args, name, k, f"at the end of all cases: {error}")
    return {"tried": f"{tried:,} {part.unit}", "failed": failed,
            "seconds": time.monotonic() - began}


def print_table(results):
    print(f"{'part':10} {'tried':>24} {'failed':>7} {'minutes':>8}")
    for name, row in results.items():
        print(f"{name:10} {row['tried']:>24} {row['failed']:7} {row['seconds'] / 60:8.1f}")


def main():
    args = parse_arguments()
    names = [args.part] if args.part else list(SHARES)
    seconds = {name: 60 * args.minutes * (1 if args.part else SHARES[name]) for name in names}
    results = {}
    with concurrent.futures.ProcessPoolExecutor(2) as two:
        futures = {two.submit(torture, args, name, seconds[name]): name for name in names}
        for future in concurrent.futures.as_completed(futures):
            results[futures[future]] = future.result()
    print_table({name: results[name] for name in names})
    sys.exit(any(row["failed"] for row in results.values()))


if __name__ == "__main__":
    main()
