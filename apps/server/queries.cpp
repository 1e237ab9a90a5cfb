#include "babelgrad/apps/server/queries.h"

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "babelgrad/base/json.h"
#include "babelgrad/text/unicode.h"

namespace babelgrad::apps {
namespace {

using Json = nlohmann::json;

[[noreturn]] void fail(const std::string& key, const Json& value, const std::string& need) {
  throw RequestError(400, key + " is " + shown(value) + "; need " + need);
}

// The keys of a JSON object, each of which must be asked for.
class Object {
 public:
  explicit Object(std::string_view body) {
    try {
      json_ = parse_json<Json>(body);
    } catch (const JsonError& error) {
      throw RequestError(400, std::string("the body: ") + error.what());
    }
    if (!json_.is_object()) throw RequestError(400, "the body is not a JSON object");
  }

  // The value of the key, which is then known; null where the request has none.
  Json take(const std::string& key) {
    const auto position = json_.find(key);
    if (position == json_.end()) return nullptr;
    Json value = std::move(*position);
    json_.erase(position);
    return value;
  }
  Json need(const std::string& key, const std::string& kind) {
    Json value = take(key);
    if (value.is_null()) throw RequestError(400, "need " + key + ", " + kind);
    return value;
  }
  void require_empty() const {
    if (!json_.empty()) throw RequestError(400, "unknown key " + shown(Json(json_.begin().key())));
  }

 private:
  Json json_;
};

std::size_t whole_number(const std::string& key, const Json& value, std::size_t low,
                         std::size_t high) {
  if (!value.is_number_integer()) fail(key, value, "a whole number");
  const double number = value.get<double>();
  if (number < static_cast<double>(low) || number > static_cast<double>(high))
    fail(key, value, std::to_string(low) + " to " + std::to_string(high));
  return value.get<std::size_t>();
}

std::string sentence(const std::string& key, const Json& value) {
  using text::kByteOrderMark;  // which is no part of the first word
  if (!value.is_string()) fail(key, value, "a string");
  const auto& text = value.get_ref<const std::string&>();
  if (const std::size_t at = text.find('\0'); at != std::string::npos)
    throw RequestError(400, key + ": NUL byte at byte " + std::to_string(at + 1));
  return text.substr(text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0);
}

const Json::array_t& array(const std::string& key, const Json& value, const std::string& entries,
                           std::size_t limit) {
  if (!value.is_array()) fail(key, value, "a list of " + entries);
  const auto& list = value.get_ref<const Json::array_t&>();
  if (list.size() > limit)
    throw RequestError(413, key + " has " + std::to_string(list.size()) + " entries; at most " +
                                std::to_string(limit));
  return list;
}

std::string at(const std::string& key, std::size_t i) {
  return key + "[" + std::to_string(i) + "]";
}

std::size_t output_step(const std::string& key, const ServerLimits& limits) {
  std::size_t step = 0;
  const char* end = key.data() + key.size();
  const auto [stop, error] = std::from_chars(key.data(), end, step);
  if (error != std::errc() || stop != end || step > 100 * limits.tokens)
    throw RequestError(400, "weights has the key " + shown(Json(key)) + "; need an output step");
  return step;
}

std::vector<double> weights_row(const std::string& key, const Json& value,
                                const ServerLimits& limits) {
  std::vector<double> row;
  for (const Json& weight : array(key, value, "numbers", limits.tokens + 1)) {
    const std::string name = at(key, row.size());
    if (!weight.is_number()) fail(name, weight, "a number");
    const double number = weight.get<double>();
    if (!(number >= 0)) fail(name, weight, "0 or more");
    row.push_back(number);
  }
  return row;
}

std::size_t beam_size(Object& object, std::size_t standard, const ServerLimits& limits) {
  const Json value = object.take("beam");
  if (value.is_null()) return std::min(standard, limits.beam);
  return whole_number("beam", value, 1, limits.beam);
}

std::string string_or(Object& object, const std::string& key, const std::string& standard) {
  const Json value = object.take(key);
  if (value.is_null()) return standard;
  if (!value.is_string()) fail(key, value, "a string");
  return value.get<std::string>();
}

}  // namespace

TranslateQuery parse_translate(std::string_view body, const Defaults& defaults,
                               const ServerLimits& limits) {
  Object object(body);
  TranslateQuery query;
  const Json sentences = object.need("sentences", "a list of strings or one string");
  if (sentences.is_string()) {
    query.sentences.push_back(sentence("sentences", sentences));
  } else {
    for (const Json& entry : array("sentences", sentences, "strings", limits.sentences))
      query.sentences.push_back(sentence(at("sentences", query.sentences.size()), entry));
  }
  query.search = defaults(string_or(object, "model", ""));
  query.search.beam = beam_size(object, query.search.beam, limits);
  query.search.nbest = std::min(query.search.nbest, query.search.beam);
  if (const Json value = object.take("nbest"); !value.is_null())
    query.search.nbest = whole_number("nbest", value, 1, query.search.beam);
  if (const Json value = object.take("alignments"); !value.is_null()) {
    if (!value.is_boolean()) fail("alignments", value, "true or false");
    query.alignments = value.get<bool>();
  }
  object.require_empty();
  return query;
}

ExplainQuery parse_explain(std::string_view body, const Defaults& defaults,
                           const ServerLimits& limits) {
  Object object(body);
  ExplainQuery query;
  query.sentence = sentence("sentence", object.need("sentence", "a string"));
  query.search = defaults(string_or(object, "model", ""));
  query.search.beam = beam_size(object, query.search.beam, limits);
  query.search.nbest = 1;
  Intervention& intervention = query.intervention;
  if (const Json masked = object.take("masked"); !masked.is_null())
    for (const Json& position : array("masked", masked, "source positions", limits.tokens + 1))
      intervention.masked.push_back(
          whole_number(at("masked", intervention.masked.size()), position, 0, limits.tokens));
  if (const Json weights = object.take("weights"); !weights.is_null()) {
    if (!weights.is_object()) fail("weights", weights, "an object from output steps to weights");
    for (const auto& [step, row] : weights.items())
      intervention.weights[output_step(step, limits)] = weights_row("weights." + step, row, limits);
  }
  object.require_empty();
  return query;
}

LibreQuery parse_libre(std::string_view body, const ServerLimits& limits) {
  Object object(body);
  LibreQuery query;
  const Json q = object.need("q", "a text or a list of texts");
  query.list = q.is_array();
  if (query.list) {
    for (const Json& entry : array("q", q, "texts", limits.sentences))
      query.texts.push_back(sentence(at("q", query.texts.size()), entry));
  } else {
    query.texts.push_back(sentence("q", q));
  }
  query.source = string_or(object, "source", "auto");
  query.target = string_or(object, "target", "");
  query.api_key = string_or(object, "api_key", "");
  const std::string format = string_or(object, "format", "text");
  if (format != "text") fail("format", Json(format), "\"text\"");
  if (const Json value = object.take("alternatives"); !value.is_null())
    query.alternatives = whole_number("alternatives", value, 0, limits.beam - 1);
  object.require_empty();
  return query;
}

}  // namespace babelgrad::apps
