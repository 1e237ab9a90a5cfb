#include "babelgrad/autograd/layout.h"

namespace babelgrad {

template <class T>
Array<T> transpose_array(const Array<T>& x, const std::vector<std::size_t>& order) {
  return xt::transpose(x, order);
}

template <class T>
Array<T> sum_to_shape(const Array<T>& x, const Shape& shape) {
  const std::size_t rank = x.dimension(), lead = rank - shape.size();
  Array<T> total = zeros<T>(shape);
  std::vector<std::size_t> stride(rank, 0), index(rank, 0);  // strides within `total`
  std::size_t step = 1;
  for (std::size_t axis = rank; axis-- > lead;) {
    stride[axis] = shape[axis - lead] == 1 ? 0 : step;
    step *= shape[axis - lead];
  }
  std::size_t target = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    total.data()[target] += x.data()[i];
    for (std::size_t axis = rank; axis-- > 0;) {
      target += stride[axis];
      if (++index[axis] < x.shape()[axis]) break;
      target -= stride[axis] * x.shape()[axis];
      index[axis] = 0;
    }
  }
  return total;
}

template Array<float> transpose_array(const Array<float>&, const std::vector<std::size_t>&);
template Array<double> transpose_array(const Array<double>&, const std::vector<std::size_t>&);
template Array<float> sum_to_shape(const Array<float>&, const Shape&);
template Array<double> sum_to_shape(const Array<double>&, const Shape&);

}  // namespace babelgrad
