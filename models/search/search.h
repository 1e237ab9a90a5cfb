// Search: the likeliest translations under a model, many sentences at once.
//
// Beam search keeps `beam` unfinished hypotheses a sentence. Each step extends all of them, for all
// sentences, in one batch; a sentence leaves the batch when `beam` of its hypotheses have ended.
// Beam 1 is greedy search. A finished hypothesis scores log-probability / tokens^length_penalty
// (eos counted; 0 leaves it unnormalised).
#pragma once

#include <vector>

#include "babelgrad/models/seq2seq/seq2seq.h"
#include "babelgrad/models/worker_pool.h"

namespace babelgrad {

struct Hypothesis {
  std::vector<std::int32_t> tokens;  // without bos; ends with eos if `finished`
  double log_probability = 0;        // nats, eos included
  double score = 0;                  // by which hypotheses are ranked
  bool finished = false;             // false: cut off at the maximum length
  std::vector<std::vector<float>>
      weights;  // attention: a row a token, one weight a source position
};

// By which hypotheses are ranked.
double hypothesis_score(double log_probability, std::size_t tokens, double length_penalty);

// The most tokens, eos included, that a source of this length (eos included) is given.
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

// sources: word ids, each ending with eos, each of at least one token. Returns, in the same order,
// up to config.nbest hypotheses a source, best first. Sentences are sorted by length into batches
// of config.search_batch, which a pool's threads take in turn: their number changes no bit of the
// result, the size of the batches only its rounding.
template <class T>
std::vector<std::vector<Hypothesis>> search(const Seq2Seq<T>& model,
                                            const std::vector<std::vector<std::int32_t>>& sources,
                                            const SearchConfig& config, WorkerPool* pool = nullptr,
                                            SearchObserver* observer = nullptr);

// The same settings with batches small enough that no thread is idle.
SearchConfig spread(SearchConfig config, std::size_t sentences, std::size_t threads);

}  // namespace babelgrad
