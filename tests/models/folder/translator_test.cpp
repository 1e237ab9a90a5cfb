// Translator: a model folder there and back, odd lines, and several models in one program.
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>

#include "tests/models/folder/translator_helpers.h"

namespace babelgrad {
namespace {

TEST_CASE("translator: a folder gives back the same translations, for every kind of token") {
  for (const auto& named : folder_configs()) {
    const auto& name = named.first;
    const auto& config = named.second;
    INFO(name);
    const TemporaryFolder folder;
    const Translator original = make_translator(config);
    save(original, folder.path());
    const Translator loaded = Translator::load(folder.path());
    CHECK(to_json(loaded.config()) == to_json(original.config()));
    SearchConfig search = original.config().search;
    search.nbest = 3;
    CHECK(texts(loaded, search) == texts(original, search));
    const auto a = original.score(kLines, kTargets), b = loaded.score(kLines, kTargets);
    for (std::size_t i = 0; i < kLines.size(); ++i) {
      CHECK(a[i].log_probability == b[i].log_probability);
      CHECK(a[i].weights == b[i].weights);
    }
  }
}

// Scores of the translations, line by line.
std::vector<double> log_probabilities(const Translator& translator, const SearchConfig& search) {
  std::vector<double> all;
  for (const auto& translations : translator.translate(kLines, search))
    for (const Translation& translation : translations)
      all.push_back(translation.hypothesis.log_probability);
  return all;
}

TEST_CASE("translator: in any precision a line's translations do not depend on those beside it") {
  for (const PrecisionSetting rounding : {PrecisionSetting::bfloat16, PrecisionSetting::int8})
    for (const auto& named : folder_configs()) {
      INFO(named.first, rounding == PrecisionSetting::int8 ? " in int8" : " in bfloat16");
      const Config& config = named.second;
      Translator translator = make_translator(config);
      SearchConfig search = config.search;
      search.nbest = search.beam = 3;
      const std::vector<double> exact = log_probabilities(translator, search);
      search.precision = rounding;
      const std::vector<double> together = log_probabilities(translator, search);
      search.search_batch = 1;
      CHECK(log_probabilities(translator, search) == together);
      CHECK(together != exact);
      for (std::size_t i = 0; i < exact.size() && exact.size() == together.size(); ++i)
        // int8: half a step is 1/254 of a row's largest element, whatever an element's own size.
        CHECK(std::abs(together[i] - exact[i]) <
              (rounding == PrecisionSetting::int8 ? 0.15 : 0.05) * (std::abs(exact[i]) + 1));
      // Parameters that change meanwhile count.
      for (Tensor<float> parameter : translator.model().store().parameters())
        parameter.mutable_value() *= 1.5f;
      search.search_batch = 64;
      const Translator fresh = [&] {
        const TemporaryFolder folder;
        save(translator, folder.path());
        return Translator::load(folder.path());
      }();
      CHECK(log_probabilities(translator, search) == log_probabilities(fresh, search));
    }
}

TEST_CASE("translator: parameters that are no numbers are refused") {
  Translator translator = make_translator(folder_configs()[0].second);
  for (const float value : {std::nanf(""), -INFINITY}) {
    const TemporaryFolder folder;
    Tensor<float> parameter = translator.model().store().parameters().back();
    parameter.mutable_value().data()[0] = value;
    save(translator, folder.path());
    CHECK(error_of<CheckpointError>([&] { Translator::load(folder.path()); }, &folder) ==
          "model.safetensors: parameter " + parameter.name() + " is not finite");
  }
}

TEST_CASE("translator: parameters whose sums overflow give an error, not empty translations") {
  Translator translator = make_translator(folder_configs()[0].second);
  for (Tensor<float> parameter : translator.model().store().parameters())
    parameter.mutable_value() = full<float>(parameter.shape(), 1e38f);
  const auto translate = [](const Translator& model, SearchOptions options = {}) {
    return model.translate({"", "le chat dort"}, model.config().search, std::move(options));
  };
  const std::string what = ": no word has a probability; numbers in it are too large";
  CHECK(error_of<CheckpointError>([&] { translate(translator); }) == "the model" + what);
  CHECK(error_of<CheckpointError>([&] { translator.score({"le chat"}, {"the cat"}); }) ==
        "the model" + what);
  CHECK(translate(translator, {.abandon = [](std::size_t) { return true; }})[1][0].text.empty());
  const TemporaryFolder folder;
  save(translator, folder.path());
  const Translator loaded = Translator::load(folder.path());
  CHECK(error_of<CheckpointError>([&] { translate(loaded); }, &folder) ==
        "model.safetensors" + what);
}

TEST_CASE("translator: empty lines keep their place; unknown words and blanks are read") {
  const Translator translator = make_translator(folder_configs()[0].second);
  const std::vector<std::string> lines{"", "le chat dort", "   ", "zzz", "\t", "le chat dort"};
  WorkerPool pool(2);
  for (WorkerPool* threads : {static_cast<WorkerPool*>(nullptr), &pool}) {
    const auto found = translator.translate(lines, translator.config().search, {.pool = threads});
    REQUIRE(found.size() == lines.size());
    for (const std::size_t empty : {0, 2, 4}) {
      CHECK(found[empty].size() == 1);
      CHECK(found[empty][0].text.empty());
      CHECK(found[empty][0].hypothesis.tokens.empty());
    }
    CHECK(found[1][0].text == found[5][0].text);
    CHECK(found[3][0].source_tokens == std::vector<std::string>{"<unk>", "</s>"});
    CHECK(found[1][0].source_tokens == std::vector<std::string>{"le", "chat", "dort", "</s>"});
  }
  CHECK(translator.translate({}, translator.config().search).empty());
  CHECK(translator.score({}, {}).empty());
}

TEST_CASE("translator: what is abandoned, and by what samples are drawn, goes by line") {
  Config config = folder_configs()[0].second;
  const Translator translator = make_translator(config);
  const std::vector<std::string> lines{"", "le chat dort", "", "tu dors", "elle mange"};
  config.search.sample = true;
  const auto all = translator.translate(lines, config.search);
  const auto some = translator.translate(lines, config.search, {.abandon = [](std::size_t line) {
                                           CHECK((line == 1 || line >= 3));
                                           return line == 3;
                                         }});
  for (const std::size_t line : {1, 4}) CHECK(some[line][0].text == all[line][0].text);
  REQUIRE(some[3].size() == 1);
  CHECK(some[3][0].hypothesis.tokens.empty());
  const auto alone = translator.translate({"elle mange"}, config.search, {.numbers = {4}});
  CHECK(alone[0][0].text == all[4][0].text);
}

TEST_CASE("translator: an ensemble of models of the same words") {
  const auto configs = folder_configs();
  Translator alone = make_translator(configs[0].second),
             together = make_translator(configs[0].second);
  Config other = configs[0].second;
  other.training.seed = 9;
  const auto second = std::make_shared<const Translator>(make_translator(other));
  const SearchConfig search = alone.config().search;
  together.join(std::make_shared<const Translator>(make_translator(configs[0].second)), "same");
  CHECK(texts(together, search) == texts(alone, search));
  alone.join(second, "second");
  CHECK(texts(alone, search) != texts(together, search));
  CHECK(message_of<ConfigError>([&] {
          alone.join(std::make_shared<const Translator>(make_translator(configs[1].second)), "m");
        }) == "m: reads or writes other words than the first model");
}

TEST_CASE("translator: tokens, weights and text of a translation belong together") {
  for (const auto& named : folder_configs()) {
    const auto& name = named.first;
    const auto& config = named.second;
    INFO(name);
    const Translator translator = make_translator(config);
    for (const auto& translations : translator.translate(kLines, config.search)) {
      const Translation& t = translations[0];
      CHECK(t.target_tokens.size() == t.hypothesis.tokens.size());
      CHECK(t.hypothesis.weights.size() == t.target_tokens.size());
      for (const auto& row : t.hypothesis.weights) CHECK(row.size() == t.source_tokens.size());
      CHECK(t.text == translator.codecs().target.decode(t.hypothesis.tokens));
    }
  }
}

TEST_CASE("translator: the score of a pair is what force says, in any order and company") {
  const Translator translator = make_translator(folder_configs()[0].second);
  WorkerPool pool(2);
  const auto together = translator.score(kLines, kTargets, &pool);
  for (std::size_t i = 0; i < kLines.size(); ++i) {
    const auto alone = translator.score({kLines[i]}, {kTargets[i]});
    CHECK(std::abs(alone[0].log_probability - together[i].log_probability) < 1e-4);
    CHECK(alone[0].tokens == translator.encode_target(kTargets[i]).size() + 1);
    CHECK(together[i].tokens == alone[0].tokens);
    CHECK(together[i].weights.size() == alone[0].tokens);
    for (const auto& row : together[i].weights)
      CHECK(std::abs(std::accumulate(row.begin(), row.end(), 0.0) - 1) < 1e-5);
  }
  const auto repeated = translator.score({kLines[1], kLines[0], kLines[1], kLines[1]},
                                         {kTargets[1], kTargets[0], kTargets[1], kTargets[0]});
  for (const std::size_t i : {0, 2})
    CHECK(std::abs(repeated[i].log_probability - together[1].log_probability) < 1e-4);
  CHECK(repeated[2].weights == repeated[0].weights);
  CHECK(std::abs(repeated[1].log_probability - together[0].log_probability) < 1e-4);
  CHECK(std::abs(repeated[3].log_probability - together[1].log_probability) > 1e-4);
  CHECK(translator.score({""}, {""})[0].tokens == 1);
  CHECK_THROWS_AS(translator.score({"a"}, {}), std::invalid_argument);
}

TEST_CASE("translator: an ensemble scores what it wrote as its search did") {
  Config config = folder_configs()[0].second;
  Translator ensemble = make_translator(config);
  for (const std::uint64_t seed : {9, 10}) {
    config.training.seed = seed;
    ensemble.join(std::make_shared<const Translator>(make_translator(config)), "more");
  }
  const auto found = ensemble.translate(kLines, config.search);
  std::size_t compared = 0;
  for (std::size_t i = 0; i < kLines.size(); ++i) {
    const Hypothesis& hypothesis = found[i][0].hypothesis;
    std::vector<std::int32_t> written = ensemble.encode_target(found[i][0].text);
    written.push_back(text::kEos);
    if (written != hypothesis.tokens) continue;  // cut off, or of tokens that read otherwise
    ++compared;
    const auto scored = ensemble.score({kLines[i]}, {found[i][0].text})[0];
    CHECK(std::abs(scored.log_probability - hypothesis.log_probability) < 1e-4);
    REQUIRE(scored.weights.size() == hypothesis.weights.size());
    for (std::size_t t = 0; t < scored.weights.size(); ++t)
      for (std::size_t s = 0; s < scored.weights[t].size(); ++s)
        CHECK(std::abs(scored.weights[t][s] - hypothesis.weights[t][s]) < 1e-5);
  }
  CHECK(compared > 0);
}

TEST_CASE("translator: lower-casing is part of the model") {
  Config config = folder_configs()[0].second;
  config.data.lowercase = true;
  const Translator translator = make_translator(config);
  CHECK(translator.encode_source("LE Chat") == translator.encode_source("le chat"));
  CHECK(prepare_line(config.data, "ÉTÉ") == "été");
  config.data.lowercase = false;
  CHECK(prepare_line(config.data, "ÉTÉ") == "ÉTÉ");
}

TEST_CASE("translator: several models live side by side, on several threads") {
  const auto configs = folder_configs();
  std::vector<Translator> models;
  std::vector<std::vector<std::string>> expected;
  for (const auto& [name, config] : configs) {
    models.push_back(make_translator(config));
    expected.push_back(texts(models.back(), config.search));
  }
  WorkerPool pool(3);
  std::vector<std::vector<std::string>> got(models.size());
  pool.run(models.size(),
           [&](std::size_t i) { got[i] = texts(models[i], configs[i].second.search); });
  CHECK(got == expected);
}

}  // namespace
}  // namespace babelgrad
