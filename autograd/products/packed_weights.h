// PackedWeights: parameters as factors of products in bfloat16 or int8, packed once for all
// products and threads that read them.
//
//   PackedWeights weights(store.parameters());
//   const MatmulPrecision precision(Precision::bfloat16);
//   const SharePackedWeights share(weights);
//   ... forward and backward passes, on several threads; the parameters are updated ...
//   weights.repack(run);  // at once on all threads; a parameter that has changed is packed anew
//                         // anyway, by whoever needs it first, while others wait
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
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

  // The right factor in the given precision, packed if it is not yet or the parameter has changed
  // since, which it must not while other threads multiply; null if it is no part of a parameter.
  const PackedFactor* find(Precision precision, const Factor& factor);

  // Of parameter number i, as long as it does not change: the right factor whose vectors are its
  // rows, packed already. find() takes from it what it has.
  void put(std::size_t i, std::unique_ptr<PackedFactor> factor);

  // Packs all factors anew that were found before. run(count, task) has to call task(0) ...
  // task(count - 1), in any order, on any threads. No product may be under way.
  using Task = std::function<void(std::size_t)>;
  void repack(const std::function<void(std::size_t count, const Task& task)>& run);

 private:
  struct Entry {
    std::unique_ptr<PackedFactor> factor;
    const float* data = nullptr;  // of the parameter when it was packed
    std::uint32_t version = 0;

    bool is_of(const Array<float>& value) const {
      return data == value.data() && version == value.version();
    }
  };
  // Precision, number of the parameter, where in it the factor begins, its extents, ld,
  // orientation.
  using Key =
      std::tuple<Precision, std::size_t, std::size_t, std::size_t, std::size_t, std::size_t, bool>;

  std::vector<Tensor<float>> parameters_;
  std::mutex mutex_;
  std::map<Key, Entry> entries_;
  std::map<std::pair<Precision, std::size_t>, Entry> rows_;  // that were put
};

// Of those that this thread shares, in the precision of its products; null if there are none, or
// the factor is no part of one.
inline const PackedFactor* find_packed_weight(const Factor& right) {
  const ThreadModes modes = thread_modes();
  return modes.packed_weights != nullptr ? modes.packed_weights->find(modes.matmul, right)
                                         : nullptr;
}

// While one lives, products of this thread in bfloat16 or int8 take parameters from the given ones.
class [[nodiscard]] SharePackedWeights {
 public:
  [[nodiscard]] explicit SharePackedWeights(PackedWeights& weights)
      : guard_(changed([&](auto& m) { m.packed_weights = &weights; })) {}

 private:
  ModesGuard guard_;
};

}  // namespace babelgrad
