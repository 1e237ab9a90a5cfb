// What ops do beside computing, on this thread: record a history, and look for NaN. Guards of the
// block in which they live.
#pragma once

namespace babelgrad {

// Of the factors of products of float matrices. bfloat16: they are rounded to it (8 significant
// bits, the exponents of float) and their products added up in float; on processors with
// instructions for it that is several times as fast. Products of few elements stay in float32.
// int8, for searches: under a NoGrad, products by shared parameters (products/packed_weights.h) are
// made of whole numbers of 8 bits, scaled by the largest element of a row (kernels/int8.h); all
// others in float32.
enum class Precision { float32, bfloat16, int8 };
const char* name_of(Precision precision);  // "float32", "bfloat16", "int8"

class PackedWeights;

struct ThreadModes {
  bool grad = true;       // ops record their history
  bool anomaly = false;   // ops and backward passes check every result
  bool composed = false;  // fused ops run as their definitions
  Precision matmul = Precision::float32;
  PackedWeights* packed_weights = nullptr;  // products/packed_weights.h; outlives the modes
};

// Those of this thread: for the threads that work for it, under a ModesGuard of theirs.
ThreadModes thread_modes();
// Whether products of this thread may round their factors.
inline bool rounds_factors() {
  const ThreadModes modes = thread_modes();
  return modes.matmul == Precision::bfloat16 || (modes.matmul == Precision::int8 && !modes.grad);
}
inline bool grad_enabled() { return thread_modes().grad; }
inline bool anomaly_enabled() { return thread_modes().anomaly; }

// Those of this thread with a change.
template <class Change>
ThreadModes changed(Change change) {
  ThreadModes modes = thread_modes();
  change(modes);
  return modes;
}

// While one lives, this thread's modes are the given ones.
class [[nodiscard]] ModesGuard {
 public:
  [[nodiscard]] explicit ModesGuard(ThreadModes modes);
  ~ModesGuard();
  ModesGuard(const ModesGuard&) = delete;
  ModesGuard& operator=(const ModesGuard&) = delete;

 private:
  ThreadModes previous_;
};

// Those of this thread for what is differentiated: in no int8.
inline ThreadModes differentiable_modes() {
  return changed([](auto& m) {
    if (m.matmul == Precision::int8) m.matmul = Precision::float32;
  });
}

// While one lives, ops of this thread record nothing.
class [[nodiscard]] NoGrad {
 public:
  [[nodiscard]] NoGrad() : guard_(changed([](auto& m) { m.grad = false; })) {}

 private:
  ModesGuard guard_;
};

// While one lives, ops of this thread record their history even inside a NoGrad.
class [[nodiscard]] EnableGrad {
 public:
  [[nodiscard]] EnableGrad() : guard_(changed([](auto& m) { m.grad = true; })) {}

 private:
  ModesGuard guard_;
};

// While one lives, the first op or gradient that is NaN or Inf throws a NumericError that names op,
// tensors and shapes, and says whether it was made there or came in. Slow.
class [[nodiscard]] DetectAnomaly {
 public:
  [[nodiscard]] DetectAnomaly() : guard_(changed([](auto& m) { m.anomaly = true; })) {}

 private:
  ModesGuard guard_;
};

// While one lives, matrix products of this thread, those of backward passes included (which are in
// float32 instead of int8), have the given precision: PyTorch's
// torch.set_float32_matmul_precision("medium") for a block.
class [[nodiscard]] MatmulPrecision {
 public:
  [[nodiscard]] explicit MatmulPrecision(Precision precision)
      : guard_(changed([=](auto& m) { m.matmul = precision; })) {}

 private:
  ModesGuard guard_;
};

// While one lives, fused ops of this thread run as the ops that define them: slower, and every part
// is a node to be looked at.
class [[nodiscard]] ComposedOps {
 public:
  [[nodiscard]] ComposedOps() : guard_(changed([](auto& m) { m.composed = true; })) {}

 private:
  ModesGuard guard_;
};

}  // namespace babelgrad
