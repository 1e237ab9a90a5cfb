// MultiHeadAttention (Vaswani et al. 2017, arXiv 1706.03762, section 3.2.2), with the names, shapes
// and initial values of PyTorch's nn.MultiheadAttention, whose state_dict loads unchanged.
#pragma once

#include "babelgrad/nn/dropout.h"
#include "babelgrad/nn/linear.h"

namespace babelgrad {

struct MultiHeadOptions {
  std::size_t embed_size = 0;  // E of queries and output, a multiple of `heads`
  std::size_t heads = 1;
  std::size_t key_size = 0, value_size = 0;  // of a memory of other sizes; 0: embed_size
  double dropout = 0;                        // on the weights
};

// What a query may look at.
struct AttentionScope {
  IntArray lengths = {};  // [B], the real positions of the keys; not given: all
  bool causal = false;    // no later position than the query's own
};

template <class T>
struct MultiHeadResult {
  Tensor<T> output;   // [T, B, E]
  Tensor<T> weights;  // [B, heads, T, S]
};

template <class T>
class MultiHeadAttention {
 public:
  // in_proj_weight [3E, E] (where key and value have other sizes q_proj_weight [E, E],
  // k_proj_weight [E, key_size] and v_proj_weight [E, value_size]), in_proj_bias [3E],
  // out_proj.weight [E, E], out_proj.bias [E].
  MultiHeadAttention(const Scope<T>& scope, const MultiHeadOptions& options);

  // queries [T, B, E], keys [S, B, key_size], values [S, B, value_size]
  MultiHeadResult<T> operator()(const Tensor<T>& queries, const Tensor<T>& keys,
                                const Tensor<T>& values, const AttentionScope& look_at = {},
                                const Mode& mode = kEvaluation) const;
  // Self-attention: x is queries, keys and values.
  MultiHeadResult<T> operator()(const Tensor<T>& x, const AttentionScope& look_at = {},
                                const Mode& mode = kEvaluation) const;

 private:
  MultiHeadResult<T> attend(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v,
                            const AttentionScope& look_at, const Mode& mode) const;
  Tensor<T> heads_of(const Tensor<T>& x, std::size_t part) const;

  MultiHeadOptions options_;
  Tensor<T> in_proj_weight_, in_proj_bias_;
  std::vector<Tensor<T>> separate_;  // the projections of queries, keys and values, or empty
  Linear<T> out_proj_;
  Dropout<T> dropout_;
};

extern template class MultiHeadAttention<float>;
extern template class MultiHeadAttention<double>;

}  // namespace babelgrad
