// Losses, composed of ops: PyTorch's names, formulas and defaults. cross_entropy is in
// autograd/ops.h. Input and target have one shape: nothing broadcasts.
#pragma once

#include "babelgrad/autograd/ops.h"

namespace babelgrad {

// What becomes of the elements' losses: their mean, their sum, the sum divided by the size of the
// first axis, or nothing.
enum class LossReduction { mean, sum, batchmean, none };

// (input - target)^2
template <class T>
Tensor<T> mse_loss(const Tensor<T>& input, const std::type_identity_t<Tensor<T>>& target,
                   LossReduction reduction = LossReduction::mean);
// |input - target|
template <class T>
Tensor<T> l1_loss(const Tensor<T>& input, const std::type_identity_t<Tensor<T>>& target,
                  LossReduction reduction = LossReduction::mean);
// d = input - target: d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2). delta > 0.
template <class T>
Tensor<T> huber_loss(const Tensor<T>& input, const std::type_identity_t<Tensor<T>>& target,
                     LossReduction reduction = LossReduction::mean, double delta = 1);
// -target log p - (1 - target) log(1 - p), p = sigmoid(input), for inputs of any size.
template <class T>
Tensor<T> binary_cross_entropy_with_logits(const Tensor<T>& input,
                                           const std::type_identity_t<Tensor<T>>& target,
                                           LossReduction reduction = LossReduction::mean);

struct NllLossOptions {
  std::int32_t ignore_index = -100;               // rows with this target have the loss 0
  LossReduction reduction = LossReduction::mean;  // over the rows that count
};
// log_probabilities [..., V], targets [...] -> -log_probabilities[target].
template <class T>
Tensor<T> nll_loss(const Tensor<T>& log_probabilities, const IntArray& targets,
                   const NllLossOptions& options = {});

struct KlDivOptions {
  LossReduction reduction = LossReduction::mean;  // the divergence itself is batchmean or sum
  bool log_target = false;                        // target holds log-probabilities, too
};
// target (log target - input), input: log-probabilities. 0 where the target is 0.
template <class T>
Tensor<T> kl_div(const Tensor<T>& input, const std::type_identity_t<Tensor<T>>& target,
                 const KlDivOptions& options = {});

}  // namespace babelgrad
