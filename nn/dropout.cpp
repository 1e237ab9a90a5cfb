#include "babelgrad/nn/dropout.h"

#include <stdexcept>

#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {

template <class T>
Dropout<T>::Dropout(const Scope<T>& scope, double probability, DropoutKind kind)
    : probability_(probability), kind_(kind), site_(scope.path()) {
  if (!(probability >= 0 && probability < 1))
    throw std::invalid_argument("dropout: need 0 <= probability < 1; got " +
                                std::to_string(probability));
  scope.add_dropout();
}

template <class T>
Tensor<T> Dropout<T>::operator()(const Tensor<T>& x, const Mode& mode, std::uint64_t call) const {
  if (!mode.is_training() || probability_ == 0) return x;
  Shape shape = x.shape();
  const std::optional<std::size_t> time = mode.time();
  if (time && x.rank() != 2)
    throw_shape_error("dropout", "need x [B, F] for one time step", {{"x", shape}});
  std::size_t first = 0;  // the mask's place among the numbers of its key
  if (kind_ == DropoutKind::plain) {
    first = time.value_or(0) * x.size();
  } else if (!time) {
    if (x.rank() != 3)
      throw_shape_error("dropout", "need x [T, B, F] for the variational kind", {{"x", shape}});
    shape = {x.dim(1), x.dim(2)};
  }
  const std::uint64_t key = mode.draw(site_, call);
  Array<T> mask = uninitialized<T>(shape);
  kernels<T>().dropout_mask(mask.size(), key, static_cast<std::uint32_t>(first),
                            static_cast<T>(1 - probability_), mask.data());
  return x * Tensor<T>(std::move(mask));
}

template class Dropout<float>;
template class Dropout<double>;

}  // namespace babelgrad
