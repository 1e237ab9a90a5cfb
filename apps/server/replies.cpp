#include "babelgrad/apps/server/replies.h"

#include <cmath>
#include <new>
#include <nlohmann/json.hpp>
#include <sstream>

#include "babelgrad/apps/server/batch_queue.h"
#include "babelgrad/apps/structure_text.h"
#include "babelgrad/apps/translation_json.h"
#include "babelgrad/models/config/config_fields.h"
#include "babelgrad/text/error.h"

namespace babelgrad::apps {
namespace {

using OrderedJson = nlohmann::ordered_json;

template <class AnyJson>
HttpReply reply_with(const AnyJson& json) {
  // A model of bytes can write what is not UTF-8.
  return {200, "application/json",
          json.dump(-1, ' ', false, AnyJson::error_handler_t::replace) + "\n"};
}

// The lines of a text, of which `translation` gives the one that is translated next.
std::string joined(const std::vector<std::string>& lines,
                   const std::function<std::string()>& translation) {
  std::string text;
  for (std::size_t i = 0; i < lines.size(); ++i)
    text += (i > 0 ? "\n" : "") + (lines[i].empty() ? "" : translation());
  return text;
}

}  // namespace

HttpReply json_reply(const nlohmann::json& json) { return reply_with(json); }

HttpReply translations_reply(const Translations& results, bool alignments) {
  OrderedJson json = OrderedJson::array();
  for (const auto& translations : results) {
    OrderedJson found = OrderedJson::array();
    for (const Translation& translation : translations)
      found.push_back(translation_json(translation, alignments));
    json.push_back({{"source_tokens", translations[0].source_tokens}, {"translations", found}});
  }
  return reply_with(OrderedJson{{"results", json}});
}

HttpReply libre_reply(const LibreQuery& query, const Translations& results) {
  OrderedJson texts = OrderedJson::array(), alternatives = OrderedJson::array();
  std::size_t first = 0;  // of the results that are this text's
  for (const std::string& text : query.texts) {
    const std::vector<std::string> lines = lines_of_text(text);
    OrderedJson others = OrderedJson::array();
    std::size_t end = first;
    for (std::size_t k = 0; k <= query.alternatives; ++k) {
      std::size_t next = first;
      const std::string translated = joined(lines, [&] {
        const auto& found = results[next++];
        return found[std::min(k, found.size() - 1)].text;
      });
      end = next;
      (k == 0 ? texts : others).push_back(translated);
    }
    first = end;
    alternatives.push_back(others);
  }
  OrderedJson json{{"translatedText", query.list ? texts : texts[0]}};
  if (query.alternatives > 0) json["alternatives"] = query.list ? alternatives : alternatives[0];
  return reply_with(json);
}

HttpReply model_reply(const ServedModel& model, const ServedModels& all,
                      const ServerLimits& limits) {
  const Seq2SeqConfig& config = model.translator->config().model;
  const SearchConfig& search = model.translator->config().search;
  OrderedJson names = OrderedJson::array();
  for (const ServedModel& other : all) names.push_back(other.name);
  OrderedJson description{{"name", model.name},
                          {"models", names},
                          {"structure", structure_text(config)},
                          {"attention", name_of(kAttentionNames, config.attention)},
                          {"score", name_of(kScoreNames, config.score)},
                          {"attend_from", name_of(kAttendFromNames, config.attend_from)},
                          {"embedding", config.embedding},
                          {"encoder_hidden", config.encoder_hidden},
                          {"bidirectional", config.bidirectional},
                          {"hidden", config.hidden},
                          {"cell", name_of(kCellNames, config.cell)},
                          {"encoder_layers", config.encoder_layers},
                          {"decoder_layers", config.decoder_layers},
                          {"parameters", model.translator->model().store().element_count()},
                          {"feature_size", config.feature_size},
                          {"source_vocabulary", config.source_vocabulary},
                          {"target_vocabulary", config.target_vocabulary},
                          {"search",
                           {{"beam", search.beam},
                            {"nbest", search.nbest},
                            {"length_penalty", search.length_penalty},
                            {"precision", name_of(precision_in_force(search.precision))}}},
                          {"limits",
                           {{"body", limits.body},
                            {"sentences", limits.sentences},
                            {"tokens", limits.tokens},
                            {"explained", limits.explained},
                            {"beam", limits.beam},
                            {"work", limits.work}}}};
  return reply_with(description);
}

// The reply that `make` makes, or the one to what it throws.
HttpReply reply_of(const std::function<HttpReply()>& make) {
  try {
    return make();
  } catch (const RequestError& error) {
    return error_reply(error.status(), error.what());
  } catch (const text::InputError& error) {
    return error_reply(400, error.what());
  } catch (const QueueFullError& error) {
    return error_reply(503, error.what());
  } catch (const std::bad_alloc&) {
    return error_reply(503, "out of memory");
  } catch (const std::exception& error) {
    return error_reply(500, error.what());
  }
}

std::vector<std::string> lines_of_text(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

}  // namespace babelgrad::apps
