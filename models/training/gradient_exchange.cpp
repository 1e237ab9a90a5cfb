#include "babelgrad/models/training/gradient_exchange.h"

#include <algorithm>

#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {
namespace {

// Of doubles, nothing is rounded.
void round(std::size_t, const double*, std::uint16_t*) {}
void widen(const std::vector<std::uint16_t>&, double*) {}
void round(std::size_t n, const float* x, std::uint16_t* to) { bfloat16::round(n, x, to); }
void widen(const std::vector<std::uint16_t>& x, float* to) {
  bfloat16::widen(x.size(), x.data(), to);
}

}  // namespace

template <class T>
GradientExchange<T>::GradientExchange(const std::vector<Tensor<T>>& parameters,
                                      const std::vector<GradientBlock>& blocks, Ranks& ranks)
    : parameters_(parameters),
      blocks_(blocks),
      ranks_(ranks),
      first_(ranks.size() + 1),
      pieces_(ranks.size()),
      received_(ranks.size()),
      rounded_(ranks.size()),
      rows_(ranks.size()) {
  std::size_t passed = 0, b = 0;
  for (const GradientBlock& block : blocks) all_elements_ += block.end - block.begin;
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    first_[r] = b;
    const std::size_t until = run_begin(all_elements_, ranks.size(), r + 1);
    for (; b < blocks.size() && passed < until; ++b) {
      const auto [i, begin, end] = blocks[b];
      passed += end - begin;
      if (pieces_[r].empty() || pieces_[r].back().parameter != i)
        pieces_[r].push_back(blocks[b]);
      else
        pieces_[r].back().end = end;
      if (r != ranks.rank()) continue;
      offset_.push_back(own_elements_);
      own_elements_ += end - begin;
    }
  }
  first_.back() = b;
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

// How many rows each rank will send of each of one's own pieces.
template <class T>
std::vector<std::vector<std::uint64_t>> GradientExchange<T>::count_rows(
    const std::vector<Gradient<T>>& gradients) {
  const std::size_t n = ranks_.size(), own = ranks_.rank();
  const auto is_by_rows = [&](const GradientBlock& piece) {
    return agreed_.by_rows[piece.parameter] != 0;
  };
  std::vector<std::vector<std::uint64_t>> outgoing(n), incoming(n);
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  for (std::size_t r = 0; r < n; ++r) {
    if (!gradients.empty())
      for (const GradientBlock& piece : pieces_[r])
        if (is_by_rows(piece))
          outgoing[r].push_back(rows_of(piece, gradients[piece.parameter]).count);
    if (r == own || outgoing[r].empty()) continue;
    out.push_back({r, outgoing[r].data(), outgoing[r].size() * sizeof(std::uint64_t)});
  }
  const auto own_tables =
      static_cast<std::size_t>(std::count_if(pieces_[own].begin(), pieces_[own].end(), is_by_rows));
  for (const std::size_t r : active_) {
    incoming[r].resize(own_tables);
    if (r == own || own_tables == 0) continue;
    in.push_back({r, incoming[r].data(), own_tables * sizeof(std::uint64_t)});
  }
  ranks_.exchange(out, in);
  return incoming;
}

template <class T>
void GradientExchange<T>::scatter(std::vector<Gradient<T>>& gradients, Precision wire) {
  const bool rounds = std::same_as<T, float> && wire == Precision::bfloat16;
  std::vector<std::vector<std::uint64_t>> counts;
  if (std::count(agreed_.by_rows.begin(), agreed_.by_rows.end(), 1) > 0)
    counts = count_rows(gradients);
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  if (!gradients.empty()) add_outgoing(gradients, rounds, out);
  for (const std::size_t r : active_)
    if (r != ranks_.rank()) add_incoming(r, counts, rounds, in);
  ranks_.exchange(out, in);
  for (const std::size_t r : active_)
    if (rounds && r != ranks_.rank()) widen(rounded_[r], received_[r].get());
  add_rows_of(gradients);
}

template <class T>
void GradientExchange<T>::add_outgoing(const std::vector<Gradient<T>>& gradients, bool rounds,
                                       std::vector<Ranks::Outgoing>& out) {
  const std::size_t own = ranks_.rank();
  std::vector<std::uint16_t>& rounded = rounded_[own];
  if (rounds) rounded.resize(all_elements_);
  std::size_t offset = 0;
  for (std::size_t r = 0; r < ranks_.size(); ++r)
    for (const GradientBlock& piece : pieces_[r]) {
      const auto [i, begin, end] = piece;
      if (r == own) continue;
      if (agreed_.by_rows[i] == 0) {
        const T* values = gradients[i].dense.data() + begin;
        if (rounds) round(end - begin, values, rounded.data() + offset);
        if (rounds)
          out.push_back({r, rounded.data() + offset, (end - begin) * sizeof(std::uint16_t)});
        else
          out.push_back({r, values, (end - begin) * sizeof(T)});
        offset += end - begin;
        continue;
      }
      const RowGradient<T>& table = *gradients[i].by_rows;
      const auto [first, count] = rows_of(piece, gradients[i]);
      if (count == 0) continue;
      out.push_back({r, table.rows.data() + first, count * sizeof(std::int32_t)});
      out.push_back({r, table.values.data() + first * width(i), count * width(i) * sizeof(T)});
    }
}

// counts: of rows, from count_rows().
template <class T>
void GradientExchange<T>::add_incoming(std::size_t rank,
                                       const std::vector<std::vector<std::uint64_t>>& counts,
                                       bool rounds, std::vector<Ranks::Incoming>& in) {
  const std::vector<GradientBlock>& pieces = pieces_[ranks_.rank()];
  if (!received_[rank]) received_[rank] = std::make_unique_for_overwrite<T[]>(own_elements_);
  if (rounds) rounded_[rank].resize(own_elements_);
  rows_[rank].clear();
  rows_[rank].resize(pieces.size());
  std::size_t offset = 0, table = 0;
  for (std::size_t k = 0; k < pieces.size(); ++k) {
    const auto [i, begin, end] = pieces[k];
    if (agreed_.by_rows[i] == 0) {
      if (rounds)
        in.push_back({rank, rounded_[rank].data() + offset, (end - begin) * sizeof(std::uint16_t)});
      else
        in.push_back({rank, received_[rank].get() + offset, (end - begin) * sizeof(T)});
    } else if (const std::size_t count = counts[rank][table++]; count > 0) {
      RowGradient<T>& rows = rows_[rank][k];
      rows.rows.resize(count);
      rows.values = uninitialized<T>({count, width(i)});
      in.push_back({rank, rows.rows.data(), count * sizeof(std::int32_t)});
      in.push_back({rank, rows.values.data(), count * width(i) * sizeof(T)});
    }
    offset += end - begin;
  }
}

// Of the own pieces by rows; and where this rank has no gradients, makes room for the others'.
template <class T>
void GradientExchange<T>::add_rows_of(std::vector<Gradient<T>>& gradients) {
  const std::size_t own = ranks_.rank();
  const bool active = !gradients.empty();
  gradients.resize(parameters_.size());
  for (std::size_t k = 0; k < pieces_[own].size(); ++k) {
    const GradientBlock& piece = pieces_[own][k];
    Gradient<T>& gradient = gradients[piece.parameter];
    if (agreed_.by_rows[piece.parameter] == 0) {
      if (active) continue;
      gradient.dense = uninitialized<T>(parameters_[piece.parameter].shape());
      continue;
    }
    std::vector<RowGradient<T>> parts;
    for (const std::size_t r : active_) {
      if (r != own) {
        parts.push_back(std::move(rows_[r][k]));
        continue;
      }
      const auto [first, count] = rows_of(piece, gradient);
      const auto begin = gradient.by_rows->rows.begin() + static_cast<std::ptrdiff_t>(first);
      parts.push_back({{begin, begin + static_cast<std::ptrdiff_t>(count)},
                       gradient.by_rows->values.leading(first, first + count)});
    }
    add_along_tree(parts.size(),
                   [&](std::size_t a, std::size_t b) { add_rows(parts[b], parts[a]); });
    gradient.by_rows = std::move(parts[0]);
  }
}

template <class T>
void GradientExchange<T>::add_block(std::size_t b, std::vector<Gradient<T>>& gradients) const {
  const auto [i, begin, end] = blocks_[b];
  if (agreed_.by_rows[i] != 0) return;
  T* const own = gradients[i].dense.data() + begin;
  std::vector<T*> parts;
  for (const std::size_t r : active_)
    parts.push_back(r == ranks_.rank() ? own : received_[r].get() + offset_[b - own_begin()]);
  add_along_tree(parts.size(), [&, size = end - begin](std::size_t into, std::size_t from) {
    if (parts[from] == own) std::swap(parts[into], parts[from]);  // a + b is b + a
    kernels<T>().add(size, parts[from], parts[into]);
  });
  if (parts[0] != own) std::copy(parts[0], parts[0] + (end - begin), own);
}

template <class T>
void GradientExchange<T>::gather(std::vector<double>& of_blocks) {
  all_gather(ranks_, of_blocks.data(), first_);
}

template <class T>
void GradientExchange<T>::gather(const std::vector<T*>& of_parameters) {
  const std::size_t own = ranks_.rank();
  std::vector<Ranks::Outgoing> out;
  std::vector<Ranks::Incoming> in;
  for (std::size_t r = 0; r < ranks_.size(); ++r) {
    if (r == own) continue;
    for (const auto& [i, begin, end] : pieces_[own])
      out.push_back({r, of_parameters[i] + begin, (end - begin) * sizeof(T)});
    for (const auto& [i, begin, end] : pieces_[r])
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
    for (const auto& [i, begin, end] : pieces_[r]) {
      const std::size_t bytes = (end - begin) * sizeof(T);
      if (own == r) out.push_back({0, of_parameters[i] + begin, bytes});
      if (own == 0) in.push_back({r, of_parameters[i] + begin, bytes});
    }
  ranks_.exchange(out, in);
}

template class GradientExchange<float>;
template class GradientExchange<double>;

}  // namespace babelgrad
