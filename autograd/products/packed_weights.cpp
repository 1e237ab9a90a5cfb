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
    const std::size_t offset = static_cast<std::size_t>(f.x - begin);
    Entry& entry = entries_[{precision, i, offset, f.vectors, f.depth, f.ld, f.vectors_are_rows}];
    if (!entry.factor) {
      const auto rows = rows_.find({precision, i});
      const bool has_rows = rows != rows_.end() && rows->second.is_of(value) &&
                            f.vectors_are_rows && f.depth == f.ld &&
                            f.ld == rows->second.factor->depth() &&
                            offset % (kTileVectors * f.ld) == 0;
      if (has_rows)
        entry = {std::make_unique<PackedFactor>(*rows->second.factor, offset / f.ld, f.vectors),
                 rows->second.data, rows->second.version};
      else
        entry.factor = std::make_unique<PackedFactor>(precision, f.vectors, f.depth, Side::right);
    }
    if (!entry.is_of(value)) {
      entry.factor->pack(f);
      entry.data = begin;
      entry.version = value.version();
    }
    return entry.factor.get();
  }
  return nullptr;
}

void PackedWeights::put(std::size_t i, std::unique_ptr<PackedFactor> factor) {
  const Array<float>& value = parameters_[i].value();
  const std::lock_guard lock(mutex_);
  Entry& entry = rows_[{factor->precision(), i}];
  entry = {std::move(factor), value.data(), value.version()};
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
