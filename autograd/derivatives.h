// Jacobians, Hessians and products with them, of a function of one tensor: the uses of gradients
// with create_graph, as in torch.autograd.functional.
#pragma once

#include <functional>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

// Called with a leaf that requires a gradient; must be a pure function of its value.
template <class T>
using TensorFunction = std::function<Tensor<T>(const Tensor<T>&)>;

// J v, of the shape of f(x): how f changes along v, which has x's shape.
template <class T>
Array<T> jvp(const std::type_identity_t<TensorFunction<T>>& f, const Array<T>& x,
             const Array<T>& v);

// d f(x)[i] / d x[j], of f(x)'s axes and then x's: one backward pass an element of f(x).
template <class T>
Array<T> jacobian(const std::type_identity_t<TensorFunction<T>>& f, const Array<T>& x);

// H v, of x's shape, for f(x) of one element: two backward passes, without making H.
template <class T>
Array<T> hessian_vector_product(const std::type_identity_t<TensorFunction<T>>& f, const Array<T>& x,
                                const Array<T>& v);

// d^2 f(x) / d x[i] d x[j], of x's axes twice, for f(x) of one element.
template <class T>
Array<T> hessian(const std::type_identity_t<TensorFunction<T>>& f, const Array<T>& x);

}  // namespace babelgrad
