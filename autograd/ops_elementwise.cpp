#include <cmath>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/vjp.h"

namespace babelgrad {
namespace {

// The gradient of an operand that was broadcast from rank 0 is the sum over all elements.
template <class T>
Array<T> fit(const Shape& shape, Array<T> gradient) {
  if (gradient.shape() == shape) return gradient;
  T total = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i) total += gradient.data()[i];
  return scalar(total);
}

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
  check_binary("add", a, b);
  return record<T>("add", {a, b}, a.value() + b.value(), [](Vjp<T>& c) {
    if (c.wants(0)) c.accumulate(0, fit<T>(c.in(0).shape(), c.grad));
    if (c.wants(1)) c.accumulate(1, fit<T>(c.in(1).shape(), std::move(c.grad)));
  });
}

template <class T>
Tensor<T> sub(const Tensor<T>& a, const Tensor<T>& b) {
  check_binary("sub", a, b);
  return record<T>("sub", {a, b}, a.value() - b.value(), [](Vjp<T>& c) {
    if (c.wants(0)) c.accumulate(0, fit<T>(c.in(0).shape(), c.grad));
    if (c.wants(1)) c.accumulate(1, fit<T>(c.in(1).shape(), -c.grad));
  });
}

template <class T>
Tensor<T> mul(const Tensor<T>& a, const Tensor<T>& b) {
  check_binary("mul", a, b);
  return record<T>("mul", {a, b}, a.value() * b.value(), [](Vjp<T>& c) {
    if (c.wants(0)) c.accumulate(0, fit<T>(c.in(0).shape(), c.grad * c.in(1)));
    if (c.wants(1)) c.accumulate(1, fit<T>(c.in(1).shape(), c.grad * c.in(0)));
  });
}

template <class T>
Tensor<T> div(const Tensor<T>& a, const Tensor<T>& b) {
  check_binary("div", a, b);
  return record<T>("div", {a, b}, a.value() / b.value(), [](Vjp<T>& c) {
    if (c.wants(0)) c.accumulate(0, fit<T>(c.in(0).shape(), c.grad / c.in(1)));
    if (c.wants(1)) c.accumulate(1, fit<T>(c.in(1).shape(), -c.grad * c.out() / c.in(1)));
  });
}

template <class T>
Tensor<T> neg(const Tensor<T>& x) {
  return record<T>("neg", {x}, -x.value(), [](Vjp<T>& c) { c.accumulate(0, -c.grad); });
}

template <class T>
Tensor<T> scale(const Tensor<T>& x, std::type_identity_t<T> factor) {
  return record<T>("scale", {x}, factor * x.value(),
                   [factor](Vjp<T>& c) { c.accumulate(0, factor * c.grad); });
}

template <class T>
Tensor<T> shift(const Tensor<T>& x, std::type_identity_t<T> constant) {
  return record<T>("shift", {x}, x.value() + constant,
                   [](Vjp<T>& c) { c.accumulate(0, std::move(c.grad)); });
}

template <class T>
Tensor<T> exp(const Tensor<T>& x) {
  return record<T>("exp", {x}, xt::exp(x.value()),
                   [](Vjp<T>& c) { c.accumulate(0, c.grad * c.out()); });
}

template <class T>
Tensor<T> log(const Tensor<T>& x) {
  return record<T>("log", {x}, xt::log(x.value()),
                   [](Vjp<T>& c) { c.accumulate(0, c.grad / c.in(0)); });
}

template <class T>
Tensor<T> sqrt(const Tensor<T>& x) {
  return record<T>("sqrt", {x}, xt::sqrt(x.value()),
                   [](Vjp<T>& c) { c.accumulate(0, T(0.5) * c.grad / c.out()); });
}

// A plain loop: xsimd's pow gives 0 for 0 to the power of 0 or -1.
template <class T>
Tensor<T> pow(const Tensor<T>& x, std::type_identity_t<T> exponent) {
  Array<T> y = x.value();
  for (std::size_t i = 0; i < y.size(); ++i) y.data()[i] = std::pow(y.data()[i], exponent);
  return record<T>("pow", {x}, std::move(y), [exponent](Vjp<T>& c) {
    Array<T> g = std::move(c.grad);
    for (std::size_t i = 0; i < g.size(); ++i)
      g.data()[i] *=
          exponent == T(0) ? T(0) : exponent * std::pow(c.in(0).data()[i], exponent - T(1));
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> abs(const Tensor<T>& x) {
  return record<T>("abs", {x}, xt::abs(x.value()),
                   [](Vjp<T>& c) { c.accumulate(0, c.grad * xt::sign(c.in(0))); });
}

template <class T>
Tensor<T> clamp(const Tensor<T>& x, std::type_identity_t<T> low, std::type_identity_t<T> high) {
  if (!(low <= high))
    throw ShapeError("clamp: need low <= high; got low " + std::to_string(low) + ", high " +
                     std::to_string(high));
  return record<T>("clamp", {x}, xt::clip(x.value(), low, high), [low, high](Vjp<T>& c) {
    Array<T> g = std::move(c.grad);
    for (std::size_t i = 0; i < g.size(); ++i) {
      const T v = c.in(0).data()[i];
      if (v < low || v > high) g.data()[i] = T(0);
    }
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> tanh(const Tensor<T>& x) {
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
  Array<T> y = x.value();
  for (std::size_t i = 0; i < y.size(); ++i)
    y.data()[i] = y.data()[i] < T(0) ? T(0) : y.data()[i];  // NaN stays (a vector maximum drops it)
  return record<T>("relu", {x}, std::move(y), [](Vjp<T>& c) {
    Array<T> g = std::move(c.grad);
    for (std::size_t i = 0; i < g.size(); ++i)
      if (!(c.in(0).data()[i] > T(0))) g.data()[i] = T(0);
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> where(const IntArray& mask, const Tensor<T>& a, const Tensor<T>& b) {
  if (a.shape() != b.shape())
    throw_shape_error("where", "need equal shapes", {{"a", a.shape()}, {"b", b.shape()}});
  check_mask("where", a.shape(), mask);
  Array<T> value = b.value();
  for (std::size_t i = 0; i < value.size(); ++i)
    if (mask.data()[i] != 0) value.data()[i] = a.value().data()[i];
  return record<T>("where", {a, b}, std::move(value), [mask](Vjp<T>& c) {
    for (std::size_t input : {0, 1}) {
      if (!c.wants(input)) continue;
      Array<T> g = c.grad;
      for (std::size_t i = 0; i < g.size(); ++i)
        if ((mask.data()[i] != 0) != (input == 0)) g.data()[i] = T(0);
      c.accumulate(input, std::move(g));
    }
  });
}

template <class T>
Tensor<T> masked_fill(const Tensor<T>& x, const IntArray& mask, std::type_identity_t<T> value) {
  check_mask("masked_fill", x.shape(), mask);
  Array<T> y = x.value();
  for (std::size_t i = 0; i < y.size(); ++i)
    if (mask.data()[i] != 0) y.data()[i] = value;
  return record<T>("masked_fill", {x}, std::move(y), [mask](Vjp<T>& c) {
    Array<T> g = std::move(c.grad);
    for (std::size_t i = 0; i < g.size(); ++i)
      if (mask.data()[i] != 0) g.data()[i] = T(0);
    c.accumulate(0, std::move(g));
  });
}

template <class T>
Tensor<T> dropout(const Tensor<T>& x, Array<T> mask) {
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
