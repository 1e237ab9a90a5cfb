#include "babelgrad/models/search/selection.h"

#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/random.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad {
namespace {

using Fate = Candidate::Fate;

bool better(const Candidate& a, const Candidate& b) {
  if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
  return a.beam != b.beam ? a.beam < b.beam : a.token < b.token;
}

std::vector<std::int32_t> tokens_of(const PartialHypothesis& hypothesis) {
  std::vector<std::int32_t> tokens(hypothesis.length);
  const SearchStep* step = hypothesis.last.get();
  for (std::size_t i = tokens.size(); i-- > 0; step = step->previous.get()) tokens[i] = step->token;
  return tokens;
}

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
                                       const std::vector<std::vector<NextWord>>& words,
                                       std::size_t beam) {
  std::vector<Candidate> candidates;
  for (std::size_t k = 0; k < hypotheses.size(); ++k)
    for (const NextWord& word : words[k])
      candidates.push_back({hypotheses[k].log_probability + word.log_probability, k, word.token});
  std::sort(candidates.begin(), candidates.end(), better);
  candidates.resize(std::min(candidates.size(), 2 * beam));
  for (std::size_t rank = 0, kept = 0; rank < candidates.size() && kept < beam; ++rank) {
    const bool ends = candidates[rank].token == text::kEos;
    if (ends && rank >= beam) continue;
    candidates[rank].fate = ends ? Fate::finished : Fate::kept;
    kept += ends ? 0 : 1;
  }
  return candidates;
}

// One of the words, best first, as `config` says; nullptr if there is none.
const NextWord* draw(const std::vector<NextWord>& words, const SearchConfig& config,
                     Random random) {
  std::vector<double> weights;  // relative to the likeliest word's
  double total = 0;
  for (const NextWord& word : words) {
    if (config.top_k != 0 && weights.size() == config.top_k) break;
    weights.push_back(
        std::exp((word.log_probability - words[0].log_probability) / config.temperature));
    total += weights.back();
  }
  double within = 0;
  std::size_t count = 0;
  while (count < weights.size() && (count == 0 || within < config.top_p * total))
    within += weights[count++];
  double left = within * random.uniform();
  for (std::size_t i = 0; i < count; ++i)
    if ((left -= weights[i]) < 0 || i + 1 == count) return &words[i];
  return nullptr;
}

std::vector<Candidate> drawn_extensions(const std::vector<PartialHypothesis>& hypotheses,
                                        const std::vector<std::vector<NextWord>>& words,
                                        const SearchConfig& config, std::uint64_t number) {
  const bool first = hypotheses[0].length == 0;
  const std::uint64_t key =
      combine_keys(combine_keys(config.sample_seed, number), hypotheses[0].length);
  std::vector<Candidate> candidates;
  for (std::size_t i = 0; i < (first ? config.nbest : hypotheses.size()); ++i) {
    const std::size_t k = first ? 0 : i;
    const NextWord* word = draw(words[k], config, Random(combine_keys(key, i)));
    if (word == nullptr) continue;
    candidates.push_back({hypotheses[k].log_probability + word->log_probability, k, word->token,
                          word->token == text::kEos ? Fate::finished : Fate::kept});
  }
  return candidates;
}

}  // namespace

std::size_t words_needed(const SearchConfig& config, std::size_t length, std::size_t vocabulary) {
  const std::size_t repetitions = config.no_repeat_ngram == 0 ? 0 : length;  // at most
  if (!config.sample) return 2 * config.beam + repetitions;
  return config.top_k == 0 ? vocabulary : config.top_k + repetitions;
}

std::size_t hypotheses_kept(const SearchConfig& config) {
  return config.sample ? config.nbest : config.beam;
}

std::vector<Candidate> select_candidates(const std::vector<PartialHypothesis>& hypotheses,
                                         std::vector<std::vector<NextWord>> words,
                                         const SearchConfig& config, std::uint64_t number) {
  for (std::size_t k = 0; k < hypotheses.size(); ++k)
    drop_repetitions(words[k], hypotheses[k], config.no_repeat_ngram);
  return config.sample ? drawn_extensions(hypotheses, words, config, number)
                       : best_extensions(hypotheses, words, config.beam);
}

}  // namespace babelgrad
