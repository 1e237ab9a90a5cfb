#include "babelgrad/models/folder/feature_files.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/nn/safetensors.h"
#include "babelgrad/text/error.h"

namespace babelgrad {
namespace {

std::vector<std::size_t> read_lengths(const Safetensors& file, const std::string& path,
                                      const Shape& shape) {
  std::vector<std::size_t> lengths(shape[0], shape[1]);
  if (!file.contains("lengths")) return lengths;
  const Array<double> stored = file.get<double>("lengths", {shape[0]});
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    const double length = stored.data()[i];
    if (!(length >= 1 && length <= static_cast<double>(shape[1]) && length == std::floor(length))) {
      char found[32];
      std::snprintf(found, sizeof found, "%g", length);
      throw text::InputError(path + ": lengths of item " + std::to_string(i + 1) + " is " + found +
                             "; need a whole number from 1 to " + std::to_string(shape[1]));
    }
    lengths[i] = static_cast<std::size_t>(length);
  }
  return lengths;
}

std::optional<Patches> read_patches(const Safetensors& file, const std::string& path,
                                    const Shape& shape) {
  const auto found = file.metadata().find("patches");
  if (found == file.metadata().end()) return std::nullopt;
  Patches p{};
  int end = 0, end_of_others = 0;
  std::size_t others = 0;
  const int read =
      std::sscanf(found->second.c_str(), "%4zux%4zu of %4zux%4zux%4zu%n+%4zu%n", &p.rows,
                  &p.columns, &p.height, &p.width, &p.channels, &end, &others, &end_of_others);
  if (read == 6) end = end_of_others;
  if (read < 5 || static_cast<std::size_t>(end) != found->second.size() || p.rows > shape[1] ||
      p.rows * p.columns != shape[1] || p.height > shape[2] || p.width > shape[2] ||
      p.height * p.width * p.channels == 0 || others > shape[2] ||
      p.height * p.width * p.channels + others != shape[2])
    throw text::InputError(path + ": patches is \"" + found->second +
                           "\"; need \"RxC of HxWxD\" or \"RxC of HxWxD+E\", R times C being " +
                           std::to_string(shape[1]) + ", H times W times D plus E " +
                           std::to_string(shape[2]));
  return p;
}

}  // namespace

std::vector<std::string> FeatureFiles::add(const std::filesystem::path& path) try {
  const std::string name = path.string();
  const Safetensors stored = Safetensors::read(path);
  if (!stored.contains("features")) throw text::InputError(name + ": has no array features");
  const Shape shape = stored.shape("features");
  if (shape.size() != 3 || shape[0] * shape[1] * shape[2] == 0)
    throw text::InputError(name + ": features has shape " + to_string(shape) + "; need [N, S, F]");
  if (shape[2] > kMaxSize)
    throw text::InputError(name + ": has " + std::to_string(shape[2]) +
                           " features a position; at most " + std::to_string(kMaxSize));
  if (feature_size_ != 0 && feature_size_ != shape[2])
    throw ConfigError(name + " has " + std::to_string(shape[2]) + " features a position; " +
                      files_.begin()->first + " has " + std::to_string(feature_size_));
  File file{stored.get<float>("features"), read_lengths(stored, name, shape),
            read_patches(stored, name, shape)};
  if (file.patches && *std::min_element(file.lengths.begin(), file.lengths.end()) < shape[1])
    throw text::InputError(name + ": patches are of whole pictures; need lengths of " +
                           std::to_string(shape[1]));
  const float* end = file.features.data() + file.features.size();
  const float* bad = std::find_if_not(static_cast<const float*>(file.features.data()), end,
                                      [](float x) { return std::isfinite(x); });
  if (bad != end)
    throw text::InputError(
        name + ": item " +
        std::to_string(
            static_cast<std::size_t>(bad - file.features.data()) / (shape[1] * shape[2]) + 1) +
        " has a feature that is not a finite number");
  feature_size_ = shape[2];
  if (!files_.contains(name)) paths_.push_back(name);
  files_[name] = std::move(file);
  return names_in(name, shape[0]);
} catch (const CheckpointError& error) {
  throw text::InputError(error.what());
}

std::vector<std::string> FeatureFiles::names_in(const std::string& path, std::size_t items) {
  std::vector<std::string> names;
  for (std::size_t i = 1; i <= items; ++i) names.push_back(path + ":" + std::to_string(i));
  return names;
}

std::string FeatureFiles::paths() const {
  std::string all;
  for (const std::string& path : paths_) all += (all.empty() ? "" : ", ") + path;
  return all;
}

std::vector<std::string> FeatureFiles::names() const {
  std::vector<std::string> all;
  for (const std::string& path : paths_) {
    const std::vector<std::string> names = names_in(path, files_.at(path).lengths.size());
    all.insert(all.end(), names.begin(), names.end());
  }
  return all;
}

void FeatureFiles::require_at_most(std::size_t positions) const {
  for (const std::string& path : paths_) {
    const std::vector<std::size_t>& lengths = files_.at(path).lengths;
    const auto longer = std::find_if(lengths.begin(), lengths.end(),
                                     [&](std::size_t length) { return length > positions; });
    if (longer != lengths.end())
      throw text::InputError(path + ":" + std::to_string(longer - lengths.begin() + 1) + ": " +
                             std::to_string(*longer) + " positions; at most " +
                             std::to_string(positions) + " an item can be read");
  }
}

FeatureFiles::Item FeatureFiles::find(const std::string& name) const {
  const std::size_t colon = name.rfind(':');
  const std::string of_file = colon == std::string::npos ? "" : name.substr(0, colon);
  const auto file = of_file.empty() && files_.size() == 1 ? files_.begin() : files_.find(of_file);
  const std::string digits = of_file.empty() ? name : name.substr(colon + 1);
  std::size_t number = 0;
  const char* end = digits.data() + digits.size();
  const bool is_number = std::from_chars(digits.data(), end, number).ptr == end && !digits.empty();
  if (file == files_.end() || !is_number || number < 1 || number > file->second.lengths.size()) {
    std::string there;
    for (const auto& [path, known] : files_)
      there += (there.empty() ? "; need " : " or ") + path + ":1 to " + path + ":" +
               std::to_string(known.lengths.size());
    throw text::InputError(name + ": no such item" + there);
  }
  return {&file->second, number - 1};
}

text::Source FeatureFiles::at(const std::string& name) const {
  const auto [file, number] = find(name);
  const std::size_t S = file->features.shape()[1], length = file->lengths[number];
  const float* begin = file->features.data() + number * S * feature_size_;
  return text::Source::of_features({begin, begin + length * feature_size_}, length);
}

std::optional<Patches> FeatureFiles::patches(const std::string& name) const {
  return find(name).file->patches;
}

}  // namespace babelgrad
