#include "babelgrad/bench/products.h"

#include <stdexcept>

#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad::bench {

constexpr float kSet = 0, kAdd = 1;  // beta

Matrix Arrays::matrix(const std::string& name, std::size_t rows, std::size_t cols) {
  Tensor<float>& array = arrays_[name];
  if (!array.defined()) {
    array = Tensor<float>(uninitialized<float>({rows, cols}));
    float* x = array.mutable_value().data();
    for (std::size_t i = 0; i < array.size(); ++i)  // no zeros, no denormal numbers
      x[i] = 1e-3f * static_cast<float>(static_cast<int>(i * 7919 % 199) - 99) + 5e-4f;
  }
  if (array.shape() != Shape{rows, cols}) throw std::logic_error("bench: two sizes of " + name);
  return {array.mutable_value().data(), rows, cols, cols};
}

std::vector<Tensor<float>> Arrays::tensors() const {
  std::vector<Tensor<float>> all;
  for (const auto& [name, array] : arrays_) all.push_back(array);
  return all;
}

// A GRU over `steps` steps: the arrays that its products read and write.
struct GruArrays {
  std::size_t steps;
  Matrix x, dx;            // [T * B, inputs]
  Matrix states, d_state;  // [(T + 1) * B, H] from the initial state on; [B, H]
  Matrix gates;            // [T * B, 3H]: x W_ih^T; in the backward pass its gradient
  Matrix gh, d_gh;         // [B, 3H], [T * B, 3H]
  Matrix w_ih, w_hh, dw_ih, dw_hh;
};

// Writes down the products of an update in the order of the real run.
class ProductList {
 public:
  ProductList(const ModelShape& s, Products& out, Arrays& weights)
      : s_(s), out_(out), weights_(weights) {}

  void write() {
    const Matrix words = activation("source words", source_rows(), s_.embedding);
    const Matrix d_words = activation("d source words", source_rows(), s_.embedding);
    const GruArrays forward = gru("forward", s_.source_length, words, d_words);
    const GruArrays backward = gru("backward", s_.source_length, words, d_words);
    for (const GruArrays& g : {forward, backward}) {
      multiply(g.gates, g.x, g.w_ih.t());
      recurrence(g, 1);
    }
    linear("keys", values(), keys());
    linear("initial", last_states(), decoder_.states.row_range(0, s_.batch));
    inside() ? decode_inside() : feeds() ? decode_fed() : decode_beside();
    if (!feeds()) linear("readout", readout_input(), readout());
    linear("output", readout(), logits());

    linear_backward("output", readout(), logits(), d_readout());
    if (!feeds()) linear_backward("readout", readout_input(), d_readout(), d_readout_input());
    inside()  ? decode_inside_backward()
    : feeds() ? decode_fed_backward()
              : decode_beside_backward();
    linear_backward("initial", last_states(), decoder_.d_state,
                    activation("d last states", s_.batch, 2 * s_.hidden));
    linear_backward("keys", values(), d_keys(), d_values(), kAdd);
    recurrence_backward(backward, 1);
    gru_gradients(backward, kSet);
    recurrence_backward(forward, 1);
    gru_gradients(forward, kAdd);
  }

 private:
  std::size_t source_rows() const { return s_.source_length * s_.batch; }
  std::size_t target_rows() const { return s_.target_length * s_.batch; }
  bool inside() const { return s_.attention == AttentionPlace::inside_recurrence; }
  bool feeds() const { return s_.extra == Extra::input_feeding; }
  std::size_t decoder_inputs() const {
    return s_.embedding + (inside() ? 2 * s_.hidden : feeds() ? s_.hidden : 0);
  }
  std::size_t readout_inputs() const { return 3 * s_.hidden + (inside() ? s_.embedding : 0); }

  Matrix activation(const std::string& name, std::size_t rows, std::size_t cols) {
    return out_.arrays_.matrix(name, rows, cols);
  }
  Matrix weight(const std::string& name, std::size_t rows, std::size_t cols) {
    return weights_.matrix(name, rows, cols);
  }
  Matrix values() { return activation("values", source_rows(), 2 * s_.hidden); }
  Matrix d_values() { return activation("d values", source_rows(), 2 * s_.hidden); }
  Matrix keys() { return activation("keys", source_rows(), s_.hidden); }
  Matrix d_keys() { return activation("d keys", source_rows(), s_.hidden); }
  Matrix last_states() { return activation("last states", s_.batch, 2 * s_.hidden); }
  Matrix readout_input() { return activation("readout input", target_rows(), readout_inputs()); }
  Matrix d_readout_input() {
    return activation("d readout input", target_rows(), readout_inputs());
  }
  Matrix d_readout() { return activation("d readout", target_rows(), s_.hidden); }
  Matrix readout() { return activation("readout", target_rows(), s_.hidden); }
  Matrix logits() { return activation("logits", target_rows(), s_.vocabulary); }
  Matrix attention_weights() {
    return activation("attention weights", target_rows(), s_.source_length);
  }
  Matrix d_scores() { return activation("d scores", target_rows(), s_.source_length); }

  void multiply(const Matrix& c, const Matrix& a, const Matrix& b, float beta = kSet) {
    if (c.rows != a.rows || c.cols != b.cols || a.cols != b.rows)
      throw std::logic_error("bench: a product's extents do not fit");
    out_.products_.push_back({c, a, b, beta});
  }

  void linear(const std::string& name, const Matrix& x, const Matrix& y) {
    multiply(y, x, weight(name, y.cols, x.cols).t());
  }
  void linear_backward(const std::string& name, const Matrix& x, const Matrix& dy, const Matrix& dx,
                       float beta = kSet) {
    multiply(dx, dy, weight(name, dy.cols, x.cols), beta);
    multiply(activation(name + " d weight", dy.cols, x.cols), dy.t(), x);
  }

  GruArrays gru(const std::string& name, std::size_t steps, const Matrix& x, const Matrix& dx) {
    const std::size_t rows = steps * s_.batch, gates = 3 * s_.hidden;
    return {steps,
            x,
            dx,
            activation(name + " states", rows + s_.batch, s_.hidden),
            activation(name + " d state", s_.batch, s_.hidden),
            activation(name + " gates", rows, gates),
            activation("gh", s_.batch, gates),
            activation(name + " d gh", rows, gates),
            weight(name + " ih", gates, x.cols),
            weight(name + " hh", gates, s_.hidden),
            activation(name + " d ih", gates, x.cols),
            activation(name + " d hh", gates, s_.hidden)};
  }

  // Rows of one step in a [T * B, *] array.
  Matrix at(const Matrix& x, std::size_t step) const {
    return x.row_range(step * s_.batch, s_.batch);
  }

  void recurrence(const GruArrays& g, std::size_t first) {
    for (std::size_t k = first; k < g.steps; ++k) multiply(g.gh, at(g.states, k), g.w_hh.t());
  }
  void recurrence_backward(const GruArrays& g, std::size_t first) {
    for (std::size_t k = g.steps; k-- > first;) multiply(g.d_state, at(g.d_gh, k), g.w_hh, kAdd);
  }
  // Of the weights over all steps (from a zero state: all but the first), and of the input.
  void gru_gradients(const GruArrays& g, float beta_dx, bool zero_state = true) {
    const std::size_t skipped = zero_state ? s_.batch : 0, rows = g.steps * s_.batch - skipped;
    multiply(g.dw_ih, g.gates.t(), g.x);
    multiply(g.dw_hh, g.d_gh.row_range(skipped, rows).t(), g.states.row_range(skipped, rows));
    multiply(g.dx, g.gates, g.w_ih.col_range(0, g.dx.cols), beta_dx);
  }

  void decode_beside() {
    multiply(decoder_.gates, decoder_.x, decoder_.w_ih.t());
    recurrence(decoder_, 0);
    if (s_.extra == Extra::local_p)
      linear("center", queries(), activation("center", target_rows(), s_.hidden));
    for (std::size_t b = 0; b < s_.batch; ++b)
      multiply(of(attention_weights(), b), of(queries(), b), of(keys(), b).t());
    for (std::size_t b = 0; b < s_.batch; ++b)
      multiply(of(context(readout_input()), b), of(attention_weights(), b), of(values(), b));
  }
  void decode_beside_backward() {
    const Matrix d_context = context(d_readout_input());
    const Matrix d_queries = activation("d queries", target_rows(), s_.hidden);
    if (s_.extra == Extra::local_p)
      linear_backward("center", queries(), activation("d center", target_rows(), s_.hidden),
                      activation("d queries by center", target_rows(), s_.hidden));
    for (std::size_t b = 0; b < s_.batch; ++b) {
      multiply(of(d_scores(), b), of(d_context, b), of(values(), b).t());
      multiply(of(d_values(), b), of(attention_weights(), b).t(), of(d_context, b));
    }
    for (std::size_t b = 0; b < s_.batch; ++b) {
      multiply(of(d_queries, b), of(d_scores(), b), of(keys(), b));
      multiply(of(d_keys(), b), of(d_scores(), b).t(), of(queries(), b));
    }
    recurrence_backward(decoder_, 0);
    gru_gradients(decoder_, kSet, false);
  }

  void decode_fed() {
    const GruArrays& g = decoder_;
    const std::size_t E = s_.embedding, R = s_.hidden;
    multiply(g.gates, g.x.col_range(0, E), g.w_ih.col_range(0, E).t());
    for (std::size_t k = 0; k < g.steps; ++k) {
      if (k > 0) multiply(at(g.gates, k), at(readout(), k - 1), g.w_ih.col_range(E, R).t(), kAdd);
      multiply(g.gh, at(g.states, k), g.w_hh.t());
      for (std::size_t b = 0; b < s_.batch; ++b) {
        const std::size_t row = k * s_.batch + b;
        multiply(attention_weights().row_range(row, 1), queries().row_range(row, 1),
                 of(keys(), b).t());
        multiply(context(readout_input()).row_range(row, 1), attention_weights().row_range(row, 1),
                 of(values(), b));
      }
      linear("readout", at(readout_input(), k), at(readout(), k));
    }
  }
  void decode_fed_backward() {
    const GruArrays& g = decoder_;
    const std::size_t E = s_.embedding, R = s_.hidden;
    const Matrix d_context = context(d_readout_input());
    const Matrix d_queries = activation("d queries", target_rows(), s_.hidden);
    for (std::size_t k = g.steps; k-- > 0;) {
      multiply(at(d_readout_input(), k), at(d_readout(), k),
               weight("readout", R, readout_inputs()));
      for (std::size_t b = 0; b < s_.batch; ++b) {
        const std::size_t row = k * s_.batch + b;
        multiply(d_scores().row_range(row, 1), d_context.row_range(row, 1), of(values(), b).t());
        multiply(d_queries.row_range(row, 1), d_scores().row_range(row, 1), of(keys(), b));
      }
      multiply(g.d_state, at(g.d_gh, k), g.w_hh, kAdd);
      if (k > 0) multiply(at(d_readout(), k - 1), at(g.gates, k), g.w_ih.col_range(E, R), kAdd);
    }
    gru_gradients(g, kSet, false);
    multiply(activation("readout d weight", R, readout_inputs()), d_readout().t(), readout_input());
    for (std::size_t b = 0; b < s_.batch; ++b) {
      multiply(of(d_values(), b), of(attention_weights(), b).t(), of(d_context, b));
      multiply(of(d_keys(), b), of(d_scores(), b).t(), of(queries(), b));
    }
  }

  void decode_inside() {
    const GruArrays& g = decoder_;
    const std::size_t E = s_.embedding, D = 2 * s_.hidden;
    const Matrix contexts = g.x.col_range(E, D), query = activation("query", s_.batch, s_.hidden);
    multiply(g.gates, g.x.col_range(0, E), g.w_ih.col_range(0, E).t());
    for (std::size_t k = 0; k < g.steps; ++k) {
      linear("query", at(g.states, k), query);
      for (std::size_t b = 0; b < s_.batch; ++b) {
        const std::size_t row = k * s_.batch + b;
        multiply(contexts.row_range(row, 1), attention_weights().row_range(row, 1),
                 of(values(), b));
      }
      multiply(at(g.gates, k), at(contexts, k), g.w_ih.col_range(E, D).t(), kAdd);
      multiply(g.gh, at(g.states, k), g.w_hh.t());
    }
  }
  void decode_inside_backward() {
    const GruArrays& g = decoder_;
    const std::size_t E = s_.embedding, D = 2 * s_.hidden;
    const Matrix d_contexts = context(d_readout_input());
    const Matrix d_query = activation("d query", target_rows(), s_.hidden);
    for (std::size_t k = g.steps; k-- > 0;) {
      multiply(g.d_state, at(g.d_gh, k), g.w_hh, kAdd);
      multiply(at(d_contexts, k), at(g.gates, k), g.w_ih.col_range(E, D), kAdd);
      for (std::size_t b = 0; b < s_.batch; ++b) {
        const std::size_t row = k * s_.batch + b;
        multiply(d_scores().row_range(row, 1), d_contexts.row_range(row, 1), of(values(), b).t());
      }
      multiply(g.d_state, at(d_query, k), weight("query", s_.hidden, s_.hidden), kAdd);
    }
    gru_gradients(g, kSet, false);
    multiply(activation("query d weight", s_.hidden, s_.hidden), d_query.t(),
             g.states.row_range(0, target_rows()));
    for (std::size_t b = 0; b < s_.batch; ++b)
      multiply(of(d_values(), b), of(attention_weights(), b).t(), of(d_contexts, b));
  }

  Matrix of(const Matrix& x, std::size_t b) const { return x.sentence(b, s_.batch); }
  // The context's columns of the readout's input [c; h] or [c; h; e], or of its gradient.
  Matrix context(const Matrix& x) const { return x.col_range(0, 2 * s_.hidden); }
  Matrix queries() const { return decoder_.states.row_range(s_.batch, target_rows()); }

  const ModelShape s_;
  Products& out_;
  Arrays& weights_;
  const GruArrays decoder_ =
      gru("decoder", s_.target_length, activation("decoder input", target_rows(), decoder_inputs()),
          activation("d target words", target_rows(), s_.embedding));
};

Products::Products(const ModelShape& shape, Arrays& weights) {
  ProductList(shape, *this, weights).write();
}

void run_products(const std::vector<Product>& products) {
  const auto op = [](const Matrix& x) { return x.transposed ? Transpose::yes : Transpose::no; };
  for (const auto& [c, a, b, beta] : products)
    gemm<float>(op(a), op(b), c.rows, c.cols, a.cols, 1, a.data, a.ld, b.data, b.ld, beta, c.data,
                c.ld);
}

double flops(const std::vector<Product>& products) {
  double sum = 0;
  for (const Product& p : products)
    sum += 2.0 * static_cast<double>(p.c.rows) * static_cast<double>(p.c.cols) *
           static_cast<double>(p.a.cols);
  return sum;
}

}  // namespace babelgrad::bench
