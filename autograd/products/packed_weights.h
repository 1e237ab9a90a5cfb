// PackedWeights: parameters as factors of products in bfloat16, packed once for all products and
// threads that read them.
//
//   PackedWeights weights(store.parameters());
//   const MatmulPrecision precision(Precision::bfloat16);
//   const SharePackedWeights share(weights);
//   ... forward and backward passes, on several threads ...
//   weights.forget();  // the parameters have changed
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <tuple>
#include <vector>

#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/products/packed_factor.h"
#include "babelgrad/autograd/tensor.h"

namespace babelgrad {

class PackedWeights {
 public:
  explicit PackedWeights(std::vector<Tensor<float>> parameters)
      : parameters_(std::move(parameters)) {}

  // The right factor, packed at the first call; null if it is no part of a parameter.
  const PackedFactor* find(const bfloat16::Factor& factor);

  // The next find() of a factor packs it anew. No product may be under way.
  void forget();

 private:
  struct Entry {
    std::unique_ptr<PackedFactor> factor;
    bool current = false;
  };
  // Number of the parameter, where in it the factor begins, its extents, ld, orientation.
  using Key = std::tuple<std::size_t, std::size_t, std::size_t, std::size_t, std::size_t, bool>;

  std::vector<Tensor<float>> parameters_;
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
};

// The right factor of products: from the packed weights that this thread shares, or packed here.
class RightFactor {
 public:
  explicit RightFactor(const bfloat16::Factor& factor) {
    if (PackedWeights* weights = thread_modes().packed_weights) shared_ = weights->find(factor);
    if (shared_ == nullptr) own_.emplace(factor, bfloat16::Side::right);
  }
  const PackedFactor& operator*() const { return shared_ != nullptr ? *shared_ : *own_; }

 private:
  const PackedFactor* shared_ = nullptr;
  std::optional<PackedFactor> own_;
};

// While one lives, products of this thread in bfloat16 take parameters from the given ones.
class [[nodiscard]] SharePackedWeights {
 public:
  [[nodiscard]] explicit SharePackedWeights(PackedWeights& weights)
      : guard_(changed([&](auto& m) { m.packed_weights = &weights; })) {}

 private:
  ModesGuard guard_;
};

}  // namespace babelgrad
