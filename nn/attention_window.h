// AttentionWindow: from the scores of the source positions to their weights. Letters: T queries of
// H units, B sentences, S source positions, of which n are a sentence's own.
//
//   global     softmax over all positions (Luong et al. 2015, eq. 7)
//   local_m    softmax over the positions within D of the step's own number t, or of the last
//              position if the source is shorter (section 3.2 there)
//   local_p    softmax over the positions within D of p_t = n sigmoid(v . tanh(W h_t)), times
//              exp(-(s - p_t)^2 / (2 (D / 2)^2)); not normalised again (eq. 9 and 10 there)
//   monotonic  never backwards: from where the step before looked, position s is taken with
//              probability p_s = sigmoid(score_s + r), else the next is asked; the last one takes
//              what is left. In training by expectation, from the weights a of the step before:
//              a'_s = p_s sum_{k <= s} a_k prod_{k <= l < s} (1 - p_l), scores with noise of
//              deviation 1; else the first with p_s >= 1/2 (Raffel et al. 2017, arXiv 1704.00784,
//              eq. 8 to 13)
#pragma once

#include "babelgrad/nn/dropout.h"

namespace babelgrad {

enum class AttentionKind { none, global, local_m, local_p, monotonic };

template <class T>
class AttentionWindow {
 public:
  // width: D, at least 1.
  AttentionWindow(const Scope<T>& scope, AttentionKind kind, std::size_t query_size,
                  std::size_t width);

  AttentionKind kind() const { return kind_; }
  // Whether a step reads the weights of the step before.
  bool remembers() const { return kind_ == AttentionKind::monotonic; }

  // What stands for the weights before the first step, if the window remembers: [B, S].
  Tensor<T> start(std::size_t batch, std::size_t sources) const;
  // local_p: p_t [T, B, 1] of queries [T, B, H] and lengths [B], or not given (all S); undefined of
  // the others.
  Tensor<T> centers(const Tensor<T>& queries, const IntArray& lengths, std::size_t sources) const;
  // monotonic: the least score that is taken outside training, -r.
  T threshold() const { return -offset_.item(); }
  // scores [T, B, S]; centers as above; lengths [B] or not given (all S); steps [T, B], each
  // query's number t, or not given (0 ... T - 1); before [T, B, S]: the weights of the step before
  // if the window remembers. -> weights [T, B, S], 0 beyond a length.
  Tensor<T> operator()(const Tensor<T>& scores, const Tensor<T>& centers, const IntArray& lengths,
                       const IntArray& steps, const Tensor<T>& before, const Mode& mode) const;

 private:
  Tensor<T> around(const Tensor<T>& scores, const Tensor<T>& centers,
                   const std::vector<std::size_t>& lengths) const;
  Tensor<T> expected(const Tensor<T>& scores, const std::vector<std::size_t>& lengths,
                     const Tensor<T>& before, const Mode& mode) const;

  AttentionKind kind_;
  std::size_t width_;
  Tensor<T> center_weight_, center_v_;  // W [H, H] and v [H] of local_p
  Tensor<T> offset_;                    // r [1] of monotonic
  std::string noise_site_;
};

extern template class AttentionWindow<float>;
extern template class AttentionWindow<double>;

}  // namespace babelgrad
