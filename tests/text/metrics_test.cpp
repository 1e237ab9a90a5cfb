// BLEU, chrF2 and error rates against known values.
//
// From sacreBLEU itself: "issue 98" is in its test/test_sentence_bleu.py (8.493 with 13a, 7.347
// with none); chrF 100, 50 and 25 are in its test/test_chrf.py (effective order); "cats" is the
// example of Hugging Face's chrF metric card, which calls sacreBLEU (84.64214891738334). The other
// values are from tests/text/golden_metrics.py, an independent restatement in Python that
// reproduces these.
#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "babelgrad/text/bleu.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/error_rate.h"
#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

using Lines = std::vector<std::string>;

struct Case {
  const char* name;
  Lines hypotheses, references;
  double bleu_13a, bleu_none, chrf;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"sacrebleu issue 98",
       {"Producția de zahăr primă va fi exprimată în ceea ce privește zahărul alb;"},
       {"producţia de zahăr brut se exprimă în zahăr alb;"},
       8.49310,
       7.34705,
       46.16121},
      {"dog",
       {"The dog bit the man.", "It wasn't surprising.", "The man had just bitten him."},
       {"The dog bit the man.", "It was not unexpected.", "The man bit him first."},
       45.06751,
       44.42809,
       50.04306},
      {"cats",
       {"The relationship between cats and dogs is not exactly friendly.",
        "a good bookshop is just a genteel black hole that knows how to read."},
       {"The relationship between dogs and cats is not exactly friendly.",
        "A good bookshop is just a genteel Black Hole that knows how to read."},
       59.89222,
       55.19383,
       84.64215},
      {"symbols",
       {"Prices rose 3.5%, to $1,000.50 (see A/B-tests, 10-20).",
        "Say &quot;no&quot; &amp;lt; now..."},
       {"Prices rose by 3.5 %, to $1,000.50 (see A/B tests, 10-20).", "Say \"no\" < now..."},
       77.94333,
       16.63857,
       71.68968},
      {"no-break space",
       {"Où est\u00a0-il\u202f? Là, l\u2019été\u00a0!"},
       {"Où est -il ? Là, l\u2019été ."},
       84.08964,
       80.91067,
       93.46838},
      {"no 4-gram match", {"a b c x d e f"}, {"a b c y d e f"}, 41.11336, 41.11336, 32.06349},
      {"no 3-gram match", {"a b x c d"}, {"a b y c d"}, 30.21375, 30.21375, 26.0},
      {"too short for 4-grams", {"a b c"}, {"a b c"}, 0, 0, 100},
      {"brevity", {"the cat sat on"}, {"the cat sat on the mat"}, 60.65307, 60.65307, 63.34975},
      {"one empty",
       {"", "the cat sat on the mat"},
       {"hello there", "the cat sat on the mat"},
       71.65313,
       71.65313,
       71.10020},
      {"all empty", {"", ""}, {"a", "b"}, 0, 0, 0},
      {"nothing common", {"this is a cat"}, {"okay thanks"}, 0, 0, 10.18519},
      {"repeats clipped",
       {"the the the the the"},
       {"the cat the mat of the house"},
       9.42372,
       9.42372,
       18.30869},
      {"short reference", {"abcdefgh", "abcdefgh"}, {"ab", "abcdefgx"}, 0, 0, 77.72351},
  };
  return all;
}

TEST_CASE("BLEU and chrF2 are sacreBLEU's") {
  for (const Case& c : cases()) {
    CAPTURE(c.name);
    const double tolerance = 1e-4;
    CHECK(std::abs(corpus_bleu(c.hypotheses, c.references).score - c.bleu_13a) < tolerance);
    CHECK(std::abs(corpus_bleu(c.hypotheses, c.references, BleuTokenizer::none).score -
                   c.bleu_none) < tolerance);
    CHECK(std::abs(corpus_chrf(c.hypotheses, c.references) - c.chrf) < tolerance);
  }
}

TEST_CASE("BLEU's parts and its line") {
  const Case& dog = cases()[1];
  const Bleu bleu = corpus_bleu(dog.hypotheses, dog.references);
  CHECK(bleu.correct == std::array<size_t, 4>{12, 6, 4, 3});
  CHECK(bleu.total == std::array<size_t, 4>{17, 14, 11, 8});
  CHECK(bleu.precisions[0] == doctest::Approx(70.588235));
  CHECK(bleu.brevity_penalty == 1.0);
  CHECK(bleu.to_string() ==
        "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:babelgrad-0.1.0 = 45.1 "
        "70.6/42.9/36.4/37.5 (BP = 1.000 ratio = 1.000 hyp_len = 17 ref_len = 17)");

  const Bleu brief =
      corpus_bleu({"the cat sat on"}, {"the cat sat on the mat"}, BleuTokenizer::none);
  CHECK(brief.brevity_penalty == doctest::Approx(0.60653066));
  CHECK(brief.to_string() ==
        "BLEU|nrefs:1|case:mixed|eff:no|tok:none|smooth:exp|version:babelgrad-0.1.0 = 60.7 "
        "100.0/100.0/100.0/100.0 (BP = 0.607 ratio = 0.667 hyp_len = 4 ref_len = 6)");

  // Exponential smoothing halves with each order without a match.
  const Bleu smoothed = corpus_bleu({"a b x c d"}, {"a b y c d"});
  CHECK(smoothed.precisions[2] == doctest::Approx(100.0 / (2 * 3)));
  CHECK(smoothed.precisions[3] == doctest::Approx(100.0 / (4 * 2)));

  const Bleu nothing = corpus_bleu({}, {});
  CHECK(nothing.score == 0);
  CHECK(nothing.to_string() ==
        "BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp|version:babelgrad-0.1.0 = 0.0 "
        "0.0/0.0/0.0/0.0 (BP = 1.000 ratio = 0.000 hyp_len = 0 ref_len = 0)");
}

TEST_CASE("the 13a tokenizer") {
  const auto tokens = [](std::string_view line) {
    return bleu_tokens(line, BleuTokenizer::mteval_13a);
  };
  CHECK(tokens("Hello, world! It's 3.14, no: 1,000-2.") ==
        Lines{"Hello", ",", "world", "!", "It's", "3.14", ",", "no", ":", "1,000", "-", "2", "."});
  CHECK(tokens("&quot;a&amp;b&quot; &lt;c&gt;<skipped>") ==
        Lines{"\"", "a", "&", "b", "\"", "<", "c", ">"});
  CHECK(tokens("well-known... .5 a.b é.è") ==
        Lines{"well-known", ".", ".", ".", ".", "5", "a", ".", "b", "é", ".", "è"});
  CHECK(tokens("  ").empty());
  CHECK(bleu_tokens("Hello, world!", BleuTokenizer::none) == Lines{"Hello,", "world!"});
}

TEST_CASE("chrF2 without n-grams on one side, and its signature") {
  CHECK(corpus_chrf({"a", "b"}, {"a", "c"}) == doctest::Approx(50));
  CHECK(corpus_chrf({"aa"}, {"ab"}) == doctest::Approx(25));
  CHECK(corpus_chrf({"a b c"}, {"abc"}) == doctest::Approx(100));
  CHECK(corpus_chrf({"a"}, {"a"}) == doctest::Approx(100));
  CHECK(corpus_chrf({""}, {"reference"}) == 0);
  CHECK(corpus_chrf({"a"}, {""}) == 0);
  CHECK(corpus_chrf({}, {}) == 0);
  CHECK(chrf_signature() ==
        "nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no|version:babelgrad-0.1.0");
}

TEST_CASE("edit distance") {
  CHECK(edit_distance({}, {}) == 0);
  CHECK(edit_distance({"a"}, {}) == 1);
  CHECK(edit_distance({}, {"a", "b"}) == 2);
  const auto letters = [](std::string_view word) {
    Lines all;
    for (const char c : word) all.push_back(std::string(1, c));
    return all;
  };
  CHECK(edit_distance(letters("kitten"), letters("sitting")) == 3);
  CHECK(edit_distance(letters("intention"), letters("execution")) == 5);  // Jurafsky and Martin
  CHECK(edit_distance(letters("aab"), letters("ab")) == 1);
  CHECK(edit_distance(letters("abab"), letters("ab")) == 2);
  CHECK(edit_distance(letters("ab"), letters("ba")) == 2);
  CHECK(edit_distance(letters("same"), letters("same")) == 0);
}

TEST_CASE("error rates sum edits over all reference tokens") {
  const ErrorRate wer = word_error_rate({"the cat sat", "a b c d"}, {"the cat sat down", "a x"});
  CHECK(wer.edits == 4);  // one deletion; one substitution and two insertions
  CHECK(wer.reference_tokens == 6);
  CHECK(wer.rate() == doctest::Approx(4.0 / 6));
  CHECK(token_error_rate({{"K", "AE", "T"}}, {{"K", "AH", "T"}}).rate() ==
        doctest::Approx(1.0 / 3));
  CHECK(word_error_rate({"a b c"}, {"x"}).rate() == doctest::Approx(3));
  CHECK(word_error_rate({""}, {""}).rate() == 0);
  CHECK(std::isinf(word_error_rate({"a"}, {""}).rate()));
}

TEST_CASE("exact match") {
  CHECK(exact_match({"a", "b", "c", "d"}, {"a", "x", "c", "d"}) == doctest::Approx(0.75));
  CHECK(exact_match({"a "}, {"a"}) == 0);
  CHECK(exact_match({}, {}) == 0);
}

TEST_CASE("metrics want as many hypotheses as references") {
  const Lines one = {"a"}, two = {"a", "b"};
  const auto error = [](const auto& call) { return error_of<std::invalid_argument>(call); };
  CHECK(error([&] { corpus_bleu(one, two); }) == "corpus_bleu: 1 hypotheses, but 2 references");
  CHECK(error([&] { corpus_chrf(one, two); }) == "corpus_chrf: 1 hypotheses, but 2 references");
  CHECK(error([&] { word_error_rate(two, one); }) ==
        "token_error_rate: 2 hypotheses, but 1 references");
  CHECK(error([&] { exact_match(two, one); }) == "exact_match: 2 hypotheses, but 1 references");
}

}  // namespace
}  // namespace babelgrad::text
