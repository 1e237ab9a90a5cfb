// Search: translations of many sentences at once, chosen by beam search or drawn at random.
//
// Beam search keeps `beam` unfinished hypotheses a sentence. Each step extends all of them, for all
// sentences, in one batch; a sentence leaves the batch when `beam` of its hypotheses have ended
// (and with phrases, when those are likelier than all that have not). Beam 1 is greedy search. With
// `sample`, `nbest` hypotheses a sentence are drawn word by word from the model's distribution
// instead (selection.h). Hypotheses are ranked by their score (hypothesis_score). search() does it
// all; a SearchRun (search_run.h) goes step by step.
#pragma once

#include <functional>
#include <vector>

#include "babelgrad/models/search/demands.h"
#include "babelgrad/models/seq2seq/seq2seq.h"
#include "babelgrad/models/worker_pool.h"

namespace babelgrad {

struct Hypothesis {
  std::vector<std::int32_t> tokens;  // without bos; with eos if `finished`; none for an empty line
  double log_probability = 0;        // nats, eos included
  double score = 0;                  // by which hypotheses are ranked
  bool finished = false;             // false: cut off at the maximum length
  std::vector<std::vector<float>>
      weights;  // attention: a row a token, one weight a source position
  std::vector<double> log_probabilities = {};  // of each token; their sum is log_probability
  std::vector<double> entropies = {};  // of the distribution of each token, nats, if measured
};

// Whether a search also measures the entropy of each word's distribution; it takes some time.
enum class Entropies { left_out, measured };

// By which hypotheses are ranked: log-probability / norm, where of a hypothesis of n tokens, eos
// counted, the norm is n^length_penalty, or ((5 + n) / 6)^length_penalty with
// LengthNormalization::gnmt (Wu et al. 2016, eq. 14, without coverage).
double hypothesis_score(double log_probability, std::size_t tokens, const SearchConfig& config);

// The most tokens, eos included, that a source of this length (eos included) is given, unless more
// are demanded.
std::size_t longest_output(std::size_t source_length, const SearchConfig& config);

// One of the extensions among which a step chooses.
struct Candidate {
  double log_probability = 0;
  std::size_t beam = 0;  // what it extends: kept hypotheses of the step before, from 0, best first
  std::int32_t token = 0;
  enum class Fate { kept, finished, dropped } fate = Fate::dropped;
};

// Told of each step of each sentence, on the thread that searches it.
class SearchObserver {
 public:
  virtual ~SearchObserver() = default;
  // candidates: best first. weights: attention [S] of each beam, empty for plain.
  virtual void on_step(std::size_t sentence, const std::vector<Candidate>& candidates,
                       const std::vector<std::vector<float>>& weights) = 0;
};

// The models that search together: the probability of a word is the mean of theirs, and so are the
// attention weights. They have the same vocabularies.
template <class T>
using Ensemble = std::vector<const Seq2Seq<T>*>;

// The mean of those that are defined: of models without attention it is not. Undefined if none is.
template <class T>
Tensor<T> mean_attention(const std::vector<Tensor<T>>& weights);

struct SearchOptions {
  WorkerPool* pool = nullptr;
  SearchObserver* observer = nullptr;
  // Asked between two steps, on the thread that searches: sentences for which it says true leave
  // the search with no hypothesis at all.
  std::function<bool(std::size_t sentence)> abandon = {};
  // Of each source, the number by which its samples are drawn (selection.h). Empty: its place.
  std::vector<std::uint64_t> numbers = {};
  Entropies entropies = Entropies::left_out;
  // What the translations of each source must have. Empty: nothing.
  std::vector<Demands> demands = {};
  // With which words each source is translated, ascending, the four special tokens first
  // (short_output.h); none, and for a source that has demands: all. Empty: all for all.
  std::vector<std::vector<std::int32_t>> words = {};
};

// The sources' places, the longest first, equally long ones as they come: so they are cut into
// batches.
std::vector<std::size_t> by_length(const std::vector<text::Source>& sources);

// sources: each of at least one position. Returns, in the same order,
// up to config.nbest hypotheses a source, best first. Sentences are sorted by length into batches
// of config.search_batch, which a pool's threads take in turn: their number changes no bit of the
// result, the size of the batches only its rounding. Throws ConfigError for settings that do not go
// together, for phrases with `sample`, and for words that are not as SearchOptions says.
template <class T>
std::vector<std::vector<Hypothesis>> search(const Ensemble<T>& models,
                                            const std::vector<text::Source>& sources,
                                            const SearchConfig& config,
                                            const SearchOptions& options = {});
template <class T>
std::vector<std::vector<Hypothesis>> search(const Seq2Seq<T>& model,
                                            const std::vector<text::Source>& sources,
                                            const SearchConfig& config,
                                            const SearchOptions& options = {}) {
  return search(Ensemble<T>{&model}, sources, config, options);
}

// The same settings with batches small enough that no thread is idle.
SearchConfig spread(SearchConfig config, std::size_t sentences, std::size_t threads);

}  // namespace babelgrad
