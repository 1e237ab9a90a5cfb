// TransformerEncoderLayer: self-attention and a feedforward network, each with a residual
// connection and a layer normalisation (Vaswani et al. 2017, arXiv 1706.03762, section 3.1), with
// the names and shapes of PyTorch's nn.TransformerEncoderLayer. Causal, it is the block of a
// language model.
#pragma once

#include <functional>

#include "babelgrad/nn/layer_norm.h"
#include "babelgrad/nn/multihead_attention.h"

namespace babelgrad {

// after: norm(x + f(x)), as in the paper; before: x + f(norm(x)) (Xiong et al. 2020, arXiv
// 2002.04745), which trains without a warm-up.
enum class NormPlace { after, before };

template <class T>
struct TransformerOptions {
  std::size_t model_size = 0;        // E
  std::size_t heads = 1;             // a divisor of E
  std::size_t feedforward_size = 0;  // of the hidden layer
  double dropout = 0;                // on weights, hidden layer and both outputs
  NormPlace norm = NormPlace::after;
  std::function<Tensor<T>(const Tensor<T>&)> activation = [](const auto& x) { return relu(x); };
};

template <class T>
class TransformerEncoderLayer {
 public:
  // self_attn, linear1, linear2, norm1, norm2.
  TransformerEncoderLayer(const Scope<T>& scope, const TransformerOptions<T>& o)
      : norm_(o.norm),
        activation_(o.activation),
        self_attn_(scope / "self_attn",
                   {.embed_size = o.model_size, .heads = o.heads, .dropout = o.dropout}),
        linear1_(scope / "linear1", o.model_size, o.feedforward_size),
        linear2_(scope / "linear2", o.feedforward_size, o.model_size),
        norm1_(scope / "norm1", o.model_size),
        norm2_(scope / "norm2", o.model_size),
        dropout_(scope / "dropout", o.dropout),
        dropout1_(scope / "dropout1", o.dropout),
        dropout2_(scope / "dropout2", o.dropout) {}

  // x [T, B, E] -> [T, B, E]
  Tensor<T> operator()(const Tensor<T>& x, const AttentionScope& look_at = {},
                       const Mode& mode = kEvaluation) const {
    const auto attention = [&](const Tensor<T>& y) {
      return dropout1_(self_attn_(y, look_at, mode).output, mode);
    };
    const auto feedforward = [&](const Tensor<T>& y) {
      return dropout2_(linear2_(dropout_(activation_(linear1_(y)), mode)), mode);
    };
    if (norm_ == NormPlace::before) {
      const Tensor<T> y = x + attention(norm1_(x));
      return y + feedforward(norm2_(y));
    }
    const Tensor<T> y = norm1_(x + attention(x));
    return norm2_(y + feedforward(y));
  }

 private:
  NormPlace norm_;
  std::function<Tensor<T>(const Tensor<T>&)> activation_;
  MultiHeadAttention<T> self_attn_;
  Linear<T> linear1_, linear2_;
  LayerNorm<T> norm1_, norm2_;
  Dropout<T> dropout_, dropout1_, dropout2_;
};

}  // namespace babelgrad
