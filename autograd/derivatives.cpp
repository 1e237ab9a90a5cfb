#include "babelgrad/autograd/derivatives.h"

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/ops.h"

namespace babelgrad {
namespace {

template <class T>
void check_direction(const char* name, const Array<T>& x, const Array<T>& v) {
  if (v.shape() != x.shape())
    throw_shape_error(name, "need a direction of x's shape", {{"x", x.shape()}, {"v", v.shape()}});
}

// d y / d x with a history; zeros where y does not depend on x.
template <class T>
Tensor<T> slope(const char* name, const Tensor<T>& y, const Tensor<T>& x) {
  if (y.size() != 1) throw_shape_error(name, "need f(x) of one element", {{"f(x)", y.shape()}});
  if (!y.requires_grad()) return zeros<T>(x.shape());
  return gradients(y, {x}, {.create_graph = true, .allow_unused = true})[0];
}

// The rows of the Jacobian of y, a product with one unit vector each.
template <class T>
Array<T> rows_of_jacobian(const Tensor<T>& y, const Tensor<T>& x) {
  Shape shape = y.shape();
  for (const std::size_t size : x.shape()) shape.push_back(size);
  Array<T> rows = zeros<T>(shape);
  if (!y.requires_grad()) return rows;
  Array<T> unit = zeros<T>(y.shape());
  for (std::size_t i = 0; i < y.size(); ++i) {
    unit.data()[i] = 1;
    const Array<T> row = gradients(y, unit, {x}, {.retain_graph = true, .allow_unused = true})[0];
    std::copy_n(row.data(), row.size(), rows.data() + i * row.size());
    unit.data()[i] = 0;
  }
  return rows;
}

}  // namespace

// The gradient of u -> J^T u, which is linear in u, taken along v (the double-backward trick:
// Townsend 2017, "A new trick for calculating Jacobian vector products").
template <class T>
Array<T> jvp(const std::type_identity_t<TensorFunction<T>>& f, const Array<T>& x,
             const Array<T>& v) {
  check_direction("jvp", x, v);
  const EnableGrad enable_grad;
  const Tensor<T> leaf(x, kRequiresGrad), y = f(leaf);
  if (!y.requires_grad()) return zeros<T>(y.shape());
  const Tensor<T> u(zeros<T>(y.shape()), kRequiresGrad);
  const Tensor<T> product =
      gradients(y, u, {leaf}, {.create_graph = true, .allow_unused = true})[0];
  if (!product.requires_grad()) return zeros<T>(y.shape());
  return gradients(product, v, {u}, {.allow_unused = true})[0];
}

template <class T>
Array<T> jacobian(const std::type_identity_t<TensorFunction<T>>& f, const Array<T>& x) {
  const EnableGrad enable_grad;
  const Tensor<T> leaf(x, kRequiresGrad);
  return rows_of_jacobian(f(leaf), leaf);
}

template <class T>
Array<T> hessian_vector_product(const std::type_identity_t<TensorFunction<T>>& f, const Array<T>& x,
                                const Array<T>& v) {
  check_direction("hessian_vector_product", x, v);
  const EnableGrad enable_grad;
  const Tensor<T> leaf(x, kRequiresGrad);
  const Tensor<T> g = slope("hessian_vector_product", f(leaf), leaf);
  if (!g.requires_grad()) return zeros<T>(x.shape());
  return gradients(g, v, {leaf}, {.allow_unused = true})[0];
}

template <class T>
Array<T> hessian(const std::type_identity_t<TensorFunction<T>>& f, const Array<T>& x) {
  const EnableGrad enable_grad;
  const Tensor<T> leaf(x, kRequiresGrad);
  return rows_of_jacobian(slope("hessian", f(leaf), leaf), leaf);
}

#define BABELGRAD_INSTANTIATE(T)                                                      \
  template Array<T> jvp(const TensorFunction<T>&, const Array<T>&, const Array<T>&);  \
  template Array<T> jacobian(const TensorFunction<T>&, const Array<T>&);              \
  template Array<T> hessian_vector_product(const TensorFunction<T>&, const Array<T>&, \
                                           const Array<T>&);                          \
  template Array<T> hessian(const TensorFunction<T>&, const Array<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
