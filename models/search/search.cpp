#include "babelgrad/models/search/search.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <numeric>
#include <span>

#include "babelgrad/models/search/search_run.h"

namespace babelgrad {
namespace {

// Searches the sources `picks` as one batch; fills in their results.
template <class T>
void search_batch(const Ensemble<T>& models, const std::vector<text::Source>& sources,
                  std::span<const std::size_t> picks, const SearchConfig& config,
                  const SearchOptions& options, std::vector<std::vector<Hypothesis>>& results) {
  std::vector<const text::Source*> batch;
  std::vector<std::uint64_t> numbers;
  std::vector<Demands> demands;
  std::vector<std::vector<std::int32_t>> words;
  for (const std::size_t pick : picks) {
    batch.push_back(&sources[pick]);
    if (!options.numbers.empty()) numbers.push_back(options.numbers.at(pick));
    if (!options.demands.empty()) demands.push_back(options.demands.at(pick));
    if (!options.words.empty()) words.push_back(options.words.at(pick));
  }
  SearchRun<T> run(models, config, options.observer, options.entropies);
  run.add(batch, {picks.begin(), picks.end()}, numbers, std::move(demands), std::move(words));
  while (run.sentences() > 0) {
    if (options.abandon) run.drop(options.abandon);
    for (SearchedSentence& done : run.step()) results[done.id] = std::move(done.hypotheses);
  }
}

}  // namespace

double hypothesis_score(double log_probability, std::size_t tokens, const SearchConfig& config) {
  const double n = static_cast<double>(std::max<std::size_t>(tokens, 1));
  const bool gnmt = config.length_normalization == LengthNormalization::gnmt;
  return log_probability / std::pow(gnmt ? (5 + n) / 6 : n, config.length_penalty);
}

std::size_t longest_output(std::size_t source_length, const SearchConfig& config) {
  return static_cast<std::size_t>(config.max_length_ratio * static_cast<double>(source_length)) +
         config.max_length_extra;
}

SearchConfig spread(SearchConfig config, std::size_t sentences, std::size_t threads) {
  const std::size_t share = (sentences + threads - 1) / threads;
  config.search_batch = std::min(config.search_batch, std::max<std::size_t>(share, 1));
  return config;
}

std::vector<std::size_t> by_length(const std::vector<text::Source>& sources) {
  std::vector<std::size_t> order(sources.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return sources[a].size() > sources[b].size();
  });
  return order;
}

template <class T>
Tensor<T> mean_attention(const std::vector<Tensor<T>>& weights) {
  Tensor<T> sum;
  std::size_t attending = 0;
  for (const Tensor<T>& of_one : weights)
    if (of_one.defined()) sum = attending++ == 0 ? of_one : sum + of_one;
  return attending > 1 ? sum / attending : sum;
}

template <class T>
std::vector<std::vector<Hypothesis>> search(const Ensemble<T>& models,
                                            const std::vector<text::Source>& sources,
                                            const SearchConfig& config,
                                            const SearchOptions& options) {
  config.check();
  const std::vector<std::size_t> order = by_length(sources);
  std::vector<std::vector<Hypothesis>> results(sources.size());
  std::atomic<std::size_t> next = 0;  // the first sentence that nobody has taken
  run_tasks(options.pool, options.pool == nullptr ? 1 : options.pool->threads(), [&](std::size_t) {
    for (std::size_t begin; (begin = next.fetch_add(config.search_batch)) < order.size();) {
      const std::size_t count = std::min(config.search_batch, order.size() - begin);
      search_batch(models, sources, {order.data() + begin, count}, config, options, results);
    }
  });
  return results;
}

#define BABELGRAD_INSTANTIATE(T)                                                         \
  template Tensor<T> mean_attention(const std::vector<Tensor<T>>&);                      \
  template std::vector<std::vector<Hypothesis>> search(const Ensemble<T>&,               \
                                                       const std::vector<text::Source>&, \
                                                       const SearchConfig&, const SearchOptions&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
