#include "babelgrad/autograd/ops/cross_entropy.h"

#include <algorithm>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {

CountedTargets check_targets(const char* op, const Shape& x, std::size_t classes,
                             const IntArray& targets, const CrossEntropyOptions& options) {
  if (!std::equal(x.begin(), x.end() - 1, targets.shape().begin(), targets.shape().end()))
    throw_shape_error(op, "need one target a row", {{"x", x}, {"targets", targets.shape()}});
  if (!(options.label_smoothing >= 0 && options.label_smoothing < 1))
    throw ShapeError(std::string(op) + ": need 0 <= label_smoothing < 1; got " +
                     std::to_string(options.label_smoothing));
  if (!(options.normalizer >= 0))
    throw ShapeError(std::string(op) + ": need normalizer >= 0; got " +
                     std::to_string(options.normalizer));
  CountedTargets counted;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const std::int32_t target = targets.data()[i];
    if (target == options.ignore_index) continue;
    if (target < 0 || static_cast<std::size_t>(target) >= classes)
      throw ShapeError(std::string(op) + ": need targets in [0, " + std::to_string(classes) +
                       "); got " + std::to_string(target) + " at position " + std::to_string(i));
    counted.rows.push_back(i);
  }
  counted.normalizer = options.normalizer > 0
                           ? options.normalizer
                           : std::max<double>(1, static_cast<double>(counted.rows.size()));
  return counted;
}

template <class T>
Tensor<T> composed_cross_entropy(const Tensor<T>& logits, const IntArray& targets,
                                 const CrossEntropyOptions& options) {
  IntArray at = targets;  // ignored rows: any class, with weight 0
  Array<T> weights = full<T>(targets.shape(), T(1));
  for (std::size_t i = 0; i < at.size(); ++i)
    if (at.data()[i] == options.ignore_index) at.data()[i] = 0, weights.data()[i] = 0;
  Shape column = targets.shape();
  column.push_back(1);
  const Tensor<T> log_p = log_softmax(logits, -1);
  const Tensor<T> at_target = squeeze(gather(log_p, -1, at.reshaped(column)), -1);
  const T smoothing = static_cast<T>(options.label_smoothing);
  const Tensor<T> losses = at_target * (smoothing - 1) - mean(log_p, -1) * smoothing;
  const double normalizer =
      check_targets("cross_entropy", logits.shape(), logits.shape().back(), targets, options)
          .normalizer;
  return sum(losses * Tensor<T>(weights)) * static_cast<T>(1 / normalizer);
}

template <class T>
Tensor<T> cross_entropy(const Tensor<T>& logits, const IntArray& targets,
                        const CrossEntropyOptions& options) {
  const ProfileScope profile("cross_entropy");
  if (logits.rank() == 0 || logits.shape().back() == 0)
    throw_shape_error("cross_entropy", "need x [..., N] with N >= 1", {{"x", logits.shape()}});
  const std::size_t n = logits.shape().back();
  const CountedTargets counted =
      check_targets("cross_entropy", logits.shape(), n, targets, options);
  const bool needs_gradient = records_history({logits});
  Array<T> gradient = needs_gradient ? zeros<T>(logits.shape()) : uninitialized<T>({n});
  const T share = static_cast<T>(1 / counted.normalizer);
  T loss = 0;
  for (std::size_t r : counted.rows) {
    T* row = gradient.data() + (needs_gradient ? r * n : 0);
    std::copy_n(logits.value().data() + r * n, n, row);
    loss += share * kernels<T>().cross_entropy_row(
                        n, row, nullptr, static_cast<std::size_t>(targets.data()[r]),
                        static_cast<T>(options.label_smoothing), needs_gradient ? share : T(0));
  }
  auto vjp = [gradient = std::move(gradient)](Vjp<T>& c) mutable {
    Array<T> g = c.last_visit() ? std::move(gradient) : gradient;
    kernels<T>().scale(g.size(), *c.grad.data(), g.data());
    c.accumulate(0, std::move(g));
  };
  Definition<T> definition = [targets, options](const std::vector<Tensor<T>>& in) {
    return composed_cross_entropy(in[0], targets, options);
  };
  return record("cross_entropy", {logits}, scalar(loss), std::move(vjp), std::move(definition));
}

#define BABELGRAD_INSTANTIATE(T)                                               \
  template Tensor<T> composed_cross_entropy(const Tensor<T>&, const IntArray&, \
                                            const CrossEntropyOptions&);       \
  template Tensor<T> cross_entropy(const Tensor<T>&, const IntArray&, const CrossEntropyOptions&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
