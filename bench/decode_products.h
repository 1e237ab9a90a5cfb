// The matrix products of a search, and nothing else: the bound that bench/decode holds it against.
//
// The list is what an ideal implementation of the model (luong, one layer, bidirectional encoder)
// has to multiply for the same sentences in the same batches: the real source tokens and, in every
// step, the hypotheses of the sentences whose search is still under way.
//   - encoder: the input side of all steps in one product, one product with W_hh a step and
//     direction (not of the zero state), keys and initial states in one product each
//   - a decoder step over N hypotheses: x W_ih^T, h W_hh^T, for each sentence scores and context,
//     readout [N, R], logits [N, V]
#pragma once

#include <vector>

#include "babelgrad/bench/products.h"
#include "babelgrad/models/config/config.h"

namespace babelgrad::bench {

struct SearchedSentence {
  std::size_t source_length;  // tokens
  std::size_t steps;          // until its search ended
};
using SearchedBatch = std::vector<SearchedSentence>;  // longest source first

class DecodeProducts {
 public:
  // The products of these batches, one after the other in the same arrays. weights: shared between
  // threads; outlives this.
  DecodeProducts(const Seq2SeqConfig& config, std::size_t beam,
                 const std::vector<SearchedBatch>& batches, Arrays& weights);

  void run() const { run_products(products_); }
  double flops() const { return bench::flops(products_); }

 private:
  friend class DecodeProductList;

  Arrays arrays_;
  std::vector<Product> products_;
};

}  // namespace babelgrad::bench
