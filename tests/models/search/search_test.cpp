// Search: batched over sentences and beams it finds what a naive search of one sentence finds.
#include <doctest/doctest.h>

#include <numeric>

#include "tests/models/helpers.h"
#include "tests/models/search/reference_search.h"
#include "tests/models/search/search_helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("search: batched beam search is naive beam search, sentence by sentence") {
  std::size_t finished = 0, cut_off = 0;
  for (const NamedConfig& named : tiny_configs())
    for (std::size_t variant = 0; variant < 3; ++variant) {
      INFO(named.name, ", variant ", variant);
      Seq2Seq<double> model(named.config, 11 + variant);
      prepare(model, variant);
      const Sources sources = some_sources(named.config, 9, variant);
      SearchConfig search_config;
      search_config.beam = 1 + 2 * variant;
      search_config.nbest = search_config.beam;
      search_config.length_penalty = 0.5 * static_cast<double>(variant);
      search_config.max_length_extra = 3;
      search_config.search_batch = 5;
      const auto found = search(model, sources, search_config);
      REQUIRE(found.size() == sources.size());
      for (std::size_t i = 0; i < sources.size(); ++i) {
        check_same_hypotheses(found[i], ReferenceSearch(model, sources[i]).beam(search_config));
        for (const Hypothesis& h : found[i]) ++(h.finished ? finished : cut_off);
      }
    }
  CHECK(finished > 100);  // both ways out are tested
  CHECK(cut_off > 100);
}

TEST_CASE("search: beam 1 is greedy") {
  for (const NamedConfig& named : tiny_configs())
    for (std::size_t variant = 0; variant < 3; ++variant) {
      INFO(named.name, ", variant ", variant);
      Seq2Seq<double> model(named.config, 21 + variant);
      prepare(model, variant);
      const Sources sources = some_sources(named.config, 8, variant);
      SearchConfig greedy;
      greedy.beam = 1;
      const auto found = search(model, sources, greedy);
      for (std::size_t i = 0; i < sources.size(); ++i) {
        REQUIRE(found[i].size() == 1);
        CHECK(found[i][0].tokens == ReferenceSearch(model, sources[i]).greedy(greedy));
      }
    }
}

TEST_CASE("search: the size of the batches and the number of threads change nothing") {
  for (const Architecture architecture :
       {Architecture::luong, Architecture::bahdanau, Architecture::plain}) {
    const Seq2SeqConfig config = tiny_config(architecture);
    Seq2Seq<double> model(config, 31);
    prepare(model, 1);
    const Sources sources = some_sources(config, 70, 5);
    SearchConfig search_config;
    search_config.beam = search_config.nbest = 4;
    search_config.search_batch = 1;
    const auto one_by_one = search(model, sources, search_config);
    WorkerPool pool(3);
    for (const std::size_t batch : {2, 7, 64}) {
      search_config.search_batch = batch;
      const auto together = search(model, sources, search_config);
      const auto threaded = search(model, sources, search_config, {.pool = &pool});
      for (std::size_t i = 0; i < sources.size(); ++i) {
        check_same_hypotheses(together[i], one_by_one[i]);
        check_same_hypotheses(threaded[i], one_by_one[i]);
      }
    }
  }
}

void check_hypothesis(const Seq2Seq<double>& model, const text::Source& source,
                      const SearchConfig& c, const Hypothesis& h) {
  REQUIRE(!h.tokens.empty());
  const double length = static_cast<double>(h.tokens.size());
  CHECK(h.tokens.size() <=
        static_cast<std::size_t>(c.max_length_ratio * source.size()) + c.max_length_extra);
  CHECK(h.finished == (h.tokens.back() == text::kEos));
  CHECK(std::count(h.tokens.begin(), h.tokens.end(), text::kEos) == (h.finished ? 1 : 0));
  CHECK(std::abs(h.score - h.log_probability / std::pow(length, c.length_penalty)) <
        kSearchTolerance);
  CHECK(std::abs(h.log_probability - forced_log_probability(model, source, h)) < kSearchTolerance);
  if (!model.config().attends()) {
    CHECK(h.weights.empty());
    return;
  }
  CHECK(h.weights.size() == h.tokens.size());
  for (const std::vector<float>& row : h.weights) {
    CHECK(row.size() == source.size());
    const double total = std::accumulate(row.begin(), row.end(), 0.0);
    if (model.config().attention == AttentionKind::local_p)  // a Gaussian takes from them
      CHECK((total > 0 && total < 1 + 1e-6));
    else
      CHECK(std::abs(total - 1) < 1e-6);
  }
}

TEST_CASE("search: hypotheses are distinct, ranked, and as likely as the model finds them") {
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    Seq2Seq<double> model(named.config, 41);
    prepare(model, 1);
    const Sources sources = some_sources(named.config, 10, 3);
    SearchConfig c;
    c.beam = 6;
    c.nbest = 4;
    c.length_penalty = 0.7;
    const auto found = search(model, sources, c);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      CHECK(found[i].size() == c.nbest);
      for (std::size_t k = 0; k < found[i].size(); ++k) {
        check_hypothesis(model, sources[i], c, found[i][k]);
        if (k == 0) continue;
        const Hypothesis &a = found[i][k - 1], &b = found[i][k];
        CHECK((a.finished == b.finished ? a.score >= b.score : a.finished));
        for (std::size_t j = 0; j < k; ++j) CHECK(found[i][j].tokens != b.tokens);
      }
    }
  }
}

TEST_CASE("search: the maximum length follows the source and cuts what does not end") {
  const Seq2SeqConfig config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(config, 51);
  model.store().at("output.bias").mutable_value().data()[text::kEos] = -1e4;
  const Sources sources{{4, 5, 6, text::kEos}, {text::kEos}};
  SearchConfig c;
  c.beam = 3;
  c.max_length_ratio = 1.5;
  c.max_length_extra = 2;
  const auto found = search(model, sources, c);
  CHECK(found[0][0].tokens.size() == 8);
  CHECK(found[1][0].tokens.size() == 3);
  CHECK(!found[0][0].finished);
  c.max_length_ratio = 0;
  c.max_length_extra = 1;
  CHECK(search(model, sources, c)[0][0].tokens.size() == 1);
}

TEST_CASE("search: nothing to search, and a beam wider than the vocabulary") {
  const Seq2SeqConfig config = tiny_config(Architecture::bahdanau);
  Seq2Seq<double> model(config, 61);
  SearchConfig c;
  CHECK(search(model, {}, c).empty());
  c.beam = c.nbest = 50;
  const std::vector<std::int32_t> source{4, 7, text::kEos};
  check_same_hypotheses(search(model, {source}, c)[0], ReferenceSearch(model, source).beam(c));
}

TEST_CASE("search: a model of NaN gives no hypothesis instead of a crash") {
  const Seq2SeqConfig config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(config, 71);
  enlarge(model, std::numeric_limits<double>::quiet_NaN());
  const auto found = search(model, {{4, text::kEos}, {5, 6, text::kEos}}, SearchConfig{});
  CHECK(found.size() == 2);
  CHECK(found[0].empty());
}

}  // namespace
}  // namespace babelgrad
