// Activations: functions of one number that layers apply to what they compute. As in unary.cpp, a
// formula with g (the gradient of the result), v (the argument), y (the value) serves numbers and
// tensors. None of them makes Inf or NaN of a large argument, nor do their derivatives.
#include <cmath>
#include <numbers>

#include "babelgrad/autograd/inspection/profile.h"
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/ops.h"
#include "babelgrad/autograd/ops/each.h"

namespace babelgrad {
namespace {

constexpr double kSqrtHalf = std::numbers::sqrt2 / 2;
constexpr double kDensityAt0 = kSqrtHalf * std::numbers::inv_sqrtpi;  // 1 / sqrt(2 pi)

// The share of the normal distribution that lies below x.
template <class V>
V share_below(const V& x) {
  using T = ElementOf<V>;
  const V e = erf(each([](auto v) { return v * T(kSqrtHalf); }, x));
  return each([](auto v) { return T(0.5) + T(0.5) * v; }, e);
}

template <class T>
Tensor<T> exact_gelu(const Tensor<T>& x) {
  const ProfileScope profile("gelu");
  return record("gelu", {x}, gelu(x.value()), [](auto& c) {
    const auto slope = [](auto g, auto v, auto below, auto e) {
      return g * (below + v * (e * T(kDensityAt0)));
    };
    const auto slopes = [slope](const auto& g, const auto& v) {
      const auto exponential = exp(each([](auto u) { return u * u * T(-0.5); }, v));
      return each(slope, g, v, share_below(v), exponential);
    };
    c.accumulate(0, in_blocks(slopes, c.grad, c.in(0)));
  });
}

// The approximation is x (1 + tanh(u / 2)) / 2 = x sigmoid(u), u = a x + b x^3.
constexpr double kA = 4 * kDensityAt0, kB = 0.044715 * kA;

template <class V>
V gate_of_gelu(const V& x) {
  using T = ElementOf<V>;
  return sigmoid(each([](auto v) { return v * (v * v * T(kB) + T(kA)); }, x));
}

template <class T>
Tensor<T> tanh_gelu(const Tensor<T>& x) {
  const ProfileScope profile("gelu_tanh");
  return record("gelu_tanh", {x}, gelu(x.value(), Approximate::tanh), [](auto& c) {
    const auto slope = [](auto g, auto v, auto s) {
      return g * s * (1 + v * (1 - s) * (v * v * T(3 * kB) + T(kA)));
    };
    const auto slopes = [slope](const auto& g, const auto& v) {
      return each(slope, g, v, gate_of_gelu(v));
    };
    c.accumulate(0, in_blocks(slopes, c.grad, c.in(0)));
  });
}

}  // namespace

template <class T>
Array<T> gelu(const Array<T>& x, Approximate approximate) {
  if (approximate == Approximate::tanh)
    return in_blocks([](const Array<T>& v) { return v * gate_of_gelu(v); }, x);
  const auto by_tail = [](const Array<T>& v) {
    Array<T> tail = each([](T u) { return -u * T(kSqrtHalf); }, v);
    kernels<T>().erfc(tail.size(), tail.data(), tail.data());
    return each([](T u, T e) { return u * (T(0.5) * e); }, v, tail);
  };
  return in_blocks(by_tail, x);
}
template <class T>
Tensor<T> gelu(const Tensor<T>& x, Approximate approximate) {
  return approximate == Approximate::tanh ? tanh_gelu(x) : exact_gelu(x);
}

template <class T>
Array<T> silu(const Array<T>& x) {
  return in_blocks([](const Array<T>& v) { return v * sigmoid(v); }, x);
}
template <class T>
Tensor<T> silu(const Tensor<T>& x) {
  const ProfileScope profile("silu");
  return record("silu", {x}, silu(x.value()), [](auto& c) {
    const auto slope = [](auto g, auto v, auto s) { return g * s * (1 + v * (1 - s)); };
    const auto slopes = [slope](const auto& g, const auto& v) {
      return each(slope, g, v, sigmoid(v));
    };
    c.accumulate(0, in_blocks(slopes, c.grad, c.in(0)));
  });
}

template <class T>
Array<T> softplus(const Array<T>& x) {
  const auto formula = [](const Array<T>& v) {
    const Array<T> above = log1p(exp(each([](T u) { return -std::abs(u); }, v)));
    return each([](T u, T rest) { return (u < 0 ? T(0) : u) + rest; }, v, above);
  };
  return in_blocks(formula, x);
}
template <class T>
Tensor<T> softplus(const Tensor<T>& x) {
  const ProfileScope profile("softplus");
  return record("softplus", {x}, softplus(x.value()), [](auto& c) {
    const auto slopes = [](const auto& g, const auto& v) { return g * sigmoid(v); };
    c.accumulate(0, in_blocks(slopes, c.grad, c.in(0)));
  });
}

template <class T>
Array<T> elu(const Array<T>& x, std::type_identity_t<T> alpha) {
  const auto formula = [alpha](const Array<T>& v) {
    return each([alpha](T u, T e) { return where(u > 0, u, alpha * e); }, v, expm1(v));
  };
  return in_blocks(formula, x);
}
template <class T>
Tensor<T> elu(const Tensor<T>& x, std::type_identity_t<T> alpha) {
  const ProfileScope profile("elu");
  return record("elu", {x}, elu(x.value(), alpha), [alpha](auto& c) {
    const auto slope = [alpha](auto g, auto v, auto y) { return where(v > 0, g, g * (y + alpha)); };
    c.accumulate(0, each(slope, c.grad, c.in(0), c.out()));
  });
}

template <class T>
Array<T> leaky_relu(const Array<T>& x, std::type_identity_t<T> negative_slope) {
  return each([negative_slope](T v) { return where(v > 0, v, negative_slope * v); }, x);
}
template <class T>
Tensor<T> leaky_relu(const Tensor<T>& x, std::type_identity_t<T> negative_slope) {
  const ProfileScope profile("leaky_relu");
  return record("leaky_relu", {x}, leaky_relu(x.value(), negative_slope),
                [negative_slope](auto& c) {
                  const auto slope = [negative_slope](auto g, auto v) {
                    return where(v > 0, g, g * negative_slope);
                  };
                  c.accumulate(0, each(slope, c.grad, c.in(0)));
                });
}

#define BABELGRAD_INSTANTIATE_VALUE(V, T)            \
  template V gelu(const V&, Approximate);            \
  template V silu(const V&);                         \
  template V softplus(const V&);                     \
  template V elu(const V&, std::type_identity_t<T>); \
  template V leaky_relu(const V&, std::type_identity_t<T>);
#define BABELGRAD_INSTANTIATE(T)           \
  BABELGRAD_INSTANTIATE_VALUE(Array<T>, T) \
  BABELGRAD_INSTANTIATE_VALUE(Tensor<T>, T)
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE
#undef BABELGRAD_INSTANTIATE_VALUE

}  // namespace babelgrad
