#include <cmath>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/profile.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

// y[i] = f(x[i]): loops that the compiler vectorises (see CMakeLists.txt).
template <class T, class F>
Array<T> map(const Array<T>& x, F f) {
  Array<T> y = uninitialized<T>(x.shape());
  const T* in = x.data();
  T* out = y.data();
  for (std::size_t i = 0, n = y.size(); i < n; ++i) out[i] = f(in[i]);
  return y;
}

// y[i] = f(a[i], b[i]) for equal shapes, or a[0] or b[0] of one of rank 0.
template <class T, class U, class F>
Array<T> zip(const Array<T>& a, const Array<U>& b, F f) {
  const bool repeats_a = a.dimension() == 0 && b.dimension() > 0;
  const bool repeats_b = b.dimension() == 0 && a.dimension() > 0;
  Array<T> y = uninitialized<T>(repeats_a ? b.shape() : a.shape());
  const T* pa = a.data();
  const U* pb = b.data();
  T* out = y.data();
  const std::size_t n = y.size();
  if (repeats_a)
    for (std::size_t i = 0; i < n; ++i) out[i] = f(*pa, pb[i]);
  else if (repeats_b)
    for (std::size_t i = 0; i < n; ++i) out[i] = f(pa[i], *pb);
  else
    for (std::size_t i = 0; i < n; ++i) out[i] = f(pa[i], pb[i]);
  return y;
}

// The gradient of an operand that was broadcast from rank 0 is the sum over all elements.
template <class T>
Array<T> fit(const Shape& shape, Array<T> gradient) {
  if (gradient.shape() == shape) return gradient;
  return scalar(static_cast<T>(kernels<T>().sum(gradient.size(), gradient.data())));
}

// x to the power of e; small whole powers without std::pow, which is 20 times slower.
template <class T>
Array<T> power(const Array<T>& x, T e) {
  if (e == T(1)) return x;
  if (e == T(2)) return map(x, [](T v) { return v * v; });
  if (e == T(3)) return map(x, [](T v) { return v * v * v; });
  if (e == T(-1)) return map(x, [](T v) { return T(1) / v; });
  if (e == T(-2)) return map(x, [](T v) { return T(1) / (v * v); });
  return map(x, [e](T v) { return std::pow(v, e); });
}

// An element where its mask is nonzero, and where it is zero; else 0.
constexpr auto kept = [](auto v, std::int32_t m) { return m != 0 ? v : decltype(v)(0); };
constexpr auto left_out = [](auto v, std::int32_t m) { return m != 0 ? decltype(v)(0) : v; };

template <class T>
void check_binary(const char* op, const Tensor<T>& a, const Tensor<T>& b) {
  if (a.shape() != b.shape() && a.rank() != 0 && b.rank() != 0)
    throw_shape_error(op, "need equal shapes, or one tensor of rank 0",
                      {{"a", a.shape()}, {"b", b.shape()}});
}

void check_mask(const char* op, const Shape& x, const IntArray& mask) {
  if (mask.shape() != x)
    throw_shape_error(op, "need a mask of x's shape", {{"x", x}, {"mask", mask.shape()}});
}

}  // namespace

template <class T>
Tensor<T> add(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("add");
  check_binary("add", a, b);
  Array<T> y = zip(a.value(), b.value(), [](T u, T v) { return u + v; });
  return record<T>("add", {a, b}, std::move(y), [](Vjp<T>& c) {
    if (c.wants(0)) c.accumulate(0, fit<T>(c.in(0).shape(), c.grad));
    if (c.wants(1)) c.accumulate(1, fit<T>(c.in(1).shape(), std::move(c.grad)));
  });
}

template <class T>
Tensor<T> sub(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("sub");
  check_binary("sub", a, b);
  Array<T> y = zip(a.value(), b.value(), [](T u, T v) { return u - v; });
  return record<T>("sub", {a, b}, std::move(y), [](Vjp<T>& c) {
    if (c.wants(1)) c.accumulate(1, fit<T>(c.in(1).shape(), map(c.grad, [](T g) { return -g; })));
    if (c.wants(0)) c.accumulate(0, fit<T>(c.in(0).shape(), std::move(c.grad)));
  });
}

template <class T>
Tensor<T> mul(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("mul");
  check_binary("mul", a, b);
  const auto product = [](T u, T v) { return u * v; };
  return record<T>("mul", {a, b}, zip(a.value(), b.value(), product), [product](Vjp<T>& c) {
    if (c.wants(0)) c.accumulate(0, fit<T>(c.in(0).shape(), zip(c.grad, c.in(1), product)));
    if (c.wants(1)) c.accumulate(1, fit<T>(c.in(1).shape(), zip(c.grad, c.in(0), product)));
  });
}

template <class T>
Tensor<T> div(const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("div");
  check_binary("div", a, b);
  const auto ratio = [](T u, T v) { return u / v; };
  return record<T>("div", {a, b}, zip(a.value(), b.value(), ratio), [ratio](Vjp<T>& c) {
    const Array<T> g = zip(c.grad, c.in(1), ratio);  // d a; d b = -g a / b
    if (c.wants(1)) {
      const auto negative_product = [](T u, T v) { return -u * v; };
      c.accumulate(1, fit<T>(c.in(1).shape(), zip(g, c.out(), negative_product)));
    }
    if (c.wants(0)) c.accumulate(0, fit<T>(c.in(0).shape(), g));
  });
}

template <class T>
Tensor<T> neg(const Tensor<T>& x) {
  const ProfileScope profile("neg");
  const auto negative = [](T v) { return -v; };
  return record<T>("neg", {x}, map(x.value(), negative),
                   [negative](Vjp<T>& c) { c.accumulate(0, map(c.grad, negative)); });
}

template <class T>
Tensor<T> scale(const Tensor<T>& x, std::type_identity_t<T> factor) {
  const ProfileScope profile("scale");
  const auto scaled = [factor](T v) { return factor * v; };
  return record<T>("scale", {x}, map(x.value(), scaled),
                   [scaled](Vjp<T>& c) { c.accumulate(0, map(c.grad, scaled)); });
}

template <class T>
Tensor<T> shift(const Tensor<T>& x, std::type_identity_t<T> constant) {
  const ProfileScope profile("shift");
  return record<T>("shift", {x}, map(x.value(), [constant](T v) { return v + constant; }),
                   [](Vjp<T>& c) { c.accumulate(0, std::move(c.grad)); });
}

template <class T>
Tensor<T> exp(const Tensor<T>& x) {
  const ProfileScope profile("exp");
  Array<T> y = uninitialized<T>(x.shape());
  kernels<T>().exp(y.size(), x.value().data(), T(0), y.data());
  return record<T>("exp", {x}, std::move(y), [](Vjp<T>& c) {
    c.accumulate(0, zip(c.grad, c.out(), [](T g, T v) { return g * v; }));
  });
}

template <class T>
Tensor<T> log(const Tensor<T>& x) {
  const ProfileScope profile("log");
  Array<T> y = uninitialized<T>(x.shape());
  kernels<T>().log(y.size(), x.value().data(), y.data());
  return record<T>("log", {x}, std::move(y), [](Vjp<T>& c) {
    c.accumulate(0, zip(c.grad, c.in(0), [](T g, T v) { return g / v; }));
  });
}

template <class T>
Tensor<T> sqrt(const Tensor<T>& x) {
  const ProfileScope profile("sqrt");
  return record<T>("sqrt", {x}, map(x.value(), [](T v) { return std::sqrt(v); }), [](Vjp<T>& c) {
    c.accumulate(0, zip(c.grad, c.out(), [](T g, T root) { return T(0.5) * g / root; }));
  });
}

template <class T>
Tensor<T> pow(const Tensor<T>& x, std::type_identity_t<T> exponent) {
  const ProfileScope profile("pow");
  return record<T>("pow", {x}, power(x.value(), exponent), [exponent](Vjp<T>& c) {
    if (exponent == T(0)) return c.accumulate(0, zeros<T>(c.in(0).shape()));
    const Array<T> slope = power(c.in(0), exponent - T(1));
    c.accumulate(0, zip(c.grad, slope, [exponent](T g, T s) { return g * (exponent * s); }));
  });
}

template <class T>
Tensor<T> abs(const Tensor<T>& x) {
  const ProfileScope profile("abs");
  return record<T>("abs", {x}, map(x.value(), [](T v) { return std::abs(v); }), [](Vjp<T>& c) {
    c.accumulate(0, zip(c.grad, c.in(0), [](T g, T v) { return v > 0 ? g : v < 0 ? -g : T(0); }));
  });
}

template <class T>
Tensor<T> clamp(const Tensor<T>& x, std::type_identity_t<T> low, std::type_identity_t<T> high) {
  const ProfileScope profile("clamp");
  if (!(low <= high))
    throw ShapeError("clamp: need low <= high; got low " + std::to_string(low) + ", high " +
                     std::to_string(high));
  const auto bounded = [=](T v) {
    const T raised = v < low ? low : v;
    return high < raised ? high : raised;
  };
  return record<T>("clamp", {x}, map(x.value(), bounded), [low, high](Vjp<T>& c) {
    const auto inside = [=](T g, T v) { return v < low ? T(0) : v > high ? T(0) : g; };
    c.accumulate(0, zip(c.grad, c.in(0), inside));
  });
}

template <class T>
Tensor<T> tanh(const Tensor<T>& x) {
  const ProfileScope profile("tanh");
  Array<T> y = uninitialized<T>(x.shape());
  kernels<T>().tanh(y.size(), x.value().data(), y.data());
  return record<T>("tanh", {x}, std::move(y), [](Vjp<T>& c) {
    Array<T> g = std::move(c.grad);
    kernels<T>().tanh_backward(g.size(), c.out().data(), g.data(), g.data());
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> sigmoid(const Tensor<T>& x) {
  const ProfileScope profile("sigmoid");
  Array<T> y = uninitialized<T>(x.shape());
  kernels<T>().sigmoid(y.size(), x.value().data(), y.data());
  return record<T>("sigmoid", {x}, std::move(y), [](Vjp<T>& c) {
    Array<T> g = std::move(c.grad);
    kernels<T>().sigmoid_backward(g.size(), c.out().data(), g.data(), g.data());
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> relu(const Tensor<T>& x) {
  const ProfileScope profile("relu");
  const auto rectified = [](T v) { return v < T(0) ? T(0) : v; };  // NaN stays
  return record<T>("relu", {x}, map(x.value(), rectified), [](Vjp<T>& c) {
    c.accumulate(0, zip(c.grad, c.in(0), [](T g, T v) { return v > T(0) ? g : T(0); }));
  });
}

template <class T>
Tensor<T> where(const IntArray& mask, const Tensor<T>& a, const Tensor<T>& b) {
  const ProfileScope profile("where");
  if (a.shape() != b.shape())
    throw_shape_error("where", "need equal shapes", {{"a", a.shape()}, {"b", b.shape()}});
  check_mask("where", a.shape(), mask);
  Array<T> value = uninitialized<T>(a.shape());
  T* out = value.data();
  const T *pa = a.value().data(), *pb = b.value().data();
  const std::int32_t* m = mask.data();
  for (std::size_t i = 0, n = value.size(); i < n; ++i) out[i] = m[i] != 0 ? pa[i] : pb[i];
  return record<T>("where", {a, b}, std::move(value), [mask = mask](Vjp<T>& c) {
    if (c.wants(0)) c.accumulate(0, zip(c.grad, mask, kept));
    if (c.wants(1)) c.accumulate(1, zip(c.grad, mask, left_out));
  });
}

template <class T>
Tensor<T> masked_fill(const Tensor<T>& x, const IntArray& mask, std::type_identity_t<T> value) {
  const ProfileScope profile("masked_fill");
  check_mask("masked_fill", x.shape(), mask);
  const auto filled = [value](T v, std::int32_t m) { return m != 0 ? value : v; };
  return record<T>("masked_fill", {x}, zip(x.value(), mask, filled),
                   [mask = mask](Vjp<T>& c) { c.accumulate(0, zip(c.grad, mask, left_out)); });
}

template <class T>
Tensor<T> dropout(const Tensor<T>& x, Array<T> mask) {
  const ProfileScope profile("dropout");
  const std::size_t lead = x.rank() - std::min(x.rank(), mask.shape().size());
  if (mask.shape().size() > x.rank() ||
      !std::equal(mask.shape().begin(), mask.shape().end(), x.shape().begin() + lead))
    throw_shape_error("dropout", "need a mask of x's shape or of its last axes",
                      {{"x", x.shape()}, {"mask", mask.shape()}});
  const auto apply = [](const Array<T>& in, const Array<T>& m) {
    Array<T> out = uninitialized<T>(in.shape());
    for (std::size_t i = 0; i < in.size(); i += m.size())
      kernels<T>().multiply(m.size(), in.data() + i, m.data(), out.data() + i);
    return out;
  };
  Array<T> y = apply(x.value(), mask);
  return record<T>("dropout", {x}, std::move(y), [apply, mask = std::move(mask)](Vjp<T>& c) {
    c.accumulate(0, apply(c.grad, mask));
  });
}

#define BABELGRAD_INSTANTIATE(T)                                                                \
  template Tensor<T> add(const Tensor<T>&, const Tensor<T>&);                                   \
  template Tensor<T> sub(const Tensor<T>&, const Tensor<T>&);                                   \
  template Tensor<T> mul(const Tensor<T>&, const Tensor<T>&);                                   \
  template Tensor<T> div(const Tensor<T>&, const Tensor<T>&);                                   \
  template Tensor<T> neg(const Tensor<T>&);                                                     \
  template Tensor<T> scale(const Tensor<T>&, std::type_identity_t<T>);                          \
  template Tensor<T> shift(const Tensor<T>&, std::type_identity_t<T>);                          \
  template Tensor<T> exp(const Tensor<T>&);                                                     \
  template Tensor<T> log(const Tensor<T>&);                                                     \
  template Tensor<T> sqrt(const Tensor<T>&);                                                    \
  template Tensor<T> pow(const Tensor<T>&, std::type_identity_t<T>);                            \
  template Tensor<T> abs(const Tensor<T>&);                                                     \
  template Tensor<T> clamp(const Tensor<T>&, std::type_identity_t<T>, std::type_identity_t<T>); \
  template Tensor<T> tanh(const Tensor<T>&);                                                    \
  template Tensor<T> sigmoid(const Tensor<T>&);                                                 \
  template Tensor<T> relu(const Tensor<T>&);                                                    \
  template Tensor<T> where(const IntArray&, const Tensor<T>&, const Tensor<T>&);                \
  template Tensor<T> masked_fill(const Tensor<T>&, const IntArray&, std::type_identity_t<T>);   \
  template Tensor<T> dropout(const Tensor<T>&, Array<T>);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
