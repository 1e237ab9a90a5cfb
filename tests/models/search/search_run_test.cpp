// A search that goes step by step: sentences join and leave, and none has an effect on another.
#include "babelgrad/models/search/search_run.h"

#include <algorithm>
#include <set>

#include "tests/models/search/search_helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("search run: sentences that join at any step are found what they are found alone") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> model(named.config, 7);
    prepare(model, 1);
    const Sources sources = some_sources(named.config, 12, 3);
    SearchConfig config;
    config.beam = config.nbest = 3;
    const auto alone = search(model, sources, config);
    SearchRun<double> run(model, config);
    std::vector<std::vector<Hypothesis>> found(sources.size());
    std::size_t joined = 0;
    for (std::size_t step = 0; joined < sources.size() || run.sentences() > 0; ++step) {
      for (std::size_t i = 0; i <= step % 3 && joined < sources.size(); ++i, ++joined)
        run.add({&sources[joined]}, {joined});
      for (SearchedSentence& done : run.step()) found[done.id] = std::move(done.hypotheses);
    }
    for (std::size_t i = 0; i < sources.size(); ++i) check_same_hypotheses(found[i], alone[i]);
  }
}

TEST_CASE("search run: what is abandoned is gone, the others go on") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(model_config, 5);
  prepare(model, 0);
  const Sources sources = some_sources(model_config, 8, 2);
  SearchConfig config;
  config.beam = config.nbest = 2;
  config.search_batch = 3;
  const auto all = search(model, sources, config);
  std::size_t asked = 0;
  const auto some = search(model, sources, config, {.abandon = [&](std::size_t i) {
                             ++asked;
                             return i % 2 == 1;
                           }});
  for (std::size_t i = 0; i < sources.size(); ++i)
    if (i % 2 == 1)
      CHECK(some[i].empty());
    else
      check_same_hypotheses(some[i], all[i]);
  CHECK(asked > sources.size());
  SearchRun<double> run(model, config);
  CHECK(run.step().empty());
  run.add({&sources[0], &sources[1]}, {10, 11});
  run.drop([](std::size_t) { return true; });
  CHECK(run.sentences() == 0);
  run.add({&sources[2]}, {12});
  CHECK(run.sentences() == 1);
}

using Words = std::vector<std::int32_t>;

// Words of each source, drawn: the special tokens and about half of the others.
std::vector<Words> some_words(std::size_t sources, const Seq2SeqConfig& config) {
  Random random(3);
  std::vector<Words> all(sources, Words{text::kPad, text::kUnk, text::kBos, text::kEos});
  for (Words& words : all)
    for (std::size_t w = text::kSpecials; w < config.target_vocabulary; ++w)
      if (random.below(2) == 1) words.push_back(static_cast<std::int32_t>(w));
  return all;
}

TEST_CASE("search: with some words alone, as if the others were impossible") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> a(named.config, 7), b(named.config, 8);
    for (Seq2Seq<double>* model : {&a, &b}) prepare(*model, 1);
    const Sources sources = some_sources(named.config, 8, 3);
    const std::vector<Words> words = some_words(sources.size(), named.config);
    SearchConfig config;
    config.beam = config.nbest = 3;
    for (const Ensemble<double>& models : {Ensemble<double>{&a}, Ensemble<double>{&a, &b}}) {
      const auto found =
          search(models, sources, config, {.entropies = Entropies::measured, .words = words});
      for (std::size_t i = 0; i < sources.size(); ++i) {
        CAPTURE(i);
        Seq2Seq<double> c(named.config, 7), d(named.config, 8);
        for (Seq2Seq<double>* model : {&c, &d}) {
          prepare(*model, 1);
          double* bias = model->store().at("output.bias").mutable_value().data();
          for (std::size_t w = 0; w < named.config.target_vocabulary; ++w)
            if (std::find(words[i].begin(), words[i].end(), w) == words[i].end()) bias[w] = -1e4;
        }
        const Ensemble<double> limited =
            models.size() == 1 ? Ensemble<double>{&c} : Ensemble<double>{&c, &d};
        const auto expected =
            search(limited, {sources[i]}, config, {.entropies = Entropies::measured})[0];
        check_same_hypotheses(found[i], expected);
        for (std::size_t h = 0; h < expected.size(); ++h)
          for (std::size_t t = 0; t < expected[h].entropies.size(); ++t)
            CHECK(std::abs(found[i][h].entropies[t] - expected[h].entropies[t]) < 1e-9);
      }
    }
  }
}

TEST_CASE("search: sentences with words of their own beside others, with demands and without") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(model_config, 5);
  prepare(model, 1);
  const Sources sources = some_sources(model_config, 9, 2);
  std::vector<Words> words = some_words(sources.size(), model_config);
  SearchOptions options;
  options.demands.resize(sources.size());
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (i % 3 == 0) words[i].clear();
    if (i % 3 == 1) options.demands[i].prefix = Prefix({6, 5, 4});
  }
  SearchConfig config;
  config.beam = config.nbest = 3;
  const auto all = search(model, sources, config, options);
  options.words = words;
  const auto some = search(model, sources, config, options);
  for (std::size_t i = 0; i < sources.size(); ++i) {
    CAPTURE(i);
    if (i % 3 != 2) {
      check_same_hypotheses(some[i], all[i]);
      continue;
    }
    const auto alone = search(model, {sources[i]}, config, {.words = {words[i]}})[0];
    REQUIRE(alone.size() == some[i].size());
    for (std::size_t h = 0; h < alone.size(); ++h) {
      CHECK(alone[h].tokens == some[i][h].tokens);
      for (const std::int32_t token : alone[h].tokens)
        CHECK(std::find(words[i].begin(), words[i].end(), token) != words[i].end());
    }
    check_same_hypotheses(some[i], alone);
  }
  const auto refused = [&](const Words& wrong) {
    CHECK_THROWS_WITH_AS(search(model, {sources[0]}, config, {.words = {wrong}}),
                         doctest::Contains("must be the special tokens, then others of the"),
                         ConfigError);
  };
  const auto size = static_cast<std::int32_t>(model_config.target_vocabulary);
  for (const Words& wrong : {Words{0, 1, 2}, Words{0, 1, 2, 4}, Words{0, 1, 2, 3, 5, 5},
                             Words{0, 1, 2, 3, 5, 4}, Words{0, 1, 2, 3, size}, Words{1, 2, 3, 4}})
    refused(wrong);
}

TEST_CASE("search: an ensemble's probabilities and attention are the means of its models'") {
  const Seq2SeqConfig one = tiny_config(Architecture::luong),
                      two = tiny_config(Architecture::bahdanau);
  Seq2Seq<double> a(one, 5), b(two, 6), c(one, 7);
  for (Seq2Seq<double>* model : {&a, &b, &c}) prepare(*model, 1);
  const Sources sources = some_sources(one, 12, 2);
  SearchConfig config;
  config.beam = config.nbest = 3;
  const auto found = search(Ensemble<double>{&a, &b, &c}, sources, config);
  for (std::size_t i = 0; i < sources.size(); ++i)
    for (const Hypothesis& h : found[i]) {
      text::Example example{sources[i], h.tokens};
      if (h.finished) example.target.pop_back();
      std::vector<Seq2Seq<double>::Forced> forced;
      for (const Seq2Seq<double>* model : {&a, &b, &c})
        forced.push_back(model->force(batch_of({example})));
      double log_probability = 0;
      for (std::size_t t = 0; t < h.tokens.size(); ++t) {
        double p = 0, weight = 0;
        for (const auto& f : forced) {
          p += std::exp(f.log_probabilities.data()[t]) / 3;
          weight += f.weights.value().data()[t * sources[i].size()] / 3;
        }
        log_probability += std::log(p);
        CHECK(std::abs(weight - h.weights[t][0]) < 1e-6);
      }
      CHECK(std::abs(h.log_probability - log_probability) < kSearchTolerance);
    }
  // Of equal models it is the model.
  const auto alone = search(a, sources, config);
  const auto twice = search(Ensemble<double>{&a, &a}, sources, config);
  for (std::size_t i = 0; i < sources.size(); ++i) check_same_hypotheses(twice[i], alone[i]);
  Seq2SeqConfig larger = one;
  ++larger.target_vocabulary;
  const Seq2Seq<double> d(larger, 5);
  CHECK_THROWS_AS(search(Ensemble<double>{&a, &d}, sources, config), ConfigError);
  CHECK_THROWS_AS(search(Ensemble<double>{}, sources, config), ConfigError);
}

TEST_CASE("search: GNMT's normalisation changes the score alone") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::bahdanau);
  Seq2Seq<double> model(model_config, 5);
  prepare(model, 1);
  const Sources sources = some_sources(model_config, 5, 4);
  SearchConfig config;
  config.nbest = config.beam;
  config.length_penalty = 0.6;
  config.length_normalization = LengthNormalization::gnmt;
  for (const auto& hypotheses : search(model, sources, config))
    for (const Hypothesis& h : hypotheses)
      CHECK(std::abs(h.score - h.log_probability / std::pow((5.0 + h.tokens.size()) / 6, 0.6)) <
            kSearchTolerance);
}

bool repeats(const std::vector<std::int32_t>& tokens, std::size_t n) {
  std::set<std::vector<std::int32_t>> seen;
  for (std::size_t i = 0; i + n <= tokens.size(); ++i)
    if (!seen.insert({tokens.begin() + i, tokens.begin() + i + n}).second) return true;
  return false;
}

TEST_CASE("search: no n-gram twice, where there would be some without the rule") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(model_config, 31);
  prepare(model, 0);
  const Sources sources = some_sources(model_config, 20, 5);
  for (const bool sample : {false, true})
    for (const std::size_t n : {1, 2, 3}) {
      SearchConfig config;
      config.beam = config.nbest = 3;
      config.sample = sample;
      config.max_length_extra = 4;
      std::size_t repeated = 0;
      for (const auto& found : search(model, sources, config))
        for (const Hypothesis& h : found) repeated += repeats(h.tokens, n);
      CHECK(repeated > 0);
      config.no_repeat_ngram = n;
      for (const auto& found : search(model, sources, config))
        for (const Hypothesis& h : found) CHECK(!repeats(h.tokens, n));
    }
}

}  // namespace
}  // namespace babelgrad
