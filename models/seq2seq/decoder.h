// The decoder: from the words so far to the attentional vector ("readout"), and from that to the
// next word. Letters: T target steps, B batch, H decoder hidden, D encoder size.
//
//   attend_from current   h_t = RNN(e_t, h_{t-1}); c_t = attend(h_t); r_t = f(W_c [c_t; h_t] + b)
//                         (Luong et al. 2015, sections 3 and 3.1)
//   attend_from previous  c_t = attend(h_{t-1}); h_t = RNN([e_t; c_t], h_{t-1});
//                         r_t = f(W_c [c_t; h_t; e_t] + b)  (Bahdanau et al. 2014, appendix A.2)
//   attention none        h_t = RNN(e_t, h_{t-1}); r_t = f(W_c h_t + b)
//   fixed_context         without attention: c = tanh(W_s s + b_s) of the encoder's last states s;
//                         h_t = RNN([e_t; c], h_{t-1}); r_t = f(W_c [c; h_t; e_t] + b)
//                         (Cho et al. 2014, arXiv 1406.1078, section 2.2 and appendix A)
//   input_feeding         r_{t-1} is the last part of the RNN's input, too; r_0 = 0
//                         (Luong et al. 2015, section 3.3)
//   RNN                   recurrent layers of the cell (recurrent_stack.h); h_t: of the last one
//   attend                attention, score, window, coverage (nn/attention.h)
//   readout               f: tanh, or linear: the identity, or maxout: the greater of each two
//                         neighbours of twice R units (Bahdanau et al. 2014, A.2.2)
//   readout_from          previous: h_{t-1} stands in the place of h_t in the readout (A.2.2 there)
//   initial_state         h_0 = tanh(W_0 s + b_0), s: the encoder's last states of each direction,
//                         or the mean of all its states; or zero. Each layer takes the encoder's
//                         beside it, counted from the last. An LSTM's cell is W s + b of the
//                         encoder's last cells, or of that mean
#pragma once

#include <optional>
#include <vector>

#include "babelgrad/models/seq2seq/decoder_state.h"
#include "babelgrad/models/seq2seq/encoder.h"

namespace babelgrad {

template <class T>
struct DecoderOutput {
  Tensor<T> readout;  // [T, B, R], or [N, R] of one step
  Tensor<T> weights;  // [T, B, S], or [K, B, S] of one step; undefined without attention
  Tensor<T> logits;   // [N, V] of one step that a tap sees; else undefined: see logits()
};

// What is joined to make an input of the recurrent layers or of the readout, in this order.
enum class DecoderInput { embedding, context, state, readout, previous_state };
std::vector<DecoderInput> recurrent_inputs(const Seq2SeqConfig& config);
std::vector<DecoderInput> readout_inputs(const Seq2SeqConfig& config);

template <class T>
class Decoder {
 public:
  // root: of the model, which has the scopes "decoder" and "output".
  Decoder(const Scope<T>& root, const Seq2SeqConfig& config, Embedding<T> embedding);

  DecoderMemory<T> memory(const EncoderOutput<T>& encoded) const;
  DecoderState<T> initial_state(const EncoderOutput<T>& encoded, Tap<T>* tap = nullptr) const;

  // The recurrence: one step of K hypotheses for each of B sentences. words [K * B], row k * B + b
  // belongs to sentence b; `state` is replaced.
  DecoderOutput<T> step(const IntArray& words, const DecoderMemory<T>& memory,
                        DecoderState<T>& state, const Mode& mode, Tap<T>* tap = nullptr) const;

  // Steps with the right words as input (teacher forcing), words [T, B], from a state on. `fold`
  // takes one after the other; `forced` stands in for it, all steps at once, where no tap looks.
  // sampling: in training, the probability that a step reads the likeliest word of the step before
  // in place of the right one (scheduled sampling: Bengio et al. 2015, arXiv 1506.03099).
  DecoderOutput<T> fold(const IntArray& words, const DecoderMemory<T>& memory,
                        DecoderState<T> state, const Mode& mode, Tap<T>* tap = nullptr,
                        double sampling = 0) const;
  DecoderOutput<T> forced(const IntArray& words, const DecoderMemory<T>& memory,
                          const DecoderState<T>& initial, const Mode& mode, Tap<T>* tap = nullptr,
                          double sampling = 0) const;

  // readout [..., R] -> logits [..., V]
  Tensor<T> logits(const Tensor<T>& readout) const { return output_layer_(readout); }
  const Linear<T>& output_layer() const { return output_layer_; }
  const std::optional<AttentionLayer<T>>& attention() const { return attention_; }

 private:
  // words [B], some of which are replaced by the likeliest after readout [B, R].
  IntArray sampled(const IntArray& words, const Tensor<T>& readout, const Mode& mode,
                   double probability) const;
  // The fixed context, [N, D] of N rows.
  Tensor<T> fixed_context(const DecoderMemory<T>& memory, std::size_t rows) const;
  // input [..., *] -> readout [..., R]
  Tensor<T> read_out(const Tensor<T>& input) const;
  // Whether nothing but states feeds back, in a way that one op computes for all steps.
  bool has_shortcut() const;
  // The recurrent layers' step -> h_t [N, H].
  Tensor<T> advance(const Tensor<T>& input, DecoderState<T>& state, const Mode& mode,
                    Tap<T>* tap) const;
  // What h_{t-1} is at each of the steps with these h_t [T, B, H].
  Tensor<T> before(const DecoderState<T>& initial, const Tensor<T>& states) const;
  // queries [N, H] -> context [N, D]; weights [K, B, S]. The state remembers them.
  Attention<T> attend(const Tensor<T>& queries, const DecoderMemory<T>& memory,
                      DecoderState<T>& state, const Mode& mode, Tap<T>* tap) const;

  Seq2SeqConfig config_;
  WordEmbedding<T> embedding_;
  std::vector<Linear<T>> initial_;  // one a layer and part of its state
  std::optional<Linear<T>> summary_;
  RecurrentStack<T> layers_;
  Linear<T> readout_;
  std::optional<AttentionLayer<T>> attention_;
  Linear<T> output_layer_;
  Dropout<T> readout_dropout_;
};

extern template class Decoder<float>;
extern template class Decoder<double>;

}  // namespace babelgrad
