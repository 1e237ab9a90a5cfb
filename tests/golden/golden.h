// Reads the golden numbers of PyTorch beside this file (written by make_golden.py).
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "babelgrad/autograd/array.h"

namespace babelgrad {

using Json = nlohmann::json;

inline constexpr double kGoldenTolerance = 1e-12;  // of numbers in double

inline Json golden(const std::string& name) {
  const std::string path = std::string(BABELGRAD_SOURCE_DIR) + "/tests/golden/" + name + ".json";
  std::ifstream file(path);
  if (!file) throw std::runtime_error("golden: cannot read " + path);
  return Json::parse(file);
}

// From {"shape": [...], "values": [...]}.
template <class T = double>
Array<T> golden_array(const Json& json) {
  const auto extents = json.at("shape").get<std::vector<std::size_t>>();
  const auto values = json.at("values").get<std::vector<T>>();
  return Array<T>(Shape(extents.begin(), extents.end()), values);
}

// From a list of whole numbers, or a list of such lists.
inline IntArray golden_ints(const Json& json) {
  if (json.empty() || !json[0].is_array()) {
    const auto values = json.get<std::vector<std::int32_t>>();
    return IntArray({values.size()}, values);
  }
  std::vector<std::int32_t> values;
  for (const Json& row : json)
    for (const Json& value : row) values.push_back(value.get<std::int32_t>());
  return IntArray({json.size(), json[0].size()}, values);
}

// x [T, B, F] with zeros beyond the lengths, as PyTorch's pad_packed_sequence leaves it.
template <class T>
Array<T> zero_padding(Array<T> x, const IntArray& lengths) {
  const std::size_t batch = x.shape()[1], features = x.shape()[2];
  for (std::size_t i = 0; i < x.size(); ++i)
    if (static_cast<std::int32_t>(i / features / batch) >= lengths.data()[i / features % batch])
      x.data()[i] = 0;
  return x;
}

}  // namespace babelgrad
