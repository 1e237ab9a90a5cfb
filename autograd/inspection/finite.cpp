#include "babelgrad/autograd/inspection/finite.h"

#include <algorithm>
#include <cmath>

namespace babelgrad {
namespace {

template <class T>
const char* kind_of_failure(const Array<T>& array) {
  for (std::size_t i = 0; i < array.size(); ++i)
    if (std::isnan(array.data()[i])) return "NaN";
  return "Inf";
}

template <class T>
std::string list_inputs(const std::vector<const Node<T>*>& inputs) {
  std::string text;
  for (const Node<T>* input : inputs) text += (text.empty() ? "" : ", ") + describe(*input);
  return text;
}

}  // namespace

template <class T>
bool all_finite(const Array<T>& array) {
  constexpr std::size_t kLanes = 16;  // a sum waits for the one before
  T poison[kLanes] = {};              // 0 * x is NaN exactly for NaN and Inf
  const T* x = array.data();
  std::size_t i = 0;
  for (; i + kLanes <= array.size(); i += kLanes)
    for (std::size_t k = 0; k < kLanes; ++k) poison[k] += T(0) * x[i + k];
  for (; i < array.size(); ++i) poison[0] += T(0) * x[i];
  return std::all_of(poison, poison + kLanes, [](T lane) { return lane == T(0); });
}

template <class T>
void require_finite_output(const char* op, const std::vector<Tensor<T>>& inputs,
                           const Array<T>& value) {
  if (all_finite(value)) return;
  const std::string place = "anomaly: forward of " + std::string(op);
  std::vector<const Node<T>*> nodes;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const Array<T>& input = inputs[i].value();
    if (!all_finite(input))
      throw NumericError(place + " got " + kind_of_failure(input) + " in its input " +
                         std::to_string(i) + ", " + describe(inputs[i].node()));
    nodes.push_back(&inputs[i].node());
  }
  throw NumericError(place + " made " + kind_of_failure(value) + " from " + list_inputs(nodes));
}

template <class T>
void require_finite_gradient(const Node<T>& node, std::size_t i, const Array<T>& gradient,
                             const Array<T>& incoming) {
  if (all_finite(gradient)) return;
  const std::string place = "anomaly: backward of " + std::string(node.op);
  if (incoming.given() && !all_finite(incoming))
    throw NumericError(place + " got " + kind_of_failure(incoming) +
                       " in the gradient of its output " + describe(node));
  std::vector<const Node<T>*> nodes;
  for (const auto& input : node.inputs) nodes.push_back(input.node.get());
  throw NumericError(place + " made " + kind_of_failure(gradient) + " in the gradient of input " +
                     std::to_string(i) + "; its inputs are " + list_inputs(nodes));
}

template bool all_finite(const Array<float>&);
template bool all_finite(const Array<double>&);
template void require_finite_output(const char*, const std::vector<Tensor<float>>&,
                                    const Array<float>&);
template void require_finite_output(const char*, const std::vector<Tensor<double>>&,
                                    const Array<double>&);
template void require_finite_gradient(const Node<float>&, std::size_t, const Array<float>&,
                                      const Array<float>&);
template void require_finite_gradient(const Node<double>&, std::size_t, const Array<double>&,
                                      const Array<double>&);

}  // namespace babelgrad
