// The likeliest next words against all log-probabilities, sorted.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "babelgrad/models/search/next_words.h"
#include "babelgrad/text/vocabulary.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

constexpr std::size_t kRows = 3, kReadout = 5;

template <class T>
Linear<T> random_output(std::size_t vocabulary) {
  return {Tensor<T>(random_array<T>({vocabulary, kReadout}, vocabulary, -2, 2)),
          Tensor<T>(random_array<T>({vocabulary}, vocabulary + 1))};
}

// Of one row, every word but pad and bos, best first.
template <class T>
std::vector<NextWord> all_words(const Linear<T>& output, const Tensor<T>& readout,
                                std::size_t row) {
  const Array<T> log_p = log_softmax(output(readout), -1).value();
  const std::size_t V = log_p.shape()[1];
  std::vector<NextWord> words;
  for (std::size_t v = 0; v < V; ++v)
    if (v != text::kPad && v != text::kBos)
      words.push_back(
          {static_cast<double>(log_p.data()[row * V + v]), static_cast<std::int32_t>(v)});
  std::stable_sort(words.begin(), words.end(), [](const NextWord& a, const NextWord& b) {
    return a.log_probability > b.log_probability;
  });
  return words;
}

TEST_CASE_TEMPLATE("next_words: the best of the whole softmax, in order", T, float, double) {
  const double tolerance = 100 * std::numeric_limits<T>::epsilon();
  for (const std::size_t V : {4, 7, 1023, 1024, 1025, 3000})
    for (const std::size_t count : {1, 2, 10, 5000}) {
      CAPTURE(V);
      CAPTURE(count);
      const Linear<T> output = random_output<T>(V);
      const Tensor<T> readout(random_array<T>({kRows, kReadout}, 7));
      const auto found = next_words(output, readout.value(), count);
      REQUIRE(found.size() == kRows);
      for (std::size_t row = 0; row < kRows; ++row) {
        const std::vector<NextWord> expected = all_words(output, readout, row);
        REQUIRE(found[row].size() == std::min(count, expected.size()));
        for (std::size_t i = 0; i < found[row].size(); ++i) {
          CHECK(std::abs(found[row][i].log_probability - expected[i].log_probability) < tolerance);
          if (std::is_same_v<T, double>) CHECK(found[row][i].token == expected[i].token);
        }
      }
    }
}

TEST_CASE("next_words: all words, in the vocabulary's order") {
  for (const std::size_t V : {4, 1024, 3000}) {
    const Linear<double> output = random_output<double>(V);
    const Tensor<double> readout(random_array<double>({kRows, kReadout}, 7));
    const auto found = next_words(output, readout.value(), kAllWords);
    for (std::size_t row = 0; row < kRows; ++row) {
      std::vector<NextWord> expected = all_words(output, readout, row);
      std::sort(expected.begin(), expected.end(),
                [](const NextWord& a, const NextWord& b) { return a.token < b.token; });
      REQUIRE(found[row].size() == expected.size());
      for (std::size_t i = 0; i < expected.size(); ++i) {
        CHECK(found[row][i].token == expected[i].token);
        CHECK(std::abs(found[row][i].log_probability - expected[i].log_probability) < 1e-13);
      }
    }
  }
}

TEST_CASE("next_words: equal words by token, impossible ones never") {
  const std::size_t V = 2100;
  Array<double> bias = zeros<double>({V});
  for (const std::size_t v : {5, 1500, 2099}) bias.data()[v] = 3;
  bias.data()[6] = -std::numeric_limits<double>::infinity();
  const Linear<double> output(Tensor<double>(zeros<double>({V, kReadout})), Tensor<double>(bias));
  const auto words = next_words(output, zeros<double>({1, kReadout}), V)[0];
  REQUIRE(words.size() == V - 3);  // without pad, bos and 6
  const std::vector<std::int32_t> first{5, 1500, 2099, text::kUnk, text::kEos, 4, 7};
  for (std::size_t i = 0; i < first.size(); ++i) CHECK(words[i].token == first[i]);
  const double log_sum = std::log(3 * std::exp(3.0) + static_cast<double>(V - 4));
  CHECK(std::abs(words[0].log_probability - (3 - log_sum)) < 1e-12);
}

TEST_CASE("next_words: a logit of NaN leaves no word a probability") {
  for (const std::size_t at : {9, 1024, 2099}) {
    Array<double> bias = zeros<double>({2100});
    bias.data()[at] = std::numeric_limits<double>::quiet_NaN();
    const Linear<double> output(Tensor<double>(zeros<double>({2100, kReadout})),
                                Tensor<double>(bias));
    CHECK(next_words(output, zeros<double>({1, kReadout}), 4)[0].empty());
  }
}

TEST_CASE_TEMPLATE("next_words: words asked for, and the entropy, of one model and of two", T,
                   float, double) {
  const double tolerance = 1000 * std::numeric_limits<T>::epsilon();
  for (const std::size_t V : {7, 1025, 3000}) {
    CAPTURE(V);
    const auto last = static_cast<std::int32_t>(V - 1);
    const Linear<T> a = random_output<T>(V);
    const Linear<T> second(Tensor<T>(random_array<T>({V, kReadout}, 3, -2, 2)),
                           Tensor<T>(random_array<T>({V}, 4)));
    const Tensor<T> readout(random_array<T>({kRows, kReadout}, 7));
    for (const bool two : {false, true}) {
      std::vector<OutputLayer<T>> outputs;
      outputs.push_back({&a, readout.value().alias()});
      if (two) outputs.push_back({&second, readout.value().alias()});
      const auto found = next_words(outputs, {2, {{4, last}, {}, {text::kPad, 5}}, true});
      Tensor<T> p = softmax(a(readout), -1);
      if (two) p = (p + softmax(second(readout), -1)) / 2;
      const auto log_p = [&](std::size_t row, std::size_t v) {
        return std::log(static_cast<double>(p.value().data()[row * V + v]));
      };
      REQUIRE(found.size() == kRows);
      REQUIRE(found[0].wanted.size() == 2);
      CHECK(found[0].wanted[0].token == 4);
      CHECK(found[0].wanted[1].token == last);
      CHECK(std::abs(found[0].wanted[0].log_probability - log_p(0, 4)) < tolerance);
      CHECK(std::abs(found[0].wanted[1].log_probability - log_p(0, V - 1)) < tolerance);
      CHECK(found[1].wanted.empty());
      REQUIRE(found[2].wanted.size() == 1);  // pad is no word
      CHECK(found[2].wanted[0].token == 5);
      for (std::size_t row = 0; row < kRows; ++row) {
        CHECK(found[row].best.size() == 2);
        double entropy = 0;
        for (std::size_t v = 0; v < V; ++v) entropy -= std::exp(log_p(row, v)) * log_p(row, v);
        CHECK(std::abs(found[row].entropy - entropy) < tolerance);
      }
    }
  }
}

}  // namespace
}  // namespace babelgrad
