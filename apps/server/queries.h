// The bodies of POST requests: JSON text to typed queries. Nothing here knows of sockets.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "babelgrad/apps/server/limits.h"
#include "babelgrad/models/config/config.h"
#include "babelgrad/models/explanation/trace.h"

namespace babelgrad::apps {

// A request that is refused: what() is one sentence for the client.
class RequestError : public std::runtime_error {
 public:
  RequestError(int status, const std::string& message)
      : std::runtime_error(message), status_(status) {}
  int status() const { return status_; }  // of HTTP, 4xx or 503

 private:
  int status_;
};

// The search settings of the model with this name; "": the request names none.
using Defaults = std::function<SearchConfig(const std::string& model)>;

// {"sentences": ["je suis étudiant"], "beam": 5, "nbest": 1, "alignments": false, "model": "fr-en"}
// One string may stand for a list of one. The defaults of beam and nbest are the model's.
struct TranslateQuery {
  std::vector<std::string> sentences;
  SearchConfig search;
  bool alignments = false;
};

// {"sentence": "je suis étudiant", "beam": 5, "masked": [1], "weights": {"0": [0.5, 0.5]},
//  "model": "fr-en"}
// masked: source positions that the decoder may not look at. weights: for these output steps,
// counted from 0, the attention that replaces the model's, one weight a source position.
struct ExplainQuery {
  std::string sentence;
  SearchConfig search;
  Intervention intervention;
};

// {"q": "je suis étudiant", "source": "fr", "target": "en", "format": "text", "alternatives": 0,
//  "api_key": "..."}, as LibreTranslate has it. q: a text or a list of them; a text's lines are
// translated each by itself.
struct LibreQuery {
  std::vector<std::string> texts;
  bool list = false;  // q was one, and the answer is to be
  std::string source, target, api_key;
  std::size_t alternatives = 0;
};

// Throw RequestError:
//   400 "the body: not valid JSON at byte 17"        400 "unknown key \"sentense\""
//   400 "beam is \"big\"; need a whole number"       400 "beam is 99; need 1 to 16"
//   400 "sentences[2] is 7; need a string"           400 "sentences[2]: NUL byte at byte 3"
//   413 "sentences has 300 entries; at most 256"
TranslateQuery parse_translate(std::string_view body, const Defaults& defaults,
                               const ServerLimits& limits);
ExplainQuery parse_explain(std::string_view body, const Defaults& defaults,
                           const ServerLimits& limits);
LibreQuery parse_libre(std::string_view body, const ServerLimits& limits);

}  // namespace babelgrad::apps
