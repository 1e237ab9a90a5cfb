#include "babelgrad/autograd/products/packed_weights.h"

#include <algorithm>
#include <functional>

#include "babelgrad/autograd/kernels/int8.h"

namespace babelgrad {

const PackedFactor* PackedWeights::find(Precision precision, const Factor& f) {
  if (precision == Precision::int8 && f.depth > int8::kMostDepth) return nullptr;
  const std::less<const float*> before;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Array<float>& value = parameters_[i].value();
    const float* begin = value.data();
    if (before(f.x, begin) || !before(f.x, begin + value.size())) continue;
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[{precision, i, static_cast<std::size_t>(f.x - begin), f.vectors,
                             f.depth, f.ld, f.vectors_are_rows}];
    if (!entry.factor)
      entry.factor = std::make_unique<PackedFactor>(precision, f.vectors, f.depth, Side::right);
    if (entry.data != begin || entry.version != value.version()) {
      entry.factor->pack(f);
      entry.data = begin;
      entry.version = value.version();
    }
    return entry.factor.get();
  }
  return nullptr;
}

void PackedWeights::repack(const std::function<void(std::size_t, const Task&)>& run) {
  constexpr std::size_t kVectors = 16 * kTileVectors;
  struct Part {
    PackedFactor& factor;
    std::size_t begin;
    Factor from;
  };
  std::vector<Part> parts;
  const std::lock_guard lock(mutex_);
  for (auto& [key, entry] : entries_) {
    const auto& [precision, parameter, offset, vectors, depth, ld, vectors_are_rows] = key;
    const Array<float>& value = parameters_[parameter].value();
    entry.data = value.data();
    entry.version = value.version();
    for (std::size_t v = 0; v < vectors; v += kVectors)
      parts.push_back(
          {*entry.factor,
           v,
           {std::min(kVectors, vectors - v), depth,
            entry.data + offset + v * (vectors_are_rows ? ld : 1), ld, vectors_are_rows}});
  }
  run(parts.size(), [&](std::size_t i) { parts[i].factor.pack(parts[i].begin, parts[i].from); });
}

}  // namespace babelgrad
