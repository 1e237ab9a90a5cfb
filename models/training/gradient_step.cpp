#include "babelgrad/models/training/gradient_step.h"

#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/inspection/finite.h"
#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 15;  // elements an optimizer task handles at once

// Each shard of each pass draws masks of its own.
Mode mode_of(const StepRequest& request, std::size_t pass, std::size_t shard) {
  return Mode::training(request.seed, request.update, (std::uint64_t{pass} << 32) + shard);
}

template <class T>
void add_gradient(const Gradient<T>& more, Gradient<T>& sum, const Shape& shape) {
  if (more.by_rows && sum.by_rows) return add_rows(*more.by_rows, *sum.by_rows);
  Array<T>& dense = sum.make_dense(shape);
  if (more.by_rows) return add_rows(*more.by_rows, dense);
  kernels<T>().add(dense.size(), more.dense.data(), dense.data());
}

}  // namespace

template <class T>
void GradientSum<T>::add(GradientSum more, const std::vector<Tensor<T>>& parameters) {
  if (more.gradients.empty()) return;
  loss += more.loss;
  if (gradients.empty()) {
    gradients = std::move(more.gradients);
    return;
  }
  for (std::size_t i = 0; i < gradients.size(); ++i)
    add_gradient(more.gradients[i], gradients[i], parameters[i].shape());
}

template <class T>
GradientStep<T>::GradientStep(const ParameterStore<T>& store, Optimizer<T>& optimizer,
                              WorkerPool& pool)
    : store_(store), optimizer_(optimizer), pool_(pool) {
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    const Tensor<T>& parameter = parameters()[i];
    const std::size_t width = parameter.rank() == 0 ? 1 : parameter.shape().back();
    const std::size_t block = std::max<std::size_t>(1, kBlock / width) * width;
    for (std::size_t begin = 0; begin < parameter.size(); begin += block)
      blocks_.push_back({i, begin, std::min(begin + block, parameter.size())});
  }
  block_squares_.resize(blocks_.size());
  if constexpr (std::same_as<T, float>) packed_weights_.emplace(parameters());
}

template <class T>
StepResult GradientStep<T>::run(const std::vector<ShardedLoss<T>>& passes,
                                const StepRequest& request) {
  for (const ShardedLoss<T>& losses : passes) differentiate(losses, request);
  try {
    return apply(request);
  } catch (const DivergenceError& error) {
    throw DivergenceError(error.what() + failing_op(passes, request));
  }
}

template <class T>
void GradientStep<T>::differentiate(const ShardedLoss<T>& losses, const StepRequest& request) {
  const std::size_t count = losses.end - losses.begin, pass = std::exchange(passes_, 0);
  const std::size_t active = std::exchange(active_, 0);
  summed_ = false;
  if (shards_.size() < count) shards_.resize(count);
  if (packed_weights_ && pass == 0) packed_weights_->forget();
  std::optional<SharePackedWeights> share;
  if (packed_weights_) share.emplace(*packed_weights_);
  pool_.run(shards_.size(), [&](std::size_t i) {
    if (pass == 0) shards_[i] = {};
    if (i >= count) return;
    const std::size_t shard = losses.begin + i;
    const Tensor<T> loss = losses.loss(shard, mode_of(request, pass, shard));
    shards_[i].add({static_cast<double>(loss.item()), store_.gradients_by_rows(loss)},
                   parameters());
  });
  active_ = std::max(active, count);  // nothing of the update is left if a loss has thrown
  passes_ = pass + 1;
}

template <class T>
GradientSum<T>& GradientStep<T>::sum() {
  add_shards();
  squares_are_known_ = false;
  return shards_[0];
}

template <class T>
StepResult GradientStep<T>::apply(const StepRequest& request) {
  add_shards();
  if (shards_[0].gradients.empty()) throw std::logic_error("gradient step: no shard has a loss");
  const StepResult result{shards_[0].loss, norm()};
  if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm))
    throw DivergenceError("training diverged at update " + std::to_string(request.update) + ": " +
                          what_diverged(result.loss));
  update(request, clip_scale(result.gradient_norm, request.clip_norm));
  summed_ = false;
  return result;
}

// Shared among the threads, each of which sees a block while it is in its cache.
template <class T>
template <class Task>
void GradientStep<T>::for_blocks(const char* name, const Task& task) {
  const std::size_t tasks = pool_.threads();
  pool_.run(tasks, [&](std::size_t first) {
    const ProfileScope profile(name, Phase::section);
    for (std::size_t b = first; b < blocks_.size(); b += tasks) task(b);
  });
}

// Into the first one's; with the sums of squares, while the blocks are at hand.
template <class T>
void GradientStep<T>::add_shards() {
  if (summed_) return;
  if (std::exchange(passes_, 0) == 0)
    throw std::logic_error("gradient step: nothing was differentiated since the last update");
  summed_ = true;
  if (active_ == 0) return;
  add_along_tree(active_,
                 [&](std::size_t a, std::size_t b) { shards_[a].loss += shards_[b].loss; });
  unify_rows();
  for_blocks("gradient sum", [&](std::size_t b) {
    add_block(blocks_[b]);
    block_squares_[b] = sum_of_squares(blocks_[b]);
  });
  squares_are_known_ = true;
  active_ = 0;
}

// Where all shards have a gradient by rows, adds them; where only some have, makes them dense.
template <class T>
void GradientStep<T>::unify_rows() {
  for (std::size_t i = 0; i < parameters().size(); ++i) {
    const auto of = [&](std::size_t shard) -> Gradient<T>& { return shards_[shard].gradients[i]; };
    bool all = true;
    for (std::size_t s = 0; s < active_; ++s) all = all && of(s).by_rows;
    if (all)
      add_along_tree(
          active_, [&](std::size_t a, std::size_t b) { add_rows(*of(b).by_rows, *of(a).by_rows); });
    else
      for (std::size_t s = 0; s < active_; ++s) of(s).make_dense(parameters()[i].shape());
  }
}

template <class T>
void GradientStep<T>::add_block(const Block& block) {
  const auto [i, begin, end] = block;
  if (shards_[0].gradients[i].by_rows) return;
  const auto values = [&, i = i, begin = begin](std::size_t shard) {
    return shards_[shard].gradients[i].dense.data() + begin;
  };
  add_along_tree(active_, [&, size = end - begin](std::size_t a, std::size_t b) {
    kernels<T>().add(size, values(b), values(a));
  });
}

template <class T>
double GradientStep<T>::norm() {
  if (!squares_are_known_)
    for_blocks("gradient norm",
               [&](std::size_t b) { block_squares_[b] = sum_of_squares(blocks_[b]); });
  squares_are_known_ = true;
  double squares = 0;
  for (const double block : block_squares_) squares += block;
  return std::sqrt(squares);
}

template <class T>
std::vector<double> GradientStep<T>::gradient_norms() const {
  if (!squares_are_known_) return {};
  std::vector<double> norms(parameters().size());
  for (std::size_t b = 0; b < blocks_.size(); ++b) norms[blocks_[b].parameter] += block_squares_[b];
  for (double& norm : norms) norm = std::sqrt(norm);
  return norms;
}

template <class T>
double GradientStep<T>::sum_of_squares(const Block& block) const {
  const auto [i, begin, end] = block;
  const Gradient<T>& gradient = shards_[0].gradients[i];
  if (!gradient.by_rows)
    return kernels<T>().sum_of_squares(end - begin, gradient.dense.data() + begin);
  const RowGradient<T>& g = *gradient.by_rows;
  const std::size_t width = parameters()[i].dim(1);
  const auto first = std::lower_bound(g.rows.begin(), g.rows.end(), begin / width);
  const auto last = std::lower_bound(first, g.rows.end(), end / width);
  return kernels<T>().sum_of_squares(static_cast<std::size_t>(last - first) * width,
                                     g.values.data() + (first - g.rows.begin()) * width);
}

template <class T>
void GradientStep<T>::update(const StepRequest& request, double scale) {
  if (request.average_decay > 0 && average_.empty())
    for (const Tensor<T>& parameter : parameters()) average_.push_back(parameter.value());
  // Young means forget faster, or the initial values would stay in them.
  const double t = static_cast<double>(request.update);
  const T keep = static_cast<T>(std::min(request.average_decay, (1 + t) / (10 + t)));
  optimizer_.begin_step({request.learning_rate, scale});
  for_blocks("optimizer", [&](std::size_t b) {
    const auto [i, begin, end] = blocks_[b];
    optimizer_.update(i, begin, end, shards_[0].gradients[i]);
    if (request.average_decay == 0) return;
    const T* p = parameters()[i].value().data();
    T* mean = average_[i].data();
    for (std::size_t e = begin; e < end; ++e) mean[e] = p[e] + keep * (mean[e] - p[e]);
  });
}

template <class T>
std::string GradientStep<T>::what_diverged(double loss) {
  for (const Tensor<T>& parameter : parameters())
    if (!all_finite(parameter.value())) return "parameter " + parameter.name() + " is not finite";
  if (!std::isfinite(loss)) return "the loss is not finite";
  for (std::size_t i = 0; i < parameters().size(); ++i)
    if (!all_finite(shards_[0].gradients[i].make_dense(parameters()[i].shape())))
      return "the gradient of " + parameters()[i].name() + " is not finite";
  return "the gradients are too large for their number format";
}

// By the same computation again: " (op ...)", or nothing if it does not fail.
template <class T>
std::string GradientStep<T>::failing_op(const std::vector<ShardedLoss<T>>& passes,
                                        const StepRequest& request) const {
  try {
    const DetectAnomaly detect;
    for (std::size_t pass = 0; pass < passes.size(); ++pass)
      for (std::size_t shard = passes[pass].begin; shard < passes[pass].end; ++shard)
        store_.gradients(passes[pass].loss(shard, mode_of(request, pass, shard)));
  } catch (const NumericError& error) {
    return " (" + std::string(error.what()) + ")";
  }
  return "";
}

template struct GradientSum<float>;
template struct GradientSum<double>;
template class GradientStep<float>;
template class GradientStep<double>;

}  // namespace babelgrad
