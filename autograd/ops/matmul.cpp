// Matrix products, of leading axes that broadcast, and the linear layer.
#include "babelgrad/autograd/broadcast.h"
#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/axis_walk.h"
#include "babelgrad/autograd/ops/sums.h"
#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad {
namespace {

Transpose as_transpose(bool yes) { return yes ? Transpose::yes : Transpose::no; }

// One product C = A B with either argument given transposed.
struct Product {
  std::size_t m, k, n;
  Transposed transposed;

  std::size_t ld_a() const { return transposed.a ? m : k; }
  std::size_t ld_b() const { return transposed.b ? k : n; }

  template <class T>
  void run(const T* a, const T* b, T* c) const {
    gemm<T>(as_transpose(transposed.a), as_transpose(transposed.b), m, n, k, 1, a, ld_a(), b,
            ld_b(), 0, c, n);
  }
};

std::string matmul_rule(Transposed t) {
  return std::string("need a [..., ") + (t.a ? "K, M" : "M, K") + "] and b [..., " +
         (t.b ? "N, K" : "K, N") + "]";
}

Shape leading_axes(const Shape& shape) { return Shape(shape.begin(), shape.end() - 2); }

// A vector is one row before b, one column after a, and that axis vanishes (torch.matmul).
template <class X>
X matmul_of_vector(const X& a, const X& b, Transposed t) {
  const Shape &of_a = a.shape(), &of_b = b.shape();
  const bool row = of_a.size() == 1, column = of_b.size() == 1;
  if (of_a.size() == 0 || of_b.size() == 0 || (row && t.a) || (column && t.b) ||
      of_a[of_a.size() - (t.a ? 2 : 1)] != of_b[column ? 0 : of_b.size() - (t.b ? 1 : 2)])
    throw_shape_error("matmul",
                      row ? "need a [K] and b [K] or [..., K, N]" : "need a [..., M, K] and b [K]",
                      {{"a", of_a}, {"b", of_b}});
  const X y = matmul(row ? reshape(a, {1, -1}) : reshape(a, of_a),
                     column ? reshape(b, {-1, 1}) : reshape(b, of_b), t);
  Shape shape = y.shape();
  if (column) shape.erase(shape.size() - 1);
  if (row) shape.erase(shape.size() - (column ? 1 : 2));
  return reshape(y, shape);
}

// The extents, checked.
Product product_of(const Shape& a, const Shape& b, Transposed t) {
  const auto at = [](const Shape& s, bool last) { return s[s.size() - (last ? 1 : 2)]; };
  if (a.size() >= 2 && b.size() >= 2 && at(a, !t.a) == at(b, t.b))
    return {at(a, t.a), at(a, !t.a), at(b, !t.b), t};
  throw_shape_error("matmul", matmul_rule(t), {{"a", a}, {"b", b}});
}

}  // namespace

template <class T>
Array<T> matmul(const Array<T>& a, const Array<T>& b, Transposed transposed) {
  if (a.rank() == 1 || b.rank() == 1) return matmul_of_vector(a, b, transposed);
  const Product p = product_of(a.shape(), b.shape(), transposed);
  const Shape lead_a = leading_axes(a.shape()), lead_b = leading_axes(b.shape());
  const Shape lead = broadcast_shape("matmul, leading axes", lead_a, lead_b);
  Shape shape = lead;
  shape.push_back(p.m);
  shape.push_back(p.n);
  Array<T> c = uninitialized<T>(shape);
  T* out = c.data();
  if (c.size() == 0) return c;
  const auto axes = broadcast_axes<2>(lead, {lead_a, lead_b});
  walk_rows(axes, [&](const std::array<std::size_t, 2>& at) {
    for (std::size_t i = 0; i < axes.back().size; ++i, out += p.m * p.n)
      p.run(a.data() + (at[0] + i * axes.back().strides[0]) * p.m * p.k,
            b.data() + (at[1] + i * axes.back().strides[1]) * p.k * p.n, out);
  });
  return c;
}

template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b, Transposed t) {
  if (a.rank() == 1 || b.rank() == 1) return matmul_of_vector(a, b, t);
  if (a.rank() > 2 && b.rank() == 2 && !t.a) {  // one product over all leading axes
    const Product p = product_of(a.shape(), b.shape(), t);
    Shape shape = a.shape();
    shape.back() = p.n;
    const std::size_t rows =
        p.k == 0 ? element_count(shape) / std::max<std::size_t>(1, p.n) : a.size() / p.k;
    return reshape(matmul(reshape(a, Shape{rows, p.k}), b, t), shape);
  }
  const ProfileScope profile("matmul");
  return record("matmul", {a, b}, matmul(a.value(), b.value(), t), [t](auto& c) {
    if (c.wants(0))
      c.accumulate(
          0, t.a ? matmul(c.in(1), c.grad, {t.b, true}) : matmul(c.grad, c.in(1), {false, !t.b}));
    if (c.wants(1))
      c.accumulate(
          1, t.b ? matmul(c.grad, c.in(0), {true, t.a}) : matmul(c.in(0), c.grad, {!t.a, false}));
  });
}

template <class T>
Tensor<T> bmm(const Tensor<T>& a, const Tensor<T>& b) {
  if (a.rank() != 3 || b.rank() != 3 || a.dim(0) != b.dim(0) || a.dim(2) != b.dim(1))
    throw_shape_error("bmm", "need a [N, M, K] and b [N, K, P]",
                      {{"a", a.shape()}, {"b", b.shape()}});
  return matmul(a, b);
}

namespace {

// The definition of linear.
template <class T>
Tensor<T> composed_linear(const std::vector<Tensor<T>>& in) {
  Shape shape = in[0].shape();
  shape.back() = in[1].dim(0);
  const std::size_t rows = element_count(Shape(shape.begin(), shape.end() - 1));
  const Tensor<T> flat = reshape(in[0], Shape{rows, in[1].dim(1)});
  const Tensor<T> y = reshape(matmul(flat, in[1], {.b = true}), shape);
  return in.size() > 2 ? y + in[2] : y;
}

}  // namespace

template <class T>
Tensor<T> linear(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias) {
  const ProfileScope profile("linear");
  const bool has_bias = bias.defined();
  const bool fits = x.rank() > 0 && weight.rank() == 2 && x.shape().back() == weight.dim(1) &&
                    (!has_bias || (bias.rank() == 1 && bias.dim(0) == weight.dim(0)));
  if (!fits && has_bias)
    throw_shape_error("linear", "need x [..., K], weight [N, K] and bias [N]",
                      {{"x", x.shape()}, {"weight", weight.shape()}, {"bias", bias.shape()}});
  if (!fits)
    throw_shape_error("linear", "need x [..., K] and weight [N, K]",
                      {{"x", x.shape()}, {"weight", weight.shape()}});
  const std::size_t n = weight.dim(0), k = weight.dim(1);
  Shape shape = x.shape();
  shape.back() = n;
  const std::size_t rows = element_count(Shape(shape.begin(), shape.end() - 1));
  const Product p{rows, k, n, {.b = true}};
  Array<T> y = uninitialized<T>(shape);
  p.run(x.value().data(), weight.value().data(), y.data());
  if (has_bias) kernels<T>().add_to_rows(rows, n, bias.value().data(), y.data());
  std::vector<Tensor<T>> inputs{x, weight};
  if (has_bias) inputs.push_back(bias);
  const auto vjp = [rows, k, n, has_bias](Vjp<T>& c) {
    const T* dy = c.grad.data();
    if (c.wants(0)) {  // dx = dy weight
      const GradientBuffer<T> dx = c.buffer(0);
      gemm<T>(Transpose::no, Transpose::no, rows, k, n, 1, dy, n, c.in(1).data(), k, dx.beta,
              dx.data, k);
    }
    if (c.wants(1)) {  // dweight = dy^T x
      const GradientBuffer<T> dw = c.buffer(1);
      gemm<T>(Transpose::yes, Transpose::no, n, k, rows, 1, dy, n, c.in(0).data(), k, dw.beta,
              dw.data, k);
    }
    if (has_bias && c.wants(2)) kernels<T>().sum_rows(rows, n, dy, n, c.sum_buffer(2));
  };
  return record("linear", std::move(inputs), std::move(y), vjp, Definition<T>(composed_linear<T>));
}

template <class T>
Tensor<T> dot(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("dot");
  if (a.rank() != 1 || a.shape() != b.shape())
    throw_shape_error("dot", "need a [N] and b [N]", {{"a", a.shape()}, {"b", b.shape()}});
  const T *x = a.value().data(), *y = b.value().data();
  Array<T> sum = sum_of<T>(a.shape(), {1}, [=](const ReducedBlock& block, T* to) {
    kernels<T>().multiply(block.rows * block.cols, x + block.dense, y + block.dense, to);
  });
  return record("dot", {a, b}, std::move(sum).reshaped({}), [](auto& c) {
    if (c.wants(0)) c.accumulate(0, c.grad * c.in(1));
    if (c.wants(1)) c.accumulate(1, c.grad * c.in(0));
  });
}

namespace {

// da = dy b, db = dy^T a, in blocks of rows that are still in the cache for the second.
template <class T>
void outer_backward(Vjp<T>& c) {
  constexpr std::size_t kRows = 16;
  const std::size_t m = c.shape(0)[0], n = c.shape(1)[0];
  Array<T> da = uninitialized<T>({m}), db = zeros<T>({n}), part = uninitialized<T>({n});
  for (std::size_t r = 0; r < m; r += kRows) {
    const std::size_t rows = std::min(kRows, m - r);
    const T* dy = c.grad.data() + r * n;
    kernels<T>().row_dots(rows, n, dy, n, c.in(1).data(), da.data() + r);
    kernels<T>().weighted_sum(rows, n, c.in(0).data() + r, dy, n, part.data());
    kernels<T>().add(n, part.data(), db.data());
  }
  c.accumulate(0, std::move(da));
  c.accumulate(1, std::move(db));
}

}  // namespace

template <class T>
Tensor<T> outer(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("outer");
  if (a.rank() != 1 || b.rank() != 1)
    throw_shape_error("outer", "need a [N] and b [M]", {{"a", a.shape()}, {"b", b.shape()}});
  Array<T> y = a.value().reshaped({a.size(), 1}) * b.value().reshaped({1, b.size()});
  Definition<T> definition = [](const std::vector<Tensor<T>>& in) {
    return unsqueeze(in[0], 1) * unsqueeze(in[1], 0);
  };
  return record("outer", {a, b}, std::move(y), outer_backward<T>, std::move(definition));
}

#define BABELGRAD_INSTANTIATE(T)                                             \
  template Array<T> matmul(const Array<T>&, const Array<T>&, Transposed);    \
  template Tensor<T> matmul(const Tensor<T>&, const Tensor<T>&, Transposed); \
  template Tensor<T> dot(const Tensor<T>&, const Tensor<T>&);                \
  template Tensor<T> outer(const Tensor<T>&, const Tensor<T>&);              \
  template Tensor<T> bmm(const Tensor<T>&, const Tensor<T>&);                \
  template Tensor<T> linear(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
