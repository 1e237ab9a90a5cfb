#include "babelgrad/models/search/selection.h"

#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/random.h"
#include "babelgrad/models/search/phrase_selection.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad {
namespace {

using Fate = Candidate::Fate;

// Takes out the words with which the hypothesis would repeat an n-gram.
void drop_repetitions(std::vector<NextWord>& words, const PartialHypothesis& hypothesis,
                      std::size_t n) {
  if (n == 0 || hypothesis.length + 1 < n) return;
  const std::vector<std::int32_t> tokens = tokens_of(hypothesis);
  const auto tail =
      tokens.end() - static_cast<std::ptrdiff_t>(n - 1);  // what a word would complete
  std::vector<std::int32_t> repeated;
  for (auto gram = tokens.begin(); gram < tail; ++gram)
    if (std::equal(tail, tokens.end(), gram)) repeated.push_back(gram[tokens.end() - tail]);
  std::erase_if(words, [&](const NextWord& word) {
    return std::find(repeated.begin(), repeated.end(), word.token) != repeated.end();
  });
}

std::vector<Candidate> best_extensions(const std::vector<PartialHypothesis>& hypotheses,
                                       const std::vector<NextWords>& words, std::size_t beam) {
  std::vector<Candidate> candidates;
  for (std::size_t k = 0; k < hypotheses.size(); ++k)
    for (const NextWord& word : words[k].best)
      candidates.push_back({hypotheses[k].log_probability + word.log_probability, k, word.token});
  std::sort(candidates.begin(), candidates.end(), better_candidate);
  candidates.resize(std::min(candidates.size(), 2 * beam));
  for (std::size_t rank = 0, kept = 0; rank < candidates.size() && kept < beam; ++rank) {
    const bool ends = candidates[rank].token == text::kEos;
    if (ends && rank >= beam) continue;
    candidates[rank].fate = ends ? Fate::finished : Fate::kept;
    kept += ends ? 0 : 1;
  }
  return candidates;
}

// What a sample is drawn from: the words of a hypothesis, as `config` cuts and weighs them.
class Distribution {
 public:
  Distribution(std::vector<NextWord> words, const SearchConfig& config)
      : words_(std::move(words)), temperature_(config.temperature) {
    if (config.top_k != 0 && words_.size() > config.top_k) words_.resize(config.top_k);
    const auto best = std::min_element(words_.begin(), words_.end(), likelier);
    if (best == words_.end()) return;
    most_ = best->log_probability;
    weigh();
    if (config.top_p < 1) cut_to(config.top_p * total_);
  }

  // nullptr if there is no word.
  const NextWord* draw(Random random) const {
    double left = total_ * random.uniform();
    for (std::size_t i = 0; i < words_.size(); ++i)
      if ((left -= weights_[i]) < 0 || i + 1 == words_.size()) return &words_[i];
    return nullptr;
  }

 private:
  static bool likelier(const NextWord& a, const NextWord& b) {  // the same at any order
    return a.log_probability != b.log_probability ? a.log_probability > b.log_probability
                                                  : a.token < b.token;
  }

  double weight_of(const NextWord& word) const {  // relative to the likeliest word
    return std::exp((word.log_probability - most_) / temperature_);
  }
  void weigh() {
    total_ = 0;
    weights_.clear();
    for (const NextWord& word : words_) {
      weights_.push_back(weight_of(word));
      total_ += weights_.back();
    }
  }

  // To the fewest words that have this weight together; at least one.
  void cut_to(double weight) {
    const auto at = [this](std::size_t i) {
      return words_.begin() + static_cast<std::ptrdiff_t>(i);
    };
    double within = 0;
    std::size_t count = 0, sorted = 0;  // few of many words are wanted, so few are sorted
    while (count == 0 || (within < weight && count < words_.size())) {
      if (count == sorted) {
        sorted = std::min(words_.size(), 4 * sorted + 64);
        std::partial_sort(at(count), at(sorted), words_.end(), likelier);
      }
      within += weight_of(words_[count++]);
    }
    words_.erase(at(count), words_.end());
    weigh();
  }

  std::vector<NextWord> words_;
  double temperature_, most_ = 0, total_ = 0;
  std::vector<double> weights_;
};

std::vector<Candidate> drawn_extensions(const std::vector<PartialHypothesis>& hypotheses,
                                        std::vector<NextWords> words, const SearchConfig& config,
                                        std::uint64_t number) {
  const std::uint64_t key =
      combine_keys(combine_keys(config.sample_seed, number), hypotheses[0].length);
  const std::size_t draws = hypotheses[0].length == 0 ? config.nbest : 1;  // of each hypothesis
  std::vector<Candidate> candidates;
  for (std::size_t k = 0; k < hypotheses.size(); ++k) {
    const Distribution distribution(std::move(words[k].best), config);
    for (std::size_t i = 0; i < draws; ++i) {
      const NextWord* word = distribution.draw(Random(combine_keys(key, k + i)));
      if (word == nullptr) continue;
      candidates.push_back({hypotheses[k].log_probability + word->log_probability, k, word->token,
                            word->token == text::kEos ? Fate::finished : Fate::kept});
    }
  }
  return candidates;
}

// Within its prefix a hypothesis has no other words than those.
void keep_to_prefix(NextWords& words, const PartialHypothesis& hypothesis, const Prefix& prefix) {
  if (!prefix.allowed(tokens_of(hypothesis))) return;
  std::sort(words.wanted.begin(), words.wanted.end(), [](const NextWord& a, const NextWord& b) {
    return a.log_probability != b.log_probability ? a.log_probability > b.log_probability
                                                  : a.token < b.token;
  });
  words.best = std::move(words.wanted);
  words.wanted.clear();
}

}  // namespace

bool better_candidate(const Candidate& a, const Candidate& b) {
  if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
  return a.beam != b.beam ? a.beam < b.beam : a.token < b.token;
}

std::vector<std::int32_t> tokens_of(const PartialHypothesis& hypothesis) {
  std::vector<std::int32_t> tokens(hypothesis.length);
  const SearchStep* step = hypothesis.last.get();
  for (std::size_t i = tokens.size(); i-- > 0; step = step->previous.get()) tokens[i] = step->token;
  return tokens;
}

std::vector<std::int32_t> words_wanted(const PartialHypothesis& hypothesis,
                                       const Demands& demands) {
  const std::vector<std::int32_t> tokens = tokens_of(hypothesis);
  if (auto allowed = demands.prefix.allowed(tokens)) return *std::move(allowed);
  if (demands.phrases.empty()) return {};
  auto progress = demands.phrases.progress(tokens);
  if (progress.missing == 0) return {text::kEos};
  return std::move(progress.wanted);
}

std::size_t words_needed(const SearchConfig& config, std::size_t length) {
  const std::size_t repetitions = config.no_repeat_ngram == 0 ? 0 : length;  // at most
  if (!config.sample) return 2 * config.beam + repetitions;
  return config.top_k == 0 ? kAllWords : config.top_k + repetitions;
}

std::size_t hypotheses_kept(const SearchConfig& config) {
  return config.sample ? config.nbest : config.beam;
}

std::vector<Candidate> select_candidates(const std::vector<PartialHypothesis>& hypotheses,
                                         std::vector<NextWords> words,
                                         const SelectionRules& rules) {
  const SearchConfig& config = rules.config;
  for (std::size_t k = 0; k < hypotheses.size(); ++k) {
    drop_repetitions(words[k].best, hypotheses[k], config.no_repeat_ngram);
    if (!rules.demands.prefix.empty())
      keep_to_prefix(words[k], hypotheses[k], rules.demands.prefix);
  }
  if (config.sample) return drawn_extensions(hypotheses, std::move(words), config, rules.number);
  if (!rules.demands.phrases.empty()) {
    // As many as a sentence by itself is given, whatever the longest beside it has.
    for (NextWords& next : words)
      if (next.best.size() > 2 * config.beam) next.best.resize(2 * config.beam);
    return extensions_with_phrases(hypotheses, words, rules);
  }
  return best_extensions(hypotheses, words, config.beam);
}

}  // namespace babelgrad
