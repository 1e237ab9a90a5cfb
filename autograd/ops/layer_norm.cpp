#include <algorithm>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"

namespace babelgrad {

constexpr std::size_t kBlock = 4096;  // elements

template <class T>
Tensor<T> layer_norm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias,
                     std::type_identity_t<T> epsilon) {
  const ProfileScope profile("layer_norm");
  if (x.rank() == 0 || x.shape().back() == 0 || weight.shape() != Shape{x.shape().back()} ||
      bias.shape() != weight.shape())
    throw_shape_error("layer_norm", "need x [..., N], weight [N] and bias [N]",
                      {{"x", x.shape()}, {"weight", weight.shape()}, {"bias", bias.shape()}});
  const std::size_t n = weight.dim(0), rows = x.size() / n;
  struct Saved {
    Array<T> normal, inverse;
  } saved{uninitialized<T>(x.shape()), uninitialized<T>({rows})};  // inverse: 1 / deviation
  Array<T> y = uninitialized<T>(x.shape());
  for (std::size_t r = 0; r < rows; ++r)
    saved.inverse.data()[r] = kernels<T>().layer_norm_row(
        n, x.value().data() + r * n, weight.value().data(), bias.value().data(), epsilon,
        saved.normal.data() + r * n, y.data() + r * n);
  auto vjp = [n, rows, saved = std::move(saved)](Vjp<T>& c) {
    const Kernels<T>& k = kernels<T>();
    const std::size_t block = std::max<std::size_t>(kBlock / n, 1);  // rows read once, from cache
    T* weight_sums = c.wants(1) ? c.sum_buffer(1) : nullptr;
    T* bias_sums = c.wants(2) ? c.sum_buffer(2) : nullptr;
    Array<T> g = c.take_grad();  // and then dx
    for (std::size_t begin = 0; begin < rows; begin += block) {
      const std::size_t end = std::min(begin + block, rows);
      const auto row = [n](auto& array, std::size_t r) { return array.data() + r * n; };
      if (bias_sums) k.sum_rows(end - begin, n, row(g, begin), n, bias_sums);
      for (std::size_t r = begin; weight_sums && r < end; ++r)
        k.multiply_add(n, row(g, r), row(saved.normal, r), weight_sums);
      for (std::size_t r = begin; c.wants(0) && r < end; ++r)
        k.layer_norm_row_backward(n, row(g, r), row(saved.normal, r), c.in(1).data(),
                                  saved.inverse.data()[r], row(g, r));
    }
    if (c.wants(0)) c.accumulate(0, std::move(g));
  };
  Definition<T> definition = [epsilon](const std::vector<Tensor<T>>& in) {
    const Tensor<T> centred = in[0] - mean(in[0], -1, true);
    const Tensor<T> deviation = sqrt(mean(square(centred), -1, true) + epsilon);
    return centred / deviation * in[1] + in[2];
  };
  return record("layer_norm", {x, weight, bias}, std::move(y), std::move(vjp),
                std::move(definition));
}

#define BABELGRAD_INSTANTIATE(T)                                                      \
  template Tensor<T> layer_norm(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, \
                                std::type_identity_t<T>);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
