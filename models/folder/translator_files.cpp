// The part of Translator that is about its folder: what is read, in which order, and written.
#include <algorithm>
#include <future>
#include <optional>

#include "babelgrad/base/files.h"
#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/folder/snapshots.h"
#include "babelgrad/models/folder/translator.h"
#include "babelgrad/text/files.h"

namespace babelgrad {
namespace {

bool is_joint(const Config& config) { return config.model.share_embeddings; }

// With config.json and model.safetensors at hand: does the one describe the other?
void require_same_config(const Config& config, const Safetensors& file,
                         const std::filesystem::path& folder) {
  file.require_checksum();
  const auto stored = file.metadata().find("config");
  if (stored == file.metadata().end())
    throw CheckpointError((folder / kModelFile).string() +
                          ": not written by this program (no "
                          "configuration in its metadata)");
  const Config of_file = stored_config(stored->second, (folder / kModelFile).string());
  if (const auto difference = identity_difference(of_file, config))
    throw CheckpointError((folder / kConfigFile).string() + ": " + difference->key + " is " +
                          difference->now + ", but " + kModelFile + " has " + difference->stored +
                          "; one of them is damaged or from another model");
}

void load_named(const Safetensors& file, const std::string& name, ParameterStore<float>& store) {
  try {
    load_finite_parameters(file, store);
  } catch (const CheckpointError& error) {
    const std::string what = error.what();
    throw CheckpointError(what.starts_with(name) ? what : name + ": " + what);
  }
}

// The factors that searches in int8 want, as they are stored. A table of words that is no output
// layer is only read from.
void put_stored_factors(const Safetensors& file, const Config& config,
                        const ParameterStore<float>& store, PackedWeights& weights) {
  for (std::size_t i = 0; i < store.parameters().size(); ++i) {
    const std::string& name = store.parameters()[i].name();
    const bool is_output = config.model.tie_output && name != "source_embedding.weight";
    const std::optional<QuantizedView> stored = file.quantized(name);
    if (stored && (is_output || !name.ends_with("embedding.weight")))
      weights.put(i, std::make_unique<PackedFactor>(*stored, Side::right));
  }
}

// A training may put a new model in the place of the one that is being loaded: then once more.
constexpr int kAttempts = 10;

// Where a folder's model is, and when its files were written.
struct Version {
  std::filesystem::path place;
  std::filesystem::file_time_type config, model;
  bool operator==(const Version&) const = default;
};

Version version_of(const std::filesystem::path& folder) {
  const std::filesystem::path place = current_folder(folder);
  std::error_code missing;  // then the time is the least there is
  return {place, std::filesystem::last_write_time(place / kConfigFile, missing),
          std::filesystem::last_write_time(place / kModelFile, missing)};
}

}  // namespace

Codecs load_codecs(const Config& config, const std::filesystem::path& folder) {
  const auto load = [&](const char* name, text::TokenizerKind kind) {
    return text::Codec::load(folder, name, kind, config.data.word_split);
  };
  const bool features = config.model.feature_size > 0;
  Codecs codecs;
  if (is_joint(config))
    codecs.source = codecs.target = load("shared", config.data.source_tokenizer);
  else
    codecs = {features ? text::Codec::train({}, {}) : load("source", config.data.source_tokenizer),
              load("target", config.data.target_tokenizer)};
  if ((!features && codecs.source.size() != config.model.source_vocabulary) ||
      codecs.target.size() != config.model.target_vocabulary)
    throw CheckpointError(folder.string() + ": the vocabularies do not have the sizes that " +
                          kConfigFile + " says");
  return codecs;
}

Translator Translator::load(const std::filesystem::path& folder) {
  if (std::filesystem::is_regular_file(folder))
    throw CheckpointError(folder.string() + ": is a file, not a model folder");
  if (!std::filesystem::is_directory(folder))
    throw CheckpointError(folder.string() + ": no such model folder");
  for (int left = kAttempts;; --left) {
    const Version before = version_of(folder);
    const auto is_settled = [&] { return left == 0 || version_of(folder) == before; };
    try {
      Translator translator = load_from(before.place);
      translator.folder_ = folder;
      if (is_settled()) return translator;
    } catch (const std::exception&) {
      if (is_settled()) throw;
    }
  }
}

Translator Translator::load_from(const std::filesystem::path& place) {
  try {
    require_files(place);
  } catch (const FileError& error) {
    throw CheckpointError(error.what());
  }
  Config config =
      stored_config(text::read_file(place / kConfigFile), (place / kConfigFile).string());
  // Beside the parameters, which take as long; here where there can be no thread.
  std::future<Codecs> codecs = std::async(std::launch::async | std::launch::deferred,
                                          [&] { return load_codecs(config, place); });
  try {
    const Safetensors file = read_parameters(place);
    require_same_config(config, file, place);
    Translator translator(config, Codecs(), std::nullopt);
    load_named(file, (place / kModelFile).string(), translator.model_.store());
    if (precision_in_force(config.search.precision) == Precision::int8)
      put_stored_factors(file, config, translator.model_.store(), *translator.packed_weights_);
    translator.codecs_ = codecs.get();
    return translator;
  } catch (...) {
    if (codecs.valid()) codecs.get();  // what is wrong with the vocabularies is said first
    throw;
  }
}

void Translator::save_vocabularies(const std::filesystem::path& folder) const {
  if (is_joint(config_)) {
    codecs_.source.save(folder, "shared");
    return;
  }
  if (!reads_features()) codecs_.source.save(folder, "source");
  codecs_.target.save(folder, "target");
}

void Translator::save_config(const std::filesystem::path& folder) const {
  replace_file(folder / kConfigFile, to_json(config_));
}

void Translator::save_parameters(const std::filesystem::path& folder, Storage storage) const {
  Safetensors file;
  if (storage == Storage::int8)
    add_quantized_parameters(file, model_.store());
  else
    add_parameters(file, model_.store());
  file.set_metadata("config", to_json(identity_of(config_)));
  file.write(folder / kModelFile);
}

Safetensors Translator::read_parameters(const std::filesystem::path& folder) {
  return Safetensors::read(folder / kModelFile);
}

void replace_model(const Translator& translator, const std::filesystem::path& folder,
                   Storage storage) {
  Replacement replacement(folder);
  translator.save_config(replacement.place());
  translator.save_vocabularies(replacement.place());
  translator.save_parameters(replacement.place(), storage);
  replacement.commit();
}

}  // namespace babelgrad
