#include "babelgrad/models/search/short_output.h"

#include <algorithm>
#include <optional>
#include <type_traits>

#include "babelgrad/autograd/array_ops.h"
#include "babelgrad/models/config/config.h"
#include "babelgrad/text/vocabulary.h"

namespace babelgrad {
namespace {

void require_listed(const std::vector<std::int32_t>& words, std::size_t vocabulary) {
  const auto not_rising = std::adjacent_find(words.begin(), words.end(), std::greater_equal<>());
  const bool has_specials =
      words.size() >= text::kSpecials && words[0] == 0 && words[text::kSpecials - 1] == text::kEos;
  if (!has_specials || not_rising != words.end() ||
      static_cast<std::size_t>(words.back()) >= vocabulary)
    throw ConfigError("search: a sentence's words must be the special tokens, then others of the " +
                      std::to_string(vocabulary) + " of the vocabulary in its order");
}

}  // namespace

template <class T>
ShortOutput<T>::ShortOutput(const std::vector<const Linear<T>*>& layers,
                            std::vector<std::int32_t> words)
    : words_(std::move(words)) {
  const IntArray rows({words_.size()}, words_);
  std::vector<Tensor<T>> weights;
  for (const Linear<T>* layer : layers) {
    require_listed(words_, layer->weight().dim(0));
    layers_.emplace_back(Tensor<T>(index_select(layer->weight().value(), 0, rows)),
                         Tensor<T>(index_select(layer->bias().value(), 0, rows)));
    weights.push_back(layers_.back().weight());
  }
  if constexpr (std::is_same_v<T, float>) packed_ = std::make_unique<PackedWeights>(weights);
}

template <class T>
std::vector<NextWords> ShortOutput<T>::next_words(const std::vector<OutputLayer<T>>& outputs,
                                                  const WordsQuery& query) const {
  std::optional<SharePackedWeights> share;
  if (packed_) share.emplace(*packed_);
  std::vector<OutputLayer<T>> short_outputs;
  for (std::size_t i = 0; i < layers_.size(); ++i)
    short_outputs.push_back({&layers_[i], outputs.at(i).readout.alias()});
  auto found = babelgrad::next_words(short_outputs, query);
  for (NextWords& words : found)
    for (NextWord& word : words.best) word.token = words_[static_cast<std::size_t>(word.token)];
  return found;
}

template class ShortOutput<float>;
template class ShortOutput<double>;

}  // namespace babelgrad
