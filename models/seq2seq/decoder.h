// The decoder: from the words so far to the attentional vector ("readout"), from which the output
// layer reads the next word. Letters: T target steps, B batch, H decoder hidden, D encoder size.
//
//   luong     h_t = GRU(e_t, h_{t-1}); c_t = attend(h_t); readout = tanh(W_c [c_t; h_t] + b)
//             (Luong et al. 2015, sections 3 and 3.1, no input feeding)
//   bahdanau  c_t = attend(h_{t-1}); h_t = GRU([e_t; c_t], h_{t-1});
//             readout = tanh(W_c [c_t; h_t; e_t] + b)   (Bahdanau et al. 2014, appendix A.2)
//   plain     h_t = GRU(e_t, h_{t-1}); readout = tanh(W_c h_t + b)   (Cho et al. 2014)
//
// In all of them h_0 = tanh(W_0 [last encoder states] + b_0).
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "babelgrad/models/seq2seq/encoder.h"
#include "babelgrad/nn/attention.h"

namespace babelgrad {

// What the decoder reads of a source: computed once, used at every step.
template <class T>
struct DecoderMemory {
  Tensor<T> values;  // [S, B, D] encoder states
  Tensor<T> keys;    // [S, B, K] what the scores compare with; undefined for plain
  IntArray lengths;  // [B]
};

template <class T>
struct DecoderState {
  std::vector<Tensor<T>> hidden;  // for each layer [N, H]
};

template <class T>
struct DecoderOutput {
  Tensor<T> readout;  // [T, B, R], or [N, R] of one step
  Array<T> weights;   // [T, B, S] attention; of rank 0 for plain
};

template <class T>
class Decoder {
 public:
  Decoder(const Scope<T>& scope, const Seq2SeqConfig& config, Embedding<T> embedding);

  DecoderMemory<T> memory(const EncoderOutput<T>& encoded) const;
  DecoderState<T> initial_state(const EncoderOutput<T>& encoded) const;

  // All steps at once with the right words as input (teacher forcing): words [T, B].
  DecoderOutput<T> forced(const IntArray& words, const DecoderMemory<T>& memory,
                          const DecoderState<T>& initial, const Mode& mode) const;

  // One step of K hypotheses for each of B sentences: words [K * B], row k * B + b belongs to
  // sentence b; `state` is replaced. The weights are [K, B, S].
  DecoderOutput<T> step(const IntArray& words, const DecoderMemory<T>& memory,
                        DecoderState<T>& state) const;

 private:
  // parts: context, state and word as the architecture has them, [T, B, *] or [N, *] each
  Tensor<T> read_out(const std::vector<Tensor<T>>& parts) const;

  Seq2SeqConfig config_;
  Embedding<T> embedding_;
  std::vector<Linear<T>> initial_;  // one a layer
  Gru<T> gru_;
  std::optional<AttentionLayer<T>> attention_;
  Linear<T> readout_;
  Dropout<T> embedding_dropout_, readout_dropout_;
};

extern template class Decoder<float>;
extern template class Decoder<double>;

}  // namespace babelgrad
