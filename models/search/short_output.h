// The output layers of models over some words of the vocabulary alone, the rows of these taken out:
// a sentence for which it is known by which words it may be translated needs no others (Jean et al.
// 2015, arXiv 1412.2007, section 3.2).
#pragma once

#include <memory>

#include "babelgrad/autograd/products/packed_weights.h"
#include "babelgrad/models/search/next_words.h"

namespace babelgrad {

template <class T>
class ShortOutput {
 public:
  // words: ascending, the four special tokens first. Throws ConfigError for others than the layers
  // have, or in another order.
  ShortOutput(const std::vector<const Linear<T>*>& layers, std::vector<std::int32_t> words);

  // As next_words() finds them with the whole layers, if the vocabulary had no other words: they
  // share all the probability. query.wanted: empty.
  std::vector<NextWords> next_words(const std::vector<OutputLayer<T>>& outputs,
                                    const WordsQuery& query) const;

 private:
  std::vector<std::int32_t> words_;
  std::vector<Linear<T>> layers_;
  std::unique_ptr<PackedWeights> packed_;  // theirs; null for doubles
};

}  // namespace babelgrad
