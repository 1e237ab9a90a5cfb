// What the kernel tests share: the tables that this processor can run, and rows of numbers.
#pragma once

#include <cstring>
#include <string>
#include <vector>

#include "babelgrad/autograd/kernels/instruction_sets.h"
#include "babelgrad/autograd/kernels/processor.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {

template <class T>
std::vector<Kernels<T>> available_kernels() {
  std::vector<Kernels<T>> tables;
#if defined(__x86_64__)
  tables.push_back(sse2_kernels(T{}));
  if (has_avx2()) tables.push_back(avx2_kernels(T{}));
  if (has_avx512()) tables.push_back(avx512_kernels(T{}));
#else
  tables.push_back(neon64_kernels(T{}));
#endif
  return tables;
}

// Shorter than a vector, a little longer, many vectors, and whole multiples.
inline constexpr std::size_t kSizes[] = {1, 3, 15, 16, 17, 32, 100};

// What one operation may be off by, relative to numbers of size 1.
template <class T>
constexpr double kRounding = 4.0 * std::numeric_limits<T>::epsilon();

template <class T>
std::vector<T> random_row(std::size_t n, std::uint64_t seed, double low = -1, double high = 1) {
  const Array<T> array = random_array<T>({n}, seed, low, high);
  return std::vector<T>(array.data(), array.data() + n);
}

// max |a - b| / max(1, |b|), NaN if any element is NaN or one is infinite alone.
template <class A, class B>
double relative_difference(const std::vector<A>& a, const std::vector<B>& b) {
  if (a.size() != b.size()) return std::numeric_limits<double>::quiet_NaN();
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = static_cast<double>(a[i]), y = static_cast<double>(b[i]);
    const double d = x == y ? 0 : std::abs(x - y) / std::max(1.0, std::abs(y));
    if (std::isnan(d)) return d;
    worst = std::max(worst, d);
  }
  return worst;
}

// A row with a guard behind it that a kernel must leave alone.
template <class T>
class Guarded {
 public:
  explicit Guarded(const std::vector<T>& row) : values_(row), n_(row.size()) {
    values_.resize(n_ + 64, kGuard);
  }
  T* data() { return values_.data(); }
  std::vector<T> row() const { return {values_.begin(), values_.begin() + n_}; }
  bool intact() const {
    for (std::size_t i = n_; i < values_.size(); ++i)
      if (values_[i] != kGuard) return false;
    return true;
  }

 private:
  static constexpr T kGuard = T(12345);
  std::vector<T> values_;
  std::size_t n_;
};

}  // namespace babelgrad
