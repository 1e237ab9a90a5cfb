// AttentionLayer: scores of decoder states (queries) against encoder states, their softmax, and the
// weighted sum of the encoder states, the context.
//
//   dot         h_t . s                          (Luong et al. 2015, eq. 8)
//   scaled_dot  h_t . s / sqrt(H)                (Vaswani et al. 2017, eq. 1)
//   general     h_t . W_a s                      (Luong et al. 2015, eq. 8)
//   additive    v . tanh(W_a h_t + b_a + U_a s)  (Bahdanau et al. 2014, appendix A.1.2; Luong's
//                                                 "concat")
#pragma once

#include <cmath>

#include "babelgrad/nn/linear.h"

namespace babelgrad {

enum class Score { dot, scaled_dot, general, additive };

// Whether the states of decoder and encoder are compared as they are, and so have one size.
inline bool is_dot(Score score) { return score == Score::dot || score == Score::scaled_dot; }

struct AttentionOptions {
  Score score = Score::general;
  std::size_t query_size = 0;      // H of the decoder
  std::size_t value_size = 0;      // D of the encoder states; equal to query_size for the dots
  std::size_t attention_size = 0;  // A, additive only
};

template <class T>
class AttentionLayer {
 public:
  AttentionLayer(const Scope<T>& scope, const AttentionOptions& options);

  // What the scores need of the encoder states [S, B, D], computed once a source: [S, B, K].
  Tensor<T> keys(const Tensor<T>& values) const;
  // queries [T, B, H]; keys as above -> [T, B, S], before softmax and padding
  Tensor<T> scores(const Tensor<T>& queries, const Tensor<T>& keys) const;
  // queries [T, B, H]; keys as above; values [S, B, D]; lengths [B] -> context [T, B, D]: by the
  // weights that are the softmax of the scores, in one op.
  Attention<T> operator()(const Tensor<T>& queries, const Tensor<T>& keys, const Tensor<T>& values,
                          const IntArray& lengths) const;
  // Additive only: all steps of a GRU whose input is [word; what its last state attended to].
  // words [T, B, E], state [B, H]; see attention_gru.
  AttentionGru<T> recurrence(const Tensor<T>& words, const Tensor<T>& state,
                             const GruWeights<T>& gru, const Tensor<T>& keys,
                             const Tensor<T>& values, const IntArray& lengths) const;

 private:
  Tensor<T> prepared(const Tensor<T>& queries) const;  // as they are compared with the keys

  AttentionOptions options_;
  Tensor<T> key_weight_;    // W_a [H, D] of general, U_a [A, D] of additive
  AdditiveScore<T> score_;  // of additive
};

extern template class AttentionLayer<float>;
extern template class AttentionLayer<double>;

}  // namespace babelgrad
