#include "babelgrad/autograd/finite.h"

#include <cmath>

namespace babelgrad {
namespace {

template <class T>
const char* kind_of_failure(const Array<T>& array) {
  for (std::size_t i = 0; i < array.size(); ++i)
    if (std::isnan(array.data()[i])) return "NaN";
  return "Inf";
}

std::string list_shapes(const std::vector<Shape>& shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : ", ") + to_string(shape);
  return text;
}

}  // namespace

template <class T>
bool all_finite(const Array<T>& array) {
  T poison = 0;  // 0 * x is NaN exactly for NaN and Inf
  for (std::size_t i = 0; i < array.size(); ++i) poison += T(0) * array.data()[i];
  return poison == T(0);
}

template <class T>
void require_finite_output(const char* op, const std::vector<Tensor<T>>& inputs,
                           const Array<T>& value) {
  if (all_finite(value)) return;
  std::vector<Shape> shapes;
  for (const Tensor<T>& input : inputs) shapes.push_back(input.shape());
  throw NumericError("anomaly: forward of " + std::string(op) + " made " + kind_of_failure(value) +
                     " from inputs of shapes " + list_shapes(shapes));
}

template <class T>
void require_finite_gradient(const Node<T>& node, std::size_t i, const Array<T>& gradient) {
  if (all_finite(gradient)) return;
  std::vector<Shape> shapes;
  for (const auto& input : node.inputs) shapes.push_back(input->value.shape());
  throw NumericError("anomaly: backward of " + std::string(node.op) + " made " +
                     kind_of_failure(gradient) + " in the gradient of input " + std::to_string(i) +
                     "; its inputs have shapes " + list_shapes(shapes));
}

template bool all_finite(const Array<float>&);
template bool all_finite(const Array<double>&);
template void require_finite_output(const char*, const std::vector<Tensor<float>>&,
                                    const Array<float>&);
template void require_finite_output(const char*, const std::vector<Tensor<double>>&,
                                    const Array<double>&);
template void require_finite_gradient(const Node<float>&, std::size_t, const Array<float>&);
template void require_finite_gradient(const Node<double>&, std::size_t, const Array<double>&);

}  // namespace babelgrad
