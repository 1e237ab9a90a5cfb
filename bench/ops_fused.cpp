// bench/ops: attention and the fused ops at size M of train_step. The raw version is their products
// alone (of additive scores: the kernel).
#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/bench/ops_bench.h"

namespace babelgrad::bench {
namespace {

constexpr std::size_t kSteps = 14, kBatch = 64, kE = 256, kH = 256, kD = 512, kV = 10000;
constexpr std::size_t kRows = kSteps * kBatch;

// C [m, n] = op(A) op(B) without gaps between rows.
void multiply(Transpose op_a, Transpose op_b, std::size_t m, std::size_t n, std::size_t k,
              const float* a, const float* b, float beta, float* c) {
  gemm<float>(op_a, op_b, m, n, k, 1, a, op_a == Transpose::no ? k : m, b,
              op_b == Transpose::no ? n : k, beta, c, n);
}

// The arrays of a recurrence of so many gates.
struct RecurrentBuffers {
  explicit RecurrentBuffers(std::size_t gate_count) : G(gate_count * kH) {}

  std::size_t G;
  Array<float> x = values({kRows, kE}), gates = values({kRows, G}), h = values({kRows, kH});
  Array<float> w_ih = values({G, kE}), w_hh = values({G, kH}), gh = values({kBatch, G});
  Array<float> dx = values({kRows, kE}), dw = values({G, kH}), dh = values({kBatch, kH});
};

void recurrent_forward(RecurrentBuffers& b) {
  multiply(Transpose::no, Transpose::yes, kRows, b.G, kE, b.x.data(), b.w_ih.data(), 0,
           b.gates.data());
  for (std::size_t t = 0; t < kSteps; ++t)
    multiply(Transpose::no, Transpose::yes, kBatch, b.G, kH, b.h.data() + t * kBatch * kH,
             b.w_hh.data(), 0, b.gh.data());
}

void recurrent_backward(RecurrentBuffers& b) {
  for (std::size_t t = kSteps; t-- > 0;)
    multiply(Transpose::no, Transpose::no, kBatch, kH, b.G, b.gates.data() + t * kBatch * b.G,
             b.w_hh.data(), 0, b.dh.data());
  multiply(Transpose::yes, Transpose::no, b.G, kE, kRows, b.gates.data(), b.x.data(), 0,
           b.dw.data());
  multiply(Transpose::yes, Transpose::no, b.G, kH, kRows, b.gates.data(), b.h.data(), 0,
           b.dw.data());
  multiply(Transpose::no, Transpose::no, kRows, kE, b.G, b.gates.data(), b.w_ih.data(), 0,
           b.dx.data());
}

void cell_forward(RecurrentBuffers& b) {
  multiply(Transpose::no, Transpose::yes, kBatch, b.G, kE, b.x.data(), b.w_ih.data(), 0,
           b.gates.data());
  multiply(Transpose::no, Transpose::yes, kBatch, b.G, kH, b.h.data(), b.w_hh.data(), 0,
           b.gh.data());
}

using Recurrence = std::function<Tensor<float>(const Leaves&, const RecurrentWeights<float>&)>;

// leaves: x, the weights, the states.
void add_recurrent_case(const std::string& name, std::size_t gates, std::size_t states,
                        const Recurrence& sequence, const Recurrence& cell) {
  const std::size_t G = gates * kH;
  const auto leaves = [&](const Shape& x) {
    std::vector<Shape> shapes{x, {G, kE}, {G, kH}, {G}, {G}};
    shapes.insert(shapes.end(), states, {kBatch, kH});
    return shapes;
  };
  const auto on_weights = [](const Recurrence& f) {
    return [f](const Leaves& x) { return f(x, {x[1], x[2], x[3], x[4]}); };
  };
  const double gflop = 2e-9 * static_cast<double>(kBatch * G * (kE + kH));
  const RecurrentBuffers buffers(gates);
  add_case({name, leaves({kSteps, kBatch, kE}), on_weights(sequence), kSteps * gflop,
            [b = buffers]() mutable { recurrent_forward(b); },
            [b = buffers]() mutable { recurrent_backward(b); }});
  add_case({name + "_cell", leaves({kBatch, kE}), on_weights(cell), gflop,
            [b = buffers]() mutable { cell_forward(b); }});
}

void add_recurrent_cases() {
  add_recurrent_case(
      "gru", 3, 1, [](const Leaves& x, const auto& w) { return gru(x[0], x[5], w); },
      [](const Leaves& x, const auto& w) { return gru_cell(x[0], x[5], w); });
  add_recurrent_case(
      "lstm", 4, 2,
      [](const Leaves& x, const auto& w) {
        return lstm(x[0], {x[5], x[6]}, w).states;
      },
      [](const Leaves& x, const auto& w) {
        return lstm_cell(x[0], {x[5], x[6]}, w).h;
      });
  add_recurrent_case(
      "rnn", 1, 1, [](const Leaves& x, const auto& w) { return rnn(x[0], x[5], w); },
      [](const Leaves& x, const auto& w) { return rnn_cell(x[0], x[5], w); });
}

struct AttentionBuffers {
  Array<float> q = values({kRows, kH}), k = values({kRows, kH}), v = values({kH});
  Array<float> values_ = values({kRows, kD}), weights = values({kRows, kSteps});
  Array<float> context = values({kRows, kD}), w_context = values({3 * kH, kD});
};

void contexts(AttentionBuffers& a) {
  for (std::size_t b = 0; b < kBatch; ++b)
    gemm<float>(Transpose::no, Transpose::no, kSteps, kD, kSteps, 1, a.weights.data() + b * kSteps,
                kBatch * kSteps, a.values_.data() + b * kD, kBatch * kD, 0,
                a.context.data() + b * kD, kBatch * kD);
}

void dot_products(AttentionBuffers& a) {
  for (std::size_t b = 0; b < kBatch; ++b)
    gemm<float>(Transpose::no, Transpose::yes, kSteps, kSteps, kH, 1, a.q.data() + b * kH,
                kBatch * kH, a.k.data() + b * kH, kBatch * kH, 0, a.weights.data() + b * kSteps,
                kBatch * kSteps);
}

void additive_products(AttentionBuffers& a) {
  for (std::size_t row = 0; row < kRows; ++row)
    for (std::size_t s = 0; s < kSteps; ++s)
      a.weights.data()[row * kSteps + s] = kernels<float>().additive_score(
          kH, a.q.data() + row * kH, a.k.data() + (s * kBatch + row % kBatch) * kH, a.v.data());
}

// The products of a step that depend on the step before it, and its scores.
void attention_gru_forward(AttentionBuffers& a, RecurrentBuffers& g) {
  for (std::size_t t = 0; t < kSteps; ++t) {
    multiply(Transpose::no, Transpose::yes, kBatch, kH, kH, g.h.data(), g.w_hh.data(), 0,
             g.gh.data());
    multiply(Transpose::no, Transpose::yes, kBatch, 3 * kH, kH, g.h.data(), g.w_hh.data(), 0,
             g.gh.data());
    multiply(Transpose::no, Transpose::yes, kBatch, 3 * kH, kD, a.context.data(),
             a.w_context.data(), 1, g.gates.data());
  }
  additive_products(a);
  contexts(a);
}

void add_attention_gru_case() {
  const Shape words{kSteps, kBatch, kE}, keys{kSteps, kBatch, kH}, sources{kSteps, kBatch, kD};
  add_case({"attention_gru",
            {words,
             keys,
             sources,
             {kBatch, kH},
             {kH, kH},
             {kH},
             {kH},
             {3 * kH, kE + kD},
             {3 * kH, kH},
             {3 * kH},
             {3 * kH}},
            [](const Leaves& x) {
              return attention_gru<float>(x[0], x[1], x[2], x[3], {x[4], x[5], x[6]},
                                          {x[7], x[8], x[9], x[10]})
                  .contexts_and_states;
            },
            2e-9 * kRows * (kH * kH + 3.0 * kH * (kE + kD + kH)),
            [a = AttentionBuffers(), g = RecurrentBuffers(3)]() mutable {
              multiply(Transpose::no, Transpose::yes, kRows, 3 * kH, kE, g.x.data(), g.w_ih.data(),
                       0, g.gates.data());
              attention_gru_forward(a, g);
            }});
}

// The steps, each beside what is to be computed in it, and all at once.
void add_attention_cases() {
  const Shape queries{kSteps, kBatch, kH}, weights{kSteps, kBatch, kSteps},
      sources{kSteps, kBatch, kD};
  constexpr double kScores = 2e-9 * kRows * kSteps * kH, kContexts = 2e-9 * kRows * kSteps * kD;
  add_case({"dot_scores",
            {queries, queries},
            [](const Leaves& x) { return dot_scores(x[0], x[1]); },
            kScores,
            [a = AttentionBuffers()]() mutable { dot_products(a); }});
  add_case({"additive_scores",
            {queries, queries, {kH}},
            [](const Leaves& x) { return additive_scores(x[0], x[1], x[2]); },
            0,
            [a = AttentionBuffers()]() mutable { additive_products(a); }});
  add_case({"location_scores",
            {queries, {kSteps, kH}},
            [](const Leaves& x) { return location_scores(x[0], x[1], kSteps); },
            kScores,
            [q = values(queries), w = values({kSteps, kH}), y = values(weights)]() mutable {
              multiply(Transpose::no, Transpose::yes, kRows, kSteps, kH, q.data(), w.data(), 0,
                       y.data());
            }});
  // Of four heads.
  constexpr std::size_t kHeads = 4;
  const Shape heads{kBatch, kHeads, kSteps, kH / kHeads};
  add_case({"scaled_dot_scores",
            {heads, heads},
            [](const Leaves& x) { return scaled_dot_scores(x[0], x[1]); },
            kScores});
  add_case({"scaled_dot_product_attention",
            {heads, heads, heads},
            [](const Leaves& x) { return scaled_dot_product_attention(x[0], x[1], x[2]); },
            2 * kScores});
  add_case({"attention_weights",
            {weights},
            [lengths = full<std::int32_t>({kBatch}, kSteps)](const Leaves& x) {
              return attention_weights(x[0], lengths);
            }});
  add_case({"attention_context",
            {weights, sources},
            [](const Leaves& x) { return attention_context(x[0], x[1]); },
            kContexts,
            [a = AttentionBuffers()]() mutable { contexts(a); }});
  add_case({"dot_attention",
            {queries, queries, sources},
            [](const Leaves& x) { return dot_attention(x[0], x[1], x[2]).context; },
            kScores + kContexts,
            [a = AttentionBuffers()]() mutable {
              dot_products(a);
              contexts(a);
            }});
  add_case({"additive_attention",
            {queries, queries, {kH}, sources},
            [](const Leaves& x) { return additive_attention(x[0], x[1], x[2], x[3]).context; },
            0,
            [a = AttentionBuffers()]() mutable {
              additive_products(a);
              contexts(a);
            }});
}

// The forward makes the gradients, too; so does the raw version: one product and two.
void add_output_case() {
  IntArray targets = uninitialized<std::int32_t>({kRows});
  for (std::size_t i = 0; i < kRows; ++i)
    targets.data()[i] = static_cast<std::int32_t>(i * 7919 % kV);
  add_case(
      {"linear_cross_entropy",
       {{kRows, kH}, {kV, kH}, {kV}},
       [targets](const Leaves& x) { return linear_cross_entropy(x[0], x[1], x[2], targets); },
       3 * 2e-9 * kRows * kV * kH,
       [x = values({kRows, kH}), w = values({kV, kH}), y = Array<float>(), dx = values({kRows, kH}),
        dw = values({kV, kH})]() mutable {
         if (!y.given()) y = values({kRows, kV});
         multiply(Transpose::no, Transpose::yes, kRows, kV, kH, x.data(), w.data(), 0, y.data());
         multiply(Transpose::no, Transpose::no, kRows, kH, kV, y.data(), w.data(), 0, dx.data());
         multiply(Transpose::yes, Transpose::no, kV, kH, kRows, y.data(), x.data(), 0, dw.data());
       },
       {},
       0});
}

}  // namespace

void add_fused_cases() {
  add_recurrent_cases();
  add_attention_cases();
  add_attention_gru_case();
  add_output_case();
}

}  // namespace babelgrad::bench
