// Looking at values and gradients: figures for each tensor, and tables of them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

struct ArrayStatistics {
  double norm = 0;  // Euclidean
  double min = 0, max = 0;
  double mean_size = 0, max_size = 0;  // of the absolute values
  double zeros = 0;                    // share of elements that are exactly 0, 0 to 1
  bool finite = true;
};

template <class T>
ArrayStatistics statistics(const Array<T>& array);

struct TensorReport {
  std::string name;
  Shape shape;
  ArrayStatistics value;
  std::optional<ArrayStatistics> gradient;  // of .grad(), if there is one

  // Norm of the gradient over that of the value: infinite where only the value is 0, 0 where the
  // gradient is 0.
  double gradient_ratio() const;
};

template <class T>
std::vector<TensorReport> inspect(const std::vector<Tensor<T>>& tensors);

// Of the values: norm, bounds, share of zeros. One line a tensor, columns aligned.
std::string value_table(const std::vector<TensorReport>& reports);

// Of the gradients: norm, mean and largest absolute value, share of zeros, and the ratio of the
// gradient's norm to the value's. Tensors without a gradient are left out.
std::string gradient_table(const std::vector<TensorReport>& reports);

}  // namespace babelgrad
