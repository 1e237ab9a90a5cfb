#!/usr/bin/env python3
"""Writes the bundled French-English corpus, or checks that the files are what this program writes.

    python3 data/generate.py             # writes data/{train,valid,test}.{fr,en,align} and reports
    python3 data/generate.py --check     # regenerates in memory, compares byte for byte, checks the rules
    python3 data/generate.py --show 20   # prints random pairs with their alignments

The same seed gives the same bytes on every machine. A full run takes about ten seconds.
"""

import argparse
import functools
import random
import sys
import zlib
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
import lexicon  # noqa: E402
import templates  # noqa: E402,F401  (each registers its templates, in this order)
import templates_being  # noqa: E402,F401
import templates_joined  # noqa: E402,F401
import templates_questions  # noqa: E402,F401
from grammar import PRENOMINAL_BEFORE_VOWEL, Subject, clause, spell, starts_with_vowel, word  # noqa: E402
from pieces import TEMPLATES  # noqa: E402
from sampler import Sampler  # noqa: E402

SEED = 2016
SIZES = {"train": 15500, "valid": 500, "test": 800}
LENGTHS = range(2, 21)  # source tokens
TRAIN_MINIMUM = 32  # occurrences in train that the generator works towards for every word
TEST_MINIMUM = 8  # occurrences in train that every word of valid and test has for certain
ONE_IN = 12  # one combination in so many is held out of train
AT_MOST = 12  # pairs of valid and test together that show the same held-out combination
HERE = Path(__file__).resolve().parent
ARTICLE_SENTENCE = (("je", "suis", "étudiant"), ("i", "am", "a", "student"))

_NAMED = {noun.text for noun in lexicon.NOUNS} | {noun.plural for noun in lexicon.NOUNS}
_NAMED |= {name for names in lexicon.NAMES.values() for name in names}
_NAMED |= {form for adjective in lexicon.ADJECTIVES for form in adjective.forms.values()}
_NAMED |= {place for place, _ in lexicon.CITIES + lexicon.COUNTRIES}


class Pair:
    def __init__(self, phrase, template):
        source, target, self.links = spell(phrase)
        self.source, self.target = tuple(source), tuple(target)
        self.combos = phrase.combos
        self.template = template

    def words(self):
        return [("fr", w) for w in self.source] + [("en", w) for w in self.target]


def replaceable(combo):
    """Whether both words of a pair meet enough others, so that train still shows what each means."""
    kind, first, second = combo
    if kind == "verb, object":
        verbs = [v for v, classes in lexicon.OBJECTS.items() if set(classes) & set(lexicon.NOUN[second].classes)]
        return len(verbs) >= 4
    if kind == "noun, adjective":
        classes = set(lexicon.NOUN[first].classes)
        partners = [a for a in lexicon.ADJECTIVES if set(a.classes) & classes]
        nouns = [n for n in lexicon.NOUNS for a in partners if a.text == second and set(a.classes) & set(n.classes)]
        rare_form = second in PRENOMINAL_BEFORE_VOWEL and starts_with_vowel(first)  # bel, nouvel, vieil
        return len(partners) >= 4 and len(nouns) >= 6 and not rare_form
    return True


@functools.cache
def is_held_out(combo):
    """Whether train never sees this pair of content words: a stable hash of its spelling decides."""
    if combo == ("subject, job", "je", "étudiant"):
        return True
    return zlib.crc32(" ".join(combo).encode()) % ONE_IN == 0 and replaceable(combo)


def unseen(pair):
    """Whether the pair holds a combination that train never sees."""
    return any(is_held_out(combo) for combo in pair.combos)


def sensible(pair):
    """No noun, name or adjective twice (paul is taller than paul), and a length within bounds."""
    named = [w for w in pair.source if w in _NAMED]
    return len(pair.source) in LENGTHS and len(named) == len(set(named))


class Stream:
    """New, sensible pairs without end; a source with two targets is an error."""

    def __init__(self, seed):
        self._sampler = Sampler(seed)
        self._random = random.Random(seed + 1)
        self._weights = [weight for _, weight, _ in TEMPLATES]
        self._targets = {}

    def draw(self):
        while True:
            at = self._random.random() * sum(self._weights)
            for name, weight, function in TEMPLATES:
                at -= weight
                if at < 0:
                    break
            pair = Pair(function(self._sampler), name)
            known = self._targets.get(pair.source)
            if known is None:
                self._targets[pair.source] = pair.target
                if sensible(pair):
                    return pair
            elif known != pair.target:
                raise SystemExit(f"two targets for one source ({name}): {' '.join(pair.source)!r}: "
                                 f"{' '.join(known)!r} and {' '.join(pair.target)!r}")


def build():
    """The three splits, lists of Pair."""
    stream = Stream(SEED)
    article = Pair(clause(Subject(word("je", "i"), 0), lexicon.VERBS["être"],
                          rest=word("étudiant", "a student").noting("subject, job", "je", "étudiant")), "profession")
    assert (article.source, article.target) == ARTICLE_SENTENCE
    splits = {"train": [], "valid": [], "test": [article]}
    reserve, shown = [], Counter()
    while len(splits["train"]) < SIZES["train"] or len(reserve) < SIZES["valid"] + SIZES["test"]:
        pair = stream.draw()
        held_out = [combo for combo in pair.combos if is_held_out(combo)]
        if not held_out:
            if len(splits["train"]) < SIZES["train"]:
                splits["train"].append(pair)
        elif pair.source != ARTICLE_SENTENCE[0] and max(shown[combo] for combo in held_out) < AT_MOST:
            shown.update(held_out)
            reserve.append(pair)
    _top_up(stream, splits["train"])
    seen = Counter(w for pair in splits["train"] for w in pair.words())
    order = random.Random(SEED + 2)
    reserve = [p for p in reserve if min(seen[w] for w in p.words()) >= TEST_MINIMUM]
    order.shuffle(reserve)
    for name in ("test", "valid"):
        count = SIZES[name] - len(splits[name])
        splits[name] += reserve[:count]
        reserve = reserve[count:]
    for pairs in splits.values():
        order.shuffle(pairs)
    return splits


def _top_up(stream, train):
    """Adds pairs that hold a rare word until there is no rare word, within reason."""
    seen = Counter(w for pair in train for w in pair.words())
    for _ in range(60000):
        rare = {w for w, n in seen.items() if n < TRAIN_MINIMUM}
        if not rare:
            return
        pair = stream.draw()
        if rare.intersection(pair.words()) and not unseen(pair):
            train.append(pair)
            seen.update(pair.words())


def files(splits):
    """File name -> contents."""
    contents = {}
    for name, pairs in splits.items():
        contents[f"{name}.fr"] = "".join(" ".join(p.source) + "\n" for p in pairs)
        contents[f"{name}.en"] = "".join(" ".join(p.target) + "\n" for p in pairs)
        contents[f"{name}.align"] = "".join(" ".join(f"{i}-{j}" for i, j in p.links) + "\n" for p in pairs)
    return contents


def oracle_aer(pairs):
    """The alignment error rate of a model whose best source position is always a gold one.

    Every target word proposes one link; one without a gold link is a miss.
    """
    proposed = sum(len(p.target) for p in pairs)
    right = sum(len({j for _, j in p.links}) for p in pairs)
    return 1 - 2 * right / (proposed + sum(len(p.links) for p in pairs))


def problems(splits):
    """Every broken rule, one sentence each."""
    everything = [pair for pairs in splits.values() for pair in pairs]
    train_words = Counter(w for pair in splits["train"] for w in pair.words())
    sources = {w for pair in splits["train"] for w in pair.source}
    found = []

    def demand(holds, complaint):
        if not holds:
            found.append(complaint)

    demand(len(everything) >= 12000, f"only {len(everything)} pairs")
    demand(len({p.source for p in everything}) == len(everything), "a source sentence occurs twice")
    demand(len(sources) >= 400, f"only {len(sources)} source words in train")
    for name, size in SIZES.items():
        demand(len(splits[name]) >= size, f"{name} has {len(splits[name])} pairs, not {size}")
    demand(any((p.source, p.target) == ARTICLE_SENTENCE for p in splits["test"]),
           "the article's sentence is not in test")
    for name, pairs in splits.items():
        for p in pairs:
            text = " ".join(p.source)
            demand(len(p.source) in LENGTHS, f"{name}: length {len(p.source)}: {text}")
            demand(all(i < len(p.source) and j < len(p.target) for i, j in p.links),
                   f"{name}: link out of range: {text}")
            demand(unseen(p) == (name != "train"), f"{name}: not its kind of combination: {text}")
            demand(all(w == w.lower() and w for w in p.source + p.target), f"{name}: not lower-case: {text}")
            if name != "train":
                for w in p.words():
                    demand(train_words[w] >= TEST_MINIMUM, f"{name}: {w[1]} occurs {train_words[w]} times in train")
    demand(oracle_aer(splits["test"]) <= 0.08, f"oracle AER {oracle_aer(splits['test']):.4f} in test")
    return found


def report(splits):
    for name, pairs in splits.items():
        lengths = Counter(len(p.source) for p in pairs)
        print(f"{name:5s} {len(pairs):6d} pairs  {len({w for p in pairs for w in p.source}):4d} source words  "
              f"{len({w for p in pairs for w in p.target}):4d} target words  mean length "
              f"{sum(len(p.source) for p in pairs) / len(pairs):.1f} to {sum(len(p.target) for p in pairs) / len(pairs):.1f}  "
              f"oracle AER {oracle_aer(pairs):.4f}")
        print("      source lengths " + " ".join(f"{n}:{lengths[n]}" for n in sorted(lengths)))
    seen = Counter(w for pair in splits["train"] for w in pair.source)
    rarest = sorted(seen.items(), key=lambda item: (item[1], item[0]))[:8]
    print(f"templates {len(TEMPLATES)}; rarest source words in train: " + ", ".join(f"{w} {n}" for w, n in rarest))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="compare with the files, write nothing")
    parser.add_argument("--show", type=int, metavar="N", help="print N random pairs, write nothing")
    parser.add_argument("--show-seed", type=int, default=0, help="which random pairs (default 0)")
    options = parser.parse_args()
    splits = build()
    if options.show:
        everything = [p for pairs in splits.values() for p in pairs]
        for p in random.Random(options.show_seed).sample(everything, options.show):
            print(f"{' '.join(p.source)}\n  {' '.join(p.target)}\n  " + " ".join(
                f"{p.source[i]}-{p.target[j]}" for i, j in p.links))
        return 0
    report(splits)
    found = problems(splits)
    for complaint in found[:20]:
        print("broken rule: " + complaint, file=sys.stderr)
    for name, text in files(splits).items():
        path = HERE / name
        if not options.check:
            path.write_bytes(text.encode())
        elif not path.exists() or path.read_bytes() != text.encode():
            found.append(name)
            print(f"data/{name} is not what generate.py writes; run python3 data/generate.py", file=sys.stderr)
    print("broken" if found else "all rules hold" + ("; the files are up to date" if options.check else ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
