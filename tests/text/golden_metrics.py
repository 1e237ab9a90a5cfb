"""Computes the expected numbers of metrics_test.cpp, independently of the C++ code.

A plain restatement of sacreBLEU 2's definitions: 13a by its published regular expressions, n-grams
in Counters, chrF2 with effective order. Run: python3 tests/text/golden_metrics.py
With two files as arguments (hypotheses, references) it prints their BLEU 13a, BLEU none, chrF2.
"""

import math
import re
import sys
from collections import Counter

RULES_13A = [
    (re.compile(r"([\{-\~\[-\` -\&\(-\+\:-\@\/])"), r" \1 "),
    (re.compile(r"([^0-9])([\.,])"), r"\1 \2 "),
    (re.compile(r"([\.,])([^0-9])"), r" \1 \2"),
    (re.compile(r"([0-9])(-)"), r"\1 \2 "),
]


def tokens_13a(line):
    line = line.rstrip().replace("<skipped>", "").replace("-\n", "").replace("\n", " ")
    for entity, char in (("&quot;", '"'), ("&amp;", "&"), ("&lt;", "<"), ("&gt;", ">")):
        line = line.replace(entity, char)
    line = f" {line} "
    for rule, result in RULES_13A:
        line = rule.sub(result, line)
    return line.split()


def ngrams(units, n):
    return Counter(tuple(units[i : i + n]) for i in range(len(units) - n + 1))


def bleu(hypotheses, references, tokenize):
    correct, total, hyp_len, ref_len = [0] * 4, [0] * 4, 0, 0
    for hypothesis, reference in zip(hypotheses, references):
        h, r = tokenize(hypothesis), tokenize(reference)
        hyp_len, ref_len = hyp_len + len(h), ref_len + len(r)
        for n in range(4):
            grams = ngrams(h, n + 1)
            correct[n] += (grams & ngrams(r, n + 1)).total()
            total[n] += grams.total()
    penalty = 1.0
    if hyp_len < ref_len:
        penalty = math.exp(1 - ref_len / hyp_len) if hyp_len else 0.0
    precisions, smooth = [0.0] * 4, 1
    if any(correct):
        for n in range(4):
            if not total[n]:
                break
            if not correct[n]:
                smooth *= 2
            precisions[n] = 100 * (correct[n] or 1 / smooth) / total[n]
    score = 0.0
    if all(precisions):
        score = penalty * math.exp(sum(map(math.log, precisions)) / 4)
    return score, precisions, penalty, hyp_len, ref_len


def chrf(hypotheses, references, order=6, beta=2):
    precision, recall = [], []
    for n in range(1, order + 1):
        hyp, ref, common = 0, 0, 0
        for hypothesis, reference in zip(hypotheses, references):
            h = ngrams("".join(hypothesis.split()), n)
            r = ngrams("".join(reference.split()), n)
            hyp += h.total() if r else 0
            ref += r.total()
            common += (h & r).total()
        if hyp and ref:
            precision.append(common / hyp)
            recall.append(common / ref)
    if not sum(precision) + sum(recall):
        return 0.0
    p, r = sum(precision) / len(precision), sum(recall) / len(recall)
    return 100 * (1 + beta**2) * p * r / (beta**2 * p + r)


CASES = {
    "sacrebleu issue 98": (
        ["Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;"],
        ["producţia de zahăr brut se exprimă în zahăr alb;"],
    ),
    "dog": (
        ["The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."],
        ["The dog bit the man.", "It was not unexpected.", "The man bit him first."],
    ),
    "cats": (
        ["The relationship between cats and dogs is not exactly friendly.",
         "a good bookshop is just a genteel black hole that knows how to read."],
        ["The relationship between dogs and cats is not exactly friendly.",
         "A good bookshop is just a genteel Black Hole that knows how to read."],
    ),
    "symbols": (
        ["Prices rose 3.5%, to $1,000.50 (see A/B-tests, 10-20).", "Say &quot;no&quot; &amp;lt; now..."],
        ["Prices rose by 3.5 %, to $1,000.50 (see A/B tests, 10-20).", 'Say "no" < now...'],
    ),
    "no-break space": (
        ["Où est\u00a0-il\u202f? Là, l\u2019été\u00a0!"],
        ["Où est -il ? Là, l\u2019été ."],
    ),
    "no 4-gram match": (["a b c x d e f"], ["a b c y d e f"]),
    "no 3-gram match": (["a b x c d"], ["a b y c d"]),
    "too short for 4-grams": (["a b c"], ["a b c"]),
    "brevity": (["the cat sat on"], ["the cat sat on the mat"]),
    "one empty": (["", "the cat sat on the mat"], ["hello there", "the cat sat on the mat"]),
    "all empty": (["", ""], ["a", "b"]),
    "nothing common": (["this is a cat"], ["okay thanks"]),
    "repeats clipped": (["the the the the the"], ["the cat the mat of the house"]),
    "short reference": (["abcdefgh", "abcdefgh"], ["ab", "abcdefgx"]),
}

if len(sys.argv) == 3:
    sides = [open(name, encoding="utf-8").read().split("\n")[:-1] for name in sys.argv[1:]]
    print(f"{bleu(*sides, tokens_13a)[0]:.8f} {bleu(*sides, str.split)[0]:.8f} {chrf(*sides):.8f}")
else:
    for name, (hyps, refs) in CASES.items():
        print(name)
        print("  13a ", bleu(hyps, refs, tokens_13a))
        print("  none", bleu(hyps, refs, str.split))
        print("  chrF", chrf(hyps, refs))
