// What translations must have: prefixes and phrases, of tokens alone and in every search.
#include <algorithm>

#include "babelgrad/models/search/search_run.h"
#include "tests/models/search/search_helpers.h"

namespace babelgrad {
namespace {

using Ids = std::vector<std::int32_t>;

bool has(const Ids& tokens, const Ids& phrase) {
  return std::search(tokens.begin(), tokens.end(), phrase.begin(), phrase.end()) != tokens.end();
}

// Words that a translation can have, eos not among them.
Ids random_phrase(std::size_t length, Random& random) {
  Ids phrase;
  for (std::size_t i = 0; i < length; ++i)
    phrase.push_back(random.below(4) == 0 ? text::kUnk
                                          : static_cast<std::int32_t>(4 + random.below(3)));
  return phrase;
}

// A codec of these pieces, of SentencePiece's kind.
class Pieces : public text::Tokenizer {
 public:
  std::vector<std::string> tokenize(std::string_view) const override { return {}; }
  std::string detokenize(const std::vector<std::string>&) const override { return {}; }
  text::TokenizerKind kind() const override { return text::TokenizerKind::bpe; }
};

std::shared_ptr<const text::Spellings> spellings_of(const std::vector<std::string>& pieces) {
  text::TokenCounts counts;
  for (std::size_t i = 0; i < pieces.size(); ++i) counts[pieces[i]] = 100 - i;  // in this order
  return std::make_shared<const text::Spellings>(
      text::Codec(std::make_shared<Pieces>(), text::Vocabulary(counts)));
}

TEST_CASE("prefix: tokens, and then a word's beginning") {
  const auto spellings = spellings_of({"▁a", "▁b", "s", "▁"});  // 4 5 6 7
  const Prefix tokens({4, 6});
  CHECK(*tokens.allowed({}) == Ids{4});
  CHECK(*tokens.allowed({4}) == Ids{6});
  CHECK(!tokens.allowed({4, 6}));
  const Prefix whole({4}, spellings);
  CHECK(*whole.allowed({}) == Ids{4});
  CHECK(*whole.allowed({4}) == Ids{text::kEos, 4, 5, 7});
  CHECK(!whole.allowed({4, 7}));
  CHECK(Prefix().empty());
  CHECK(!Prefix().allowed({}));
}

TEST_CASE("prefix: an open word in all ways to spell it, and beyond") {
  const auto spellings = spellings_of({"▁tr", "▁train", "▁t", "r", "▁", "rain", "tr", "rb"});
  const Prefix open({5}, spellings, " tr");
  CHECK(open.possible());
  CHECK(*open.allowed({5}) == Ids{4, 5, 6, 8});  // not what cannot go on
  CHECK(!open.allowed({5, 4}));
  CHECK(!open.allowed({5, 5}));
  CHECK(*open.allowed({5, 6}) == Ids{7, 9, 11});
  CHECK(*open.allowed({5, 8}) == Ids{10});
  CHECK(!open.allowed({5, 8, 10}));
  CHECK(!Prefix({}, spellings, " q").possible());
  CHECK(!Prefix({}, spellings, " trq").possible());
}

TEST_CASE("phrases: how far a hypothesis is") {
  const Phrases phrases({{4, 5}, {5, 6, 6}, {4, 5}});
  CHECK(phrases.tokens() == 5);
  CHECK(phrases.progress({}).missing == 5);
  CHECK(phrases.progress({}).wanted == Ids{4, 5});
  CHECK(phrases.progress({7, 4}).missing == 4);
  CHECK(phrases.progress({4, 5}).missing == 2);  // the second is begun already
  CHECK(phrases.progress({4, 5}).wanted == Ids{5, 6});
  CHECK(phrases.progress({4, 5, 6, 6}).missing == 0);
  CHECK(phrases.progress({5, 6, 7}).missing == 5);
  // A piece that goes on with its last word takes a phrase away again.
  const auto spellings = spellings_of({"▁a", "▁b", "s"});
  const Phrases words({Ids{4}}, spellings);
  CHECK(words.progress({4}).missing == 0);
  CHECK(words.progress({4, 6}).missing == 1);
  CHECK(words.progress({4, 5}).missing == 0);
  CHECK(words.progress({4, text::kEos}).missing == 0);
}

TEST_CASE("phrases: some wanted token always brings them nearer") {
  const auto spellings = spellings_of({"▁a", "▁b", "s", "t"});
  Random random(5);
  for (int round = 0; round < 300; ++round) {
    std::vector<Ids> all;
    for (std::size_t i = 0; i <= random.below(3); ++i) {
      Ids phrase{static_cast<std::int32_t>(4 + random.below(2))};  // begins a word
      while (random.below(2) == 0) phrase.push_back(static_cast<std::int32_t>(4 + random.below(4)));
      all.push_back(phrase);
    }
    const Phrases phrases(all, spellings);
    Ids hypothesis;
    for (std::size_t i = random.below(6); i > 0; --i)
      hypothesis.push_back(static_cast<std::int32_t>(4 + random.below(4)));
    for (auto now = phrases.progress(hypothesis); now.missing > 0;) {
      CHECK(now.missing <= phrases.tokens());
      std::size_t least = now.missing;
      Ids best;
      for (const std::int32_t token : now.wanted) {
        Ids next = hypothesis;
        next.push_back(token);
        const std::size_t missing = phrases.progress(next).missing;
        if (missing < least) best = next;
        least = std::min(least, missing);
      }
      REQUIRE(least < now.missing);
      hypothesis = best;
      now = phrases.progress(hypothesis);
    }
    for (const Ids& phrase : all) CHECK(has(hypothesis, phrase));
  }
}

TEST_CASE("search: every translation has its phrases and begins with its prefix") {
  std::size_t without = 0;
  for (const NamedConfig& named : tiny_configs()) {
    INFO(named.name);
    for (const std::size_t variant : {0, 1, 2}) {
      Seq2Seq<double> model(named.config, 11);
      prepare(model, variant);
      const Sources sources = some_sources(named.config, 12, 3);
      Random random(variant);
      SearchConfig config;
      config.beam = config.nbest = 1 + variant * 2;
      config.max_length_extra = 2;
      config.no_repeat_ngram = variant;  // which what is demanded overrules
      const auto free = search(model, sources, config);
      SearchOptions options;
      std::vector<std::vector<Ids>> phrases(sources.size());
      std::vector<Ids> prefixes;
      for (std::size_t i = 0; i < sources.size(); ++i) {
        for (std::size_t n = random.below(4); n > 0; --n)
          phrases[i].push_back(random_phrase(1 + random.below(3), random));
        prefixes.push_back(random_phrase(random.below(3), random));
        options.demands.push_back({Prefix(prefixes[i]), Phrases(phrases[i])});
      }
      const auto found = search(model, sources, config, options);
      for (std::size_t i = 0; i < sources.size(); ++i) {
        if (options.demands[i].empty()) check_same_hypotheses(found[i], free[i]);
        CHECK(!found[i].empty());
        for (const Hypothesis& h : found[i]) {
          CHECK(std::equal(prefixes[i].begin(), prefixes[i].end(), h.tokens.begin()));
          for (const Ids& phrase : phrases[i]) CHECK(has(h.tokens, phrase));
          CHECK(std::abs(h.log_probability - forced_log_probability(model, sources[i], h)) <
                kSearchTolerance);
        }
        for (const Ids& phrase : phrases[i]) without += !has(free[i][0].tokens, phrase);
      }
    }
  }
  CHECK(without > 100);
}

TEST_CASE("search: with demands met anyway an exhaustive search finds the same") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::luong);
  Seq2Seq<double> model(model_config, 5);
  prepare(model, 1);
  const Sources sources = some_sources(model_config, 12, 2);
  SearchConfig config;
  config.beam = 700;  // all of them
  config.max_length_ratio = 0;
  config.max_length_extra = 4;
  const auto free = search(model, sources, config);
  SearchOptions options;
  for (const auto& found : free) {
    Ids words = found[0].tokens;
    if (words.back() == text::kEos) words.pop_back();
    const std::size_t n = std::min<std::size_t>(words.size(), 1);
    std::vector<Ids> phrases;
    if (n > 0) phrases.push_back({words.back()});
    options.demands.push_back({Prefix({words.begin(), words.begin() + n}), Phrases(phrases)});
  }
  const auto found = search(model, sources, config, options);
  for (std::size_t i = 0; i < sources.size(); ++i) CHECK(found[i][0].tokens == free[i][0].tokens);
}

TEST_CASE("search: samples and ensembles keep to a prefix; phrases cannot be drawn") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::luong);
  Seq2Seq<double> a(model_config, 5), b(model_config, 6);
  for (Seq2Seq<double>* model : {&a, &b}) prepare(*model, 1);
  const Sources sources = some_sources(model_config, 6, 2);
  const Ids prefix{4, text::kUnk, 6, 6};
  SearchOptions options;
  options.demands.assign(sources.size(), {Prefix(prefix)});
  for (const std::size_t top_k : {0, 2})
    for (const bool sample : {false, true}) {
      SearchConfig config;
      config.beam = config.nbest = 4;
      config.sample = sample;
      config.top_k = top_k;
      for (const Ensemble<double>& models : {Ensemble<double>{&a}, Ensemble<double>{&a, &b}}) {
        std::size_t different = 0;
        for (const auto& found : search(models, sources, config, options)) {
          CHECK(found.size() == 4);
          for (const Hypothesis& h : found) {
            CHECK(std::equal(prefix.begin(), prefix.end(), h.tokens.begin()));
            different += h.tokens != found[0].tokens;
          }
        }
        CHECK(different > 0);
      }
    }
  SearchConfig config;
  config.sample = true;
  options.demands[2].phrases = Phrases({Ids{4}});
  CHECK_THROWS_WITH_AS(search(a, sources, config, options),
                       "search: phrases need beam search; sample draws words", ConfigError);
}

TEST_CASE("search: each token's log-probability, and entropies where they are measured") {
  const Seq2SeqConfig model_config = tiny_config(Architecture::bahdanau);
  Seq2Seq<double> model(model_config, 5);
  prepare(model, 1);
  const Sources sources = some_sources(model_config, 6, 2);
  SearchConfig config;
  config.nbest = config.beam;
  const auto plain = search(model, sources, config);
  SearchOptions options;
  options.entropies = Entropies::measured;
  const auto measured = search(model, sources, config, options);
  for (std::size_t i = 0; i < sources.size(); ++i)
    for (std::size_t k = 0; k < plain[i].size(); ++k) {
      const Hypothesis& h = measured[i][k];
      CHECK(h.tokens == plain[i][k].tokens);
      CHECK(h.log_probability == plain[i][k].log_probability);
      CHECK(plain[i][k].entropies.empty());
      CHECK(h.log_probabilities.size() == h.tokens.size());
      CHECK(h.entropies.size() == h.tokens.size());
      CHECK(std::abs(std::accumulate(h.log_probabilities.begin(), h.log_probabilities.end(), 0.0) -
                     h.log_probability) < kSearchTolerance);
      for (const double entropy : h.entropies) {
        CHECK(entropy > 0);
        CHECK(entropy < std::log(7) + kSearchTolerance);
      }
    }
}

}  // namespace
}  // namespace babelgrad
