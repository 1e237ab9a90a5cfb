// The explain command: a sample of the numbers in its document is computed again on other paths
// (the fused model, plain loops over the parameters).
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "babelgrad/apps/explain_document.h"
#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

using Json = nlohmann::json;
using Numbers = std::vector<double>;

constexpr double kVectorError = 2e-3;  // vectors have 4 digits, and errors add up
constexpr double kError = 1e-4;        // all other numbers have 6
const std::string kSentence = "nous lave la maison";

// A trained model and what the command says about a sentence.
struct Explained {
  explicit Explained(const Arguments& flags = {}) {
    const Finished finished =
        world.run(train_to("model") + Arguments{"--snapshots", "3", "--no-tie-output"} + flags);
    REQUIRE(finished.exit_code == 0);
    const Finished explained =
        world.run({"explain", "--model", "model", kSentence, "-o", "e.json", "--json"});
    CHECK(explained.err == "");
    REQUIRE(explained.exit_code == 0);
    const Json document = Json::parse(world.read("e.json"));
    CHECK(document["version"] == 1);
    REQUIRE(document["models"].size() == 1);
    model = document["models"][0];
    translator.emplace(Translator::load(world.path() / "model"));
  }

  Array<float> parameter(const std::string& name) const {
    return translator->model().store().at(name).value();
  }
  const Json& step(std::size_t t) const { return model["decoder"]["steps"][t]; }
  std::size_t steps() const { return model["decoder"]["steps"].size(); }

  World world;
  Json model;
  std::optional<Translator> translator;
};

void check_near(const Numbers& got, const Numbers& expected, double tolerance) {
  REQUIRE(got.size() == expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) CHECK(std::abs(got[i] - expected[i]) < tolerance);
}

// weight [rows, x.size()] times x, plus bias
Numbers affine(const Array<float>& weight, const Array<float>& bias, const Numbers& x) {
  Numbers y(weight.shape()[0]);
  REQUIRE(weight.shape()[1] == x.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = bias.data()[i];
    for (std::size_t j = 0; j < x.size(); ++j) y[i] += weight.data()[i * x.size() + j] * x[j];
  }
  return y;
}

Numbers map(Numbers x, double (*f)(double)) {
  for (double& value : x) value = f(value);
  return x;
}

Numbers joined(Numbers a, const Numbers& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

// A GRU step by its formula.
Json gru(const Explained& e, const std::string& scope, const std::string& suffix, const Numbers& x,
         const Numbers& before) {
  const auto product = [&](const std::string& kind, const Numbers& in) {
    return affine(e.parameter(scope + ".weight_" + kind + suffix),
                  e.parameter(scope + ".bias_" + kind + suffix), in);
  };
  const Numbers input = product("ih", x), recurrent = product("hh", before);
  const std::size_t H = before.size();
  Numbers r(H), z(H), n(H), h(H);
  for (std::size_t i = 0; i < H; ++i) {
    r[i] = sigmoid(input[i] + recurrent[i]);
    z[i] = sigmoid(input[H + i] + recurrent[H + i]);
    n[i] = std::tanh(input[2 * H + i] + r[i] * recurrent[2 * H + i]);
    h[i] = (1 - z[i]) * n[i] + z[i] * before[i];
  }
  return {{"reset", r}, {"update", z}, {"candidate", n}, {"state", h}};
}

void check_gates(const Json& got, const Json& expected) {
  for (const char* name : {"reset", "update", "candidate", "state"})
    check_near(got[name], expected[name], kVectorError);
}

TEST_CASE("explain: the encoder's numbers follow from the parameters by the formulas") {
  const Explained e;
  const Json& source = e.model["source"];
  const std::size_t S = source["tokens"].size();
  REQUIRE(S == 5);
  CHECK(source["tokens"][1]["text"] == "lave");
  CHECK(source["tokens"][4]["text"] == "</s>");
  const Array<float> table = e.parameter("source_embedding.weight");
  const std::size_t E = table.shape()[1];
  Numbers forward(16, 0.0), backward(16, 0.0);
  for (std::size_t k = 0; k < S; ++k) {
    const float* row = table.data() + source["tokens"][k]["id"].get<std::size_t>() * E;
    check_near(source["embeddings"][k], Numbers(row, row + E), kVectorError);
    const Json& layer = e.model["encoder"]["layers"][0];
    const std::size_t s = S - 1 - k;
    check_gates(layer["forward"][k],
                gru(e, "encoder.gru", "_l0", source["embeddings"][k], forward));
    check_gates(layer["backward"][s],
                gru(e, "encoder.gru", "_l0_reverse", source["embeddings"][s], backward));
    forward = layer["forward"][k]["state"].get<Numbers>();
    backward = layer["backward"][s]["state"].get<Numbers>();
  }
  for (std::size_t s = 0; s < S; ++s)
    check_near(e.model["encoder"]["states"][s],
               joined(e.model["encoder"]["layers"][0]["forward"][s]["state"],
                      e.model["encoder"]["layers"][0]["backward"][s]["state"]),
               1e-9);
  const Numbers last = joined(forward, backward);
  check_near(e.model["decoder"]["initial"][0],
             map(affine(e.parameter("decoder.initial_l0.weight"),
                        e.parameter("decoder.initial_l0.bias"), last),
                 std::tanh),
             kVectorError);
}

TEST_CASE("explain: the decoder's numbers follow from the parameters by the formulas") {
  const Explained e;
  const Json& states = e.model["encoder"]["states"];
  Numbers before = e.model["decoder"]["initial"][0];
  for (std::size_t t = 0; t < e.steps(); ++t) {
    const Json& step = e.step(t);
    check_gates(step["layers"][0], gru(e, "decoder.gru", "_l0", step["embedding"], before));
    before = step["layers"][0]["state"].get<Numbers>();
    Numbers exponentials, context(states[0].size(), 0.0);
    double sum = 0;
    for (std::size_t s = 0; s < states.size(); ++s) {
      const Numbers key = affine(e.parameter("decoder.attention.key.weight"),
                                 zeros<float>({before.size()}), states[s]);
      double score = 0;
      for (std::size_t i = 0; i < key.size(); ++i) score += key[i] * before[i];
      CHECK(std::abs(step["scores"][s].get<double>() - score) < 10 * kVectorError);
      exponentials.push_back(std::exp(step["scores"][s].get<double>()));
      sum += exponentials.back();
    }
    for (std::size_t s = 0; s < states.size(); ++s) {
      CHECK(std::abs(step["weights"][s].get<double>() - exponentials[s] / sum) < kError);
      for (std::size_t i = 0; i < context.size(); ++i)
        context[i] += step["weights"][s].get<double>() * states[s][i].get<double>();
    }
    check_near(step["context"], context, kVectorError);
    check_near(step["readout"],
               map(affine(e.parameter("decoder.readout.weight"),
                          e.parameter("decoder.readout.bias"), joined(context, before)),
                   std::tanh),
               kVectorError);
  }
}

Numbers sum_of(Numbers a, const Numbers& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] += b[i];
  return a;
}

TEST_CASE("explain: residual layers hand on their state plus their input, which attention reads") {
  const Explained e({"--layers", "3", "--residual", "--score", "dot", "--hidden", "32"});
  const Json& encoder = e.model["encoder"];
  CHECK(!encoder["layers"][0].contains("sums"));
  CHECK(encoder["layers"][2]["sums"] == encoder["states"]);
  for (std::size_t s = 0; s < encoder["states"].size(); ++s) {
    const auto state = [&](std::size_t layer) {
      const Json& both = encoder["layers"][layer];
      return joined(both["forward"][s]["state"], both["backward"][s]["state"]);
    };
    check_near(encoder["layers"][1]["sums"][s], sum_of(state(0), state(1)), kVectorError);
    check_near(encoder["states"][s], sum_of(encoder["layers"][1]["sums"][s], state(2)),
               kVectorError);
  }
  for (std::size_t t = 0; t < e.steps(); ++t) {
    const Json& layers = e.step(t)["layers"];
    CHECK(!layers[0].contains("sum"));
    check_near(layers[1]["sum"], sum_of(layers[0]["state"], layers[1]["state"]), kVectorError);
    const Numbers query = layers[2]["sum"];
    check_near(query, sum_of(layers[1]["sum"], layers[2]["state"]), kVectorError);
    for (std::size_t s = 0; s < encoder["states"].size(); ++s) {
      double score = 0;
      for (std::size_t i = 0; i < query.size(); ++i)
        score += query[i] * encoder["states"][s][i].get<double>();
      CHECK(std::abs(e.step(t)["scores"][s].get<double>() - score) < 10 * kVectorError);
    }
  }
  const Explained plain({"--layers", "2"});
  CHECK(!plain.model["encoder"]["layers"][1].contains("sums"));
  CHECK(!plain.step(0)["layers"][1].contains("sum"));
}

TEST_CASE(
    "explain: local-p's weights follow from scores and center, monotonic's from a threshold") {
  const Explained local({"--attention", "local_p", "--window", "2"});
  CHECK(local.model["config"]["window"] == 2);
  for (std::size_t t = 0; t < local.steps(); ++t) {
    const Numbers scores = local.step(t)["scores"], weights = local.step(t)["weights"];
    const double center = local.step(t)["center"];
    const auto distance = [&](std::size_t s) { return std::abs(static_cast<double>(s) - center); };
    double sum = 0;
    for (std::size_t s = 0; s < scores.size(); ++s)
      if (distance(s) <= 2) sum += std::exp(scores[s]);
    for (std::size_t s = 0; s < scores.size(); ++s) {
      const double expected =
          distance(s) <= 2 ? std::exp(scores[s]) / sum * std::exp(-distance(s) * distance(s) / 2)
                           : 0;
      CHECK(std::abs(weights[s] - expected) < kError);
    }
  }
  const Explained monotonic({"--attention", "monotonic"});
  const double threshold = monotonic.model["config"]["threshold"];
  std::size_t at = 0;
  for (std::size_t t = 0; t < monotonic.steps(); ++t) {
    const Numbers scores = monotonic.step(t)["scores"], weights = monotonic.step(t)["weights"];
    while (at + 1 < scores.size() && scores[at] < threshold) ++at;
    for (std::size_t s = 0; s < scores.size(); ++s) CHECK(weights[s] == (s == at ? 1 : 0));
    CHECK(!monotonic.step(t).contains("center"));
  }
}

TEST_CASE("explain: words, probabilities and weights are the fused model's") {
  const Explained e;
  const Translation expected =
      e.translator->translate({kSentence}, e.translator->config().search)[0][0];
  const Json& translation = e.model["translation"];
  CHECK(translation["text"] == expected.text);
  CHECK(translation["tokens"] == Json(expected.target_tokens));
  CHECK(std::abs(translation["score"].get<double>() - expected.hypothesis.score) < kError);
  REQUIRE(e.steps() == expected.hypothesis.tokens.size());
  const auto scored = e.translator->score({kSentence}, {expected.text})[0];
  double sum = 0;
  for (std::size_t t = 0; t < e.steps(); ++t) {
    const Json& step = e.step(t);
    sum += step["chosen"]["log_probability"].get<double>();
    check_near(step["weights"], Numbers(scored.weights[t].begin(), scored.weights[t].end()),
               kError);
    CHECK(step["input"]["text"] == (t == 0 ? Json("<s>") : e.step(t - 1)["chosen"]["text"]));
    CHECK(step["chosen"]["id"] == expected.hypothesis.tokens[t]);
    CHECK(step["top"].size() == 10);
    CHECK(step["top"][step["chosen"]["rank"].get<std::size_t>() - 1] == [&] {
      Json word = step["chosen"];
      word.erase("rank");
      return word;
    }());
    for (std::size_t i = 1; i < step["top"].size(); ++i)
      CHECK(step["top"][i - 1]["log_probability"] >= step["top"][i]["log_probability"]);
  }
  CHECK(std::abs(sum - scored.log_probability) < kError);
  const Json& nodes = e.model["beam"]["nodes"];
  std::string path;
  for (const Json& node : nodes)
    if (node["best"]) path += node["text"].get<std::string>() + " ";
  std::string tokens = "<s> ";
  for (const std::string& token : expected.target_tokens) tokens += token + " ";
  CHECK(path == tokens);
}

TEST_CASE("explain: gradients at the source words are the fused model's") {
  const Explained e;
  Tensor<float> table = e.translator->model().store().at("source_embedding.weight");
  const std::size_t E = table.dim(1);
  const std::vector<text::Example> pair{
      {e.translator->encode_source(kSentence),
       e.translator->encode_target(e.model["translation"]["text"])}};
  for (std::size_t t = 0; t < e.steps(); ++t) {
    text::Batch batch = text::make_batch(pair, {0});
    for (std::size_t k = 0; k < batch.target_length; ++k)
      if (k != t) batch.target_output[k] = text::kPad;  // counts for nothing
    const auto gradient = gradients(e.translator->model().loss(batch, kEvaluation), {table})[0];
    for (std::size_t s = 0; s < pair[0].source.size(); ++s) {
      double sum = 0;
      for (std::size_t i = 0; i < E; ++i) {
        const double x = gradient.data()[static_cast<std::size_t>(pair[0].source.ids[s]) * E + i];
        sum += x * x;
      }
      const double got = e.model["backward"][t]["source_embeddings"][s];
      CHECK(std::abs(got - std::sqrt(sum)) < kError * (1 + got));
    }
  }
}

TEST_CASE("explain: snapshots are the model at earlier moments") {
  const Explained e;
  REQUIRE(e.model["snapshots"].size() == 2);
  CHECK(e.model["snapshots"][0]["update"] == 10);
  CHECK(e.model["snapshots"][1]["update"] == 60);
  CHECK(e.model["snapshots"][0]["loss"] > e.model["snapshots"][1]["loss"]);
  // The last is the model itself, so it gives the final translation its probability.
  const double steps = static_cast<double>(e.steps());
  const double log_probability = e.model["translation"]["log_probability"];
  CHECK(std::abs(e.model["snapshots"][1]["loss"].get<double>() + log_probability / steps) < kError);
}

TEST_CASE("explain: every kind of model, several models, one page") {
  World world;
  Arguments explain{"explain", kSentence, "-o", "page.html"};
  for (const std::string preset : {"article", "bahdanau2014", "cho2014", "luong2015"}) {
    const Finished trained = world.run(train_to(preset) + Arguments{"--preset", preset});
    REQUIRE(trained.exit_code == 0);
    explain = explain + Arguments{"--model", preset};
  }
  REQUIRE(world.run(explain).exit_code == 0);
  const std::string page = world.read("page.html");
  CHECK(page.starts_with("<!doctype html>"));
  REQUIRE(world.run(explain + Arguments{"--json", "-o", "e.json"}).exit_code == 0);
  const Json models = Json::parse(world.read("e.json"))["models"];
  REQUIRE(models.size() == 4);
  CHECK(models[1]["name"] == "bahdanau2014");
  CHECK(models[1]["config"]["score"] == "additive");
  CHECK(models[0]["config"]["recurrent_inputs"] == Json({"embedding"}));
  CHECK(models[0]["config"]["readout_inputs"] == Json({"context", "state"}));
  CHECK(models[1]["config"]["readout_inputs"] == Json({"context", "previous_state", "embedding"}));
  CHECK(models[3]["config"]["recurrent_inputs"] == Json({"embedding", "readout"}));
  CHECK(models[1]["decoder"]["steps"][0].contains("weights"));
  CHECK(!models[2]["decoder"]["steps"][0].contains("weights"));
  CHECK(models[2]["decoder"]["steps"][0].contains("context"));
  CHECK(!models[2]["config"].contains("score"));
  CHECK(models[2]["config"]["recurrent_inputs"] == Json({"embedding", "context"}));
  CHECK(models[2]["backward"][0].contains("context"));
  CHECK(!models[0].contains("snapshots"));
}

TEST_CASE("explain: an intervention changes the words from its first step") {
  World world;
  world.add_model();
  const Translator translator = Translator::load(world.path() / "model");
  const std::vector<apps::ExplainedModel> models{
      {"m", &translator, translator.config().search, {}}};
  const Json before = apps::explain_document(models, kSentence)["models"][0];
  Intervention intervention;
  intervention.weights[1] = {0, 0, 0, 0, 3};
  const Json after = apps::explain_document(models, kSentence, intervention)["models"][0];
  CHECK(after["decoder"]["steps"][0] == before["decoder"]["steps"][0]);
  CHECK(after["decoder"]["steps"][1]["weights"] == Json({0.0, 0.0, 0.0, 0.0, 1.0}));
  CHECK(after["decoder"]["steps"][1]["context"] == after["encoder"]["states"][4]);
  CHECK(after["intervention"]["before"] == before["translation"]["text"]);
  CHECK(after["intervention"]["weights"]["1"].size() == 5);
  CHECK(!after.contains("beam"));
  intervention.weights[77] = {0, 0, 0, 0, 1};
  const std::size_t steps =
      std::max(before["decoder"]["steps"].size(), after["decoder"]["steps"].size());
  CHECK_THROWS_WITH(
      apps::explain_document(models, kSentence, intervention),
      ("intervention: step 77 has weights; need 0 to " + std::to_string(steps - 1)).c_str());
  intervention.masked = {5};
  CHECK_THROWS_WITH(apps::explain_document(models, kSentence, intervention),
                    "intervention: position 5 is masked; need 0 to 4");
}

}  // namespace
}  // namespace babelgrad::test
