// Every parser of files: one program, --parser=NAME chooses. What is taken must come back the same
// when it is written and read again; what is not taken is refused with one sentence that names the
// file.
//   build-fuzz/fuzz_parsers --seeds=FOLDER       writes FOLDER/NAME/... to start from
//   build-fuzz/fuzz_parsers --parser=config FOLDER/config
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <map>
#include <string>
#include <vector>

#include "babelgrad/base/hash.h"
#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/folder/feature_files.h"
#include "babelgrad/models/training/metrics.h"
#include "babelgrad/nn/npy.h"
#include "babelgrad/nn/training_state.h"
#include "babelgrad/text/codec.h"
#include "babelgrad/text/corpus.h"
#include "babelgrad/text/error.h"
#include "babelgrad/text/lexicon.h"
#include "babelgrad/text/unicode.h"

namespace {

using namespace babelgrad;
namespace fs = std::filesystem;

void require(bool holds) {
  if (!holds) std::abort();
}

void write(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<long>(bytes.size()));
}

std::string read(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// A file of this process.
fs::path file_of(std::string_view name) {
  static const fs::path folder = fs::temp_directory_path() / std::to_string(getpid());
  fs::create_directories(folder);
  return folder / name;
}

fs::path file_with(std::string_view name, std::string_view bytes) {
  const fs::path path = file_of(name);
  write(path, bytes);
  return path;
}

// ---- Each parser: what it does with an input, and what it starts from ----

void config(const std::string& bytes) {
  Config read;
  update_from_json(read, bytes, "input");
  const std::string json = to_json(read);
  Config again;
  update_from_json(again, json, "input");
  require(to_json(again) == json);
  stored_config(bytes, "input");
}

void small_model(ParameterStore<float>& store) {
  store.create("w", {2, 3}, init::normal(1));
  store.create("b", {3}, init::zeros());
}

void safetensors(const std::string& bytes) {
  const Safetensors file = Safetensors::read(file_with("input", bytes));
  for (const std::string& name : file.names()) {
    const Array<float> values = file.get<float>(name);
    require(values.shape() == file.shape(name));
    Safetensors one;
    one.add(name, values);
    one.write(file_of("again"));
    const Array<float> again = Safetensors::read(file_of("again")).get<float>(name);
    require(std::equal(values.begin(), values.end(), again.begin(), again.end(),
                       [](float a, float b) { return a == b || (a != a && b != b); }));
  }
  ParameterStore<float> store(1);
  small_model(store);
  load_parameters(file, store);
}

void training_state(const std::string& bytes) {
  ParameterStore<float> store(1);
  small_model(store);
  Adam<float> adam(store);
  load_training(file_with("input", bytes), store, adam);
}

void features(const std::string& bytes) {
  FeatureFiles files;
  for (const std::string& name : files.add(file_with("input", bytes))) {
    files.at(name);
    files.patches(name);
  }
}

void npy(const std::string& bytes) {
  const fs::path path = file_with("input", bytes);
  const Array<double> values = load_npy<double>(path);
  save_npy(file_of("again"), values);
  require(load_npy<double>(file_of("again")).shape() == values.shape());
  load_npy<std::int32_t>(path);
}

// The first byte says whether the rest is a file or the tokens of one, to which its right first
// line is added.
void vocabulary(const std::string& bytes) {
  std::string file = bytes.substr(std::min<std::size_t>(1, bytes.size()));
  if (!bytes.empty() && bytes[0] % 2 != 0) {
    char first[96];
    std::snprintf(first, sizeof first, "#babelgrad-vocabulary 1 size=%zu checksum=%016llx\n",
                  static_cast<std::size_t>(std::count(file.begin(), file.end(), '\n')),
                  static_cast<unsigned long long>(fnv1a(std::string_view(), fnv1a(file))));
    file = first + file;
  }
  const text::Vocabulary taken = text::Vocabulary::load(file_with("input", file));
  taken.save(file_of("again"));
  require(read(file_of("again")) == file);
}

void sentencepiece(const std::string& bytes) {
  const auto tokenizer =
      text::make_sentencepiece_tokenizer(text::TokenizerKind::unigram, bytes, "input");
  for (const char* line : {"", "je suis étudiant", "\u4f60\u597d \U0001f600 a\u0301"})
    tokenizer->detokenize(tokenizer->tokenize(line));
  tokenizer->inventory();
}

void metrics(const std::string& bytes) {
  const fs::path path = file_with("input", bytes);
  MetricsLog log(path);
  log.resume(100);
  log.open();
  log.add(UpdateMetrics{.update = 101, .epoch = 1});
  read_metrics(path);  // whatever it was, what is left can be read
  write(path, bytes);
  read_metrics(path);
}

void alignments(const std::string& bytes) {
  for (const text::Alignment& alignment : text::read_alignments(file_with("input", bytes)))
    require(text::parse_alignment(text::format_alignment(alignment), "input", 1) == alignment);
}

void corpus(const std::string& bytes) {
  const text::Corpus corpus = text::read_tsv(file_with("input", bytes));
  require(corpus.source.size() == corpus.target.size());
}

void lexicon(const std::string& bytes) {
  const text::Lexicon taken = text::Lexicon::load(file_with("input", bytes));
  const std::string written = taken.to_text();
  require(text::Lexicon::load(file_with("input", written)).to_text() == written);
}

void lines(const std::string& bytes) {
  for (const std::string& line : text::read_lines(file_with("input", bytes))) {
    std::string joined;
    for (const std::string& point : text::code_points(line)) {
      text::character_kind(point);
      joined += point;
    }
    require(joined == line);
    require(text::nfc(text::nfc(line)) == text::nfc(line));
    text::require_valid_utf8(text::lowercase(line), "input", 1);
    text::display_width(line);
    const std::vector<std::string> words = text::split_words(line);
    require(text::split_words(text::join_words(words)).size() <= line.size());
    text::split_whitespace(line);
  }
}

struct Parser {
  std::function<void(const std::string&)> parse;
  std::function<std::vector<std::string>()> seeds;
};

std::string saved(const Safetensors& file) {
  file.write(file_of("seed"));
  return read(file_of("seed"));
}

// Without a checksum, so that a change is not all that is found.
std::string unsealed(const Safetensors& file) {
  std::string bytes = saved(file);
  const std::size_t at = bytes.find("\"checksum\"");
  if (at != std::string::npos) bytes.replace(at, 10, "\"cheksum_\"");
  return bytes;
}

std::string trained_state() {
  ParameterStore<float> store(1);
  small_model(store);
  Adam<float> adam(store);
  TrainingState state;
  state.numbers["best"] = 0.5;
  save_training(file_of("seed"), store, adam, state);
  return unsealed(Safetensors::read(file_of("seed")));
}

std::vector<std::string> seeds_of_safetensors() {
  ParameterStore<float> store(1);
  small_model(store);
  Safetensors file, ints;
  add_parameters(file, store);
  ints.add("lengths", Array<double>{3, 1});
  return {saved(file), unsealed(file), saved(ints)};
}

std::vector<std::string> seeds_of_features() {
  Safetensors file;
  file.add("features", ones<float>({2, 4, 12}));
  file.add("lengths", Array<float>{3, 4});
  file.set_metadata("patches", "2x2 of 2x2x3");
  return {unsealed(file)};
}

std::vector<std::string> seeds_of_npy() {
  save_npy(file_of("seed"), Array<float>{{1, 2}, {3, 4}});
  std::vector<std::string> seeds{read(file_of("seed"))};
  save_npy(file_of("seed"), IntArray{1, 2, 3});
  return seeds.push_back(read(file_of("seed"))), seeds;
}

std::vector<std::string> seeds_of_vocabulary() {
  text::Vocabulary({{"chat", 3}, {"a\tb\\", 1}}).save(file_of("seed"));
  const std::string file = read(file_of("seed"));
  return {"0" + file, "1" + file.substr(file.find('\n') + 1)};
}

const std::map<std::string, Parser>& parsers() {
  static const std::map<std::string, Parser> all{
      {"alignments", {alignments, [] { return std::vector<std::string>{"0-0 1-2\n\n3-4 3-5\n"}; }}},
      {"config",
       {config,
        [] {
          return std::vector<std::string>{to_json(Config()), R"({"hidden": 5, "dropout": 0.2})",
                                          std::string(480000, '[')};
        }}},
      {"corpus", {corpus, [] { return std::vector<std::string>{"je\ti\ttatoeba\r\ntu\tyou\n"}; }}},
      {"features", {features, seeds_of_features}},
      {"lexicon",
       {lexicon, [] { return std::vector<std::string>{"chat\tcat\t0.75\nchat\ta\t1\n"}; }}},
      {"lines",
       {lines,
        [] {
          return std::vector<std::string>{"\xef\xbb\xbfl'eau\u00a0? \u212b e\u0301 3.14\r\n"};
        }}},
      {"metrics",
       {metrics,
        [] {
          MetricsLog log(file_of("seed"));
          write(file_of("seed"), "");
          log.open();
          log.add(UpdateMetrics{.update = 10, .epoch = 1, .loss = 2});
          log.add(ValidationMetrics{.update = 10, .epoch = 1, .parameters = {{"w", 1, 2}}});
          return std::vector<std::string>{read(file_of("seed"))};
        }}},
      {"npy", {npy, seeds_of_npy}},
      {"safetensors", {safetensors, seeds_of_safetensors}},
      {"sentencepiece",
       {sentencepiece,
        [] {
          const std::vector<std::string> text(20, "je suis étudiant , tu es un chat");
          return std::vector<std::string>{
              text::train_sentencepiece(text::TokenizerKind::unigram, text, 40)};
        }}},
      {"training_state",
       {training_state, [] { return std::vector<std::string>{trained_state()}; }}},
      {"vocabulary", {vocabulary, seeds_of_vocabulary}}};
  return all;
}

const Parser* chosen = nullptr;

void write_seeds(const fs::path& folder) {
  for (const auto& [name, parser] : parsers()) {
    fs::create_directories(folder / name);
    std::size_t number = 0;
    for (const std::string& seed : parser.seeds())
      write(folder / name / ("seed" + std::to_string(number++)), seed);
    std::cout << name << "\n";
  }
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  for (int i = 1; i < *count; ++i) {
    const std::string argument = (*arguments)[i];
    if (argument.starts_with("--seeds=")) {
      write_seeds(argument.substr(8));
      std::exit(0);
    }
    if (argument.starts_with("--parser=")) {
      const auto found = parsers().find(argument.substr(9));
      if (found != parsers().end()) chosen = &found->second;
    }
  }
  if (!chosen) {
    std::cerr << "fuzz_parsers: need --parser= one of those that --seeds=FOLDER names\n";
    std::exit(2);
  }
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto refused = [](const std::exception& error) {
    const std::string message = error.what();
    require(!message.empty() && message.find('\n') == std::string::npos);
    require(message.find("input") != std::string::npos || message.starts_with("parameter "));
  };
  try {
    chosen->parse({reinterpret_cast<const char*>(data), size});
  } catch (const FileError& error) {
    refused(error);
  } catch (const ConfigError& error) {
    refused(error);
  } catch (const text::InputError& error) {
    refused(error);
  }
  return 0;
}
