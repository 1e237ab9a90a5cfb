// What a decoder reads at every step (memory), and what a step hands to the next (state). Both are
// opaque but to the decoder: a search narrows and joins them.
#pragma once

#include <optional>
#include <vector>

#include "babelgrad/models/seq2seq/recurrent_stack.h"
#include "babelgrad/nn/attention.h"

namespace babelgrad {

template <class T>
class Decoder;

// What the decoder reads of B sources: computed once, used at every step.
template <class T>
class DecoderMemory {
 public:
  // Of these sentences alone, in this order.
  DecoderMemory select(const std::vector<std::size_t>& sentences) const;
  // Of these sentences and then more, the shorter ones padded.
  DecoderMemory join(const DecoderMemory& more) const;

 private:
  friend class Decoder<T>;
  Tensor<T> values_;   // [S, B, D] encoder states
  Tensor<T> keys_;     // [S, B, K] what the scores compare with; undefined without attention
  Tensor<T> summary_;  // [B, D] the fixed context, if there is one
  IntArray lengths_;   // [B]
};

// What a step hands to the next, of N hypotheses under way.
template <class T>
class DecoderState {
 public:
  // Of these hypotheses alone, in this order, repeated as often as they are named.
  DecoderState select(const std::vector<std::size_t>& rows) const;
  // `width` hypotheses for each of these sentences and of more, whose own are repeated.
  DecoderState join(const DecoderState& more, std::size_t width) const;
  std::size_t rows() const { return steps_.size(); }

 private:
  friend class Decoder<T>;
  std::size_t time() const { return static_cast<std::size_t>(steps_.data()[0]); }  // of row 0

  std::vector<Tensor<T>*> tensors();  // all of the following, undefined ones, too

  std::vector<LayerState<T>> hidden_;  // of each layer, [N, H] each
  Tensor<T> output_;                   // [N, H] h_t, where the last layer's state is not that
  Tensor<T> fed_;                      // [N, R] the readout before; undefined without input feeding
  AttentionPast<T> past_;              // [N, S] each, undefined where nothing of it is read
  IntArray steps_;                     // [N] taken so far
  // The layers as this step of a training has them, if it drops any of their recurrent weights.
  std::optional<RecurrentStack<T>> layers_;
};

extern template class DecoderMemory<float>;
extern template class DecoderMemory<double>;
extern template class DecoderState<float>;
extern template class DecoderState<double>;

}  // namespace babelgrad
