// The likeliest next words of many hypotheses at once: the output layer, the normaliser of its
// softmax and a selection of the best words, a piece of the vocabulary at a time while it is in the
// processor's cache. All logits together [N, V] never exist, and nothing is sorted but the best.
#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "babelgrad/nn/linear.h"

namespace babelgrad {

struct NextWord {
  double log_probability;  // nats
  std::int32_t token;
};

constexpr std::size_t kAllWords = std::numeric_limits<std::size_t>::max();

// readout [N, R] -> for each row at most `count` words, best first, equal ones by token; never pad
// or bos, nor words of no finite probability. count: at least 1; kAllWords: all, in
// the order of the vocabulary.
template <class T>
std::vector<std::vector<NextWord>> next_words(const Linear<T>& output, const Array<T>& readout,
                                              std::size_t count);

// The output layer of a model and what it reads, readout [N, R].
template <class T>
struct OutputLayer {
  const Linear<T>* layer;
  Array<T> readout;
};

// What is asked of the N distributions.
struct WordsQuery {
  std::size_t count = 1;  // of the best words, as above
  // [N], or empty: of each row, words whose probability is asked for wherever they rank.
  std::vector<std::vector<std::int32_t>> wanted = {};
  bool entropies = false;
};

struct NextWords {
  std::vector<NextWord> best;
  std::vector<NextWord> wanted = {};  // in the order of their tokens; those of a finite probability
  double entropy = 0;                 // nats, over the whole vocabulary; 0 unless asked for
};

// The same by the mean of the probabilities of several models. (Of these, all logits are made.)
template <class T>
std::vector<NextWords> next_words(const std::vector<OutputLayer<T>>& outputs,
                                  const WordsQuery& query);

}  // namespace babelgrad
