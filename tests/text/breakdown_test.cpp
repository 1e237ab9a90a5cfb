#include "babelgrad/text/breakdown.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace babelgrad::text {
namespace {

TEST_CASE("quality by length: groups of about equal size, one length in one group") {
  const std::vector<size_t> lengths{9, 1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 1};
  const std::vector<std::string> lines(lengths.size(), "a cat sat on the mat");
  std::vector<std::string> hypotheses = lines;
  hypotheses[0] = "a cat";
  const auto groups = quality_by_length(lengths, hypotheses, lines);
  REQUIRE(groups.size() == 6);
  size_t sentences = 0;
  for (size_t i = 0; i < groups.size(); ++i) {
    CHECK(groups[i].shortest <= groups[i].longest);
    if (i > 0) CHECK(groups[i].shortest > groups[i - 1].longest);
    sentences += groups[i].sentences;
  }
  CHECK(sentences == 12);
  CHECK(groups[0].longest == 1);
  CHECK(groups[0].sentences == 4);
  CHECK(std::abs(groups[0].bleu - 100) < 1e-9);
  CHECK(std::abs(groups[0].chrf - 100) < 1e-9);
  CHECK(groups[0].length_ratio == 1);
  CHECK(groups[5].longest == 9);
  CHECK(groups[5].bleu < 50);
  CHECK(std::abs(groups[5].length_ratio - 2.0 / 6) < 1e-9);
}

TEST_CASE("quality by length: few sentences, none, and a wrong call") {
  const auto one = quality_by_length({5}, {"x"}, {"x"});
  REQUIRE(one.size() == 1);
  CHECK(one[0].shortest == 5);
  CHECK(one[0].longest == 5);
  CHECK(quality_by_length({}, {}, {}).empty());
  CHECK(quality_by_length({3}, {""}, {""})[0].length_ratio == 0);
  CHECK_THROWS_WITH_AS(quality_by_length({1, 2}, {"x"}, {"x"}),
                       "quality_by_length: need a source length for each hypothesis",
                       std::invalid_argument);
  CHECK_THROWS_AS(quality_by_length({1}, {"x"}, {}), std::invalid_argument);
}

TEST_CASE("quality by frequency of the words") {
  std::vector<std::string> training(1000, "the");
  training.insert(training.end(), {"cat cat cat", "rare"});
  const auto groups = quality_by_frequency(count_words(training), {"the the rat", "rare cat"},
                                           {"the rare cat .", "a cat cat"});
  REQUIRE(groups.size() == 7);
  // never seen: "." and "a" of the references, "rat" of the translations
  CHECK(groups[0].least == 0);
  CHECK(groups[0].most == 0);
  CHECK(groups[0].in_references == 2);
  CHECK(groups[0].in_hypotheses == 1);
  CHECK(groups[0].matched == 0);
  // once: "rare" is in one reference and in the other sentence's translation
  CHECK(groups[1].in_references == 1);
  CHECK(groups[1].in_hypotheses == 1);
  CHECK(groups[1].matched == 0);
  // 2 to 4 times: "cat", three in the references, one in the translations
  CHECK(groups[2].least == 2);
  CHECK(groups[2].most == 4);
  CHECK(groups[2].in_references == 3);
  CHECK(groups[2].matched == 1);
  CHECK(std::abs(groups[2].recall() - 1.0 / 3) < 1e-12);
  CHECK(groups[2].precision() == 1);
  CHECK(std::abs(groups[2].f1() - 0.5) < 1e-12);
  // "the", twice in a translation but once in its reference
  CHECK(groups[6].most == std::numeric_limits<uint64_t>::max());
  CHECK(groups[6].in_hypotheses == 2);
  CHECK(groups[6].matched == 1);
  CHECK(groups[4].recall() == 0);
  CHECK(groups[4].f1() == 0);
}

}  // namespace
}  // namespace babelgrad::text
