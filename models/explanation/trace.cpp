#include "babelgrad/models/explanation/trace.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

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
GruTrace<T> gru_step(const Tensor<T>& x, const Tensor<T>& state, const GruWeights<T>& weights) {
  const std::size_t H = state.dim(1);
  const Tensor<T> inputs = linear(x, weights.weight_ih, weights.bias_ih);         // [1, 3H]
  const Tensor<T> recurrent = linear(state, weights.weight_hh, weights.bias_hh);  // [1, 3H]
  const auto part = [H](const Tensor<T>& gates, std::size_t i) {
    return slice(gates, 1, i * H, (i + 1) * H);
  };
  GruTrace<T> step;
  step.reset = sigmoid(part(inputs, 0) + part(recurrent, 0));
  step.update = sigmoid(part(inputs, 1) + part(recurrent, 1));
  step.candidate = tanh(part(inputs, 2) + step.reset * part(recurrent, 2));
  step.state = step.candidate + step.update * (state - step.candidate);
  return step;
}

template <class T>
class Tracer {
 public:
  Tracer(const Seq2Seq<T>& model, const TraceRequest& request)
      : model_(model), config_(model.config()), request_(request) {
    check(request.intervention, request.source.size());
  }

  Trace<T> run() {
    trace_.source = request_.source;
    encode();
    start();
    std::int32_t word = text::kBos;
    while (trace_.steps.size() < request_.max_tokens && word != text::kEos) {
      trace_.steps.push_back(step(word));
      word = trace_.steps.back().output;
    }
    return std::move(trace_);
  }

 private:
  // A parameter as a constant.
  Tensor<T> parameter(const std::string& name) const { return model_.store().at(name).detach(); }
  Linear<T> linear_layer(const std::string& scope) const {
    return Linear<T>(parameter(scope + ".weight"), parameter(scope + ".bias"));
  }
  GruWeights<T> gru_weights(const std::string& scope, const std::string& suffix) const {
    return {parameter(scope + ".weight_ih" + suffix), parameter(scope + ".weight_hh" + suffix),
            parameter(scope + ".bias_ih" + suffix), parameter(scope + ".bias_hh" + suffix)};
  }
  Tensor<T> embedding(const char* side, std::int32_t word) const {
    const NoGrad no_grad;
    const Embedding<T> table(model_.store().at(
        config_.share_embeddings ? "embedding.weight" : std::string(side) + "_embedding.weight"));
    return Tensor<T>(table(full<std::int32_t>({1}, word)).value(), kRequiresGrad);
  }

  void encode() {
    for (const std::int32_t word : request_.source)
      trace_.source_embeddings.push_back(embedding("source", word));
    std::vector<Tensor<T>> inputs = trace_.source_embeddings;
    for (std::size_t layer = 0; layer < config_.layers; ++layer) {
      const std::string suffix = "_l" + std::to_string(layer);
      EncoderLayerTrace<T> traced;
      traced.forward = read(inputs, gru_weights("encoder.gru", suffix), Direction::forward);
      if (config_.bidirectional)
        traced.backward =
            read(inputs, gru_weights("encoder.gru", suffix + "_reverse"), Direction::reverse);
      for (std::size_t s = 0; s < inputs.size(); ++s) {  // a node apart from the recurrence
        std::vector<Tensor<T>> directions{traced.forward[s].state};
        if (config_.bidirectional) directions.push_back(traced.backward[s].state);
        inputs[s] = cat(directions, 1);
      }
      trace_.encoder.push_back(std::move(traced));
      layer_states_.push_back(inputs);
    }
    trace_.encoder_states = inputs;
  }

  std::vector<GruTrace<T>> read(const std::vector<Tensor<T>>& inputs, const GruWeights<T>& weights,
                                Direction direction) const {
    std::vector<GruTrace<T>> steps(inputs.size());
    Tensor<T> state(zeros<T>({1, config_.encoder_hidden}));
    for (std::size_t k = 0; k < inputs.size(); ++k) {
      const std::size_t s = direction == Direction::forward ? k : inputs.size() - 1 - k;
      steps[s] = gru_step(inputs[s], state, weights);
      state = steps[s].state;
    }
    return steps;
  }

  // The last state of each direction, taken out of the states that are handed over.
  Tensor<T> final_state(const std::vector<Tensor<T>>& states) const {
    const std::size_t n = config_.encoder_hidden;
    if (!config_.bidirectional) return states.back();
    return cat({slice(states.back(), 1, 0, n), slice(states.front(), 1, n, 2 * n)}, 1);
  }

  // What all output steps read: parameters, initial states, keys and values.
  void start() {
    for (std::size_t layer = 0; layer < config_.layers; ++layer) {
      const std::string suffix = "_l" + std::to_string(layer);
      const Linear<T> initial = linear_layer("decoder.initial" + suffix);
      trace_.initial.push_back(tanh(initial(final_state(layer_states_[layer]))));
      weights_.push_back(gru_weights("decoder.gru", suffix));
    }
    states_ = trace_.initial;
    readout_.emplace(linear_layer("decoder.readout"));
    output_.emplace(
        config_.tie_output
            ? parameter(config_.share_embeddings ? "embedding.weight" : "target_embedding.weight")
            : parameter("output.weight"),
        parameter("output.bias"));
    if (config_.architecture == Architecture::plain) return;
    values_ = cat(trace_.encoder_states, 0);
    keys_ = score() == Score::dot ? values_
                                  : linear(values_, parameter("decoder.attention.key.weight"));
    if (score() != Score::additive) return;
    query_.emplace(linear_layer("decoder.attention.query"));
    v_ = reshape(parameter("decoder.attention.v"), {1, config_.attention_size});
  }

  Score score() const {
    return config_.architecture == Architecture::bahdanau ? Score::additive : config_.score;
  }

  StepTrace<T> step(std::int32_t word) {
    StepTrace<T> step;
    step.input = word;
    step.embedding = embedding("target", word);
    if (config_.architecture == Architecture::bahdanau) {
      attend(states_[0], step);
      advance(cat({step.embedding, step.context}, 1), step);
    } else {
      advance(step.embedding, step);
      if (config_.architecture == Architecture::luong) attend(states_.back(), step);
    }
    std::vector<Tensor<T>> parts;
    if (step.context.defined()) parts.push_back(step.context);
    parts.push_back(states_.back());
    if (config_.architecture == Architecture::bahdanau) parts.push_back(step.embedding);
    step.readout = tanh((*readout_)(cat(parts, 1)));
    step.log_probabilities = log_softmax((*output_)(step.readout), -1);
    const std::size_t t = trace_.steps.size();
    step.output =
        t < request_.target.size() ? request_.target[t] : likeliest(step.log_probabilities.value());
    return step;
  }

  void advance(Tensor<T> input, StepTrace<T>& step) {
    for (std::size_t layer = 0; layer < config_.layers; ++layer) {
      step.layers.push_back(gru_step(input, states_[layer], weights_[layer]));
      input = states_[layer] = step.layers.back().state;
    }
  }

  void attend(const Tensor<T>& query, StepTrace<T>& step) const {
    const std::size_t S = request_.source.size();
    if (score() == Score::additive) {
      const Tensor<T> queries = broadcast_to((*query_)(query), {S, config_.attention_size});
      step.scores = matmul(v_, tanh(queries + keys_), {.b = true});
    } else {
      step.scores = matmul(query, keys_, {.b = true});
    }
    const Intervention& changed = request_.intervention;
    const auto replaced = changed.weights.find(trace_.steps.size());
    if (replaced != changed.weights.end()) {
      step.weights = Tensor<T>(normalized(replaced->second));
    } else {
      Mask keep = full_mask({1, S}, true);
      for (const std::size_t position : changed.masked) keep.data()[position] = 0;
      step.weights = softmax(step.scores, -1, keep);
    }
    step.context = matmul(step.weights, values_);
  }

  static Array<T> normalized(const std::vector<double>& weights) {
    double sum = 0;
    for (const double weight : weights) sum += weight;
    Array<T> row = uninitialized<T>({1, weights.size()});
    for (std::size_t s = 0; s < weights.size(); ++s)
      row.data()[s] = static_cast<T>(weights[s] / sum);
    return row;
  }

  // Of the words that search may choose.
  static std::int32_t likeliest(const Array<T>& log_probabilities) {
    std::size_t best = text::kUnk;
    for (std::size_t v = 0; v < log_probabilities.size(); ++v)
      if (v != text::kPad && v != text::kBos &&
          log_probabilities.data()[v] > log_probabilities.data()[best])
        best = v;
    return static_cast<std::int32_t>(best);
  }

  const Seq2Seq<T>& model_;
  const Seq2SeqConfig& config_;
  const TraceRequest& request_;
  Trace<T> trace_;
  std::vector<std::vector<Tensor<T>>> layer_states_;  // of each encoder layer, S of [1, D]
  std::vector<GruWeights<T>> weights_;                // of the decoder's layers
  std::vector<Tensor<T>> states_;                     // of the decoder now, one [1, H] a layer
  Tensor<T> values_, keys_;                           // [S, D], [S, K]
  std::optional<Linear<T>> query_, readout_, output_;
  Tensor<T> v_;  // [1, A]
};

}  // namespace

template <class T>
Trace<T> trace(const Seq2Seq<T>& model, const TraceRequest& request) {
  if (request.source.empty()) throw std::invalid_argument("trace: need at least one source word");
  return Tracer<T>(model, request).run();
}

template Trace<float> trace(const Seq2Seq<float>&, const TraceRequest&);
template Trace<double> trace(const Seq2Seq<double>&, const TraceRequest&);

}  // namespace babelgrad
