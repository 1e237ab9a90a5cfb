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

// The definition, over the rows that count.
template <class T>
Tensor<T> composed_cross_entropy(const Tensor<T>& logits, const IntArray& targets,
                                 const CrossEntropyOptions& options) {
  const std::size_t classes = logits.shape().back();
  const CountedTargets counted =
      check_targets("cross_entropy", logits.shape(), classes, targets, options);
  IntArray rows = uninitialized<std::int32_t>({counted.rows.size()});
  IntArray at = uninitialized<std::int32_t>({counted.rows.size(), 1});
  for (std::size_t i = 0; i < counted.rows.size(); ++i) {
    rows.data()[i] = static_cast<std::int32_t>(counted.rows[i]);
    at.data()[i] = targets.data()[counted.rows[i]];
  }
  const Tensor<T> flat = reshape(logits, Shape{targets.size(), classes});
  const Tensor<T> log_p = log_softmax(index_select(flat, 0, rows), -1);
  const T smoothing = static_cast<T>(options.label_smoothing);
  Tensor<T> losses = squeeze(gather(log_p, -1, at), -1) * (smoothing - 1);
  if (smoothing != 0) losses = losses - mean(log_p, -1) * smoothing;
  return sum(losses) * static_cast<T>(1 / counted.normalizer);
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
  typename CrossEntropyRow<T>::Block block;
  CrossEntropyRow<T> row(n, static_cast<T>(options.label_smoothing), &block);
  T loss = 0;
  for (std::size_t r : counted.rows) {
    T* x = gradient.data() + (needs_gradient ? r * n : 0);
    std::copy_n(logits.value().data() + r * n, n, x);
    row.start(static_cast<std::size_t>(targets.data()[r]));
    row.add(n, x, nullptr, needs_gradient);
    loss += share * row.loss();
    if (needs_gradient) row.gradient(0, share, x, x);
  }
  auto vjp = [gradient = std::move(gradient)](Vjp<T>& c) mutable {
    Array<T> g = c.last_visit() ? std::move(gradient) : gradient;
    kernels<T>().scale(g.size(), *c.grad.data(), g.data());
    c.accumulate(0, std::move(g));
  };
  Definition<T> definition = [targets = targets, options](const std::vector<Tensor<T>>& in) {
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
