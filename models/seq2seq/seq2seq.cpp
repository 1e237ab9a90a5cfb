#include "babelgrad/models/seq2seq/seq2seq.h"

namespace babelgrad {

IntArray id_array(const std::vector<std::int32_t>& ids, const Shape& shape) {
  return IntArray(shape, ids);
}

namespace {

// Attention that goes where earlier steps of the sentence have been, summed over the real steps.
// weights [T, B, S]
template <class T>
Tensor<T> repeated_attention(const text::Batch& batch, const Tensor<T>& weights) {
  const Tensor<T> before = cumsum(weights, 0) - weights;
  const IntArray words = id_array(batch.target_output, {batch.target_length, batch.size, 1});
  return sum(where(words != text::kPad, minimum(weights, before), 0));
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
  const Embedding<T> source =
      shared ? target
             : Embedding<T>(root / "source_embedding", config.source_vocabulary, config.embedding);
  encoder_.emplace(root / "encoder", config, source);
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
  const EncoderOutput<T> encoded =
      (*encoder_)(id_array(batch.source, {batch.source_length, batch.size}),
                  id_array(batch.source_lengths, {batch.size}), mode, tap);
  return decoder_->forced(id_array(batch.target_input, {batch.target_length, batch.size}),
                          decoder_->memory(encoded), decoder_->initial_state(encoded, tap), mode,
                          tap, sampling);
}

template <class T>
Tensor<T> Seq2Seq<T>::loss(const text::Batch& batch, const Mode& mode, const LossOptions& options,
                           Tap<T>* tap) const {
  const DecoderOutput<T> decoded =
      decode(batch, mode, tap, mode.is_training() ? options.scheduled_sampling : 0);
  const Linear<T>& output = decoder_->output_layer();
  const Tensor<T> loss =
      linear_cross_entropy(decoded.readout, output.weight(), output.bias(),
                           id_array(batch.target_output, {batch.target_length, batch.size}),
                           {text::kPad, options.label_smoothing, options.normalizer});
  if (options.coverage_weight == 0 || !decoded.weights.defined()) return loss;
  const double tokens =
      options.normalizer > 0 ? options.normalizer : static_cast<double>(batch.target_tokens());
  return loss + repeated_attention(batch, decoded.weights) *
                    static_cast<T>(options.coverage_weight / tokens);
}

template <class T>
typename Seq2Seq<T>::Forced Seq2Seq<T>::force(const text::Batch& batch) const {
  const NoGrad no_grad;
  const DecoderOutput<T> decoded = decode(batch, kEvaluation, nullptr);
  Forced forced{zeros<T>({batch.target_length, batch.size}),
                decoded.weights.defined() ? decoded.weights.value() : Array<T>()};
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
