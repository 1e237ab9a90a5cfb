// Search: the likeliest translations under a model, many sentences at once.
//
// Beam search keeps `beam` unfinished hypotheses a sentence. Each step extends all of them, for all
// sentences, in one batch; a sentence leaves the batch when `beam` of its hypotheses have ended.
// Beam 1 is greedy search. A finished hypothesis scores log-probability / tokens^length_penalty
// (eos counted; 0 leaves it unnormalised).
#pragma once

#include <vector>

#include "babelgrad/models/seq2seq.h"
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

// sources: word ids, each ending with eos, each of at least one token. Returns, in the same order,
// up to config.nbest hypotheses a source, best first. Sentences are sorted by length into batches
// of config.search_batch, which a pool's threads share; the result does not depend on their number.
template <class T>
std::vector<std::vector<Hypothesis>> search(const Seq2Seq<T>& model,
                                            const std::vector<std::vector<std::int32_t>>& sources,
                                            const SearchConfig& config, WorkerPool* pool = nullptr);

}  // namespace babelgrad
