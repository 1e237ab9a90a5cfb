#include "babelgrad/models/search/next_words.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad {
namespace {

constexpr std::size_t kPiece = 1024;  // words; a row of logits then fits the first-level cache

bool better(const NextWord& a, const NextWord& b) {
  if (a.log_probability != b.log_probability) return a.log_probability > b.log_probability;
  return a.token < b.token;
}

// What is known of one row's softmax so far. `log_probability` of its words lacks the normaliser.
class RowSelection {
 public:
  RowSelection(const WordsQuery& query, std::size_t row)
      : query_(&query), row_(row), is_heap_(query.count != kAllWords) {}

  // logits: of the words [first, first + n).
  template <class T>
  void offer(std::size_t n, std::size_t first, const T* logits) {
    const std::size_t count = query_->count;
    const double log_sum = static_cast<double>(kernels<T>().log_sum_exp_row(n, logits));
    const double before = log_sum_;
    add_to_sum(log_sum);
    if (query_->entropies) add_to_mean(before, log_sum, n, logits);
    if (!query_->wanted.empty()) take_wanted(n, first, logits);
    if (!is_heap_) return take_all(n, first, logits);
    for (std::size_t i = 0; i < n; ++i) {
      const T least = best_.size() < count ? -std::numeric_limits<T>::infinity()
                                           : static_cast<T>(best_.front().log_probability);
      i += kernels<T>().find_greater(n - i, logits + i, least);
      if (i == n) return;
      const auto token = static_cast<std::int32_t>(first + i);
      if (!is_word(token, logits[i])) continue;
      if (best_.size() == count) {
        std::pop_heap(best_.begin(), best_.end(), better);
        best_.pop_back();
      }
      best_.push_back({static_cast<double>(logits[i]), token});
      std::push_heap(best_.begin(), best_.end(), better);
    }
  }

  NextWords finish() {
    if (!std::isfinite(log_sum_)) return {};
    if (is_heap_) std::sort_heap(best_.begin(), best_.end(), better);
    for (NextWord& word : best_) word.log_probability -= log_sum_;
    for (NextWord& word : wanted_) word.log_probability -= log_sum_;
    return {std::move(best_), std::move(wanted_), query_->entropies ? log_sum_ - mean_ : 0};
  }

 private:
  template <class T>
  static bool is_word(std::int32_t token, T logit) {
    return token != text::kPad && token != text::kBos && std::isfinite(logit);
  }
  template <class T>
  void take_all(std::size_t n, std::size_t first, const T* logits) {
    for (std::size_t i = 0; i < n; ++i)
      if (const auto token = static_cast<std::int32_t>(first + i); is_word(token, logits[i]))
        best_.push_back({static_cast<double>(logits[i]), token});
  }
  template <class T>
  void take_wanted(std::size_t n, std::size_t first, const T* logits) {
    for (const std::int32_t token : query_->wanted.at(row_)) {
      const std::size_t i = static_cast<std::size_t>(token) - first;  // huge before the piece
      if (i < n && is_word(token, logits[i]))
        wanted_.push_back({static_cast<double>(logits[i]), token});
    }
  }
  // To the mean of the logits x under the softmax: the entropy is log sum exp x - E[x].
  template <class T>
  void add_to_mean(double log_sum_before, double log_sum, std::size_t n, const T* logits) {
    std::vector<T> p(n);
    kernels<T>().exp(n, logits, static_cast<T>(log_sum), p.data());
    double mean = 0;
    for (std::size_t i = 0; i < n; ++i)
      if (p[i] > 0) mean += static_cast<double>(p[i]) * static_cast<double>(logits[i]);
    const double share = std::exp(log_sum - log_sum_);
    mean_ = (log_sum_before == kNothing ? 0 : std::exp(log_sum_before - log_sum_) * mean_) +
            (share > 0 ? share * mean : 0);
  }
  void add_to_sum(double log_sum) {
    const double distance = std::abs(log_sum_ - log_sum);  // NaN stays NaN
    log_sum_ = log_sum_ == kNothing ? log_sum
                                    : std::max(log_sum_, log_sum) + std::log1p(std::exp(-distance));
  }

  static constexpr double kNothing = -std::numeric_limits<double>::infinity();

  const WordsQuery* query_;
  std::size_t row_;
  double log_sum_ = kNothing, mean_ = 0;
  std::vector<NextWord> best_, wanted_;
  bool is_heap_;  // worst first
};

template <class T>
std::vector<NextWords> words_of_one(const Linear<T>& output, const Array<T>& readout,
                                    const WordsQuery& query) {
  const Array<T>&weight = output.weight().value(), &bias = output.bias().value();
  const std::size_t N = readout.shape()[0], R = weight.shape()[1], V = weight.shape()[0];
  Array<T> logits = uninitialized<T>({N, std::min(V, kPiece)});
  std::vector<RowSelection> rows;
  for (std::size_t row = 0; row < N; ++row) rows.emplace_back(query, row);
  for (std::size_t first = 0; first < V; first += kPiece) {
    const std::size_t n = std::min(kPiece, V - first);
    gemm<T>(Transpose::no, Transpose::yes, N, n, R, 1, readout.data(), R, weight.data() + first * R,
            R, 0, logits.data(), n);
    for (std::size_t row = 0; row < N; ++row) {
      T* x = logits.data() + row * n;
      kernels<T>().add(n, bias.data() + first, x);
      rows[row].offer(n, first, x);
    }
  }
  std::vector<NextWords> words;
  for (RowSelection& row : rows) words.push_back(row.finish());
  return words;
}

}  // namespace

template <class T>
std::vector<std::vector<NextWord>> next_words(const Linear<T>& output, const Array<T>& readout,
                                              std::size_t count) {
  std::vector<std::vector<NextWord>> best;
  for (NextWords& words : words_of_one(output, readout, {count}))
    best.push_back(std::move(words.best));
  return best;
}

template <class T>
std::vector<NextWords> next_words(const std::vector<OutputLayer<T>>& outputs,
                                  const WordsQuery& query) {
  if (outputs.size() == 1) return words_of_one(*outputs[0].layer, outputs[0].readout, query);
  const NoGrad no_grad;
  std::vector<Tensor<T>> all;  // log-probabilities [N, V]
  for (const OutputLayer<T>& output : outputs)
    all.push_back(log_softmax((*output.layer)(Tensor<T>(output.readout.alias())), -1));
  const Tensor<T> mean = logsumexp(stack(all, 0), 0) - std::log(all.size());
  const std::size_t N = mean.dim(0), V = mean.dim(1);
  std::vector<NextWords> words;
  for (std::size_t n = 0; n < N; ++n) {
    RowSelection row(query, n);
    row.offer(V, 0, mean.value().data() + n * V);
    words.push_back(row.finish());
  }
  return words;
}

#define BABELGRAD_INSTANTIATE(T)                                                            \
  template std::vector<std::vector<NextWord>> next_words(const Linear<T>&, const Array<T>&, \
                                                         std::size_t);                      \
  template std::vector<NextWords> next_words(const std::vector<OutputLayer<T>>&, const WordsQuery&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
