// Sampling: words are drawn as often as the model, the temperature, top_k and top_p say.
#include <map>

#include "babelgrad/models/search/selection.h"
#include "tests/models/search/search_helpers.h"

namespace babelgrad {
namespace {

// Of a hypothesis that has one word so far: how often each of these next words is drawn.
std::map<std::int32_t, double> drawn(const std::vector<double>& probabilities,
                                     const SearchConfig& config) {
  PartialHypothesis hypothesis;
  hypothesis.length = 1;
  hypothesis.last = std::make_shared<const SearchStep>(SearchStep{nullptr, 9, {}});
  std::vector<NextWord> words;
  for (std::size_t i = 0; i < probabilities.size(); ++i)
    words.push_back({std::log(probabilities[i]), static_cast<std::int32_t>(i) + 10});
  constexpr std::size_t kDraws = 20000;
  std::map<std::int32_t, double> share;
  for (std::size_t sentence = 0; sentence < kDraws; ++sentence) {
    const auto candidates =
        select_candidates({hypothesis}, {NextWords{words}}, {config, sentence, Demands{}, 9});
    REQUIRE(candidates.size() == 1);
    share[candidates[0].token] += 1.0 / kDraws;
  }
  return share;
}

TEST_CASE("sampling: temperature, top_k and top_p") {
  const std::vector<double> p{0.4, 0.3, 0.2, 0.1};
  struct Row {
    double temperature;
    std::size_t top_k;
    double top_p;
    std::vector<double> expected;
  };
  for (const Row& row : std::vector<Row>{
           {1, 0, 1, p},
           {1, 2, 1, {4. / 7, 3. / 7}},
           {1, 0, 0.7, {4. / 7, 3. / 7}},  // 0.4 + 0.3 reaches it
           {1, 0, 0.71, {4. / 9, 3. / 9, 2. / 9}},
           {1, 0, 0, {1}},
           {0.5, 0, 1, {16. / 30, 9. / 30, 4. / 30, 1. / 30}},
           {0.01, 0, 1, {1}},
           {2, 3, 0.6, {2 / (2 + std::sqrt(3.)), std::sqrt(3.) / (2 + std::sqrt(3.))}}}) {
    SearchConfig config;
    config.sample = true;
    config.temperature = row.temperature;
    config.top_k = row.top_k;
    config.top_p = row.top_p;
    const auto share = drawn(p, config);
    CHECK(share.size() == row.expected.size());
    for (std::size_t i = 0; i < row.expected.size(); ++i)
      CHECK(std::abs(share.at(static_cast<std::int32_t>(i) + 10) - row.expected[i]) < 0.015);
  }
}

TEST_CASE("sampling: by the seed alone, whatever batches and threads; scores are the model's") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(model_config, 3);
  prepare(model, 1);
  const Sources sources = some_sources(model_config, 30, 8);
  SearchConfig config;
  config.sample = true;
  config.nbest = 4;
  config.search_batch = 1;
  const auto one_by_one = search(model, sources, config);
  config.search_batch = 7;
  WorkerPool pool(3);
  const auto threaded = search(model, sources, config, {.pool = &pool});
  config.sample_seed = 2;
  const auto other = search(model, sources, config);
  std::size_t different = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    check_same_hypotheses(threaded[i], one_by_one[i]);
    REQUIRE(other[i].size() == 4);
    different += other[i][0].tokens != one_by_one[i][0].tokens;
    for (const Hypothesis& h : other[i])
      CHECK(std::abs(h.log_probability - forced_log_probability(model, sources[i], h)) <
            kSearchTolerance);
  }
  CHECK(different > 15);
}

TEST_CASE("sampling: top_p of many words, as they come, cuts where it says") {
  std::vector<double> p;  // 400 words, the likeliest ones in the middle
  double total = 0;
  for (int i = 0; i < 400; ++i) p.push_back(std::exp(-0.01 * std::abs(i - 200))), total += p.back();
  for (double& each : p) each /= total;
  SearchConfig config;
  config.sample = true;
  config.top_p = 0.7;
  std::vector<double> sorted = p;
  std::sort(sorted.begin(), sorted.end(), std::greater());
  std::size_t kept = 0;
  for (double within = 0; within < 0.7; ++kept) within += sorted[kept];
  const auto share = drawn(p, config);
  CHECK(share.size() <= kept);
  CHECK(share.size() > kept * 9 / 10);  // nearly each comes up in so many draws
  for (const auto& [token, often] : share)
    CHECK(std::abs(token - 210) <= static_cast<int>(kept) / 2 + 1);
}

TEST_CASE("sampling: a sentence's number, not its place, decides what is drawn") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(model_config, 3);
  const Sources sources = some_sources(model_config, 6, 8);
  SearchConfig config;
  config.sample = true;
  const auto all = search(model, sources, config);
  const auto some = search(model, {sources[5], sources[2]}, config, {.numbers = {5, 2}});
  check_same_hypotheses(some[0], all[5]);
  check_same_hypotheses(some[1], all[2]);
}

TEST_CASE("search: settings that cannot be") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::luong);
  const Seq2Seq<double> model(model_config, 3);
  const auto refused = [&](auto change) {
    SearchConfig config;
    change(config);
    CHECK_THROWS_AS(search(model, {{5, text::kEos}}, config), ConfigError);
  };
  refused([](SearchConfig& c) { c.beam = 0; });
  refused([](SearchConfig& c) { c.temperature = 0; });
  refused([](SearchConfig& c) { c.top_p = 1.1; });
  refused([](SearchConfig& c) { c.max_length_ratio = -1; });
}

TEST_CASE("sampling: at a low temperature it is greedy search") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::plain);
  Seq2Seq<double> model(model_config, 3);
  prepare(model, 2);
  const Sources sources = some_sources(model_config, 20, 8);
  SearchConfig config;
  const auto greedy = search(model, sources, config.greedy());
  config.sample = true;
  config.temperature = 0.01;
  const auto sampled = search(model, sources, config);
  for (std::size_t i = 0; i < sources.size(); ++i)
    CHECK(sampled[i][0].tokens == greedy[i][0].tokens);
}

}  // namespace
}  // namespace babelgrad
