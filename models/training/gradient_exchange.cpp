#include "babelgrad/models/training/gradient_exchange.h"

#include <algorithm>

#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {
namespace {

constexpr std::size_t kRoundBlocks = 8;  // of each rank

// Of doubles, nothing is rounded.
void round_values(std::size_t, const double*, std::uint16_t*) {}
void widen(std::size_t, const std::uint16_t*, double*) {}
void round_values(std::size_t n, const float* x, std::uint16_t* to) { bfloat16::round(n, x, to); }
void widen(std::size_t n, const std::uint16_t* x, float* to) { bfloat16::widen(n, x, to); }

}  // namespace

template <class T>
GradientExchange<T>::GradientExchange(const std::vector<Tensor<T>>& parameters,
                                      const std::vector<GradientBlock>& blocks, Ranks& ranks)
    : parameters_(parameters),
      blocks_(blocks),
      ranks_(ranks),
      owned_(ranks.size()),
      rows_(ranks.size()),
      received_(ranks.size()),
      offset_(blocks.size()),
      rounded_(ranks.size()) {
  const std::size_t n = ranks.size();
  for (std::size_t first = 0, end = 0, left_over = 0; first < blocks.size(); first = end) {
    while (end < blocks.size() && blocks[end].parameter == blocks[first].parameter) ++end;
    const std::size_t count = end - first;
    for (std::size_t k = 0; k < n; ++k)  // what cannot be shared evenly goes to one after the other
      for (std::size_t b = run_begin(count, n, k); b < run_begin(count, n, k + 1); ++b)
        owned_[(k + left_over) % n].push_back(first + b);
    left_over += count % n;
  }
  for (const std::vector<std::size_t>& owned : owned_)
    rounds_ = std::max(rounds_, (owned.size() + kRoundBlocks - 1) / kRoundBlocks);
  for (const GradientBlock& block : blocks)
    round_elements_ = std::max(round_elements_, kRoundBlocks * (block.end - block.begin));
}

template <class T>
BlockNumbers GradientExchange<T>::owned(std::size_t rank, std::size_t round) const {
  const BlockNumbers all = owned_[rank];
  const std::size_t begin = std::min(round * kRoundBlocks, all.size());
  return all.subspan(begin, std::min(kRoundBlocks, all.size() - begin));
}

// The blocks, those that follow each other in one parameter joined.
template <class T>
std::vector<GradientBlock> GradientExchange<T>::pieces(BlockNumbers numbers) const {
  std::vector<GradientBlock> joined;
  for (const std::size_t b : numbers)
    if (joined.empty() || joined.back().parameter != blocks_[b].parameter ||
        joined.back().end != blocks_[b].begin)
      joined.push_back(blocks_[b]);
    else
      joined.back().end = blocks_[b].end;
  return joined;
}

// What a rank owns of the parameters whose gradients go by rows.
template <class T>
std::vector<GradientBlock> GradientExchange<T>::tables(std::size_t rank) const {
  std::vector<GradientBlock> owned = pieces(owned_[rank]);
  std::erase_if(owned, [&](const GradientBlock& piece) { return !is_by_rows(piece); });
  return owned;
}

template <class T>
void GradientExchange<T>::agree(Agreement& agreement) {
  const std::size_t n = ranks_.size(), P = parameters_.size(), size = P + 2;
  std::vector<double> all(n * size);
  std::vector<std::size_t> begin;
  for (std::size_t r = 0; r <= n; ++r) begin.push_back(r * size);
  double* own = all.data() + begin[ranks_.rank()];
  own[0] = agreement.active;
  own[1] = agreement.loss;
  std::copy(agreement.by_rows.begin(), agreement.by_rows.end(), own + 2);
  all_gather(ranks_, all.data(), begin);
  active_.clear();
  agreed_.by_rows.assign(P, 1);
  std::vector<double> losses;
  for (std::size_t r = 0; r < n; ++r) {
    const double* of_rank = all.data() + begin[r];
    if (of_rank[0] == 0) continue;
    active_.push_back(r);
    losses.push_back(of_rank[1]);
    for (std::size_t i = 0; i < P; ++i)
      agreed_.by_rows[i] = agreed_.by_rows[i] && of_rank[2 + i] != 0;
  }
  add_along_tree(losses.size(), [&](std::size_t a, std::size_t b) { losses[a] += losses[b]; });
  agreed_.active = !active_.empty();
  if (!agreed_.active) agreed_.by_rows.clear();
  agreed_.loss = losses.empty() ? 0 : losses[0];
  agreement = agreed_;
}

template <class T>
typename GradientExchange<T>::Rows GradientExchange<T>::rows_of(const GradientBlock& piece,
                                                                const Gradient<T>& gradient) const {
  const std::vector<std::int32_t>& rows = gradient.by_rows->rows;
  const std::size_t columns = width(piece.parameter);
  const auto first = std::lower_bound(rows.begin(), rows.end(), piece.begin / columns);
  const auto last = std::lower_bound(first, rows.end(), piece.end / columns);
  return {static_cast<std::size_t>(first - rows.begin()), static_cast<std::size_t>(last - first)};
}

// How many rows each rank will send of each of one's own tables.
template <class T>
std::vector<std::vector<std::uint64_t>> GradientExchange<T>::count_rows(
    const std::vector<Gradient<T>>& gradients) {
  const std::size_t n = ranks_.size(), own = ranks_.rank(), own_tables = tables(own).size();
  std::vector<std::vector<std::uint64_t>> outgoing(n), incoming(n);
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  for (std::size_t r = 0; r < n && !gradients.empty(); ++r) {
    if (r == own) continue;
    for (const GradientBlock& piece : tables(r))
      outgoing[r].push_back(rows_of(piece, gradients[piece.parameter]).count);
    out.push_back({r, outgoing[r].data(), outgoing[r].size() * sizeof(std::uint64_t)});
  }
  for (const std::size_t r : active_) {
    if (r == own) continue;
    incoming[r].resize(own_tables);
    in.push_back({r, incoming[r].data(), own_tables * sizeof(std::uint64_t)});
  }
  ranks_.exchange(out, in);
  return incoming;
}

template <class T>
void GradientExchange<T>::scatter_rows(std::vector<Gradient<T>>& gradients) {
  const std::size_t own = ranks_.rank();
  const std::vector<GradientBlock> own_tables = tables(own);
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  if (std::count(agreed_.by_rows.begin(), agreed_.by_rows.end(), 1) > 0) {
    const auto counts = count_rows(gradients);
    for (std::size_t r = 0; r < ranks_.size() && !gradients.empty(); ++r)
      for (const GradientBlock& piece : tables(r)) {
        const std::size_t i = piece.parameter;
        const auto [first, count] = rows_of(piece, gradients[i]);
        if (r == own || count == 0) continue;
        const RowGradient<T>& table = *gradients[i].by_rows;
        out.push_back({r, table.rows.data() + first, count * sizeof(std::int32_t)});
        out.push_back({r, table.values.data() + first * width(i), count * width(i) * sizeof(T)});
      }
    for (const std::size_t r : active_) {
      rows_[r].clear();
      rows_[r].resize(own_tables.size());
      for (std::size_t k = 0; k < own_tables.size() && r != own; ++k) {
        const std::size_t count = counts[r][k], columns = width(own_tables[k].parameter);
        if (count == 0) continue;
        rows_[r][k].rows.resize(count);
        rows_[r][k].values = uninitialized<T>({count, columns});
        in.push_back({r, rows_[r][k].rows.data(), count * sizeof(std::int32_t)});
        in.push_back({r, rows_[r][k].values.data(), count * columns * sizeof(T)});
      }
    }
    ranks_.exchange(out, in);
  }
  const bool active = !gradients.empty();
  gradients.resize(parameters_.size());
  for (std::size_t k = 0; k < own_tables.size(); ++k)
    add_rows_of(k, own_tables[k], gradients[own_tables[k].parameter]);
  for (const auto& [i, begin, end] : pieces(own_blocks()))
    if (!active && agreed_.by_rows[i] == 0)
      gradients[i].dense = uninitialized<T>(parameters_[i].shape());
}

template <class T>
void GradientExchange<T>::add_rows_of(std::size_t table, const GradientBlock& piece,
                                      Gradient<T>& gradient) {
  std::vector<RowGradient<T>> parts;
  for (const std::size_t r : active_) {
    if (r != ranks_.rank()) {
      parts.push_back(std::move(rows_[r][table]));
      continue;
    }
    const auto [first, count] = rows_of(piece, gradient);
    const auto begin = gradient.by_rows->rows.begin() + static_cast<std::ptrdiff_t>(first);
    parts.push_back({{begin, begin + static_cast<std::ptrdiff_t>(count)},
                     gradient.by_rows->values.leading(first, first + count)});
  }
  add_along_tree(parts.size(), [&](std::size_t a, std::size_t b) { add_rows(parts[b], parts[a]); });
  gradient.by_rows = std::move(parts[0]);
}

template <class T>
void GradientExchange<T>::scatter(std::size_t round, const std::vector<Gradient<T>>& gradients,
                                  Precision wire) {
  const bool rounded = std::same_as<T, float> && wire == Precision::bfloat16;
  const std::size_t own = ranks_.rank(), word = rounded ? sizeof(std::uint16_t) : sizeof(T);
  const bool active = std::find(active_.begin(), active_.end(), own) != active_.end();
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  std::vector<std::uint16_t>& sent = rounded_[own];
  std::size_t used = 0;
  for (std::size_t r = 0; r < ranks_.size() && active; ++r)
    for (const GradientBlock& piece : pieces(owned(r, round))) {
      if (r == own || is_by_rows(piece)) continue;
      const auto [i, begin, end] = piece;
      const T* values = gradients[i].dense.data() + begin;
      const void* data = values;
      if (rounded) {
        sent.resize(std::max(sent.size(), (ranks_.size() - 1) * round_elements_));
        round_values(end - begin, values, sent.data() + used);
        data = sent.data() + used;
        used += end - begin;
      }
      out.push_back({r, data, (end - begin) * word});
    }
  for (const std::size_t r : active_) {
    if (r == own) continue;
    if (!received_[r]) received_[r] = std::make_unique_for_overwrite<T[]>(round_elements_);
    if (rounded) rounded_[r].resize(round_elements_);
    std::size_t offset = 0;
    for (const GradientBlock& piece : pieces(own_blocks(round))) {
      if (is_by_rows(piece)) continue;
      void* data = rounded ? static_cast<void*>(rounded_[r].data() + offset)
                           : static_cast<void*>(received_[r].get() + offset);
      in.push_back({r, data, (piece.end - piece.begin) * word});
      offset += piece.end - piece.begin;
    }
  }
  ranks_.exchange(out, in);
  std::size_t offset = 0;
  for (const std::size_t b : own_blocks(round)) {
    offset_[b] = offset;
    if (!is_by_rows(blocks_[b])) offset += blocks_[b].end - blocks_[b].begin;
  }
  for (const std::size_t r : active_)
    if (rounded && r != own) widen(offset, rounded_[r].data(), received_[r].get());
}

template <class T>
void GradientExchange<T>::add_block(std::size_t b, std::vector<Gradient<T>>& gradients) const {
  const auto [i, begin, end] = blocks_[b];
  if (is_by_rows(blocks_[b])) return;
  T* const own = gradients[i].dense.data() + begin;
  std::vector<T*> parts;
  for (const std::size_t r : active_)
    parts.push_back(r == ranks_.rank() ? own : received_[r].get() + offset_[b]);
  add_along_tree(parts.size(), [&, size = end - begin](std::size_t into, std::size_t from) {
    if (parts[from] == own) std::swap(parts[into], parts[from]);  // a + b is b + a
    kernels<T>().add(size, parts[from], parts[into]);
  });
  if (parts[0] != own) std::copy(parts[0], parts[0] + (end - begin), own);
}

template <class T>
void GradientExchange<T>::gather(std::vector<double>& of_blocks) {
  std::vector<double> values;  // rank by rank
  std::vector<std::size_t> begin{0};
  for (const std::vector<std::size_t>& owned : owned_) {
    for (const std::size_t b : owned) values.push_back(of_blocks[b]);
    begin.push_back(values.size());
  }
  all_gather(ranks_, values.data(), begin);
  for (std::size_t k = 0, r = 0; r < owned_.size(); ++r)
    for (const std::size_t b : owned_[r]) of_blocks[b] = values[k++];
}

template <class T>
void GradientExchange<T>::gather(std::size_t round, const std::vector<T*>& of_parameters) {
  const std::size_t own = ranks_.rank();
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    if (r == own) continue;
    for (const auto& [i, begin, end] : pieces(own_blocks(round)))
      out.push_back({r, of_parameters[i] + begin, (end - begin) * sizeof(T)});
    for (const auto& [i, begin, end] : pieces(owned(r, round)))
      in.push_back({r, of_parameters[i] + begin, (end - begin) * sizeof(T)});
  }
  ranks_.exchange(out, in);
}

template <class T>
void GradientExchange<T>::collect(const std::vector<T*>& of_parameters) {
  const std::size_t own = ranks_.rank();
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  for (std::size_t r = 1; r < ranks_.size(); ++r)
    for (const auto& [i, begin, end] : pieces(owned_[r])) {
      const std::size_t bytes = (end - begin) * sizeof(T);
      if (own == r) out.push_back({0, of_parameters[i] + begin, bytes});
      if (own == 0) in.push_back({r, of_parameters[i] + begin, bytes});
    }
  ranks_.exchange(out, in);
}

template class GradientExchange<float>;
template class GradientExchange<double>;

}  // namespace babelgrad
