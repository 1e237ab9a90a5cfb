"""Computes the expected numbers of references_test.cpp and bootstrap_test.cpp, independently of the
C++ code: several references, and bootstrap resampling, as sacreBLEU 2 defines them.

Run: python3 tests/text/golden_resampling.py
The resamples' random numbers are SplitMix64 as text/shuffle.h has it.
"""

import math
import unicodedata
from collections import Counter

M64 = (1 << 64) - 1


def mix(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M64
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M64
    return z ^ (z >> 31)


class SplitMix64:
    def __init__(self, seed):
        self.state = seed & M64

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & M64
        return mix(self.state)

    def below(self, n):
        unfair = (1 << 64) % n
        while (x := self.next()) < unfair:
            pass
        return x % n


def ngrams(units, n):
    return Counter(tuple(units[i : i + n]) for i in range(len(units) - n + 1))


def bleu_counts(hypothesis, references):
    h, refs = hypothesis.split(), [r.split() for r in references]
    length = min((abs(len(r) - len(h)), len(r)) for r in refs)[1]
    correct, total = [], []
    for n in range(1, 5):
        most = Counter()
        for r in refs:
            most |= ngrams(r, n)
        correct.append((ngrams(h, n) & most).total())
        total.append(ngrams(h, n).total())
    return correct + total + [len(h), length]


def bleu(counts):
    correct, total, (h, r) = counts[:4], counts[4:8], counts[8:]
    if not any(correct) or not all(total):
        return 0.0
    smooth, logs = 1, 0.0
    for c, t in zip(correct, total):
        smooth *= 1 if c else 2
        logs += math.log(100 * (c or 1 / smooth) / t)
    return (1.0 if h >= r else math.exp(1 - r / h)) * math.exp(logs / 4)


def chrf_one(hypothesis, reference):
    counts = []
    for n in range(1, 7):
        h, r = (ngrams("".join(s.split()), n) for s in (hypothesis, reference))
        counts += [h.total() if r else 0, r.total(), (h & r).total()]
    return counts


def chrf(counts):
    some = [counts[i : i + 3] for i in range(0, 18, 3) if counts[i] and counts[i + 1]]
    p = sum(c / h for h, _, c in some) / max(len(some), 1)
    r = sum(c / n for _, n, c in some) / max(len(some), 1)
    return 100 * 5 * p * r / (4 * p + r) if p + r else 0.0


def chrf_counts(hypothesis, references):
    return max((chrf_one(hypothesis, r) for r in references), key=chrf)  # the first of equals


def add(rows):
    return [sum(column) for column in zip(*rows)]


def resampled(rows, score, resamples, seed):
    scores = []
    for r in range(resamples):
        random = SplitMix64(SplitMix64(seed).next() ^ SplitMix64(r).next())
        scores.append(score(add([rows[random.below(len(rows))] for _ in rows])))
    return scores


def confidence(scores):
    s, out = sorted(scores), len(scores) // 40
    return sum(s) / len(s), 0.5 * (s[len(s) - out - 1] - s[out])


def p_value(a, b, difference):
    d = [abs(x - y) for x, y in zip(a, b)]
    mean = sum(d) / len(d)
    return (sum(x - mean > difference for x in d) + 1) / (len(d) + 1)


def tokens_intl(line):
    kinds = [unicodedata.category(c)[0] for c in line]

    def pairs(units, first, second, result):
        out, i = [], 0
        while i < len(units):
            if i + 1 < len(units) and first(units[i]) and second(units[i + 1]):
                out += result(units[i], units[i + 1])
                i += 2
            else:
                out.append(units[i])
                i += 1
        return out

    kind = lambda c: unicodedata.category(c)[0]
    line = pairs(list(line), lambda c: kind(c) != "N", lambda c: kind(c) == "P", lambda a, b: [a, " ", b, " "])
    line = pairs(line, lambda c: kind(c) == "P", lambda c: kind(c) != "N", lambda a, b: [" ", a, " ", b])
    return "".join(f" {c} " if kind(c) == "S" else c for c in line).split()


A = ["the cat sat on the mat", "there is a dog in the old garden", "we see two red birds",
     "he reads the paper every day", "she sells tea and bread here", "it rains a lot in this town"]
B = ["the cat sat on a mat", "a dog is in the garden", "we see two red birds today",
     "he reads a paper each day", "she sells tea and bread", "it often rains in this town"]
R1 = ["the cat sat on the mat", "there is a dog in the garden", "we see two red birds",
      "he reads the newspaper every day", "she sells tea and bread here", "it rains often in this town"]
R2 = ["a cat was sitting on the mat", "a dog is in the old garden", "", "he reads a paper every day",
      "here she sells bread and tea", "it often rains in this town"]
REFS = [[r for r in pair if r] for pair in zip(R1, R2)]

if __name__ == "__main__":
    for name, references in (("one", [[r] for r in R1]), ("two", REFS)):
        for system, lines in (("A", A), ("B", B)):
            b = add([bleu_counts(h, r) for h, r in zip(lines, references)])
            c = add([chrf_counts(h, r) for h, r in zip(lines, references)])
            print(name, system, b, f"{bleu(b):.8f} {chrf(c):.8f}")
    for metric, counts, score in (("BLEU", bleu_counts, bleu), ("chrF2", chrf_counts, chrf)):
        rows = [[counts(h, r) for h, r in zip(lines, REFS)] for lines in (A, B)]
        scores = [resampled(r, score, 1000, 12345) for r in rows]
        difference = abs(score(add(rows[0])) - score(add(rows[1])))
        print(metric, [f"{x:.8f}" for s in scores for x in confidence(s)],
              f"p {p_value(*scores, difference):.8f}", f"{scores[0][0]:.8f} {scores[0][999]:.8f}")
    for line in ("Hello, world! 3.14 a.b «été» $5", "1,000-2 x_y 10% a+b", "(a)..", "5."):
        print(tokens_intl(line))
