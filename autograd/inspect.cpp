#include "babelgrad/autograd/inspect.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

namespace babelgrad {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') result += '\\';
    result += c;
  }
  return result + "\"";
}

}  // namespace

template <class T>
ArrayStatistics statistics(const Array<T>& array) {
  ArrayStatistics s;
  if (array.size() == 0) return s;
  double squares = 0;
  std::size_t zero_count = 0;
  s.min = s.max = array.data()[0];
  for (std::size_t i = 0; i < array.size(); ++i) {
    const double v = array.data()[i];
    squares += v * v;
    s.min = std::min(s.min, v);
    s.max = std::max(s.max, v);
    zero_count += v == 0;
    s.finite = s.finite && std::isfinite(v);
  }
  s.norm = std::sqrt(squares);
  s.zeros = static_cast<double>(zero_count) / static_cast<double>(array.size());
  return s;
}

template <class T>
std::vector<NamedGradient> inspect_gradients(const std::vector<Tensor<T>>& tensors) {
  std::vector<NamedGradient> result;
  for (const Tensor<T>& tensor : tensors)
    if (tensor.has_grad())
      result.push_back({tensor.name(), tensor.shape(), statistics(tensor.grad())});
  return result;
}

std::string to_string(const std::vector<NamedGradient>& gradients) {
  std::size_t name_width = 4, shape_width = 5;
  for (const NamedGradient& g : gradients) {
    name_width = std::max(name_width, g.name.size());
    shape_width = std::max(shape_width, to_string(g.shape).size());
  }
  const auto line = [&](const std::string& name, const std::string& shape, const char* rest) {
    return name + std::string(name_width + 2 - name.size(), ' ') + shape +
           std::string(shape_width + 1 - shape.size(), ' ') + rest + "\n";
  };
  std::string table = line("name", "shape", "      norm        min        max   zeros");
  for (const NamedGradient& g : gradients) {
    char numbers[128];
    std::snprintf(numbers, sizeof numbers, "%10.3e %10.3e %10.3e %6.1f%%%s", g.statistics.norm,
                  g.statistics.min, g.statistics.max, 100 * g.statistics.zeros,
                  g.statistics.finite ? "" : "  not finite");
    table += line(g.name, to_string(g.shape), numbers);
  }
  return table;
}

template <class T>
std::string to_dot(const Tensor<T>& output) {
  std::map<std::uint64_t, const Node<T>*> nodes;  // in creation order
  std::vector<const Node<T>*> pending{&output.node()};
  while (!pending.empty()) {
    const Node<T>* node = pending.back();
    pending.pop_back();
    if (!nodes.emplace(node->id, node).second) continue;
    for (const auto& input : node->inputs) pending.push_back(input.get());
  }
  std::map<std::uint64_t, std::size_t> number;  // ids are process-wide; the picture counts from 0
  for (const auto& [id, node] : nodes) number.emplace(id, number.size());
  std::string dot = "digraph autograd {\n  rankdir=BT;\n  node [fontname=\"sans-serif\"];\n";
  for (const auto& [id, node] : nodes) {
    const bool named = node->extras && !node->extras->name.empty();
    const std::string title = named ? node->extras->name : node->op;
    const char* style = !node->is_leaf() ? "box" : node->requires_grad ? "ellipse" : "plaintext";
    dot += "  n" + std::to_string(number[id]) +
           " [label=" + quoted(title + "\n" + to_string(node->value.shape())) + ", shape=" + style +
           "];\n";
  }
  for (const auto& [id, node] : nodes)
    for (const auto& input : node->inputs)
      dot +=
          "  n" + std::to_string(number[input->id]) + " -> n" + std::to_string(number[id]) + ";\n";
  return dot + "}\n";
}

template ArrayStatistics statistics(const Array<float>&);
template ArrayStatistics statistics(const Array<double>&);
template std::vector<NamedGradient> inspect_gradients(const std::vector<Tensor<float>>&);
template std::vector<NamedGradient> inspect_gradients(const std::vector<Tensor<double>>&);
template std::string to_dot(const Tensor<float>&);
template std::string to_dot(const Tensor<double>&);

}  // namespace babelgrad
