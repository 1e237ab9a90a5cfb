// Model folders that miss a file, are cut off, damaged or of another version: one sentence that
// names the file, as a CheckpointError, ConfigError or InputError.
#include <doctest/doctest.h>

#include "tests/models/folder/translator_helpers.h"

namespace babelgrad {
namespace {

// What loading says; the empty string if it works.
std::string load_error(const TemporaryFolder& folder) {
  std::string message;
  try {
    Translator::load(folder.path());
    return "";
  } catch (const CheckpointError& error) {
    message = error.what();
  } catch (const ConfigError& error) {
    message = error.what();
  } catch (const text::InputError& error) {
    message = error.what();
  }
  CHECK(message.starts_with(folder.path().string()));
  CHECK(message.find('\n') == std::string::npos);
  for (const char* end : {"/", ": "}) {
    const std::string prefix = folder.path().string() + end;
    for (std::size_t at; (at = message.find(prefix)) != std::string::npos;)
      message.erase(at, prefix.size());
  }
  return message;
}

std::vector<std::string> files_in(const TemporaryFolder& folder) {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(folder.path()))
    names.push_back(item.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_CASE("model folder: its files, and each of them missing") {
  const std::vector<std::vector<std::string>> expected{
      {"config.json", "model.safetensors", "source.vocab", "target.vocab"},
      {"config.json", "model.safetensors", "source.vocab", "target.vocab"},
      {"config.json", "model.safetensors", "shared.spm", "shared.vocab"},
      {"config.json", "model.safetensors", "source.spm", "source.vocab", "target.spm",
       "target.vocab"}};
  std::size_t kind = 0;
  for (const auto& named : folder_configs()) {
    const auto& name = named.first;
    const auto& config = named.second;
    INFO(name);
    const TemporaryFolder folder;
    save(make_translator(config), folder.path());
    CHECK(files_in(folder) == expected[kind++]);
    for (const std::string& file : files_in(folder)) {
      const std::string bytes = folder.read(file);
      std::filesystem::remove(folder.path() / file);
      CHECK(load_error(folder) == file + ": no such file");
      std::filesystem::create_directory(folder.path() / file);
      CHECK(load_error(folder).starts_with(file + ": "));
      std::filesystem::remove(folder.path() / file);
      folder.write(file, bytes);
    }
    CHECK(load_error(folder).empty());
    CHECK(message_of<CheckpointError>([&] { Translator::load(folder.path() / "no"); }) ==
          (folder.path() / "no").string() + ": no such model folder");
  }
}

TEST_CASE("model folder: each file cut off") {
  for (const auto& named : folder_configs()) {
    const auto& name = named.first;
    const auto& config = named.second;
    const TemporaryFolder folder;
    save(make_translator(config), folder.path());
    for (const std::string& file : files_in(folder)) {
      const std::string bytes = folder.read(file);
      const bool json = file == "config.json";
      for (const std::size_t length :
           {std::size_t{0}, std::size_t{1}, std::size_t{7}, bytes.size() / 3, bytes.size() / 2,
            bytes.size() - (json ? 2 : 1)}) {  // the line end may go
        INFO(name, ": ", file, " cut to ", length);
        folder.write(file, bytes.substr(0, length));
        CHECK(!load_error(folder).empty());
      }
      folder.write(file, bytes);
    }
  }
}

// Every `stride`-th byte of a file changed: refused, or without effect on what is translated.
void check_flips(const TemporaryFolder& folder, const std::string& file, std::size_t stride,
                 const std::vector<std::string>& expected, const SearchConfig& search) {
  const std::string bytes = folder.read(file);
  std::size_t refused = 0, tried = 0;
  for (std::size_t i = 0; i < bytes.size(); i += stride, ++tried) {
    INFO(file, ", byte ", i);
    std::string damaged = bytes;
    damaged[i] = static_cast<char>(damaged[i] ^ (i % 2 == 0 ? 0x01 : 0x14));
    folder.write(file, damaged);
    if (!load_error(folder).empty())
      ++refused;
    else
      CHECK(texts(Translator::load(folder.path()), search) == expected);
  }
  CHECK(static_cast<double>(refused) > 0.6 * static_cast<double>(tried));
  folder.write(file, bytes);
}

TEST_CASE("model folder: a corrupted byte in any file is refused or does no harm") {
  for (const auto& named : folder_configs()) {
    const auto& name = named.first;
    const auto& config = named.second;
    INFO(name);
    if (name == "chars") continue;  // as words
    const TemporaryFolder folder;
    const Translator translator = make_translator(config);
    save(translator, folder.path());
    const auto expected = texts(translator, config.search);
    for (const std::string& file : files_in(folder))
      check_flips(folder, file,
                  file.ends_with(".spm")     ? 4999
                  : file.ends_with(".vocab") ? 11
                                             : 29,
                  expected, config.search);
    CHECK(load_error(folder).empty());
  }
}

void replace(const TemporaryFolder& folder, const std::string& file, const std::string& from,
             const std::string& to) {
  std::string bytes = folder.read(file);
  REQUIRE(bytes.find(from) != std::string::npos);
  bytes.replace(bytes.find(from), from.size(), to);
  folder.write(file, bytes);
}

TEST_CASE("model folder: another version, another model's files, a configuration that lies") {
  const Config config = folder_configs()[0].second;
  const TemporaryFolder folder, other;
  save(make_translator(config), folder.path());
  Config changed = config;
  changed.model.hidden = 6;
  save(make_translator(changed), other.path());
  const std::string json = folder.read("config.json");
  const std::string mismatch = "; one of them is damaged or from another model";
  const auto with = [&](const std::string& from, const std::string& to) {
    replace(folder, "config.json", from, to);
    const std::string message = load_error(folder);
    folder.write("config.json", json);
    return message;
  };
  CHECK(with("\"format\": 1", "\"format\": 2") == "config.json: format is 2; this program reads 1");
  CHECK(with("\"hidden\": 5", "\"hidden\": 6") ==
        "config.json: hidden is 6, but model.safetensors has 5" + mismatch);
  CHECK(with("\"beam\": 5", "\"beam\": 6").empty());  // how it searches is not what it is
  CHECK(with("\"hidden\": 5", "\"hidden\": 0") == "config.json: hidden is 0; need 1 to 65536");
  CHECK(with("\"hidden\"", "\"hiden\"") == R"(config.json: unknown key "hiden")");
  CHECK(with("\"encoder_layers\": 1", "\"encoder_layers\": \"1\"") ==
        "config.json: encoder_layers is \"1\"; need a whole number");
  CHECK(with("\"source_vocabulary\": 17", "\"source_vocabulary\": 999999999") ==
        "the vocabularies do not have the sizes that config.json says");
  folder.write("model.safetensors", other.read("model.safetensors"));
  CHECK(load_error(folder) == "config.json: hidden is 5, but model.safetensors has 6" + mismatch);
  Safetensors foreign;
  foreign.add("x", scalar(1.0f));
  foreign.write(folder.path() / "model.safetensors");
  CHECK(load_error(folder) ==
        "model.safetensors: not written by this program (no configuration in its metadata)");
  foreign.set_metadata("config", to_json(identity_of(make_translator(config).config())));
  foreign.write(folder.path() / "model.safetensors");
  CHECK(load_error(folder).starts_with("model.safetensors: parameter "));
}

}  // namespace
}  // namespace babelgrad
