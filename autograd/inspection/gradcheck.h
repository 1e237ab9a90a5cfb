// gradcheck: analytic gradients against central differences.
#pragma once

#include <vector>

#include "babelgrad/autograd/vjp.h"

namespace babelgrad {

struct GradcheckOptions {
  double epsilon = 1e-6;    // half the distance of the two evaluations
  double tolerance = 1e-7;  // on |analytic - numeric| / max(1, |analytic|, |numeric|)
  std::uint64_t seed = 1;   // of the random cotangent
};

// fn is differentiated with respect to every input that requires a gradient, against a random
// cotangent (a sum would hide errors that cancel). It is called many times and must be a pure
// function of the values of `inputs`, which are changed under way and restored.
// Throws a GradcheckError that names the input, the element, and both values.
class GradcheckError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};
void gradcheck(const Definition<double>& fn, std::vector<Tensor<double>> inputs,
               const GradcheckOptions& options = {});

// The same for the gradients of fn: that those computed with create_graph equal the others (to
// 1e-10), and that their own gradients, with respect to the inputs and the cotangent, equal the
// central differences of the gradients.
void gradgradcheck(const Definition<double>& fn, const std::vector<Tensor<double>>& inputs,
                   const GradcheckOptions& options = {});

}  // namespace babelgrad
