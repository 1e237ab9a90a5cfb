#include "babelgrad/apps/explain_document.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "babelgrad/apps/feature_json.h"
#include "babelgrad/apps/structure_text.h"
#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/folder/snapshots.h"
#include "babelgrad/models/rounding.h"
#include "babelgrad/models/search/beam_tree.h"
#include "babelgrad/text/error.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::json;

constexpr int kVersion = 1;
constexpr std::size_t kLikeliest = 10;  // words shown a step
constexpr int kVectorDigits = 4;        // significant, of the elements of vectors

template <class T>
Json numbers(const std::vector<T>& values, int digits = kDigits) {
  Json list = Json::array();
  for (const T value : values) list.push_back(rounded(value, digits));
  return list;
}

Json vector(const Tensor<float>& x, int digits = kVectorDigits) {
  Json list = Json::array();
  for (const float value : x.value()) list.push_back(rounded(value, digits));
  return list;
}

Json vectors(const std::vector<Tensor<float>>& rows) {
  Json list = Json::array();
  for (const Tensor<float>& row : rows) list.push_back(vector(row));
  return list;
}

// The parts that the cell has, in the order in which they are made.
Json gates(const CellTrace<float>& step) {
  constexpr std::array<const char*, kCellParts> kNames{"reset",     "update", "input", "forget",
                                                       "candidate", "output", "cell",  "state"};
  Json parts;
  for (std::size_t i = 0; i < kCellParts; ++i)
    if (step.parts[i].defined()) parts[kNames[i]] = vector(step.parts[i]);
  return parts;
}

Json gates(const std::vector<CellTrace<float>>& steps) {
  Json list = Json::array();
  for (const CellTrace<float>& step : steps) list.push_back(gates(step));
  return list;
}

Json token(const text::Codec& codec, std::int32_t id) {
  return {{"text", codec.vocabulary().token(id)}, {"id", id}};
}

// What is joined to make an input of the decoder: ["context", "state"].
Json names(const std::vector<DecoderInput>& inputs) {
  constexpr std::array kNames{"embedding", "context", "state", "readout", "previous_state"};
  Json list = Json::array();
  for (const DecoderInput input : inputs) list.push_back(kNames[static_cast<std::size_t>(input)]);
  return list;
}

Json describe(const ExplainedModel& model) {
  const Translator& translator = *model.translator;
  const Seq2SeqConfig& c = translator.config().model;
  Json json{{"structure", structure_text(c)},
            {"attention", name_of(kAttentionNames, c.attention)},
            {"input_feeding", c.input_feeding},
            {"readout", name_of(kReadoutNames, c.readout)},
            {"initial_state", name_of(kInitialStateNames, c.initial_state)},
            {"recurrent_inputs", names(recurrent_inputs(c))},
            {"readout_inputs", names(readout_inputs(c))},
            {"embedding", c.embedding},
            {"encoder_hidden", c.encoder_hidden},
            {"hidden", c.hidden},
            {"readout_size", c.readout_units()},
            {"cell", name_of(kCellNames, c.cell)},
            {"layer_norm", c.layer_norm},
            {"encoder_layers", c.encoder_layers},
            {"decoder_layers", c.decoder_layers},
            {"residual", c.residual},
            {"bidirectional", c.bidirectional},
            {"reverse_source", c.reverse_source},
            {"parameters", translator.model().store().element_count()},
            {"source_vocabulary", c.source_vocabulary},
            {"target_vocabulary", c.target_vocabulary},
            {"beam", model.search.beam},
            {"seed", translator.config().training.seed}};
  if (c.attends()) {
    json["score"] = name_of(kScoreNames, c.score);
    json["attend_from"] = name_of(kAttendFromNames, c.attend_from);
    if (c.attention == AttentionKind::local_m || c.attention == AttentionKind::local_p)
      json["window"] = c.window;
    if (c.attention == AttentionKind::monotonic)
      json["threshold"] = rounded(translator.model().decoder().attention()->window().threshold());
    json["coverage"] = c.coverage;
  }
  return json;
}

Json describe_source(const Translator& translator, const std::string& sentence,
                     const Trace<float>& traced) {
  const text::Source& source = traced.source;
  const std::vector<std::string> names = translator.source_names(source);
  Json tokens = Json::array();
  for (std::size_t s = 0; s < source.size(); ++s) {
    Json entry{{"text", names[s]}};
    if (!translator.reads_features()) {
      entry["id"] = source.ids[s];
      entry["unknown"] = source.ids[s] == text::kUnk;
    }
    tokens.push_back(std::move(entry));
  }
  Json json{{"text", sentence},
            {"tokens", std::move(tokens)},
            {"embeddings", vectors(traced.source_embeddings)}};
  if (translator.reads_features()) add_features(json, translator, sentence, source);
  return json;
}

Json describe_encoder(const Trace<float>& traced) {
  Json layers = Json::array();
  for (const EncoderLayerTrace<float>& layer : traced.encoder) {
    Json entry{{"forward", gates(layer.forward)}};
    if (!layer.backward.empty()) entry["backward"] = gates(layer.backward);
    if (!layer.sums.empty()) entry["sums"] = vectors(layer.sums);
    layers.push_back(std::move(entry));
  }
  return {{"layers", std::move(layers)}, {"states", vectors(traced.encoder_states)}};
}

// The likeliest words, and the one that was chosen.
void add_words(Json& json, const text::Codec& codec, const StepTrace<float>& step) {
  const Array<float>& log_p = step.log_probabilities.value();
  std::vector<std::int32_t> order(log_p.size());
  std::iota(order.begin(), order.end(), 0);
  const auto likelier = [&](std::int32_t a, std::int32_t b) {
    const float p = log_p.data()[a], q = log_p.data()[b];
    return p != q ? p > q : a < b;
  };
  const std::size_t shown = std::min(kLikeliest, order.size());
  std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(shown), order.end(),
                    likelier);
  const auto word = [&](std::int32_t id) {
    Json entry = token(codec, id);
    entry["log_probability"] = rounded(log_p.data()[id]);
    return entry;
  };
  json["top"] = Json::array();
  for (std::size_t i = 0; i < shown; ++i) json["top"].push_back(word(order[i]));
  json["chosen"] = word(step.output);
  json["chosen"]["rank"] = 1 + std::count_if(order.begin(), order.end(), [&](std::int32_t id) {
                             return likelier(id, step.output);
                           });
}

Json describe_step(const text::Codec& codec, const StepTrace<float>& step) {
  Json json{{"input", token(codec, step.input)},
            {"embedding", vector(step.embedding)},
            {"layers", gates(step.layers)},
            {"readout", vector(step.readout)}};
  for (std::size_t layer = 0; layer < step.sums.size(); ++layer)
    if (step.sums[layer].defined()) json["layers"][layer]["sum"] = vector(step.sums[layer]);
  if (step.context.defined()) json["context"] = vector(step.context);
  if (step.weights.defined()) {
    json["scores"] = vector(step.scores, kDigits);
    json["weights"] = vector(step.weights, kDigits);
  }
  if (step.center.defined()) json["center"] = rounded(step.center.item());
  add_words(json, codec, step);
  return json;
}

Json describe_decoder(const text::Codec& codec, const Trace<float>& traced) {
  Json steps = Json::array();
  for (const StepTrace<float>& step : traced.steps) steps.push_back(describe_step(codec, step));
  return {{"initial", vectors(traced.initial)}, {"steps", std::move(steps)}};
}

double chosen_log_probability(const StepTrace<float>& step) {
  return step.log_probabilities.value().data()[step.output];
}

Json describe_backward(const Trace<float>& traced) {
  Json list = Json::array();
  const std::vector<GradientNorms> norms = gradient_norms(traced);
  for (std::size_t t = 0; t < norms.size(); ++t) {
    const GradientNorms& n = norms[t];
    Json entry{{"log_probability", rounded(chosen_log_probability(traced.steps[t]))},
               {"readout", rounded(n.readout)},
               {"state", rounded(n.state)},
               {"encoder_states", numbers(n.encoder_states)},
               {"encoder_forward", numbers(n.encoder_forward)},
               {"source_embeddings", numbers(n.source_embeddings)},
               {"decoder_states", numbers(n.decoder_states)},
               {"target_embeddings", numbers(n.target_embeddings)}};
    if (traced.steps[t].context.defined()) entry["context"] = rounded(n.context);
    if (!n.encoder_backward.empty()) entry["encoder_backward"] = numbers(n.encoder_backward);
    list.push_back(std::move(entry));
  }
  return list;
}

std::vector<std::int32_t> outputs(const Trace<float>& traced) {
  std::vector<std::int32_t> ids;
  for (const StepTrace<float>& step : traced.steps) ids.push_back(step.output);
  return ids;
}

Json describe_translation(const ExplainedModel& model, const Trace<float>& traced) {
  const text::Codec& codec = model.translator->codecs().target;
  const std::vector<std::int32_t> ids = outputs(traced);
  double log_probability = 0;
  for (const StepTrace<float>& step : traced.steps) log_probability += chosen_log_probability(step);
  return {{"text", codec.decode(ids)},
          {"tokens", codec.vocabulary().tokens(ids)},
          {"log_probability", rounded(log_probability)},
          {"score", rounded(hypothesis_score(log_probability, ids.size(), model.search))},
          {"finished", ids.back() == text::kEos}};
}

Json describe_beam(const ExplainedModel& model, const BeamTree& tree, const Hypothesis& best) {
  constexpr std::array kFates{"open", "finished", "dropped"};  // in the order of Candidate::Fate
  const std::vector<std::size_t> path = tree.path(best.tokens);
  Json nodes = Json::array();
  for (std::size_t i = 0; i < tree.nodes().size(); ++i) {
    const BeamNode& node = tree.nodes()[i];
    Json entry{{"id", i},
               {"parent", i == 0 ? -1 : static_cast<int>(node.parent)},
               {"step", node.step},
               {"text", model.translator->codecs().target.vocabulary().token(node.token)},
               {"token", node.token},
               {"log_probability", rounded(node.log_probability)},
               {"score", rounded(hypothesis_score(node.log_probability, node.step, model.search))},
               {"state", kFates[static_cast<std::size_t>(node.fate)]},
               {"best", std::find(path.begin(), path.end(), i) != path.end()}};
    if (!node.weights.empty()) entry["weights"] = numbers(node.weights, kVectorDigits);
    nodes.push_back(std::move(entry));
  }
  return {{"size", model.search.beam}, {"nodes", std::move(nodes)}};
}

// What the model made of the sentence, and of its final translation, at moments of its training.
Json describe_snapshots(const ExplainedModel& model, const text::Example& pair) {
  Json list = Json::array();
  const std::vector<Snapshot> snapshots = list_snapshots(current_folder(model.folder));
  if (snapshots.empty()) return list;
  const Translator& translator = *model.translator;
  const text::Codec& codec = translator.codecs().target;
  Seq2Seq<float> then(translator.config().model, std::nullopt);
  for (const Snapshot& snapshot : snapshots) {
    load_snapshot(snapshot, then.store());
    const NoGrad no_grad;
    const std::vector<Hypothesis> found = search(then, {pair.source}, model.search.greedy())[0];
    if (found.empty()) continue;
    const Hypothesis& best = found[0];
    Json weights = Json::array();
    for (const std::vector<float>& row : best.weights)
      weights.push_back(numbers(row, kVectorDigits));
    Json entry{{"update", snapshot.update},
               {"loss", rounded(then.loss(text::make_batch({pair}, {0}), kEvaluation).item())},
               {"text", codec.decode(best.tokens)},
               {"tokens", codec.vocabulary().tokens(best.tokens)},
               {"log_probability", rounded(best.log_probability)}};
    if (!best.weights.empty()) entry["weights"] = std::move(weights);
    list.push_back(std::move(entry));
  }
  return list;
}

Json describe_intervention(const Translator& translator, const Intervention& intervention,
                           const Hypothesis& before) {
  Json weights = Json::object();
  for (const auto& [step, row] : intervention.weights) weights[std::to_string(step)] = numbers(row);
  return {{"masked", intervention.masked},
          {"weights", std::move(weights)},
          {"before", translator.codecs().target.decode(before.tokens)}};
}

// The search's words, as far as the intervention leaves them; then the likeliest ones.
TraceRequest request_trace(const ExplainedModel& model, const text::Source& source,
                           const Hypothesis& best, const Intervention& intervention) {
  TraceRequest request{source, best.tokens, best.tokens.size(), {}};
  if (intervention.empty() || !model.translator->config().model.attends()) return request;
  request.intervention = intervention;
  request.target.resize(std::min(best.tokens.size(), intervention.first_step()));
  request.max_tokens = longest_output(source.size(), model.search);
  return request;
}

text::Source readable_source(const ExplainedModel& model, const std::string& sentence) {
  text::Source source = model.translator->encode_source(sentence);
  const std::size_t tokens = source.items();
  if (tokens == 0) throw text::InputError("the sentence has no words");
  if (tokens > kLongestExplained)
    throw text::InputError("the sentence has " + std::to_string(tokens) + " tokens; at most " +
                           std::to_string(kLongestExplained) + " can be explained");
  return source;
}

// Weights for a step that neither the translation nor what became of it has would change nothing.
void require_steps(const Intervention& intervention, std::size_t steps) {
  for (const auto& [step, weights] : intervention.weights)
    if (step >= steps)
      throw InterventionError("intervention: step " + std::to_string(step) +
                              " has weights; need 0 to " + std::to_string(steps - 1));
}

Json explain(const ExplainedModel& model, const std::string& sentence,
             const Intervention& intervention) {
  const Translator& translator = *model.translator;
  const Codecs& codecs = translator.codecs();
  const text::Source source = readable_source(model, sentence);
  SearchConfig search_config = model.search;
  search_config.nbest = 1;
  search_config.sample = false;
  BeamTree tree;
  const std::vector<Hypothesis> found =
      translator.find({source}, search_config, {.observer = &tree})[0];
  if (found.empty()) throw translator.overflow();
  const Hypothesis& best = found[0];
  const TraceRequest request = request_trace(model, source, best, intervention);
  const Trace<float> traced = trace(translator.model(), request);
  require_steps(request.intervention, std::max(best.tokens.size(), traced.steps.size()));
  Json json{{"name", model.name},
            {"config", describe(model)},
            {"source", describe_source(translator, sentence, traced)},
            {"encoder", describe_encoder(traced)},
            {"decoder", describe_decoder(codecs.target, traced)},
            {"translation", describe_translation(model, traced)},
            {"backward", describe_backward(traced)}};
  if (!request.intervention.empty()) {
    json["intervention"] = describe_intervention(translator, intervention, best);
    return json;
  }
  json["beam"] = describe_beam(model, tree, best);
  std::vector<std::int32_t> target = best.tokens;
  if (best.finished) target.pop_back();
  Json snapshots = describe_snapshots(model, {source, target});
  if (!snapshots.empty()) json["snapshots"] = std::move(snapshots);
  return json;
}

}  // namespace

nlohmann::json explain_document(const std::vector<ExplainedModel>& models,
                                const std::string& sentence, const Intervention& intervention) {
  Json list = Json::array();
  try {
    for (const ExplainedModel& model : models)
      list.push_back(explain(model, sentence, intervention));
  } catch (const InterventionError& error) {
    throw text::InputError(error.what());
  }
  return {{"version", kVersion}, {"models", std::move(list)}};
}

}  // namespace babelgrad::apps
