// Several references a sentence. Expected numbers: golden_resampling.py.
#include "babelgrad/text/references.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "babelgrad/text/bleu.h"
#include "babelgrad/text/bootstrap.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/error_rate.h"
#include "tests/text/helpers.h"
#include "tests/text/resampling_systems.h"

namespace babelgrad::text {
namespace {

using Lines = std::vector<std::string>;

TEST_CASE("references: an empty line beside another is none") {
  const References both = both_references();
  CHECK(both.size() == 6);
  CHECK(both[0] == Lines{kFirstReferences[0], kSecondReferences[0]});
  CHECK(both[2] == Lines{kFirstReferences[2]});
  CHECK(both.count() == "var");
  CHECK(References(std::vector<Lines>{{"a", "b"}, {"c", "d"}, {"e", "f"}}).count() == "3");
  CHECK(References(std::vector<Lines>{{""}, {""}})[0] == Lines{""});
  CHECK(References(Lines{"a", ""}).count() == "1");
  CHECK(References(Lines{}).count() == "1");
  CHECK(error_of<std::invalid_argument>([] {
          References(std::vector<Lines>{{"a"}, {"b", "c"}});
        }) == "References: 1 lines, but 2 of another");
  CHECK(error_of<std::invalid_argument>([] { References(std::vector<Lines>{}); }) ==
        "References: need at least one a sentence");
}

TEST_CASE("BLEU and chrF2 over several references are sacreBLEU's") {
  struct Row {
    const Lines& system;
    bool both;
    BleuCounts counts;
    double bleu, chrf;
  };
  const std::vector<Row> rows{
      {kSystemA, false, {{34, 25, 17, 11}, {38, 32, 26, 20}, 38, 36}, 70.80776778, 85.28559054},
      {kSystemB, false, {{30, 17, 10, 5}, {35, 29, 23, 17}, 35, 36}, 48.92895399, 65.55290787},
      {kSystemA, true, {{36, 28, 20, 12}, {38, 32, 26, 20}, 38, 36}, 78.64728119, 86.29133231},
      {kSystemB, true, {{33, 24, 18, 11}, {35, 29, 23, 17}, 35, 36}, 77.05103544, 80.50565211}};
  for (const Row& row : rows) {
    const References references = row.both ? both_references() : References(kFirstReferences);
    const Bleu bleu = corpus_bleu(row.system, references, BleuTokenizer::none);
    CHECK(bleu.correct == row.counts.correct);
    CHECK(bleu.total == row.counts.total);
    CHECK(bleu.hypothesis_length == row.counts.hypothesis_length);
    CHECK(bleu.reference_length == row.counts.reference_length);
    CHECK(std::abs(bleu.score - row.bleu) < 1e-7);
    CHECK(std::abs(corpus_chrf(row.system, references) - row.chrf) < 1e-7);
  }
}

TEST_CASE("BLEU over several references: clipping, and the closest length") {
  // Papineni et al. 2002, section 2.1: "the" is at most twice in a reference.
  const References papineni(
      std::vector<Lines>{{"the cat is on the mat"}, {"there is a cat on the mat"}});
  const Bleu the = corpus_bleu({"the the the the the the the"}, papineni, BleuTokenizer::none);
  CHECK(the.correct[0] == 2);
  CHECK(the.total[0] == 7);
  CHECK(the.reference_length == 7);
  // 5 is as far from 4 as from 6: the shorter one.
  const References around(std::vector<Lines>{{"a b c d e f"}, {"a b c d"}});
  CHECK(corpus_bleu({"a b c d e"}, around).reference_length == 4);
  CHECK(corpus_bleu({"a b c d e"}, around).signature() ==
        "nrefs:2|case:mixed|eff:no|tok:13a|smooth:exp|version:babelgrad-0.1.0");
  CHECK(chrf_signature("2") ==
        "nrefs:2|case:mixed|eff:yes|nc:6|nw:0|space:no|version:babelgrad-0.1.0");
}

TEST_CASE("error rate and exact match over several references") {
  const ErrorRate error = least_error({"a", "b", "c"}, {{"a", "x"}, {"a", "b", "d"}, {"q"}});
  CHECK(error.edits == 1);
  CHECK(error.reference_tokens == 3);
  // One edit each, but of four tokens instead of two.
  CHECK(least_error({"a", "b", "c"}, {{"a", "b"}, {"a", "b", "c", "d"}}).reference_tokens == 4);
  const References references(std::vector<Lines>{{"a", "b", "c"}, {"x", "y", ""}});
  CHECK(sum_of(exact_matches({"x", "b", "z"}, references)).share() == doctest::Approx(2.0 / 3));
  CHECK(sum_of(exact_matches({"x", "b", ""}, references)).equal == 2);  // no reference is empty
}

TEST_CASE("sacreBLEU's tokenizers intl and char") {
  const auto intl = [](std::string_view line) {
    return bleu_tokens(line, BleuTokenizer::international);
  };
  CHECK(intl("Hello, world! 3.14 a.b «été» $5") ==
        Lines{"Hello", ",", "world", "!", "3.14", "a", ".", "b", "«", "été", "»", "$", "5"});
  CHECK(intl("1,000-2 x_y 10% a+b") == Lines{"1,000-2", "x", "_", "y", "10", "%", "a", "+", "b"});
  CHECK(intl("(a)..") == Lines{"(", "a", ")", ".", "."});
  CHECK(intl("5.") == Lines{"5."});
  CHECK(intl("") == Lines{});
  CHECK(bleu_tokens("été 5.", BleuTokenizer::character) == Lines{"é", "t", "é", "5", "."});
  CHECK(corpus_bleu({"ab cd"}, {"abcd"}, BleuTokenizer::character).score == doctest::Approx(100));
  CHECK(corpus_bleu({"a"}, {"a"}, BleuTokenizer::character).signature() ==
        "nrefs:1|case:mixed|eff:no|tok:char|smooth:exp|version:babelgrad-0.1.0");
}

}  // namespace
}  // namespace babelgrad::text
