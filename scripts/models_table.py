#!/usr/bin/env python3
"""Makes the table of docs/models.md: each preset, and each setting switched alone from the default
(preset article), trained on the bundled corpus for the same number of updates.

    scripts/models_table.py            # two trainings at a time, about half an hour
    scripts/models_table.py lstm ...   # these rows again

What is trained is kept in build/models, and is not trained again unless it is named. A row is
exact match and alignment error rate on the held-out sentences (data/test.*); then, of short
trainings afterwards, with nothing beside them, on one thread: milliseconds an update, and the share of
these that the update's matrix products would take alone, at the rate of bench/train_step's products.
"""
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "models.md"
WORK = ROOT / "build" / "models"
UPDATES = 6000  # about a minute of the default on one core
TIMED = 100
PROGRAM = ROOT / "build" / "babelgrad"

ROWS = {
    "default": [],
    "preset cho2014": ["--preset", "cho2014"],
    "preset bahdanau2014": ["--preset", "bahdanau2014"],
    "preset luong2015": ["--preset", "luong2015"],
    "attention none": ["--attention", "none"],
    "attention none, fixed_context": ["--attention", "none", "--fixed-context"],
    "attention local_m, window 2": ["--attention", "local_m", "--window", "2"],
    "attention local_p, window 2": ["--attention", "local_p", "--window", "2"],
    "attention monotonic": ["--attention", "monotonic"],
    "score dot": ["--score", "dot"],
    "score scaled_dot": ["--score", "scaled_dot"],
    "score additive": ["--score", "additive"],
    "score location": ["--score", "location"],
    "coverage": ["--coverage"],
    "coverage, coverage_weight 1": ["--coverage", "--coverage-weight", "1"],
    "guided_alignment": ["--guided-alignment", "data/train.align"],
    "attend_from previous": ["--attend-from", "previous"],
    "input_feeding": ["--input-feeding"],
    "readout linear": ["--readout", "linear"],
    "readout maxout": ["--readout", "maxout"],
    "initial_state zero": ["--initial-state", "zero"],
    "initial_state mean": ["--initial-state", "mean"],
    "cell lstm": ["--cell", "lstm"],
    "layer_norm": ["--layer-norm"],
    "layers 2": ["--layers", "2"],
    "layers 2, residual": ["--layers", "2", "--residual"],
    "one direction": ["--no-bidirectional"],
    "one direction, reverse_source": ["--no-bidirectional", "--reverse-source"],
    "recurrent_dropout 0.2": ["--recurrent-dropout", "0.2"],
    "attention_dropout 0.2": ["--attention-dropout", "0.2"],
    "word_dropout 0.1": ["--word-dropout", "0.1"],
    "scheduled_sampling 0.25, sampling_updates 1000": ["--scheduled-sampling", "0.25", "--sampling-updates", "1000"],
}
BEGIN, END = "<!-- models_table.py -->", "<!-- end of the table -->"


def run(*command):
    return subprocess.run(
        [str(part) for part in command],
        cwd=ROOT,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ).stdout


def product_rate():
    """GFLOP/s of the products of a small update, one thread."""
    text = run(ROOT / "build" / "bench" / "train_step", "--size", "S", "--threads", "1", "--updates", "3")
    milliseconds, gflop = re.search(r"products alone\s+([\d.]+) ms\s+\(([\d.]+) GFLOP\)", text).groups()
    return float(gflop) / float(milliseconds) * 1e3


def time_of_an_update(flags):
    """Milliseconds, the least of three runs, and GFLOP of matrix products of one update."""
    runs = [train(flags, WORK / "timing", TIMED, "--profile") for _ in range(3)]
    totals = [re.search(r"for (\d+) ms, ([\d.]+) GFLOP of products", text).groups() for text in runs]
    return min(float(ms) for ms, _ in totals) / TIMED, float(totals[0][1]) / TIMED


def train(flags, folder, updates, *more):
    return run(
        PROGRAM, "train", "--config", "data/demo.json", "--out", folder, "--overwrite", "--threads", 1,
        "--max-minutes", 0, "--max-updates", updates, "--valid-every", updates, "--snapshots", 0,
        *([] if "--preset" in flags else ["--preset", "article"]), *flags, *more,
    )  # fmt: skip


def measure(name):
    folder = WORK / re.sub(r"\W+", "_", name)
    train(ROWS[name], folder, UPDATES)
    attends = json.loads((folder / "config.json").read_text())["attention"] != "none"
    scores = run(
        PROGRAM, "evaluate", "--model", folder, "--source", "data/test.fr", "--reference",
        "data/test.en", *(["--alignments", "data/test.align"] if attends else []),
    )  # fmt: skip
    exact = re.search(r"exact match\s+([\d.]+)", scores).group(1)
    aer = re.search(r"alignment error rate\s+([\d.]+)", scores)
    print(f"{name}: exact match {exact}", flush=True)
    return {
        "exact": float(exact),
        "aer": float(aer.group(1)) if aer else None,
    }


def row_text(name, row):
    aer = "–" if row["aer"] is None else f"{row['aer']:.3f}"
    return f"| {name} | {row['exact']:.2f} | {aer} | {row['ms']:.1f} | {row['share']:.0%} |"


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    kept = WORK / "rows.json"
    rows = json.loads(kept.read_text()) if kept.exists() else {}
    names = sys.argv[1:] or [name for name in ROWS if name not in rows]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, row in zip(names, pool.map(measure, names)):
            rows[name] = row
            kept.write_text(json.dumps(rows, indent=1))
    for name, row in rows.items():
        rates = [product_rate()]
        row["ms"], gflop = time_of_an_update(ROWS[name])
        rates.append(product_rate())
        row["share"] = gflop / max(rates) * 1e3 / row["ms"]
    kept.write_text(json.dumps(rows, indent=1))
    table = "\n".join(
        ["| setting | exact match, % | alignment error rate | ms an update | products |", "|---|---|---|---|---|"]
        + [row_text(name, rows[name]) for name in ROWS if name in rows]
    )
    page = PAGE.read_text()
    head, rest = page.split(BEGIN)
    PAGE.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.split(END)[1]}")


main()
