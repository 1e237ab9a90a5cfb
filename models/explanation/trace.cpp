#include "babelgrad/models/explanation/trace.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "babelgrad/models/search/next_words.h"

namespace babelgrad {
namespace {

void check(const Intervention& intervention, std::size_t positions) {
  const auto fail = [](const std::string& what) {
    throw InterventionError("intervention: " + what);
  };
  std::vector<bool> masked(positions, false);
  for (const std::size_t position : intervention.masked) {
    if (position >= positions)
      fail("position " + std::to_string(position) + " is masked; need 0 to " +
           std::to_string(positions - 1));
    masked[position] = true;
  }
  if (std::find(masked.begin(), masked.end(), false) == masked.end())
    fail("all " + std::to_string(positions) + " positions are masked");
  for (const auto& [step, weights] : intervention.weights) {
    const std::string name = "step " + std::to_string(step);
    if (weights.size() != positions)
      fail(name + " has " + std::to_string(weights.size()) + " weights; need " +
           std::to_string(positions));
    double sum = 0;
    for (const double weight : weights) {
      if (!(weight >= 0)) fail(name + " has a negative weight");
      sum += weight;
    }
    if (!(sum > 0) || !std::isfinite(sum))
      fail("the weights of " + name + " need a positive, finite sum");
  }
}

template <class T>
Array<T> normalized(const std::vector<double>& weights, const Shape& shape) {
  double sum = 0;
  for (const double weight : weights) sum += weight;
  Array<T> row = uninitialized<T>(shape);
  for (std::size_t s = 0; s < weights.size(); ++s) row.data()[s] = static_cast<T>(weights[s] / sum);
  return row;
}

// The word that greedy search would choose.
template <class T>
std::int32_t likeliest(const Linear<T>& output_layer, const Array<T>& readout) {
  const std::vector<NextWord> words = next_words(output_layer, readout, 1)[0];
  return words.empty() ? text::kUnk : words[0].token;
}

// Writes down what a run computes, embeddings as leaves, and changes the weights as asked.
template <class T>
class Recorder : public Tap<T> {
 public:
  Recorder(const Seq2SeqConfig& config, const TraceRequest& request, Trace<T>& trace)
      : intervention_(request.intervention), trace_(trace) {
    const std::size_t positions = request.source.size();
    trace_.source = request.source;
    trace_.encoder.resize(config.encoder_layers);
    for (EncoderLayerTrace<T>& layer : trace_.encoder) {
      layer.forward.resize(positions);
      if (config.bidirectional) layer.backward.resize(positions);
    }
    layers_ = config.decoder_layers;
  }

  void begin_step(std::int32_t word) {
    trace_.steps.emplace_back();
    trace_.steps.back().input = word;
    trace_.steps.back().layers.resize(layers_);
    trace_.steps.back().sums.resize(layers_);
  }

  Tensor<T> on(EncoderPart part, const Place& place, const Tensor<T>& x) override {
    switch (part) {
      case EncoderPart::embedding:
        return trace_.source_embeddings.emplace_back(x.value(), kRequiresGrad);
      case EncoderPart::cell: {
        EncoderLayerTrace<T>& layer = trace_.encoder[place.layer];
        auto& steps = place.direction == Direction::forward || layer.backward.empty()
                          ? layer.forward
                          : layer.backward;
        return steps[place.time][place.cell_part] = x;
      }
      case EncoderPart::sum:
        return trace_.encoder[place.layer].sums.emplace_back(x);
      case EncoderPart::state:
        break;
    }
    return trace_.encoder_states.emplace_back(x);
  }

  Tensor<T> on(DecoderPart part, const Place& place, const Tensor<T>& x) override {
    if (part == DecoderPart::initial && place.cell_part != CellPart::state) return x;
    if (part == DecoderPart::initial)  // a leaf if nothing made it
      return trace_.initial.emplace_back(x.requires_grad() ? x
                                                           : Tensor<T>(x.value(), kRequiresGrad));
    StepTrace<T>& step = trace_.steps.back();
    switch (part) {
      case DecoderPart::embedding:
        return step.embedding = Tensor<T>(x.value(), kRequiresGrad);
      case DecoderPart::cell:
        return step.layers[place.layer][place.cell_part] = x;
      case DecoderPart::sum:
        return step.sums[place.layer] = x;
      case DecoderPart::scores:
        step.scores = x;
        return intervention_.masked.empty() ? x : masked_fill(x, masked(x.shape()), kNever);
      case DecoderPart::centers:
        return step.center = x;
      case DecoderPart::weights:
        return step.weights = changed(place.time, x);
      case DecoderPart::context:
        return step.context = x;
      case DecoderPart::readout:
        return step.readout = x;
      case DecoderPart::logits:
        step.log_probabilities = log_softmax(x, -1);
        break;
      case DecoderPart::initial:
        break;
    }
    return x;
  }

 private:
  static constexpr T kNever = -1e30;  // as a score: a weight of 0 beside any other

  Mask masked(const Shape& shape) const {
    Mask mask = full_mask(shape, false);
    for (const std::size_t position : intervention_.masked) mask.data()[position] = 1;
    return mask;
  }
  Tensor<T> changed(std::size_t time, const Tensor<T>& weights) const {
    const auto replaced = intervention_.weights.find(time);
    if (replaced != intervention_.weights.end())
      return Tensor<T>(normalized<T>(replaced->second, weights.shape()));
    // A window may have nothing but masked positions: then nothing is attended to.
    return intervention_.masked.empty() ? weights
                                        : masked_fill(weights, masked(weights.shape()), 0);
  }

  const Intervention& intervention_;
  Trace<T>& trace_;
  std::size_t layers_;
};

}  // namespace

template <class T>
Trace<T> trace(const Seq2Seq<T>& model, const TraceRequest& request) {
  if (request.source.size() == 0)
    throw std::invalid_argument("trace: need at least one source word");
  check(request.intervention, request.source.size());
  const Seq2Seq<T> constant = model.constant();
  const Decoder<T>& decoder = constant.decoder();
  Trace<T> traced;
  Recorder<T> recorder(model.config(), request, traced);
  const EncoderOutput<T> encoded =
      constant.encoder()(text::source_batch({&request.source}), kEvaluation, &recorder);
  const DecoderMemory<T> memory = decoder.memory(encoded);
  DecoderState<T> state = decoder.initial_state(encoded, &recorder);
  std::int32_t word = text::kBos;
  for (std::size_t t = 0; t < request.max_tokens && (t == 0 || word != text::kEos); ++t) {
    recorder.begin_step(word);
    const DecoderOutput<T> output =
        decoder.step(IntArray({1}, {word}), memory, state, kEvaluation, &recorder);
    word = t < request.target.size() ? request.target[t]
                                     : likeliest(decoder.output_layer(), output.readout.value());
    traced.steps.back().output = word;
  }
  return traced;
}

template Trace<float> trace(const Seq2Seq<float>&, const TraceRequest&);
template Trace<double> trace(const Seq2Seq<double>&, const TraceRequest&);

}  // namespace babelgrad
