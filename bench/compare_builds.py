#!/usr/bin/python3
"""Two builds in turn (A B A B ...): a commit before and the present tree, a table and a verdict.

    bench/compare_builds.py REV                                   training updates, all cases
    bench/compare_builds.py REV --sizes S --pairs 3               a first look, two minutes
    bench/compare_builds.py REV --program "ops --benchmark_filter=chain" --limit 1.05
    bench/compare_builds.py REV --program decode --limit 1.02     search, of a random model

Both are built in Release below --folder, which may be kept: REV from its archive, the present tree
as it stands, uncommitted changes included. The cases are those of bench/train_step, or what other
programs of bench/ print where --program names them (may be repeated): with --json either lines of
JSON with a time, or Google Benchmark's document, of which the time of a case is the processor's,
or the manual one. A ratio is the median over the pairs of now / then, beside it the
quartiles; the row `products alone` is train_step's bound, that no change touches: the noise.

The default takes about 20 minutes after the builds. It needs a machine that does nothing else:
expect the row `products alone` within 0.005 of 1. Exit code 1 if the geometric mean is above the
limit, 2 if something did not run.
"""
import argparse
import json
import os
import pathlib
import statistics
import subprocess
import sys
from collections import defaultdict

ROOT = pathlib.Path(__file__).resolve().parent.parent
UPDATES = {"S": 20, "M": 6, "L": 4}  # a run of train_step, beside its 4 to warm up
PRODUCTS = "products alone"
TIMES = {"ms": 1, "ms_per_update": 1, "seconds": 1000}  # keys of a row, in milliseconds


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rev", help="the commit to compare with")
    parser.add_argument("--sizes", default="S M L")
    parser.add_argument("--models", default="luong bahdanau")
    parser.add_argument("--threads", default="1 2")
    parser.add_argument("--updates", type=int, help="a run, instead of the size's 20, 6 or 4")
    parser.add_argument("--program", action="append", metavar="'NAME ARGUMENTS'",
                        help="of bench/, instead of the training updates")
    parser.add_argument("--pairs", type=int, default=10)
    parser.add_argument("--limit", type=float, default=1.01, help="of the geometric mean")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build-compare")
    args = parser.parse_args()
    if args.pairs < 2:
        parser.error("--pairs: at least 2")
    return args


def commands(args):
    """{name of the run: [program, argument ...]}, in the order of the table."""
    if args.program:
        return {program: program.split() for program in args.program}
    return {f"{model} {size}, threads {threads}":
            ["train_step", "--model", model, "--size", size, "--threads", threads,
             "--updates", str(args.updates or UPDATES[size])]
            for model in args.models.split() for size in args.sizes.split()
            for threads in args.threads.split()}


def build(source, folder, programs):
    print(f"building {' '.join(programs)} in {folder}", file=sys.stderr)
    generator = [] if (folder / "CMakeCache.txt").exists() else ["-G", "Ninja"]
    subprocess.run(["cmake", "-S", source, "-B", folder, *generator, "-DCMAKE_BUILD_TYPE=Release",
                    "-DBABELGRAD_BENCH=ON", "-DBABELGRAD_TESTS=OFF"],
                   check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", folder, "--parallel", str(os.cpu_count()),
                    "--target", *programs], check=True, stdout=sys.stderr)
    return folder / "bench"


def unpacked(rev, folder):
    """The files of a commit, in a folder of their own that is not written again."""
    commit = subprocess.run(["git", "rev-parse", "--verify", f"{rev}^{{commit}}"], cwd=ROOT,
                            check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    source = folder / commit[:12] / "source"
    if not source.exists():
        partial = source.with_name("partial")
        partial.mkdir(parents=True, exist_ok=True)
        archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=True,
                                 stdout=subprocess.PIPE).stdout
        subprocess.run(["tar", "-x", "-C", partial], input=archive, check=True)
        partial.rename(source)
    return source


def run(bench, name, command):
    """{case: milliseconds} of what the program prints."""
    text = subprocess.run([bench / command[0], *command[1:], "--json"], check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    if text.startswith("{\n"):
        return {row["name"]: benchmark_ms(row) for row in json.loads(text)["benchmarks"]}
    times = {}
    for row in map(json.loads, text.splitlines()):
        if "case" in row:
            case = f"{name}: {row['case']}"
        elif "beam" in row:  # of decode
            case = f"{name}: beam {row['beam']}, batch {row['batch']}, threads {row['threads']}"
        else:
            case = name
        times[case] = next(row[key] * scale for key, scale in TIMES.items() if key in row)
        if "bound_share" in row:
            times[PRODUCTS, case] = times[case] * row["bound_share"]
    return times


def benchmark_ms(row):
    time = row["real_time" if row["name"].endswith("/manual_time") else "cpu_time"]
    return time * {"ns": 1e-6, "us": 1e-3, "ms": 1, "s": 1e3}[row["time_unit"]]


def measure(args, then, now):
    """{case: [(then, now) of each pair]}; a case that only one build has is left out."""
    pairs = defaultdict(list)
    for i in range(args.pairs):
        for name, command in commands(args).items():
            print(f"pair {i + 1} of {args.pairs}: {name}", file=sys.stderr)
            a, b = (run(bench, name, command) for bench in (then, now))
            for case in a:
                if case in b:
                    pairs[case].append((a[case], b[case]))
    return pairs


def print_table(pairs):
    """Returns the geometric mean over the cases."""
    width = max(len(case) for case in pairs if isinstance(case, str))
    print(f"{'':{width}} {'then, ms':>10} {'now, ms':>10} {'ratio':>7}  quartiles")
    ratios, products = [], []
    for case, times in pairs.items():
        each = [now / then for then, now in times]
        low, ratio, high = statistics.quantiles(each, n=4, method="inclusive")
        if isinstance(case, tuple):
            products.append(ratio)
            continue
        ratios.append(ratio)
        then, now = map(statistics.median, zip(*times))
        print(f"{case:{width}} {then:10.4g} {now:10.4g} {ratio:7.3f}  {low:.3f} to {high:.3f}")
    if products:
        print(f"{PRODUCTS:{width}} {'':21} {statistics.geometric_mean(products):7.3f}")
    mean = statistics.geometric_mean(ratios)
    print(f"{'geometric mean':{width}} {'':21} {mean:7.3f}")
    return mean


def main():
    args = parse_arguments()
    programs = sorted({command[0] for command in commands(args).values()})
    source = unpacked(args.rev, args.folder)
    then = build(source, source.with_name("build"), programs)
    now = build(ROOT, args.folder / "present", programs)
    pairs = measure(args, then, now)
    if not pairs:
        print("compare_builds: no case that both builds have", file=sys.stderr)
        sys.exit(2)
    good = print_table(pairs) <= args.limit
    print(f"{'not above' if good else 'ABOVE'} the limit of {args.limit}")
    sys.exit(not good)


try:
    main()
except subprocess.CalledProcessError as error:
    print(f"compare_builds: {error}", file=sys.stderr)
    sys.exit(2)
