#include "babelgrad/nn/init.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace babelgrad {
namespace {

// Gram and Schmidt over the rows of a random [rows, cols] matrix with rows <= cols.
std::vector<double> orthonormal_rows(std::size_t rows, std::size_t cols, Random& random) {
  std::vector<double> m(rows * cols);
  for (std::size_t r = 0; r < rows; ++r) {
    double* row = m.data() + r * cols;
    for (std::size_t c = 0; c < cols; ++c) row[c] = random.normal();
    for (std::size_t pass = 0; pass < 2; ++pass)  // twice is enough for full precision
      for (std::size_t k = 0; k < r; ++k) {
        const double* other = m.data() + k * cols;
        double dot = 0;
        for (std::size_t c = 0; c < cols; ++c) dot += row[c] * other[c];
        for (std::size_t c = 0; c < cols; ++c) row[c] -= dot * other[c];
      }
    double norm = 0;
    for (std::size_t c = 0; c < cols; ++c) norm += row[c] * row[c];
    for (std::size_t c = 0; c < cols; ++c) row[c] /= std::sqrt(norm);
  }
  return m;
}

template <class T>
void fill_orthogonal(Array<T>& array, double gain, Random& random) {
  if (array.rank() != 2 || array.size() == 0) return;
  const std::size_t rows = array.shape()[0], cols = array.shape()[1];
  for (std::size_t begin = 0; begin < rows; begin += cols) {
    const std::size_t block = std::min(cols, rows - begin);
    const std::vector<double> q = orthonormal_rows(block, cols, random);
    for (std::size_t i = 0; i < q.size(); ++i)
      array.data()[begin * cols + i] = static_cast<T>(gain * q[i]);
  }
}

}  // namespace

template <class T>
Array<T> Initializer::make(const Shape& shape, Random& random) const {
  Array<T> array = full<T>(shape, static_cast<T>(kind == Kind::constant ? a : 0));
  if (kind == Kind::orthogonal) fill_orthogonal(array, a, random);
  if (kind == Kind::uniform || kind == Kind::normal)
    for (std::size_t i = 0; i < array.size(); ++i)
      array.data()[i] = static_cast<T>(kind == Kind::uniform ? a * (2 * random.uniform() - 1)
                                                             : a * random.normal());
  return array;
}

template Array<float> Initializer::make(const Shape&, Random&) const;
template Array<double> Initializer::make(const Shape&, Random&) const;

namespace init {

Initializer constant(double value) { return {Initializer::Kind::constant, value}; }
Initializer uniform(double bound) { return {Initializer::Kind::uniform, bound}; }
Initializer normal(double deviation) { return {Initializer::Kind::normal, deviation}; }
Initializer orthogonal(double gain) { return {Initializer::Kind::orthogonal, gain}; }

Initializer xavier_uniform(const Shape& shape) {
  return uniform(std::sqrt(6.0 / static_cast<double>(shape.front() + shape.back())));
}

Initializer kaiming_normal(const Shape& shape) {
  return normal(std::sqrt(2.0 / static_cast<double>(shape.back())));
}

}  // namespace init
}  // namespace babelgrad
