// The JSON form of the configuration: there and back, and one clear sentence for what cannot be.
#include <doctest/doctest.h>

#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/config/idle_settings.h"
#include "babelgrad/models/config/presets.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

// Sets every field to something that is not its default.
struct Changer {
  template <class N, class L, class H>
  void number(const char*, N& field, L, H high, const char*) {
    field = field == static_cast<N>(high) ? field - 1 : field + static_cast<N>(high - field) / 3;
    if constexpr (std::is_integral_v<N>) ++field;
  }
  void flag(const char*, bool& field, const char*) { field = !field; }
  void text(const char*, std::string& field, const char*) { field = "a \"b\"\\é\n"; }
  void files(const char*, std::vector<std::string>& field, const char*) { field = {"a", "é"}; }
  template <class E, class Names>
  void choice(const char*, E& field, const Names& names, const char*) {
    field = static_cast<E>((static_cast<std::size_t>(field) + 1) % names.size());
  }
  template <class N, class L, class H>
  void number_of_all(const char*, std::initializer_list<N*>, L, H, const char*) {}
  template <class E, class Names>
  void choice_of_all(const char*, std::initializer_list<E*>, const Names&, const char*) {}
};

TEST_CASE("config json: every field survives the way there and back") {
  Config changed;
  visit_config(changed, Changer{});
  const std::string json = to_json(changed);
  CHECK(json != to_json(Config{}));
  Config read;
  update_from_json(read, json, "c.json");
  CHECK(to_json(read) == json);
  CHECK(read.data.source == changed.data.source);
  CHECK(read.training.seed == changed.training.seed);
  CHECK(read.training.learning_rate == changed.training.learning_rate);
  CHECK(read.model.attend_from == changed.model.attend_from);
  Config defaults;
  update_from_json(defaults, to_json(Config{}), "c.json");
  CHECK(to_json(defaults) == to_json(Config{}));
}

TEST_CASE("config json: a file may name a few keys only, the others stay") {
  Config config;
  config.model.hidden = 77;
  update_from_json(config, R"({"dropout": 0, "optimizer": "sgd", "tsv": "x.tsv"})", "c.json");
  CHECK(config.model.hidden == 77);
  CHECK(config.model.embedding_dropout == 0);
  CHECK(config.model.readout_dropout == 0);
  CHECK(config.training.optimizer == OptimizerKind::sgd);
  CHECK(config.data.tsv == std::vector<std::string>{"x.tsv"});
  update_from_json(config, "{}", "c.json");
  CHECK(config.model.hidden == 77);
}

TEST_CASE("config json: one file is a string, as before there could be several") {
  using Files = std::vector<std::string>;
  Config config;
  update_from_json(config, R"({"source": "", "tsv": ["a.tsv", "b.tsv"]})", "c.json");
  CHECK(config.data.source == Files{});
  CHECK(config.data.tsv == Files{"a.tsv", "b.tsv"});
  CHECK(to_json(config).find(R"("source": "",)") != std::string::npos);
  update_from_json(config, R"({"source": ["a"], "tsv": "c.tsv"})", "c.json");
  CHECK(config.data.source == Files{"a"});
  CHECK(config.data.tsv == Files{"c.tsv"});
  CHECK(to_json(config).find(R"("source": "a",)") != std::string::npos);
  CHECK_THROWS_WITH_AS(update_from_json(config, R"({"tsv": ["a", 5]})", "c.json"),
                       R"(c.json: tsv is a list of size 2; need a string or a list of strings)",
                       ConfigError);
  Config elsewhere = config;
  elsewhere.data.tsv = {"d.tsv", "e.tsv"};
  CHECK(!identity_difference(config, elsewhere));
}

TEST_CASE("config json: the structure is what the parameters depend on") {
  Config one, other;
  other.training.seed = 7;
  other.model.set_dropout(0);
  other.data.max_length = 5;
  other.search.beam = 2;
  CHECK(!structure_difference(one, other));
  other.model.hidden = 64;
  CHECK(structure_difference(one, other)->key == "hidden");
  other = one;
  other.data.lowercase = true;
  CHECK(structure_difference(one, other)->key == "lowercase");
}

TEST_CASE("config json: what earlier versions wrote is the settings that it stood for") {
  const auto read = [](const std::string& json) {
    Config config;
    update_from_json(config, json, "c.json");
    config.model.check();
    return config.model;
  };
  const Seq2SeqConfig luong = read(R"({"architecture": "luong", "score": "additive"})");
  CHECK(luong.attends());
  CHECK(luong.attend_from == AttendFrom::current);
  CHECK(luong.score == Score::additive);
  const Seq2SeqConfig bahdanau = read(
      R"({"architecture": "bahdanau", "score": "general", "readout": 5, "tie_output": false})");
  CHECK(bahdanau.attends_from_previous());
  CHECK(bahdanau.score == Score::additive);
  CHECK(bahdanau.readout_size == 5);
  CHECK(bahdanau.readout == Readout::tanh);
  CHECK(!read(R"({"architecture": "plain", "score": "general", "readout": 0})").attends());
}

TEST_CASE("config json: presets are settings that go together") {
  for (const Preset& preset : kPresets) {
    INFO(preset.name);
    Config config;
    config.model.hidden = 77;
    preset.set(config.model);
    config.model.check();
    CHECK(config.model.hidden == 77);
  }
  Config config;
  const std::string before = to_json(config);
  kPresets[0].set(config.model);
  CHECK(to_json(config) == before);
}

TEST_CASE("config json: a key for both sides, and one of a side above it") {
  Config config;
  update_from_json(
      config, R"({"target_tokenizer": "words", "tokenizer": "chars", "vocab_size": 9})", "c.json");
  CHECK(config.data.source_tokenizer == text::TokenizerKind::chars);
  CHECK(config.data.target_tokenizer == text::TokenizerKind::words);
  CHECK(config.data.source_vocab_size == 9);
  CHECK(config.data.target_vocab_size == 9);
  update_from_json(config, R"({"source_vocab_size": 7})", "c.json");
  CHECK(config.data.source_vocab_size == 7);
  CHECK(config.data.target_vocab_size == 9);
  CHECK(to_json(config).find("\"tokenizer\"") == std::string::npos);
}

TEST_CASE("config json: a stored configuration without a key means what was done before it") {
  CHECK(stored_config("{}", "c.json").data.normalize == Normalization::none);
  CHECK(stored_config(R"({"normalize": "nfc"})", "c.json").data.normalize == Normalization::nfc);
  CHECK(Config{}.data.normalize == Normalization::nfc);
}

TEST_CASE("config json: what idle_settings names are keys") {
  Config no_attention, text, features;
  no_attention.model.attention = AttentionKind::none;
  text.model.residual = true;
  text.data.source_tokenizer = text::TokenizerKind::chars;
  features.data.source_features = {"f"};
  std::size_t idle = 0;
  for (const Config& config : {no_attention, text, features})
    for (const IdleSetting& setting : idle_settings(config)) {
      ++idle;
      CAPTURE(setting.key);
      CHECK(to_json(config).find('"' + setting.key + '"') != std::string::npos);
    }
  CHECK(idle > 30);
}

TEST_CASE("config json: a path that JSON cannot hold is named") {
  Config config;
  config.data.valid_source = "caf\xe9.txt";
  CHECK(message_of<ConfigError>([&] { to_json(config); }) ==
        "config: valid_source is not valid UTF-8");
}

struct BadJson {
  std::string json, message;
};

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_CASE("config json: what cannot be is named, and nothing is changed") {
  const std::vector<BadJson> rows{
      {R"({"hiden": 5})", R"(unknown key "hiden")"},
      {R"({"hid\nden": 5})", R"(unknown key "hid\nden")"},
      {R"({"hidden": 5, "": 5})", R"(unknown key "")"},
      {R"({"dropout": 1.5})", "dropout is 1.5; need 0.0 to 0.95"},
      {R"({"dropout": -0.1})", "dropout is -0.1; need 0.0 to 0.95"},
      {R"({"hidden": 0})", "hidden is 0; need 1 to 65536"},
      {R"({"hidden": -1})", "hidden is -1; need 1 to 65536"},
      {R"({"hidden": 65537})", "hidden is 65537; need 1 to 65536"},
      {R"({"hidden": 18446744073709551615})", "hidden is 18446744073709551615; need 1 to 65536"},
      {R"({"hidden": 1e3})", "hidden is 1000.0; need a whole number"},
      {R"({"hidden": 2.5})", "hidden is 2.5; need a whole number"},
      {R"({"hidden": "big"})", "hidden is \"big\"; need a whole number"},
      {R"({"hidden": null})", "hidden is null; need a whole number"},
      {R"({"hidden": [1]})", "hidden is a list of size 1; need a whole number"},
      {R"({"hidden": true})", "hidden is true; need a whole number"},
      {R"({"learning_rate": "fast"})", "learning_rate is \"fast\"; need a number"},
      {R"({"learning_rate": 0})", "learning_rate is 0; need 1e-09 to 100.0"},
      {R"({"bidirectional": 1})", "bidirectional is 1; need true or false"},
      {R"({"source": 1})", "source is 1; need a string or a list of strings"},
      {R"({"architecture": "transformer"})",
       "architecture is \"transformer\"; need luong, bahdanau or plain"},
      {R"({"metric": 1})", "metric is 1; need exact, per, chrf, loss or bleu"},
      {R"({"format": 2})", "format is 2; this program reads 1"},
      {R"({"format": "1"})", "format is \"1\"; this program reads 1"},
      {R"([1, 2])", "need a JSON object of keys and values"},
      {"7", "need a JSON object of keys and values"},
      {"", "not valid JSON at byte 1"},
      {R"({"hidden": 5,})", "not valid JSON at byte 14"},
      {R"({"hidden": 5} x)", "not valid JSON at byte 15"},
      {"{\"source\": \"\xff\"}", "not valid JSON at byte 13"},
      {R"({"learning_rate": 1e999})", "a number is too large"},
      {R"({"hidden": {"a": [1], "b": 2}})", "hidden is an object of size 2; need a whole number"},
      {R"({"format": [1]})", "format is a list of size 1; this program reads 1"},
      {"{\"" + std::string(100, 'k') + "\": 1}", "unknown key \"" + std::string(59, 'k') + "..."},
      {std::string(100000, '['), "nested deeper than 64 levels"},
      {nested(100000), "nested deeper than 64 levels"},
      {R"({"hidden": )" + nested(100000) + "}", "nested deeper than 64 levels"},
      {R"({"tokenizer": )" + nested(100000) + "}", "nested deeper than 64 levels"},
      {R"({"format": )" + nested(100000) + "}", "nested deeper than 64 levels"},
      {R"({"unknown": )" + nested(100000) + "}", "nested deeper than 64 levels"},
  };
  for (const BadJson& row : rows) {
    INFO(row.json.substr(0, 80));
    Config config;
    config.model.hidden = 77;
    const std::string before = to_json(config);
    CHECK(message_of<ConfigError>([&] { update_from_json(config, row.json, "c.json"); }) ==
          "c.json: " + row.message);
    CHECK(to_json(config) == before);
  }
}

TEST_CASE("config: shards are a power of two, by default at most the threads") {
  const std::vector<std::size_t> expected{1, 2, 2, 4, 4, 4, 4, 8, 8};
  for (std::size_t threads = 1; threads <= expected.size(); ++threads)
    CHECK(default_shards(threads) == expected[threads - 1]);
  TrainingConfig config;
  for (const std::size_t shards : {0, 1, 2, 64}) {
    config.shards = shards;
    CHECK_NOTHROW(config.check({}));
  }
  config.shards = 6;
  CHECK(message_of<ConfigError>([&] { config.check({}); }) ==
        "config: shards is 6; need a power of two (1, 2, 4 ...), or 0");
}

TEST_CASE("config: a model's identity leaves out limits, threads and search, and nothing else") {
  Config a, b;
  b.training.max_updates = 5;
  b.training.max_epochs = 6;
  b.training.max_minutes = 7;
  b.training.patience = 8;
  b.training.threads = 9;
  visit_search(b.search, Changer{});
  CHECK_FALSE(identity_difference(a, b).has_value());
  b.training.shards = 2;
  const auto difference = identity_difference(a, b);
  REQUIRE(difference.has_value());
  CHECK(difference->key == "shards");
  CHECK(difference->stored == "0");
  CHECK(difference->now == "2");
}

}  // namespace
}  // namespace babelgrad
