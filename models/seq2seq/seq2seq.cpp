#include "babelgrad/models/seq2seq/seq2seq.h"

#include <algorithm>

namespace babelgrad {

namespace {

// Attention that goes where earlier steps of the sentence have been, summed over the real steps.
// weights [T, B, S]
template <class T>
Tensor<T> repeated_attention(const text::Batch& batch, const Tensor<T>& weights) {
  const Tensor<T> before = cumsum(weights, 0) - weights;
  const IntArray words({batch.target_length, batch.size, 1}, batch.target_output);
  return sum(where(words != text::kPad, minimum(weights, before), 0));
}

bool has_links(const text::Batch& batch) {
  return std::any_of(batch.links.begin(), batch.links.end(),
                     [](const text::Alignment& links) { return !links.empty(); });
}

// [T, B, S]: each target token's links, with 1 shared among them.
template <class T>
Array<T> linked(const text::Batch& batch) {
  Array<T> shares = zeros<T>({batch.target_length, batch.size, batch.source_length});
  for (std::size_t b = 0; b < batch.size; ++b) {
    std::vector<T> links(batch.target_length);
    for (const auto& [s, t] : batch.links[b]) ++links.at(t);
    for (const auto& [s, t] : batch.links[b]) shares(t, b, s) = 1 / links[t];
  }
  return shares;
}

// Cross-entropy of the attention with the links, summed over the target tokens that have any. A
// weight of 0, as outside a window, costs log(1e6).
template <class T>
Tensor<T> alignment_loss(const text::Batch& batch, const Tensor<T>& weights) {
  return -sum(Tensor<T>(linked<T>(batch)) * log(weights + static_cast<T>(1e-6)));
}

}  // namespace

template <class T>
Seq2Seq<T>::Seq2Seq(const Seq2SeqConfig& config, std::optional<std::uint64_t> seed)
    : Seq2Seq(config, std::make_unique<ParameterStore<T>>(seed)) {}

template <class T>
Seq2Seq<T>::Seq2Seq(const Seq2SeqConfig& config, std::unique_ptr<ParameterStore<T>> store)
    : config_(config), store_(std::move(store)) {
  config.check();
  const Scope<T> root(*store_);
  const bool shared = config.share_embeddings;
  const Embedding<T> target(root / (shared ? "embedding" : "target_embedding"),
                            config.target_vocabulary, config.embedding);
  if (config.feature_size > 0)
    encoder_.emplace(root / "encoder", config);
  else if (shared)
    encoder_.emplace(root / "encoder", config, target);
  else
    encoder_.emplace(
        root / "encoder", config,
        Embedding<T>(root / "source_embedding", config.source_vocabulary, config.embedding));
  decoder_.emplace(root, config, target);
}

template <class T>
Seq2Seq<T> Seq2Seq<T>::constant() const {
  using Store = ParameterStore<T>;
  return Seq2Seq(config_, std::make_unique<Store>(typename Store::Constants{*store_}));
}

template <class T>
DecoderOutput<T> Seq2Seq<T>::decode(const text::Batch& batch, const Mode& mode, Tap<T>* tap,
                                    double sampling) const {
  const EncoderOutput<T> encoded = (*encoder_)(batch, mode, tap);
  return decoder_->forced(IntArray({batch.target_length, batch.size}, batch.target_input),
                          decoder_->memory(encoded), decoder_->initial_state(encoded, tap), mode,
                          tap, sampling);
}

template <class T>
Tensor<T> Seq2Seq<T>::loss(const text::Batch& batch, const Mode& mode, const LossOptions& options,
                           Tap<T>* tap) const {
  const DecoderOutput<T> decoded =
      decode(batch, mode, tap, mode.is_training() ? options.scheduled_sampling : 0);
  const Linear<T>& output = decoder_->output_layer();
  Tensor<T> loss =
      linear_cross_entropy(decoded.readout, output.weight(), output.bias(),
                           IntArray({batch.target_length, batch.size}, batch.target_output),
                           {text::kPad, options.label_smoothing, options.normalizer});
  if (!decoded.weights.defined()) return loss;
  const double tokens =
      options.normalizer > 0 ? options.normalizer : static_cast<double>(batch.target_tokens());
  if (options.coverage_weight > 0)
    loss = loss + repeated_attention(batch, decoded.weights) *
                      static_cast<T>(options.coverage_weight / tokens);
  if (options.alignment_weight > 0 && has_links(batch))
    loss = loss + alignment_loss(batch, decoded.weights) *
                      static_cast<T>(options.alignment_weight / tokens);
  return loss;
}

template <class T>
typename Seq2Seq<T>::Forced Seq2Seq<T>::force(const text::Batch& batch) const {
  const NoGrad no_grad;
  const DecoderOutput<T> decoded = decode(batch, kEvaluation, nullptr);
  Forced forced{zeros<T>({batch.target_length, batch.size}), decoded.weights};
  const Tensor<T>& readout = decoded.readout;
  for (std::size_t t = 0; t < batch.target_length; ++t) {  // a step's logits at a time
    const Tensor<T> row = readout[static_cast<std::ptrdiff_t>(t)];
    const std::span words(batch.target_output.data() + t * batch.size, batch.size);
    const Tensor<T> picked =
        gather(log_softmax(decoder_->logits(row), -1), -1, IntArray({batch.size, 1}, words));
    for (std::size_t b = 0; b < batch.size; ++b)
      if (words[b] != text::kPad)
        forced.log_probabilities.data()[t * batch.size + b] = picked.value().data()[b];
  }
  return forced;
}

template class Seq2Seq<float>;
template class Seq2Seq<double>;

}  // namespace babelgrad
