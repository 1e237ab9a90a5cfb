#include "babelgrad/nn/losses.h"

#include <stdexcept>

#include "babelgrad/autograd/ops/cross_entropy.h"

namespace babelgrad {
namespace {

template <class T>
void check_pair(const char* loss, const Tensor<T>& input, const Tensor<T>& target) {
  if (input.shape() != target.shape())
    throw_shape_error(loss, "need input and target of one shape",
                      {{"input", input.shape()}, {"target", target.shape()}});
}

template <class T>
Tensor<T> reduced(const Tensor<T>& losses, LossReduction reduction) {
  switch (reduction) {
    case LossReduction::mean:
      return mean(losses);
    case LossReduction::sum:
      return sum(losses);
    case LossReduction::batchmean:
      return sum(losses) * (T(1) / static_cast<T>(losses.dim(0)));
    case LossReduction::none:
      break;
  }
  return losses;
}

}  // namespace

template <class T>
Tensor<T> mse_loss(const Tensor<T>& input, const std::type_identity_t<Tensor<T>>& target,
                   LossReduction reduction) {
  check_pair("mse_loss", input, target);
  return reduced(square(input - target), reduction);
}

template <class T>
Tensor<T> l1_loss(const Tensor<T>& input, const std::type_identity_t<Tensor<T>>& target,
                  LossReduction reduction) {
  check_pair("l1_loss", input, target);
  return reduced(abs(input - target), reduction);
}

template <class T>
Tensor<T> huber_loss(const Tensor<T>& input, const std::type_identity_t<Tensor<T>>& target,
                     LossReduction reduction, double delta) {
  check_pair("huber_loss", input, target);
  if (!(delta > 0))
    throw std::invalid_argument("huber_loss: need delta > 0; got " + std::to_string(delta));
  const Tensor<T> distance = input - target;
  const T bound = static_cast<T>(delta);
  const Tensor<T> inner = clamp(distance, -bound, bound);
  return reduced(inner * (distance - inner * T(0.5)), reduction);
}

template <class T>
Tensor<T> binary_cross_entropy_with_logits(const Tensor<T>& input,
                                           const std::type_identity_t<Tensor<T>>& target,
                                           LossReduction reduction) {
  check_pair("binary_cross_entropy_with_logits", input, target);
  return reduced(softplus(input) - input * target, reduction);
}

template <class T>
Tensor<T> nll_loss(const Tensor<T>& log_probabilities, const IntArray& targets,
                   const NllLossOptions& options) {
  const Shape& shape = log_probabilities.shape();
  if (shape.empty())
    throw_shape_error("nll_loss", "need log_probabilities [..., V]",
                      {{"log_probabilities", shape}});
  const CountedTargets counted = check_targets("nll_loss", shape, shape.back(), targets,
                                               {.ignore_index = options.ignore_index});
  IntArray at = targets;
  Mask ignored = full_mask(targets.shape(), false);
  for (std::size_t i = 0; i < at.size(); ++i)
    if (at.data()[i] == options.ignore_index) at.data()[i] = 0, ignored.data()[i] = 1;
  Shape column = targets.shape();
  column.push_back(1);
  const Tensor<T> chosen = squeeze(gather(log_probabilities, -1, at.reshaped(column)), -1);
  const Tensor<T> losses = masked_fill(-chosen, ignored, 0);
  if (options.reduction == LossReduction::mean)
    return sum(losses) * static_cast<T>(1 / counted.normalizer);
  return reduced(losses, options.reduction);
}

template <class T>
Tensor<T> kl_div(const Tensor<T>& input, const std::type_identity_t<Tensor<T>>& target,
                 const KlDivOptions& options) {
  check_pair("kl_div", input, target);
  if (options.log_target) return reduced(exp(target) * (target - input), options.reduction);
  const Tensor<T> log_target = log(masked_fill(target, target == 0, 1));  // 0 log 0 = 0
  return reduced(target * (log_target - input), options.reduction);
}

#define BABELGRAD_INSTANTIATE_PAIR(T, name, ...) \
  template Tensor<T> name(const Tensor<T>&, const Tensor<T>&, __VA_ARGS__);
#define BABELGRAD_INSTANTIATE(T)                                                 \
  BABELGRAD_INSTANTIATE_PAIR(T, mse_loss, LossReduction)                         \
  BABELGRAD_INSTANTIATE_PAIR(T, l1_loss, LossReduction)                          \
  BABELGRAD_INSTANTIATE_PAIR(T, huber_loss, LossReduction, double)               \
  BABELGRAD_INSTANTIATE_PAIR(T, binary_cross_entropy_with_logits, LossReduction) \
  BABELGRAD_INSTANTIATE_PAIR(T, kl_div, const KlDivOptions&)                     \
  template Tensor<T> nll_loss(const Tensor<T>&, const IntArray&, const NllLossOptions&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
#undef BABELGRAD_INSTANTIATE_PAIR

}  // namespace babelgrad
