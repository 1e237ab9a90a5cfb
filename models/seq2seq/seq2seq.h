// Seq2Seq: encoder and decoder as one trainable model.
#pragma once

#include <memory>

#include "babelgrad/models/seq2seq/decoder.h"
#include "babelgrad/text/batches.h"

namespace babelgrad {

// How the loss of a batch is measured.
struct LossOptions {
  double label_smoothing = 0;
  double normalizer = 0;  // target tokens to divide by; 0: those of the batch
  // Of the sum over source positions of min(attention, coverage before), added (See et al. 2017,
  // eq. 12).
  double coverage_weight = 0;
  // Of the cross-entropy between the batch's links and the attention, added where there are links
  // (guided alignment: Chen et al. 2016, arXiv 1607.01628).
  double alignment_weight = 0;
  double scheduled_sampling = 0;  // Decoder::fold
};

template <class T>
class Seq2Seq {
 public:
  // Throws ConfigError if the configuration is not one. Without a seed the parameters are undefined
  // until load_parameters() sets them.
  Seq2Seq(const Seq2SeqConfig& config, std::optional<std::uint64_t> seed);

  const Seq2SeqConfig& config() const { return config_; }
  ParameterStore<T>& store() { return *store_; }
  const ParameterStore<T>& store() const { return *store_; }
  const Encoder<T>& encoder() const { return *encoder_; }
  const Decoder<T>& decoder() const { return *decoder_; }

  // Cross-entropy of the batch's target words, in nats a token.
  Tensor<T> loss(const text::Batch& batch, const Mode& mode, const LossOptions& options = {},
                 Tap<T>* tap = nullptr) const;

  struct Forced {
    Array<T> log_probabilities;  // [T, B] of each target word, 0 at padding
    Tensor<T> weights;           // [T, B, S] attention; undefined without
  };
  // Follows the batch's targets without dropout.
  Forced force(const text::Batch& batch) const;

  // The same model over the same parameters as constants: what it computes has no gradients of
  // them. `this` must not be trained while that is used.
  Seq2Seq constant() const;

 private:
  Seq2Seq(const Seq2SeqConfig& config, std::unique_ptr<ParameterStore<T>> store);
  DecoderOutput<T> decode(const text::Batch& batch, const Mode& mode, Tap<T>* tap,
                          double sampling = 0) const;

  Seq2SeqConfig config_;
  std::unique_ptr<ParameterStore<T>> store_;
  std::optional<Encoder<T>> encoder_;
  std::optional<Decoder<T>> decoder_;
};

extern template class Seq2Seq<float>;
extern template class Seq2Seq<double>;

}  // namespace babelgrad
