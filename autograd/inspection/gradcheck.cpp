#include "babelgrad/autograd/inspection/gradcheck.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

#include "babelgrad/autograd/backward.h"
#include "babelgrad/autograd/ops.h"

namespace babelgrad {
namespace {

Array<double> random_cotangent(const Shape& shape, std::uint64_t seed) {
  std::mt19937_64 generator(seed);
  Array<double> cotangent = uninitialized<double>(shape);
  for (std::size_t i = 0; i < cotangent.size(); ++i)
    cotangent.data()[i] = 0.5 + std::ldexp(static_cast<double>(generator() >> 11), -53);
  for (std::size_t i = 1; i < cotangent.size(); i += 2) cotangent.data()[i] *= -1;
  return cotangent;
}

// <fn(inputs), cotangent>
double evaluate(const Definition<double>& fn, const std::vector<Tensor<double>>& inputs,
                const Array<double>& cotangent) {
  const NoGrad no_grad;
  const Tensor<double> output = fn(inputs);
  double total = 0;
  for (std::size_t i = 0; i < cotangent.size(); ++i)
    total += output.value().data()[i] * cotangent.data()[i];
  return total;
}

[[noreturn]] void fail(const std::string& op, std::size_t input, std::size_t element,
                       const Shape& shape, double analytic, double numeric) {
  char numbers[128];
  std::snprintf(numbers, sizeof numbers, "analytic %.12g, numeric %.12g", analytic, numeric);
  throw GradcheckError("gradcheck: " + op + ": input " + std::to_string(input) + " " +
                       to_string(shape) + ", element " + std::to_string(element) + ": " + numbers);
}

}  // namespace

void gradcheck(const Definition<double>& fn, std::vector<Tensor<double>> inputs,
               const GradcheckOptions& options) {
  std::vector<Tensor<double>> wanted;
  for (const Tensor<double>& input : inputs)
    if (input.requires_grad()) wanted.push_back(input);
  if (wanted.empty()) throw GradcheckError("gradcheck: no input requires a gradient");
  const Tensor<double> output = fn(inputs);
  const std::string op = output.op();
  const Array<double> cotangent = random_cotangent(output.shape(), options.seed);
  const std::vector<Array<double>> analytic =
      gradients(output, cotangent, wanted, {.allow_unused = true});
  std::size_t next = 0;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    if (!inputs[i].requires_grad()) continue;
    const Array<double>& gradient = analytic[next++];
    double* values = inputs[i].mutable_value().data();
    for (std::size_t e = 0; e < gradient.size(); ++e) {
      const double value = values[e];
      values[e] = value + options.epsilon;
      const double above = evaluate(fn, inputs, cotangent);
      values[e] = value - options.epsilon;
      const double below = evaluate(fn, inputs, cotangent);
      values[e] = value;
      const double numeric = (above - below) / (2 * options.epsilon), exact = gradient.data()[e];
      const double size = std::max({1.0, std::abs(numeric), std::abs(exact)});
      if (!(std::abs(exact - numeric) <= options.tolerance * size))
        fail(op, i, e, inputs[i].shape(), exact, numeric);
    }
  }
}

void gradgradcheck(const Definition<double>& fn, const std::vector<Tensor<double>>& inputs,
                   const GradcheckOptions& options) {
  // <d <fn(inputs), v> / d inputs, w> with v the last of `in` and w random: its gradients are the
  // second derivatives of fn.
  const Definition<double> weighted_gradients = [&](const std::vector<Tensor<double>>& in) {
    const EnableGrad enable_grad;
    const std::vector<Tensor<double>> own(in.begin(), in.end() - 1);
    std::vector<Tensor<double>> wanted;
    for (const Tensor<double>& input : own)
      if (input.requires_grad()) wanted.push_back(input);
    const std::vector<Tensor<double>> g =
        gradients(fn(own), in.back(), wanted, {.create_graph = true, .allow_unused = true});
    Tensor<double> total(0.0);
    for (std::size_t i = 0; i < g.size(); ++i)
      total = total + sum(g[i] * Tensor<double>(random_cotangent(g[i].shape(), options.seed + i)));
    return total;
  };
  std::vector<Tensor<double>> wanted;
  for (const Tensor<double>& input : inputs)
    if (input.requires_grad()) wanted.push_back(input);
  const Tensor<double> output = fn(inputs);
  const Array<double> v = random_cotangent(output.shape(), options.seed);
  const auto tensors =
      gradients(output, Tensor<double>(v), wanted, {.create_graph = true, .allow_unused = true});
  const auto arrays = gradients(output, v, wanted, {.allow_unused = true});
  for (std::size_t i = 0; i < wanted.size(); ++i)
    for (std::size_t e = 0; e < arrays[i].size(); ++e) {
      const double a = arrays[i].data()[e], b = tensors[i].value().data()[e];
      if (!(std::abs(a - b) <= 1e-10 * std::max(1.0, std::abs(a))))
        fail(std::string(output.op()) + ", with create_graph", i, e, wanted[i].shape(), b, a);
    }
  std::vector<Tensor<double>> with_cotangent = inputs;
  with_cotangent.emplace_back(v, kRequiresGrad);
  gradcheck(weighted_gradients, with_cotangent, options);
}

}  // namespace babelgrad
