// bench/ops: products. The raw version is the BLAS call (forward) or the two (backward).
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/bench/ops_bench.h"

namespace babelgrad::bench {
namespace {

constexpr std::size_t kM = 896, kK = 256, kN = 768;  // a GRU's input side at size M
constexpr double kGflop = 2e-9 * kM * kK * kN;

struct Buffers {
  Array<float> x = values({kM, kK}), w = values({kN, kK}), y = values({kM, kN});
  Array<float> dx = values({kM, kK}), dw = values({kN, kK});
};

// y = x w^T, or with w stored [K, N]
std::function<void()> forward(Transpose op_w) {
  return [op_w, b = Buffers()]() mutable {
    gemm<float>(Transpose::no, op_w, kM, kN, kK, 1, b.x.data(), kK, b.w.data(),
                op_w == Transpose::no ? kN : kK, 0, b.y.data(), kN);
  };
}

// dx = dy w, dw = dy^T x
void linear_backward(Buffers& b) {
  gemm<float>(Transpose::no, Transpose::no, kM, kK, kN, 1, b.y.data(), kN, b.w.data(), kK, 0,
              b.dx.data(), kK);
  gemm<float>(Transpose::yes, Transpose::no, kN, kK, kM, 1, b.y.data(), kN, b.x.data(), kK, 0,
              b.dw.data(), kK);
}

// The same for w [K, N]: dx = dy w^T, dw = x^T dy
void matmul_backward(Buffers& b) {
  gemm<float>(Transpose::no, Transpose::yes, kM, kK, kN, 1, b.y.data(), kN, b.w.data(), kN, 0,
              b.dx.data(), kK);
  gemm<float>(Transpose::yes, Transpose::no, kK, kN, kM, 1, b.x.data(), kK, b.y.data(), kN, 0,
              b.dw.data(), kN);
}

}  // namespace

void add_product_cases() {
  add_case({"matmul",
            {{kM, kK}, {kK, kN}},
            [](const Leaves& x) { return matmul(x[0], x[1]); },
            kGflop,
            forward(Transpose::no),
            [b = Buffers()]() mutable { matmul_backward(b); }});
  add_case({"linear",
            {{kM, kK}, {kN, kK}, {kN}},
            [](const Leaves& x) { return linear(x[0], x[1], x[2]); },
            kGflop,
            forward(Transpose::yes),
            [b = Buffers()]() mutable { linear_backward(b); }});
  constexpr std::size_t kBatch = 64, kSteps = 14;
  add_case({"bmm",
            {{kBatch, kSteps, kK}, {kBatch, kK, kSteps}},
            [](const Leaves& x) { return bmm(x[0], x[1]); },
            2e-9 * kBatch * kSteps * kSteps * kK,
            [a = values({kBatch, kSteps, kK}), b = values({kBatch, kK, kSteps}),
             c = values({kBatch, kSteps, kSteps})]() mutable {
              for (std::size_t i = 0; i < kBatch; ++i)
                gemm<float>(Transpose::no, Transpose::no, kSteps, kSteps, kK, 1,
                            a.data() + i * kSteps * kK, kK, b.data() + i * kSteps * kK, kSteps, 0,
                            c.data() + i * kSteps * kSteps, kSteps);
            }});
}

}  // namespace babelgrad::bench
