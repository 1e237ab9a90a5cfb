// Initial values of parameters.
#pragma once

#include <cstddef>

#include "babelgrad/autograd/array.h"
#include "babelgrad/nn/random.h"

namespace babelgrad {

// What a parameter starts from. The fan of a [out, in] matrix is (in, out).
struct Initializer {
  enum class Kind { constant, uniform, normal, orthogonal };
  Kind kind = Kind::constant;
  double a = 0;  // the constant, the bound, the standard deviation, or the gain

  template <class T>
  Array<T> make(const Shape& shape, Random& random) const;
};

namespace init {
Initializer constant(double value);
inline Initializer zeros() { return constant(0); }
inline Initializer ones() { return constant(1); }
Initializer uniform(double bound);     // in [-bound, bound)
Initializer normal(double deviation);  // mean 0
Initializer xavier_uniform(
    const Shape& shape);  // bound sqrt(6 / (in + out)) (Glorot and Bengio 2010)
Initializer kaiming_normal(const Shape& shape);  // deviation sqrt(2 / in) (He et al. 2015)
// Orthonormal rows times `gain` (Saxe et al. 2013). A matrix with more rows than columns, such as a
// GRU's [3H, H], is made of square blocks, one orthonormal matrix each.
Initializer orthogonal(double gain = 1);
}  // namespace init

}  // namespace babelgrad
