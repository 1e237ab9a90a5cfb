#include "babelgrad/models/training/gradient_step.h"

#include <algorithm>
#include <cmath>

#include "babelgrad/autograd/inspection/finite.h"
#include "babelgrad/autograd/kernels/kernels.h"

namespace babelgrad {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 15;  // elements an optimizer task handles at once

Mode mode_of(const StepRequest& request, std::size_t shard) {
  return Mode::training(request.seed, request.update, shard);
}

}  // namespace

template <class T>
GradientStep<T>::GradientStep(Seq2Seq<T>& model, Optimizer<T>& optimizer, WorkerPool& pool,
                              std::size_t shards)
    : model_(model),
      optimizer_(optimizer),
      pool_(pool),
      shards_(shards == 0 ? pool.threads() : shards),
      gradients_(shards_) {
  const auto& parameters = model.store().parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::size_t width = parameters[i].rank() == 0 ? 1 : parameters[i].shape().back();
    const std::size_t block = std::max<std::size_t>(1, kBlock / width) * width;
    for (std::size_t begin = 0; begin < parameters[i].size(); begin += block)
      blocks_.push_back({i, begin, std::min(begin + block, parameters[i].size())});
  }
  block_squares_.resize(blocks_.size());
}

template <class T>
StepResult GradientStep<T>::run(const text::Batch& batch, const StepRequest& request) {
  const std::vector<text::Batch> shards = text::shard(batch, shards_);
  StepResult result;
  result.target_tokens = batch.target_tokens();
  const LossOptions options{request.label_smoothing, static_cast<double>(result.target_tokens)};
  std::vector<double> losses(shards.size());
  pool_.run(shards.size(), [&](std::size_t i) {
    gradients_[i].clear();
    const Tensor<T> loss = model_.loss(shards[i], mode_of(request, i), options);
    losses[i] = static_cast<double>(loss.item());
    gradients_[i] = model_.store().gradients_by_rows(loss);
  });
  for (const double loss : losses) result.loss += loss;
  result.gradient_norm = std::sqrt(sum_gradients(shards.size()));
  if (!std::isfinite(result.loss) || !std::isfinite(result.gradient_norm))
    report_divergence(shards, request, result);
  apply(request, clip_scale(result.gradient_norm, request.clip_norm));
  return result;
}

// Where all shards have a gradient by rows, adds them into the first one's; where only some have,
// makes them dense.
template <class T>
void GradientStep<T>::unify_rows(std::size_t shards) {
  for (std::size_t i = 0; i < gradients_[0].size(); ++i) {
    bool all = true;
    for (std::size_t s = 0; s < shards; ++s) all = all && gradients_[s][i].by_rows;
    for (std::size_t s = 0; s < shards; ++s)
      if (!all)
        gradients_[s][i].make_dense(model_.store().parameters()[i].shape());
      else if (s > 0)
        add_rows(*gradients_[s][i].by_rows, *gradients_[0][i].by_rows);
  }
}

// Adds the shards' gradients into the first one's; returns the sum of squares.
template <class T>
double GradientStep<T>::sum_gradients(std::size_t shards) {
  unify_rows(shards);
  const std::size_t tasks = pool_.threads();
  pool_.run(tasks, [&](std::size_t task) {
    const ProfileScope profile("gradient sum", Phase::section);
    for (std::size_t b = task; b < blocks_.size(); b += tasks) {
      const auto [i, begin, end] = blocks_[b];
      if (!gradients_[0][i].by_rows)
        for (std::size_t s = 1; s < shards; ++s)
          kernels<T>().add(end - begin, gradients_[s][i].dense.data() + begin,
                           gradients_[0][i].dense.data() + begin);
      block_squares_[b] = sum_of_squares(blocks_[b]);
    }
  });
  double squares = 0;
  for (const double block : block_squares_) squares += block;
  return squares;
}

template <class T>
std::vector<double> GradientStep<T>::gradient_norms() const {
  if (gradients_[0].empty()) return {};
  std::vector<double> norms(gradients_[0].size());
  for (std::size_t b = 0; b < blocks_.size(); ++b) norms[blocks_[b].parameter] += block_squares_[b];
  for (double& norm : norms) norm = std::sqrt(norm);
  return norms;
}

template <class T>
double GradientStep<T>::sum_of_squares(const Block& block) const {
  const auto [i, begin, end] = block;
  const Gradient<T>& gradient = gradients_[0][i];
  if (!gradient.by_rows)
    return kernels<T>().sum_of_squares(end - begin, gradient.dense.data() + begin);
  const RowGradient<T>& g = *gradient.by_rows;
  const std::size_t width = model_.store().parameters()[i].dim(1);
  const auto first = std::lower_bound(g.rows.begin(), g.rows.end(), begin / width);
  const auto last = std::lower_bound(first, g.rows.end(), end / width);
  return kernels<T>().sum_of_squares(static_cast<std::size_t>(last - first) * width,
                                     g.values.data() + (first - g.rows.begin()) * width);
}

template <class T>
void GradientStep<T>::apply(const StepRequest& request, double scale) {
  const auto& parameters = model_.store().parameters();
  if (request.average_decay > 0 && average_.empty())
    for (const Tensor<T>& parameter : parameters) average_.push_back(parameter.value());
  // Young means forget faster, or the initial values would stay in them.
  const double t = static_cast<double>(request.update);
  const T keep = static_cast<T>(std::min(request.average_decay, (1 + t) / (10 + t)));
  optimizer_.begin_step({request.learning_rate, scale});
  const std::size_t tasks = pool_.threads();
  pool_.run(tasks, [&](std::size_t task) {
    const ProfileScope profile("optimizer", Phase::section);
    for (std::size_t b = task; b < blocks_.size(); b += tasks) {
      const auto [i, begin, end] = blocks_[b];
      optimizer_.update(i, begin, end, gradients_[0][i]);
      if (request.average_decay == 0) continue;
      const T* p = parameters[i].value().data();
      T* mean = average_[i].data();
      for (std::size_t e = begin; e < end; ++e) mean[e] = p[e] + keep * (mean[e] - p[e]);
    }
  });
}

template <class T>
void GradientStep<T>::report_divergence(const std::vector<text::Batch>& shards,
                                        const StepRequest& request, const StepResult& result) {
  std::string what = std::isfinite(result.loss) ? "" : "the loss is not finite";
  const auto& parameters = model_.store().parameters();
  for (std::size_t i = 0; what.empty() && i < parameters.size(); ++i)
    if (!all_finite(gradients_[0][i].make_dense(parameters[i].shape())))
      what = "the gradient of " + parameters[i].name() + " is not finite";
  for (const Tensor<T>& parameter : parameters)
    if (!all_finite(parameter.value())) what = "parameter " + parameter.name() + " is not finite";
  if (what.empty()) what = "the gradients are too large for their number format";
  try {  // the same computation again, to find the op
    const DetectAnomaly detect;
    for (std::size_t i = 0; i < shards.size(); ++i)
      model_.store().gradients(
          model_.loss(shards[i], mode_of(request, i),
                      {request.label_smoothing, static_cast<double>(result.target_tokens)}));
  } catch (const NumericError& error) {
    what += " (" + std::string(error.what()) + ")";
  }
  throw DivergenceError("training diverged at update " + std::to_string(request.update) + ": " +
                        what);
}

template class GradientStep<float>;
template class GradientStep<double>;

}  // namespace babelgrad
