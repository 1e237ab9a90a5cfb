// Functions over arrays: what the ops compute, without a graph. The vector-Jacobian product of an
// op of your own is written with these; the ops over tensors (ops.h) have the same names, shapes
// and rules, so that one formula serves both. Each is defined beside its op in ops/.
#pragma once

#include <type_traits>
#include <vector>

#include "babelgrad/autograd/axes.h"
#include "babelgrad/autograd/mask.h"

namespace babelgrad {

template <class N>
concept Number = std::is_arithmetic_v<N> && !std::is_same_v<N, bool>;

// What options of products mean: a transposed argument is given as [K, M] or [N, K].
struct Transposed {
  bool a = false, b = false;
};

// ---- Elementwise, broadcast as broadcast.h says (ops/elementwise.cpp, ops/unary.cpp) ----
template <class T>
Array<T> add(const Array<T>& a, const Array<T>& b);
template <class T>
Array<T> sub(const Array<T>& a, const Array<T>& b);
template <class T>
Array<T> mul(const Array<T>& a, const Array<T>& b);
template <class T>
Array<T> div(const Array<T>& a, const Array<T>& b);
template <class T>
Array<T> add(const Array<T>& x, std::type_identity_t<T> number);
template <class T>
Array<T> mul(const Array<T>& x, std::type_identity_t<T> number);
template <class T>
Array<T> minimum(const Array<T>& a, const Array<T>& b);
template <class T>
Array<T> maximum(const Array<T>& a, const Array<T>& b);
template <class T>
Array<T> pow(const Array<T>& x, std::type_identity_t<T> exponent);
template <class T>
Array<T> clamp(const Array<T>& x, std::type_identity_t<T> low, std::type_identity_t<T> high);

#define BABELGRAD_UNARY(name) \
  template <class T>          \
  Array<T> name(const Array<T>& x);
BABELGRAD_UNARY(neg)
BABELGRAD_UNARY(abs)
BABELGRAD_UNARY(square)
BABELGRAD_UNARY(sqrt)
BABELGRAD_UNARY(reciprocal)
BABELGRAD_UNARY(exp)
BABELGRAD_UNARY(expm1)
BABELGRAD_UNARY(log)
BABELGRAD_UNARY(log1p)
BABELGRAD_UNARY(sin)
BABELGRAD_UNARY(cos)
BABELGRAD_UNARY(tanh)
BABELGRAD_UNARY(sigmoid)
BABELGRAD_UNARY(erf)
BABELGRAD_UNARY(relu)
BABELGRAD_UNARY(silu)
BABELGRAD_UNARY(softplus)
#undef BABELGRAD_UNARY

// ---- Activations with a setting (ops/activations.cpp) ----
enum class Approximate { none, tanh };
template <class T>
Array<T> gelu(const Array<T>& x, Approximate approximate = Approximate::none);
template <class T>
Array<T> elu(const Array<T>& x, std::type_identity_t<T> alpha = T(1));
template <class T>
Array<T> leaky_relu(const Array<T>& x, std::type_identity_t<T> negative_slope = T(0.01));

// ---- Masks (ops/masks.cpp) ----
enum class Comparison { less, less_equal, greater, greater_equal, equal, not_equal };
template <class T>
Mask compare(Comparison comparison, const Array<T>& a, const Array<T>& b);
// a where the mask is true, else b; all three broadcast.
template <class T>
Array<T> where(const Mask& mask, const Array<T>& a, const Array<T>& b);
template <class T>
Array<T> masked_fill(const Array<T>& x, const Mask& fill_where, std::type_identity_t<T> value);

// ---- Reductions (ops/reduce.cpp): over the axes given, which vanish or stay with size 1 ----
template <class T>
Array<T> sum(const Array<T>& x, const Axes& axes = {}, KeepDim keepdim = {});
template <class T>
Array<T> mean(const Array<T>& x, const Axes& axes = {}, KeepDim keepdim = {});
// Of whole numbers: sum(cast<double>(x)).
void sum(const IntArray& x, const Axes& axes = {}, KeepDim keepdim = {}) = delete;
void mean(const IntArray& x, const Axes& axes = {}, KeepDim keepdim = {}) = delete;
template <class T>
Array<T> amax(const Array<T>& x, const Axes& axes = {}, KeepDim keepdim = {});
template <class T>
Array<T> amin(const Array<T>& x, const Axes& axes = {}, KeepDim keepdim = {});
template <class T>
Array<T> cumsum(const Array<T>& x, std::ptrdiff_t axis);
// Sums the axes along which an array of `shape` would be repeated to give x's shape.
template <class T>
Array<T> sum_to(const Array<T>& x, const Shape& shape);

// ---- Shapes (ops/shape.cpp) ----
// The same elements, shared.
template <class T>
Array<T> reshape(const Array<T>& x, const Sizes& sizes);
template <class T>
Array<T> permute(const Array<T>& x, const Axes& order);
template <class T>
Array<T> broadcast_to(const Array<T>& x, const Shape& shape);
template <class T>
Array<T> cat(const std::vector<Array<T>>& parts, std::ptrdiff_t axis = 0);
template <class T>
Array<T> flip(const Array<T>& x, std::ptrdiff_t axis);
// Elements begin, begin + step ... before end of an axis. Of the leading axis with step 1: shared.
template <class T>
Array<T> slice(const Array<T>& x, std::ptrdiff_t axis, std::ptrdiff_t begin, std::ptrdiff_t end,
               std::size_t step = 1);

// ---- Products (ops/matmul.cpp) ----
template <class T>
Array<T> matmul(const Array<T>& a, const Array<T>& b, Transposed transposed = {});

// ---- Convolutions (ops/convolution.cpp) ----
template <class T>
Array<T> unfold(const Array<T>& x, Size2d kernel, const ConvOptions& options = {});
template <class T>
Array<T> fold(const Array<T>& columns, Size2d output, Size2d kernel,
              const ConvOptions& options = {});

// ---- Indices (ops/index.cpp) ----
template <class T>
Array<T> index_select(const Array<T>& x, std::ptrdiff_t axis, const IntArray& indices);
template <class T>
Array<T> index_add(Array<T> x, std::ptrdiff_t axis, const IntArray& indices,
                   const Array<T>& values);

template <class T>
Array<T> gather(const Array<T>& x, std::ptrdiff_t axis, const IntArray& indices);
template <class T>
Array<T> scatter_add(Array<T> x, std::ptrdiff_t axis, const IntArray& indices,
                     const Array<T>& values);

// Where the largest or smallest element is: along an axis, or of all in row-major order. Of equal
// ones the first; NaN counts as largest.
template <class T>
IntArray argmax(const Array<T>& x);
template <class T>
IntArray argmax(const Array<T>& x, std::ptrdiff_t axis, KeepDim keepdim = {});
template <class T>
IntArray argmin(const Array<T>& x);
template <class T>
IntArray argmin(const Array<T>& x, std::ptrdiff_t axis, KeepDim keepdim = {});
// The indices that sort x along an axis. Equal elements keep their order.
template <class T>
IntArray argsort(const Array<T>& x, std::ptrdiff_t axis = -1, bool descending = false);
// indices [...] in [0, classes) -> [..., classes]: 1 at each index, else 0.
template <class T>
Array<T> one_hot(const IntArray& indices, std::size_t classes);

// ---- Softmax (ops/softmax.cpp) ----
template <class T>
Array<T> softmax(const Array<T>& x, std::ptrdiff_t axis, const Mask& keep = {});
template <class T>
Array<T> log_softmax(const Array<T>& x, std::ptrdiff_t axis, const Mask& keep = {});

// Whether shapes and all elements are equal, as torch.equal.
template <class T>
bool equal(const Array<T>& a, const Array<T>& b);
bool equal(const Mask& a, const Mask& b);
// Whether |a - b| <= absolute + relative |b| everywhere, as torch.allclose; not with NaN. A
// ShapeError if the shapes differ.
template <class T>
bool allclose(const Array<T>& a, const Array<T>& b, double relative = 1e-5, double absolute = 1e-8);

}  // namespace babelgrad

#include "babelgrad/autograd/operators.h"
