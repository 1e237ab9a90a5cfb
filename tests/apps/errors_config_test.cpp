// Wrong flags, wrong configuration files, and output folders that are in use.
#include "babelgrad/models/config/config_json.h"
#include "tests/apps/error_table.h"

namespace babelgrad::test {
namespace {

namespace fs = std::filesystem;

TEST_CASE("commands and flags that are not there") {
  const std::string pair_needed =
      "--gradients, --html and --graph need --source TEXT and --target TEXT";
  const World world;
  world.add_model();
  check_refused(
      world,
      {{{}, "a command is required; see babelgrad --help"},
       {{"trian"}, "trian: no such command; see babelgrad --help"},
       {{"a\nb"}, "a\\x0ab: no such command; see babelgrad --help"},
       {{"translate", "--model", "a\nb\x1b"}, "a\\x0ab\\x1b: no such model folder"},
       {{"translate", "--model", "model", "--sample-seed", "latin\xe9"},
        "command line: sample_seed is not valid UTF-8"},
       {train_to("new") + Arguments{"--valid-source", "\xe9t\xe9.fr"},
        "command line: valid_source is not valid UTF-8"},
       {{"train"}, "--out is required; see babelgrad train --help"},
       {{"train", "--out", "new"},
        "config: need training data: source and target, or source_features and target, or tsv"},
       {{"train", "--out", "new", "--source", "train.fr"},
        "config: target is missing; source and target go together"},
       {{"train", "--out", "new", "--source", "train.fr", "--target", "train.en", "--tsv", "t"},
        "config: source and tsv are given; need one of them"},
       {{"train", "--out", "new", "--source", "train.fr", "--source", "train.fr", "--target",
         "train.en"},
        "config: source is 2 files, but target is 1; they go together file by file"},
       {{"train", "--hiden"},
        "The following argument was not expected: --hiden; see babelgrad train --help"},
       {{"translate", "--model", "model", "--bogus"},
        "The following argument was not expected: --bogus; see babelgrad translate --help"},
       {{"translate"}, "--model is required; see babelgrad translate --help"},
       {{"translate", "--model", "model", "--threads", "-1"},
        "--threads: Value -1 not in range 0 to 1024; see babelgrad translate --help"},
       {{"score", "--model", "model", "--model", "model"},
        "--model: At Most 1 required but received 2; see babelgrad score --help"},
       {{"score", "--model", "model", "--source", "train.fr"},
        "--target is required; see babelgrad score --help"},
       {{"evaluate", "--model", "model", "--source", "train.fr"},
        "--reference is required; see babelgrad evaluate --help"},
       {{"inspect", "--model", "model", "--gradients"}, pair_needed},
       {{"inspect", "--model", "model", "--graph", "x.svg", "--source", "je"}, pair_needed},
       {{"inspect", "--model", "model", "--html", "x.html", "--target", "i"}, pair_needed},
       {{"inspect", "--model", "model", "--graph", "x.txt", "--source", "je", "--target", "i"},
        "x.txt: need a name that ends with .svg, .png, .pdf or .dot"},
       {{"inspect", "--model", "model", "--source", "je"},
        "--source and --target need --gradients, --html or --graph"},
       {{"inspect", "--model", "model", "--gradients", "--source", "a", "--target", "\xff"},
        "--target:1: invalid UTF-8 at byte 1"}});
}

TEST_CASE("values out of range on the command line") {
  const World world;
  world.add_model();
  const auto train = [](const std::string& flag, const std::string& value) {
    return Arguments{"train", "--source", "train.fr", "--target", "train.en",
                     "--out", "new",      flag,       value};
  };
  const auto translate = [](const std::string& flag, const std::string& value) {
    return Arguments{"translate", "--model", "model", flag, value};
  };
  check_refused(
      world,
      {{train("--dropout", "1.5"), "command line: dropout is 1.5; need 0.0 to 0.95"},
       {train("--hidden", "0"), "command line: hidden is 0; need 1 to 65536"},
       {train("--hidden", "-1"), "command line: hidden is -1; need 1 to 65536"},
       {train("--hidden", "1.5"), "command line: hidden is 1.5; need a whole number"},
       {train("--hidden", "big"), "command line: hidden is \"big\"; need a whole number"},
       {train("--learning-rate", "nan"), "command line: learning_rate is \"nan\"; need a number"},
       {train("--tokenizer", "syllables"),
        "command line: tokenizer is \"syllables\"; need words, chars, bpe or unigram"},
       {train("--score", "cosine"),
        "command line: score is \"cosine\"; need dot, scaled_dot, general, additive or location"},
       {train("--metric", ""), "command line: metric is \"\"; need exact, per, chrf, loss or bleu"},
       {translate("--nbest", "6"), "command line: nbest is 6; need 1 to beam, 5"},
       {translate("--beam", "0"), "command line: beam is 0; need 1 to 1000"},
       {translate("--beam", "x"), "command line: beam is \"x\"; need a whole number"}});
}

TEST_CASE("numbers on the command line as people write them") {
  const World world;
  const Arguments numbers{"--learning-rate", ".01", "--max-updates", "+1e0", "--hidden", "16.0"};
  REQUIRE(world.run(train_to("new") + numbers).exit_code == 0);
  const Config config = stored_config(world.read("new/config.json"), "config.json");
  CHECK(config.training.learning_rate == 0.01);
  CHECK(config.training.max_updates == 1);
  CHECK(config.model.hidden == 16);
  for (const std::string wrong : {"1e999", "0x10", "1 ", "", "--1", "1e", "inf"})
    check_refused(world, {train_to("other") + Arguments{"--hidden", wrong},
                          "command line: hidden is \"" + wrong + "\"; need a whole number"});
}

TEST_CASE("sizes that do not go together") {
  const World world;
  check_refused(world,
                {{train_to("new") + Arguments{"--score", "dot"},
                  "config: score dot needs hidden, 16, equal to the encoder's states, 32"},
                 {train_to("new") + Arguments{"--readout-size", "8"},
                  "config: readout_size is 8, but tie_output needs it equal to embedding, 16"},
                 {train_to("new") + Arguments{"--preset", "luong"},
                  "command line: preset is \"luong\"; need article, cho2014, bahdanau2014 "
                  "or luong2015"},
                 {train_to("new") + Arguments{"--attention", "none", "--input-feeding"},
                  "config: input_feeding feeds what attention made of the step before; "
                  "attention is none"},
                 {train_to("new") + Arguments{"--shards", "3"},
                  "config: shards is 3; need a power of two (1, 2, 4 ...), or 0"},
                 {train_to("new") + Arguments{"--attention", "none", "--coverage-weight", "1"},
                  "config: coverage_weight is of attention; attention is none"}});
}

TEST_CASE("flags that would do nothing, beside keys of a file that do nothing") {
  const World world;
  world.add_model();
  const auto idle = [](const Arguments& flags, const std::string& sentence) {
    return BadInput{train_to("new") + flags, "command line: " + sentence};
  };
  check_refused(
      world,
      {idle({"--window", "3"}, "window is of attention local_m and local_p; attention is global"),
       idle({"--attention", "none", "--score", "dot"}, "score is of attention; attention is none"),
       idle({"--attention", "none", "--attention-dropout", "0.1"},
            "attention_dropout is of attention; attention is none"),
       idle({"--attention-size", "8"}, "attention_size is of score additive; score is general"),
       idle({"--positions", "8"}, "positions is of score location; score is general"),
       idle({"--residual"}, "residual is of layers above the first; encoder and decoder have one"),
       idle({"--word-split", "unicode", "--tokenizer", "chars"},
            "word_split is of tokenizer words; no side has it"),
       idle({"--min-count", "2", "--tokenizer", "bpe"},
            "min_count is of tokenizers words and chars; no side has one"),
       idle({"--joint-vocabulary"},
            "joint_vocabulary is of sides that are both bpe or both unigram, of one size; these "
            "are not"),
       idle({"--share-embeddings"},
            "share_embeddings is of a joint vocabulary; the sides have one each"),
       idle({"--momentum", "0.5"}, "momentum is of optimizer sgd; optimizer is adam"),
       idle({"--schedule", "constant", "--warmup", "9"},
            "warmup is of other schedules; schedule is constant"),
       idle({"--schedule", "plateau", "--decay-start", "9"},
            "decay_start is of schedule inverse_sqrt; schedule is plateau"),
       idle({"--plateau-factor", "0.3"},
            "plateau_factor is of schedule plateau; schedule is inverse_sqrt"),
       idle({"--sampling-updates", "9"}, "sampling_updates is of scheduled_sampling; that is 0"),
       idle({"--alignment-weight", "1"}, "alignment_weight is of guided_alignment; there is none"),
       {{"translate", "--model", "model", "--top-k", "3"},
        "command line: top_k is of sample; it is off"},
       {{"translate", "--model", "model", "--sample", "--beam", "3"},
        "command line: beam is of beam search; sample is on"},
       {{"evaluate", "--model", "model", "--source", "train.fr", "--reference", "train.en",
         "--resamples", "9"},
        "--resamples requires --confidence; see babelgrad evaluate --help"},
       {{"train", "--resume", "--out", "model", "--plateau-patience", "3"},
        "command line: plateau_patience is of schedule plateau; schedule is inverse_sqrt"}});
  world.write("c.json", R"({"window": 3, "momentum": 0.5, "temperature": 2})");
  CHECK(world.run(train_to("new") + Arguments{"--config", "c.json"}).exit_code == 0);
  // What is said and holds without it is no mistake.
  const Arguments off{"--attention", "none", "--attention-dropout", "0.0"};
  CHECK(world.run(train_to("plain") + off).exit_code == 0);
  // Stored for a later `translate --sample`.
  CHECK(world.run(train_to("hot") + Arguments{"--temperature", "2"}).exit_code == 0);
  CHECK(world.read("hot/config.json").find("\"temperature\": 2.0") != std::string::npos);
}

TEST_CASE("configuration files") {
  const World world;
  const std::vector<std::pair<std::string, std::string>> rows{
      {R"({"hiden": 3})", R"(c.json: unknown key "hiden")"},
      {R"({"dropout": 1.5})", "c.json: dropout is 1.5; need 0.0 to 0.95"},
      {R"({"max_length": 0})", "c.json: max_length is 0; need 1 to 100000"},
      {R"({"seed": -1})", "c.json: seed is -1; need 0 to 9223372036854775807"},
      {R"({"hidden": "big"})", "c.json: hidden is \"big\"; need a whole number"},
      {R"({"hidden": 3.5})", "c.json: hidden is 3.5; need a whole number"},
      {R"({"hidden": null})", "c.json: hidden is null; need a whole number"},
      {R"({"dropout": "x"})", "c.json: dropout is \"x\"; need a number"},
      {R"({"lowercase": 1})", "c.json: lowercase is 1; need true or false"},
      {R"({"source": 5})", "c.json: source is 5; need a string or a list of strings"},
      {R"({"tokenizer": "syllables"})",
       "c.json: tokenizer is \"syllables\"; need words, chars, bpe or unigram"},
      {R"({"schedule": 2})",
       "c.json: schedule is 2; need constant, warmup, inverse_sqrt or plateau"},
      {R"({"format": 2})", "c.json: format is 2; this program reads 1"},
      {R"({"hidden": 3,})", "c.json: not valid JSON at byte 14"},
      {"not json", "c.json: not valid JSON at byte 2"},
      {"", "c.json: not valid JSON at byte 1"},
      {"{\"a\":\"\xff\"}", "c.json: not valid JSON at byte 7"},
      {"[1]", "c.json: need a JSON object of keys and values"},
      {"{\"hidden\": " + repeat("[", 480000) + repeat("]", 480000) + "}",
       "c.json: nested deeper than 64 levels"}};
  for (const auto& [json, message] : rows) {
    world.write("c.json", json);
    check_refused(world, {train_to("new") + Arguments{"--config", "c.json"}, message});
  }
  check_refused(world,
                {{{"train", "--config", "none.json", "--out", "new"}, "none.json: no such file"},
                 {{"train", "--config", ".", "--out", "new"}, ".: is a directory, not a file"}});
}

TEST_CASE("output folders") {
  const World world;
  world.add_model();
  world.write("other/notes.txt", "mine");
  world.write("file", "x");
  fs::create_directory(world.path() / "free");
  const std::string taken =
      ": exists; give --overwrite to replace the model in it, or --resume to go on training it";
  check_refused(
      world,
      {{train_to("model"), "model" + taken},
       {train_to("other"), "other" + taken},
       {train_to("file"), "file: is a file, not a folder"},
       {train_to("file/new"), "file/new: cannot be created (Not a directory)"},
       {{"train", "--source", "missing", "--target", "train.en", "--out", "model", "--overwrite"},
        "missing: no such file"}});
  CHECK(world.run(train_to("free") + Arguments{"--max-updates", "3"}).exit_code == 0);
  CHECK(world.run(train_to("new/deeper") + Arguments{"--max-updates", "3"}).exit_code == 0);
  CHECK(world.run(train_to("model") + Arguments{"--max-updates", "3", "--overwrite"}).exit_code ==
        0);
  CHECK(world.read("model/config.json").find("\"max_updates\": 3,") != std::string::npos);
}

TEST_CASE("resuming what cannot be resumed") {
  const World world;
  world.add_model();
  world.add_model("stateless");
  fs::remove(world.path() / "stateless/training_state.safetensors");
  fs::create_directory(world.path() / "free");
  const auto resume = [](const std::string& folder, const Arguments& more = {}) {
    return Arguments{"train", "--resume", "--out", folder} + more;
  };
  check_refused(
      world,
      {{resume("none"), "none/config.json: no such file"},
       {resume("free"), "free/config.json: no such file"},
       {resume("model", {"--overwrite"}), "--resume and --overwrite exclude each other"},
       {resume("model", {"--from", "model"}), "--resume and --from exclude each other"},
       {resume("model", {"--config", "train.fr"}),
        "--config cannot be given with --resume; the folder has its own"},
       {resume("model", {"--hidden", "32"}),
        "command line: hidden is 32, but the training in the folder has 16; it cannot change on "
        "--resume"},
       {resume("model", {"--seed", "2"}),
        "command line: seed is 2, but the training in the folder has 1; it cannot change on "
        "--resume"}});
  const Finished stateless = world.run(resume("stateless"));
  CHECK(stateless.exit_code == 2);
  CHECK(lines_of(stateless.err).back() ==
        "babelgrad: stateless/training_state.safetensors: no such file");
}

TEST_CASE("resuming in a folder without the data") {
  const World world;
  world.add_model();
  fs::remove(world.path() / "train.fr");
  check_refused(world, {{"train", "--resume", "--out", "model"},
                        "train.fr: no such file; the paths of the data are those in "
                        "model/config.json, relative to the current folder"});
}

TEST_CASE("resuming with other data") {
  const World world;
  world.add_model();
  world.write("train.fr", "tu vois\n" + world.read("train.fr"));
  world.write("train.en", "you see\n" + world.read("train.en"));
  const Finished finished =
      world.run({"train", "--resume", "--out", "model", "--max-updates", "70"});
  CHECK(finished.exit_code == 2);
  CHECK(lines_of(finished.err).back() ==
        "babelgrad: model/training_state.safetensors: the training data are not the ones that this "
        "training began with");
}

}  // namespace
}  // namespace babelgrad::test
