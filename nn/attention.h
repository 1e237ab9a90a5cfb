// AttentionLayer: scores of decoder states (queries) against encoder states, their weights through
// a window (attention_window.h), and the weighted sum of the encoder states, the context.
//
//   dot         h_t . s                          (Luong et al. 2015, eq. 8)
//   scaled_dot  h_t . s / sqrt(H)                (Vaswani et al. 2017, eq. 1)
//   general     h_t . W_a s                      (Luong et al. 2015, eq. 8)
//   additive    v . tanh(W_a h_t + b_a + U_a s)  (Bahdanau et al. 2014, appendix A.1.2; Luong's
//                                                 "concat")
//   location    (W_a h_t)_s                      (Luong et al. 2015, eq. 8), of the first L
//                                                positions; later ones are not looked at
//   coverage    u_s, the sum of the weights that s had so far, enters the score: w u_s inside the
//               tanh of additive (See et al. 2017, arXiv 1704.04368, eq. 11; Tu et al. 2016), else
//               w u_s is added
#pragma once

#include "babelgrad/nn/attention_window.h"
#include "babelgrad/nn/linear.h"

namespace babelgrad {

enum class Score { dot, scaled_dot, general, additive, location };

// Whether the states of decoder and encoder are compared as they are, and so have one size.
inline bool is_dot(Score score) { return score == Score::dot || score == Score::scaled_dot; }

struct AttentionOptions {
  Score score = Score::general;
  std::size_t query_size = 0;      // H of the decoder
  std::size_t value_size = 0;      // D of the encoder states; equal to query_size for the dots
  std::size_t attention_size = 0;  // A, additive only
  std::size_t positions = 0;       // L, location only
  AttentionKind window = AttentionKind::global;
  std::size_t width = 10;  // D of the local windows
  bool coverage = false;
  double dropout = 0;  // of weights, on their way into the context
};

// What a step of attention remembers of those before; [T, B, S] each, undefined if nothing.
template <class T>
struct AttentionPast {
  Tensor<T> weights;   // of the step before, if the window remembers
  Tensor<T> coverage;  // the sum of all so far
};

template <class T>
class AttentionLayer {
 public:
  AttentionLayer(const Scope<T>& scope, const AttentionOptions& options);

  // What the scores need of the encoder states [S, B, D], computed once a source: [S, B, K].
  Tensor<T> keys(const Tensor<T>& values) const;
  // queries [T, B, H]; keys as above -> [T, B, S], before window and padding
  Tensor<T> scores(const Tensor<T>& queries, const Tensor<T>& keys,
                   const AttentionPast<T>& past = {}) const;
  const AttentionWindow<T>& window() const { return window_; }
  // The centers of the window, [T, B, 1], if it predicts them: queries [T, B, H], lengths [B] of S
  // source positions.
  Tensor<T> centers(const Tensor<T>& queries, const IntArray& lengths, std::size_t sources) const;
  // scores [T, B, S], centers as above, lengths [B], steps [T, B] -> weights [T, B, S]
  Tensor<T> weights(const Tensor<T>& scores, const Tensor<T>& centers, const IntArray& lengths,
                    const IntArray& steps, const AttentionPast<T>& past, const Mode& mode) const;
  // Whether a step depends on the weights of those before, and what the next one has to remember.
  bool remembers() const { return options_.coverage || window_.remembers(); }
  AttentionPast<T> start(std::size_t batch, std::size_t sources) const;  // [B, S] each
  AttentionPast<T> remember(const AttentionPast<T>& past, const Tensor<T>& weights) const;
  // weights [T, B, S], or [1, B, S] for a mode of one time step; values [S, B, D] -> [T, B, D]
  Tensor<T> context(const Tensor<T>& weights, const Tensor<T>& values, const Mode& mode) const;
  // Scores, weights and context of steps that remember nothing: queries [T, B, H]; keys as above;
  // values [S, B, D]; lengths [B]. In one op if the window is global and nothing is dropped.
  Attention<T> operator()(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& values,
                          const IntArray& lengths, const Mode& mode = kEvaluation,
                          const IntArray& steps = {}) const;
  // Whether there is one op for all steps of a GRU whose input is [word; what its last state
  // attended to]. words [T, B, E], state [B, H]; see attention_gru.
  bool has_recurrence() const;
  AttentionGru<T> recurrence(const Tensor<T>& words, const Tensor<T>& state,
                             const GruWeights<T>& gru, const Tensor<T>& keys,
                             const Tensor<T>& values, const IntArray& lengths) const;

 private:
  Tensor<T> prepared(const Tensor<T>& queries) const;  // as they are compared with the keys
  Tensor<T> of_positions(const Tensor<T>& queries, std::size_t sources) const;
  IntArray visible(const IntArray& lengths, std::size_t batch, std::size_t sources) const;

  AttentionOptions options_;
  AttentionWindow<T> window_;
  Dropout<T> dropout_;
  Tensor<T> key_weight_;       // W_a [H, D] of general, U_a [A, D] of additive
  AdditiveScore<T> score_;     // of additive
  Tensor<T> location_weight_;  // [L, H]
  Tensor<T> coverage_weight_;  // w [A] of additive, else [1]
};

extern template class AttentionLayer<float>;
extern template class AttentionLayer<double>;

}  // namespace babelgrad
