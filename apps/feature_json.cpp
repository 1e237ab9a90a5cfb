#include "babelgrad/apps/feature_json.h"

#include "babelgrad/models/rounding.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::json;

constexpr int kFeatureDigits = 4;

}  // namespace

void add_features(Json& json, const Translator& translator, const std::string& item,
                  const text::Source& source) {
  const std::size_t F = translator.config().model.feature_size;
  Json& features = json["features"] = Json::array();
  for (std::size_t i = 0; i < source.features.size(); ++i) {
    if (i % F == 0) features.push_back(Json::array());
    features.back().push_back(rounded(source.features[i], kFeatureDigits));
  }
  if (const auto patches = translator.features()->patches(item))
    json["patches"] = {{"rows", patches->rows},
                       {"columns", patches->columns},
                       {"height", patches->height},
                       {"width", patches->width},
                       {"channels", patches->channels}};
}

void add_picture(Json& json, const Translator& translator, const std::string& item) {
  if (translator.reads_features() && translator.features()->patches(item))
    add_features(json, translator, item, translator.encode_source(item));
}

}  // namespace babelgrad::apps
