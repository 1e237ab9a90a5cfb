#include "babelgrad/models/folder/average.h"

#include "babelgrad/models/config/config_json.h"
#include "babelgrad/models/folder/model_folder.h"
#include "babelgrad/models/folder/snapshots.h"

namespace babelgrad {
namespace {

namespace fs = std::filesystem;

Translator load(const std::string& path) {
  const fs::path folder = fs::absolute(path).lexically_normal().parent_path();
  if (fs::path(path).extension() == ".safetensors" && !fs::exists(path))
    throw CheckpointError(path + ": no such file");
  if (!fs::is_regular_file(path) || !is_snapshot_folder(folder)) return Translator::load(path);
  Translator translator =
      Translator::load((fs::path(path).parent_path() / "..").lexically_normal());
  load_snapshot({0, path}, translator.model().store());
  return translator;
}

void require_alike(const Translator& first, const std::string& first_path, const Translator& other,
                   const std::string& path) {
  if (const auto difference = structure_difference(first.config(), other.config()))
    throw CheckpointError(path + ": " + difference->key + " is " + difference->now + ", but " +
                          first_path + " has " + difference->stored +
                          "; only models of one structure can be averaged");
  const auto require = [&](const text::Codec& a, const text::Codec& b, const std::string& name) {
    if (a.is_same(b)) return;
    throw CheckpointError((fs::path(path) / name).string() + ": other words than those of " +
                          first_path + "; only models of one vocabulary can be averaged");
  };
  const bool joint = first.config().model.share_embeddings;
  require(first.codecs().source, other.codecs().source, joint ? "shared.vocab" : "source.vocab");
  require(first.codecs().target, other.codecs().target, joint ? "shared.vocab" : "target.vocab");
}

using Sums = std::vector<std::vector<double>>;  // a parameter each

void add(Sums& sums, const ParameterStore<float>& store) {
  sums.resize(store.parameters().size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    const Array<float>& value = store.parameters()[i].value();
    sums[i].resize(value.size());
    for (std::size_t k = 0; k < value.size(); ++k) sums[i][k] += value.data()[k];
  }
}

}  // namespace

Translator average_models(const std::vector<std::string>& paths) {
  if (paths.empty()) throw CheckpointError("no models to average");
  Translator average = load(paths[0]);
  Sums sums;
  add(sums, average.model().store());
  for (std::size_t i = 1; i < paths.size(); ++i) {
    const Translator other = load(paths[i]);
    require_alike(average, paths[0], other, paths[i]);
    add(sums, other.model().store());
  }
  const auto count = static_cast<double>(paths.size());
  for (std::size_t i = 0; i < sums.size(); ++i) {
    float* value = Tensor<float>(average.model().store().parameters()[i]).mutable_value().data();
    for (std::size_t k = 0; k < sums[i].size(); ++k)
      value[k] = static_cast<float>(sums[i][k] / count);
  }
  return average;
}

}  // namespace babelgrad
