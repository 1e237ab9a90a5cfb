#include "babelgrad/text/batches.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "babelgrad/text/shuffle.h"
#include "tests/text/helpers.h"

namespace babelgrad::text {
namespace {

using Ids = std::vector<int32_t>;
using Indices = std::vector<size_t>;

// Examples of many lengths, each of its own.
std::vector<Example> examples_of_many_lengths(size_t count) {
  SplitMix64 random(5);
  std::vector<Example> examples(count);
  for (auto& [source, target, links] : examples) {
    source.ids.assign(1 + random.below(20), 7);
    source.ids.push_back(kEos);
    target.assign(1 + random.below(25), 8);
  }
  return examples;
}

size_t padded_length(const std::vector<Example>& examples, const Indices& batch) {
  size_t longest = 0;
  for (const size_t i : batch)
    longest = std::max({longest, examples[i].source.size(), examples[i].target.size() + 1});
  return longest;
}

TEST_CASE("SplitMix64 gives its published numbers, shuffle the same order everywhere") {
  SplitMix64 random(1234567);  // from the reference implementation by Vigna
  CHECK(random.next() == 6457827717110365317u);
  CHECK(random.next() == 3203168211198807973u);
  CHECK(random.next() == 9817491932198370423u);
  for (int i = 0; i < 1000; ++i) CHECK(random.below(7) < 7);
  CHECK(random.below(1) == 0);
  std::vector<int> items = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  SplitMix64 fixed(1);
  shuffle(items, fixed);
  CHECK(items == std::vector<int>{4, 2, 8, 1, 9, 3, 0, 6, 7, 5});
}

TEST_CASE("links of words become links of tokens, which batches, limits and shards keep") {
  Corpus corpus{{"a b c", "a"}, {"x y", "z"}, {{{2, 0}, {0, 1}}, {{0, 0}}}};
  CodecOptions by_characters;
  by_characters.kind = TokenizerKind::chars;
  const Codec source = Codec::train(corpus.source, {});
  const Codec target = Codec::train(corpus.target, by_characters);
  auto examples = encode_corpus(corpus, source, target);
  CHECK(examples[0].links == Alignment{{0, 1}, {0, 2}, {2, 0}});  // the blank is y's
  const Batch batch = make_batch(examples, {1, 0});
  CHECK(batch.links == std::vector<Alignment>{{{0, 0}}, examples[0].links});
  const auto parts = shard(batch, 2);
  CHECK(parts[0].links == std::vector<Alignment>{{{0, 0}}});
  CHECK(parts[1].links == std::vector<Alignment>{examples[0].links});

  BatchOptions limits;
  limits.cut_long = true;
  limits.max_source_length = limits.max_target_length = 3;  // a b eos, x and the blank
  limit_lengths(examples, limits);
  CHECK(examples[0].links == Alignment{{0, 1}});
  CHECK(examples[1].links == Alignment{{0, 0}});

  corpus.alignments[0].emplace_back(3, 0);
  CHECK(error_of([&] { encode_corpus(corpus, source, target); }) ==
        "alignment 2-0 0-1 3-0: the pair \"a b c\", \"x y\" has 3 and 2 words");
}

TEST_CASE("features of sources: padded with 0, cut apart by shard and by limits") {
  const auto numbers = [](size_t count, float first) {
    std::vector<float> all(count);
    for (size_t i = 0; i < count; ++i) all[i] = first + static_cast<float>(i);
    return all;
  };
  std::vector<Example> examples{{Source::of_features(numbers(2, 1), 1), {5}},
                                {Source::of_features(numbers(6, 10), 3), {6, 7}}};
  CHECK(examples[1].source.items() == 3);
  const Batch batch = make_batch(examples, {0, 1});
  CHECK(batch.feature_size() == 2);
  CHECK(batch.features == std::vector<float>{1, 2, 10, 11, 0, 0, 12, 13, 0, 0, 14, 15});
  CHECK(batch.source_lengths == Ids{1, 3});
  const auto parts = shard(batch, 2);
  CHECK(parts[0].features == std::vector<float>{1, 2});
  CHECK(parts[0].feature_size() == 2);
  CHECK(parts[1].features == numbers(6, 10));

  BatchOptions limits;
  limits.cut_long = true;
  limits.max_source_length = 2;
  examples.push_back({Source::of_features({}, 0), {5}});
  const LengthReport report = limit_lengths(examples, limits);
  CHECK(report.cut == 1);
  CHECK(report.empty == 1);
  REQUIRE(examples.size() == 2);
  CHECK(examples[1].source == Source::of_features(numbers(4, 10), 2));

  examples[0].source = Source::of_features({1, 2, 3}, 1);
  CHECK_THROWS_AS(make_batch(examples, {0, 1}), std::invalid_argument);
  CHECK(make_batch({{{5, kEos}, {5}}}, {0}).feature_size() == 0);
}

TEST_CASE("encode_corpus ends sources with eos") {
  const Corpus corpus{{"a b", ""}, {"x", "y z"}};
  const Codec source = Codec::train(corpus.source, {}), target = Codec::train(corpus.target, {});
  const auto examples = encode_corpus(corpus, source, target);
  REQUIRE(examples.size() == 2);
  CHECK(examples[0].source == Ids{4, 5, kEos});
  CHECK(examples[0].target == Ids{4});
  CHECK(examples[1].source == Ids{kEos});
  CHECK(examples[1].target == Ids{5, 6});
  CHECK(examples[0].links.empty());
}

TEST_CASE("a batch is time-major, with pad after eos") {
  const std::vector<Example> examples = {
      {{5, 6, kEos}, {7}}, {{9, kEos}, {10, 11, 12}}, {{4, kEos}, {4, 5}}};
  const Batch batch = make_batch(examples, {1, 0});
  CHECK(batch.size == 2);
  CHECK(batch.source_length == 3);
  CHECK(batch.target_length == 4);
  CHECK(batch.source == Ids{9, 5, kEos, 6, kPad, kEos});
  CHECK(batch.source_lengths == Ids{2, 3});
  CHECK(batch.target_input == Ids{kBos, kBos, 10, 7, 11, kPad, 12, kPad});
  CHECK(batch.target_output == Ids{10, 7, 11, kEos, 12, kPad, kEos, kPad});
  CHECK(batch.target_lengths == Ids{4, 2});
  CHECK(batch.examples == Indices{1, 0});
  CHECK(batch.target_tokens() == 6);

  const Batch one = make_batch({{{kEos}, {}}}, {0});
  CHECK(one.source == Ids{kEos});
  CHECK(one.target_input == Ids{kBos});
  CHECK(one.target_output == Ids{kEos});
  CHECK_THROWS_AS(make_batch(examples, {3}), std::out_of_range);
  CHECK(error_of<std::invalid_argument>([&] { make_batch(examples, {}); }) ==
        "make_batch: no indices");
}

TEST_CASE("shards cover the batch, trimmed, with nearly equal counts of tokens") {
  const auto examples = examples_of_many_lengths(64);
  Indices all(64);
  for (size_t i = 0; i < 64; ++i) all[i] = i;
  const Batch batch = make_batch(examples, all);
  for (size_t n = 1; n <= 70; ++n) {
    CAPTURE(n);
    const auto parts = shard(batch, n);
    CHECK(parts.size() == std::min<size_t>(n, 64));
    Indices covered;
    size_t tokens = 0, most = 0, total = 0;
    for (const Batch& part : parts) {
      // A shard is the batch that its examples make.
      const Batch expected = make_batch(examples, part.examples);
      CHECK(part.source == expected.source);
      CHECK(part.target_input == expected.target_input);
      CHECK(part.target_output == expected.target_output);
      CHECK(part.source_lengths == expected.source_lengths);
      CHECK(part.target_lengths == expected.target_lengths);
      CHECK(part.size == expected.size);
      CHECK(part.source_length == expected.source_length);
      CHECK(part.target_length == expected.target_length);
      covered.insert(covered.end(), part.examples.begin(), part.examples.end());
      tokens += part.target_tokens();
      size_t cost = part.target_tokens();
      for (const int32_t length : part.source_lengths) cost += static_cast<size_t>(length);
      most = std::max(most, cost);
      total += cost;
    }
    CHECK(covered == all);
    CHECK(tokens == batch.target_tokens());
    if (n <= 64) CHECK(most <= total / n + 47);  // 47: the longest pair, 21 and 26
  }
  CHECK(error_of<std::invalid_argument>([&] { shard(batch, 0); }) == "shard: n is 0");
  CHECK(shard(make_batch(examples, {3}), 4).size() == 1);
}

TEST_CASE("one long sentence does not leave a shard empty") {
  std::vector<Example> examples(4, Example{{5, kEos}, {6}});
  for (size_t position = 0; position < 4; ++position) {
    auto with_long = examples;
    with_long[position].target.assign(1000, 6);
    const auto parts = shard(make_batch(with_long, {0, 1, 2, 3}), 3);
    CHECK(parts.size() == 3);
    for (const Batch& part : parts) CHECK(part.size >= 1);
  }
}

TEST_CASE("length limits: cut, skip, empty, with the counts") {
  const std::vector<Example> all = {{{5, 6, 7, kEos}, {5, 6, 7}},  // fits
                                    {{5, 6, 7, 8, kEos}, {5}},     // source too long
                                    {{5, kEos}, {5, 6, 7, 8}},     // target too long
                                    {{kEos}, {5}},                 // no source
                                    {{5, kEos}, {}}};              // no target
  BatchOptions options{.max_source_length = 4, .max_target_length = 4};
  auto skipped = all;
  LengthReport report = limit_lengths(skipped, options);
  CHECK(report.cut == 0);
  CHECK(report.skipped == 2);
  CHECK(report.empty == 2);
  REQUIRE(skipped.size() == 1);
  CHECK(skipped[0].target == Ids{5, 6, 7});

  options.cut_long = true;
  auto cut = all;
  report = limit_lengths(cut, options);
  CHECK(report.cut == 2);
  CHECK(report.skipped == 0);
  CHECK(report.empty == 2);
  REQUIRE(cut.size() == 3);
  CHECK(cut[0].source == Ids{5, 6, 7, kEos});
  CHECK(cut[1].source == Ids{5, 6, 7, kEos});
  CHECK(cut[2].target == Ids{5, 6, 7});

  auto unlimited = all;
  CHECK(limit_lengths(unlimited, {}).empty == 2);
  CHECK(unlimited.size() == 3);

  options.max_target_length = 1;  // eos alone
  auto nothing = all;
  CHECK(limit_lengths(nothing, options).skipped == 3);
  CHECK(nothing.empty());

  std::vector<Example> million = {{Ids(1'000'000, 5), Ids(1'000'000, 6)}};
  limit_lengths(million, {.max_source_length = 100, .max_target_length = 50, .cut_long = true});
  CHECK(million[0].source.size() == 100);
  CHECK(million[0].source.ids.back() == kEos);
  CHECK(million[0].target.size() == 49);
}

TEST_CASE("a plan is the same for the same seed and epoch, and covers everything") {
  const auto examples = examples_of_many_lengths(1000);
  for (const bool by_tokens : {false, true}) {
    const BatchOptions options{.batch_size = by_tokens ? size_t{400} : size_t{32},
                               .by_tokens = by_tokens,
                               .seed = 3,
                               .pool_size = 512};
    const BatchPlan plan(examples, options), again(examples, options);
    BatchOptions other = options;
    other.seed = 4;
    CHECK(plan.epoch(0) == again.epoch(0));
    CHECK(plan.epoch(7) == again.epoch(7));
    CHECK(plan.epoch(0) != plan.epoch(1));
    CHECK(plan.epoch(0) != BatchPlan(examples, other).epoch(0));

    std::set<size_t> seen;
    size_t count = 0, used = 0, padded = 0;
    for (const Indices& batch : plan.epoch(2)) {
      REQUIRE(!batch.empty());
      seen.insert(batch.begin(), batch.end());
      count += batch.size();
      const size_t cost = by_tokens ? batch.size() * padded_length(examples, batch) : batch.size();
      CHECK(cost <= options.batch_size);
      for (const size_t i : batch) used += examples[i].target.size() + 1;
      padded += make_batch(examples, batch).target_output.size();
    }
    CHECK(count == 1000);
    CHECK(seen.size() == 1000);
    CHECK(static_cast<double>(used) / static_cast<double>(padded) > 0.9);  // little padding
  }
}

TEST_CASE("the plan of a seed never changes") {
  const auto examples = examples_of_many_lengths(10);
  const BatchPlan plan(examples, {.batch_size = 4, .seed = 1});
  CHECK(plan.epoch(0) == std::vector<Indices>{{5, 2, 3, 6}, {7, 8, 9, 1}, {0, 4}});
}

TEST_CASE("small plans") {
  CHECK(BatchPlan({}, {}).epoch(0).empty());
  std::vector<Example> long_one = {{Ids(500, 5), Ids(500, 6)}};
  const BatchPlan plan(long_one, {.batch_size = 10, .by_tokens = true});
  CHECK(plan.epoch(0) == std::vector<Indices>{{0}});  // longer than a batch: alone
  CHECK(error_of<std::invalid_argument>([] { BatchPlan({}, {.batch_size = 0}); }) ==
        "BatchPlan: batch_size and pool_size must be at least 1");
}

}  // namespace
}  // namespace babelgrad::text
