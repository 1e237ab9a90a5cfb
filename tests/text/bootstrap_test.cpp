// Bootstrap resampling. Expected numbers: golden_resampling.py.
#include "babelgrad/text/bootstrap.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "babelgrad/text/bleu.h"
#include "babelgrad/text/chrf.h"
#include "babelgrad/text/error_rate.h"
#include "tests/text/helpers.h"
#include "tests/text/resampling_systems.h"

namespace babelgrad::text {
namespace {

double bleu_score(const BleuCounts& sum) { return bleu_of(sum).score; }
double chrf_score(const ChrfCounts& sum) { return sum.score(); }
double share(const ExactMatch& sum) { return sum.share(); }

TEST_CASE("confidence intervals and p-values are sacreBLEU's by definition") {
  const Bootstrap bootstrap;  // 1000 resamples, seed 12345
  const References references = both_references();
  const auto bleu = [&](const std::vector<std::string>& system) {
    return resampled_scores(bleu_counts(system, references, BleuTokenizer::none), bootstrap,
                            bleu_score);
  };
  const auto chrf = [&](const std::vector<std::string>& system) {
    return resampled_scores(chrf_counts(system, references), bootstrap, chrf_score);
  };
  const auto check = [](const std::vector<double>& scores, double mean, double half_width) {
    CHECK(scores.size() == 1000);
    CHECK(std::abs(confidence_95(scores).mean - mean) < 1e-7);
    CHECK(std::abs(confidence_95(scores).half_width - half_width) < 1e-7);
  };
  check(bleu(kSystemA), 78.34996124, 23.39010259);
  check(bleu(kSystemB), 76.45208340, 12.49449095);
  check(chrf(kSystemA), 86.43083150, 10.90415870);
  check(chrf(kSystemB), 80.54656192, 10.43261405);
  CHECK(std::abs(bleu(kSystemA)[0] - 73.71421796) < 1e-7);
  CHECK(std::abs(bleu(kSystemA)[999] - 77.10188885) < 1e-7);
  CHECK(std::abs(paired_p_value(bleu(kSystemA), bleu(kSystemB), 78.64728119 - 77.05103544) -
                 0.42757243) < 1e-7);
  CHECK(std::abs(paired_p_value(chrf(kSystemA), chrf(kSystemB), 86.29133231 - 80.50565211) -
                 0.18881119) < 1e-7);
}

TEST_CASE("the interval leaves out a fortieth at each end") {
  std::vector<double> scores;
  for (int i = 100; i > 0; --i) scores.push_back(i);
  CHECK(confidence_95(scores).mean == doctest::Approx(50.5));
  CHECK(confidence_95(scores).half_width == doctest::Approx(0.5 * (98 - 3)));
  CHECK(confidence_95({7}).half_width == 0);
}

TEST_CASE("of exact matches the interval is the binomial distribution's") {
  std::vector<ExactMatch> sentences(400, {0, 1});
  for (std::size_t i = 0; i < 100; ++i) sentences[i].equal = 1;
  const auto [mean, half_width] =
      confidence_95(resampled_scores(sentences, Bootstrap{.resamples = 4000, .seed = 7}, share));
  CHECK(std::abs(mean - 0.25) < 0.002);
  CHECK(std::abs(half_width - 1.96 * std::sqrt(0.25 * 0.75 / 400)) < 0.003);
}

TEST_CASE("p-values of systems that are the same, or wholly different") {
  const std::vector<ExactMatch> right(50, {1, 1}), wrong(50, {0, 1});
  const Bootstrap bootstrap{.resamples = 99, .seed = 1};
  const auto a = resampled_scores(right, bootstrap, share);
  const auto b = resampled_scores(wrong, bootstrap, share);
  CHECK(paired_p_value(a, b, 1) == doctest::Approx(1.0 / 100));
  CHECK(paired_p_value(a, a, 0) == 1);
  const double infinite = std::numeric_limits<double>::infinity();  // an error rate without words
  CHECK(paired_p_value({infinite, 1}, {infinite, 2}, 1) == 1);
  CHECK(error_of<std::invalid_argument>([&] { paired_p_value(a, {1}, 0); }) ==
        "paired_p_value: need as many resamples of both");
}

TEST_CASE("a resample depends on seed and number alone") {
  const auto counts = bleu_counts(kSystemA, both_references(), BleuTokenizer::none);
  const auto few = resampled_scores(counts, {.resamples = 10, .seed = 3}, bleu_score);
  const auto many = resampled_scores(counts, {.resamples = 20, .seed = 3}, bleu_score);
  CHECK(std::equal(few.begin(), few.end(), many.begin()));
  CHECK(few != resampled_scores(counts, {.resamples = 10, .seed = 4}, bleu_score));
  CHECK(resampled_signature("nrefs:1|case:mixed", {.resamples = 10, .seed = 3}) ==
        "nrefs:1|bs:10|seed:3|case:mixed");
}

}  // namespace
}  // namespace babelgrad::text
