// The gradient-check table: rows of {op, label, inputs, function}, one file a family of ops, all of
// them run by gradcheck_table_test.cpp. Every op that the library records has at least one row.
//
// A row's function is a template, so that the same row runs in double (gradcheck) and in float. Its
// inputs are drawn from fixed seeds, away from kinks where the op has some.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/autograd/helpers.h"

namespace babelgrad {

template <class T>
using RowFunction = std::function<Tensor<T>(const std::vector<Tensor<T>>&)>;

// How the values of one input are drawn.
struct Draw {
  Shape shape;
  double low = -1, high = 1;
  bool either_sign = false;  // with a random sign: [-high, -low] and [low, high]
};

inline Draw drawn(const Shape& shape) { return {shape}; }
inline Draw positive(const Shape& shape) { return {shape, 0.5, 1.5}; }
inline Draw away_from_zero(const Shape& shape) { return {shape, 0.5, 1.5, true}; }

struct Row {
  std::string op, label;
  std::vector<Array<double>> inputs;
  RowFunction<double> in_double;
  RowFunction<float> in_float;
};

std::vector<Array<double>> draw(const std::vector<Draw>& draws);

template <class T>
std::vector<Tensor<T>> leaves_of(const Row& row) {
  std::vector<Tensor<T>> leaves;
  for (const Array<double>& input : row.inputs)
    leaves.emplace_back(converted<T>(input), kRequiresGrad);
  return leaves;
}

// The four arrays of a recurrence among the inputs, from `first` on.
template <class T>
RecurrentWeights<T> weights_of(const std::vector<Tensor<T>>& in, std::size_t first = 1) {
  return {in[first], in[first + 1], in[first + 2], in[first + 3]};
}

template <class Function>
Row row(const std::string& op, const std::string& label, const std::vector<Draw>& draws,
        Function f) {
  return {op, label, draw(draws), f, f};
}

const std::vector<Row>& all_rows();
std::vector<Row> elementwise_rows();
std::vector<Row> activation_rows();
std::vector<Row> mask_rows();
std::vector<Row> product_rows();
std::vector<Row> convolution_rows();
std::vector<Row> shape_rows();
std::vector<Row> broadcast_rows();
std::vector<Row> reduce_rows();
std::vector<Row> statistics_rows();
std::vector<Row> order_rows();
std::vector<Row> index_rows();
std::vector<Row> softmax_rows();
std::vector<Row> cross_entropy_rows();
std::vector<Row> gru_rows();
std::vector<Row> lstm_rows();
std::vector<Row> rnn_rows();
std::vector<Row> attention_rows();
std::vector<Row> attention_gru_rows();
std::vector<Row> checkpoint_rows();

}  // namespace babelgrad
