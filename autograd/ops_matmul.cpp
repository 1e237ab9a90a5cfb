#include "babelgrad/autograd/blas.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

Op op_of(bool transposed) { return transposed ? Op::transpose : Op::none; }

// One product C = A B with either argument given transposed: extents, row lengths and gradients.
template <class T>
struct Product {
  std::size_t m, k, n;
  Transposed transposed;

  std::size_t ld_a() const { return transposed.a ? m : k; }
  std::size_t ld_b() const { return transposed.b ? k : n; }

  void forward(const T* a, const T* b, T* c) const {
    gemm<T>(op_of(transposed.a), op_of(transposed.b), m, n, k, 1, a, ld_a(), b, ld_b(), 0, c, n);
  }
  // dA = dC B^T, or (B dC^T) where A is given transposed
  void backward_a(const T* dc, const T* b, GradientBuffer<T> da) const {
    const Op op_b = op_of(!transposed.b);
    if (transposed.a)
      gemm<T>(op_of(transposed.b), Op::transpose, k, m, n, 1, b, ld_b(), dc, n, da.beta, da.data,
              m);
    else
      gemm<T>(Op::none, op_b, m, k, n, 1, dc, n, b, ld_b(), da.beta, da.data, k);
  }
  // dB = A^T dC, or (dC^T A) where B is given transposed
  void backward_b(const T* dc, const T* a, GradientBuffer<T> db) const {
    const Op op_a = op_of(!transposed.a);
    if (transposed.b)
      gemm<T>(Op::transpose, op_of(transposed.a), n, k, m, 1, dc, n, a, ld_a(), db.beta, db.data,
              k);
    else
      gemm<T>(op_a, Op::none, k, n, m, 1, a, ld_a(), dc, n, db.beta, db.data, n);
  }
};

template <class T>
Product<T> product_of(const char* op, const Tensor<T>& a, const Tensor<T>& b, std::size_t rank,
                      Transposed transposed, const char* rule) {
  const auto fail = [&] { throw_shape_error(op, rule, {{"a", a.shape()}, {"b", b.shape()}}); };
  if (a.rank() != rank || b.rank() != rank) fail();
  const std::size_t row = rank - 2, col = rank - 1;
  const Product<T> p{a.dim(transposed.a ? col : row), a.dim(transposed.a ? row : col),
                     b.dim(transposed.b ? row : col), transposed};
  if (p.k != b.dim(transposed.b ? col : row)) fail();
  if (rank == 3 && a.dim(0) != b.dim(0)) fail();
  return p;
}

const char* matmul_rule(Transposed t) {
  if (t.a && t.b) return "need a [K, M] and b [N, K]";
  if (t.a) return "need a [K, M] and b [K, N]";
  if (t.b) return "need a [M, K] and b [N, K]";
  return "need a [M, K] and b [K, N]";
}

const char* batched_matmul_rule(Transposed t) {
  if (t.a && t.b) return "need a [N, K, M] and b [N, P, K]";
  if (t.a) return "need a [N, K, M] and b [N, K, P]";
  if (t.b) return "need a [N, M, K] and b [N, P, K]";
  return "need a [N, M, K] and b [N, K, P]";
}

}  // namespace

template <class T>
Tensor<T> matmul(const Tensor<T>& a, const Tensor<T>& b, Transposed transposed) {
  const ProfileScope profile("matmul");
  const Product<T> p = product_of("matmul", a, b, 2, transposed, matmul_rule(transposed));
  Array<T> c = uninitialized<T>({p.m, p.n});
  p.forward(a.value().data(), b.value().data(), c.data());
  return record<T>("matmul", {a, b}, std::move(c), [p](Vjp<T>& v) {
    if (v.wants(0)) p.backward_a(v.grad.data(), v.in(1).data(), v.buffer(0));
    if (v.wants(1)) p.backward_b(v.grad.data(), v.in(0).data(), v.buffer(1));
  });
}

template <class T>
Tensor<T> batched_matmul(const Tensor<T>& a, const Tensor<T>& b, Transposed transposed) {
  const ProfileScope profile("batched_matmul");
  const Product<T> p =
      product_of("batched_matmul", a, b, 3, transposed, batched_matmul_rule(transposed));
  const std::size_t count = a.dim(0), size_a = p.m * p.k, size_b = p.k * p.n, size_c = p.m * p.n;
  Array<T> c = uninitialized<T>({count, p.m, p.n});
  for (std::size_t i = 0; i < count; ++i)
    p.forward(a.value().data() + i * size_a, b.value().data() + i * size_b, c.data() + i * size_c);
  return record<T>("batched_matmul", {a, b}, std::move(c), [=](Vjp<T>& v) {
    for (std::size_t input : {0, 1}) {
      if (!v.wants(input)) continue;
      const GradientBuffer<T> all = v.buffer(input);
      for (std::size_t i = 0; i < count; ++i) {
        const T* dc = v.grad.data() + i * size_c;
        if (input == 0)
          p.backward_a(dc, v.in(1).data() + i * size_b, {all.data + i * size_a, all.beta});
        else
          p.backward_b(dc, v.in(0).data() + i * size_a, {all.data + i * size_b, all.beta});
      }
    }
  });
}

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
  const std::size_t rows = element_count(Shape(x.shape().begin(), x.shape().end() - 1));
  const Product<T> p{rows, k, n, {.b = true}};
  Shape shape = x.shape();
  shape.back() = n;
  Array<T> y = uninitialized<T>(shape);
  p.forward(x.value().data(), weight.value().data(), y.data());
  if (has_bias) kernels<T>().add_to_rows(rows, n, bias.value().data(), y.data());
  std::vector<Tensor<T>> inputs{x, weight};
  if (has_bias) inputs.push_back(bias);
  return record<T>("linear", std::move(inputs), std::move(y), [p, has_bias](Vjp<T>& c) {
    if (c.wants(0)) p.backward_a(c.grad.data(), c.in(1).data(), c.buffer(0));
    if (c.wants(1)) p.backward_b(c.grad.data(), c.in(0).data(), c.buffer(1));
    if (has_bias && c.wants(2))
      kernels<T>().sum_rows(p.m, p.n, c.grad.data(), p.n, c.sum_buffer(2));
  });
}

#define BABELGRAD_INSTANTIATE(T)                                                     \
  template Tensor<T> matmul(const Tensor<T>&, const Tensor<T>&, Transposed);         \
  template Tensor<T> batched_matmul(const Tensor<T>&, const Tensor<T>&, Transposed); \
  template Tensor<T> linear(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
