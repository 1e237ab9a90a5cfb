// What the service found out, as replies in JSON.
#pragma once

#include <functional>

#include "babelgrad/apps/server/http_message.h"
#include "babelgrad/apps/server/limits.h"
#include "babelgrad/apps/server/served_models.h"

namespace babelgrad::apps {

// Of each sentence the translations, best first.
using Translations = std::vector<std::vector<Translation>>;

HttpReply json_reply(const nlohmann::json& json);
HttpReply translations_reply(const Translations& results, bool alignments);
// As LibreTranslate has it. results: of the query's lines that are not empty, in order.
HttpReply libre_reply(const LibreQuery& query, const Translations& results);
HttpReply model_reply(const ServedModel& model, const ServedModels& all,
                      const ServerLimits& limits);

// The reply that `make` makes, or the one to what it throws.
HttpReply reply_of(const std::function<HttpReply()>& make);

// The lines of a text, without their ends.
std::vector<std::string> lines_of_text(const std::string& text);

}  // namespace babelgrad::apps
