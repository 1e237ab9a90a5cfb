// The bodies of POST requests: JSON text to typed queries. Nothing here knows of sockets.
#pragma once

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

// {"sentences": ["je suis étudiant"], "beam": 5, "nbest": 1, "alignments": false}
// One string may stand for a list of one. The defaults of beam and nbest are the model's.
struct TranslateQuery {
  std::vector<std::string> sentences;
  SearchConfig search;
  bool alignments = false;
};

// {"sentence": "je suis étudiant", "beam": 5, "masked": [1], "weights": {"0": [0.5, 0.5]}}
// masked: source positions that the decoder may not look at. weights: for these output steps,
// counted from 0, the attention that replaces the model's, one weight a source position.
struct ExplainQuery {
  std::string sentence;
  SearchConfig search;
  Intervention intervention;
};

// Throw RequestError:
//   400 "the body: not valid JSON at byte 17"        400 "unknown key \"sentense\""
//   400 "beam is \"big\"; need a whole number"       400 "beam is 99; need 1 to 16"
//   400 "sentences[2] is 7; need a string"           400 "sentences[2]: NUL byte at byte 3"
//   413 "sentences has 300 entries; at most 256"
TranslateQuery parse_translate(std::string_view body, const SearchConfig& defaults,
                               const ServerLimits& limits);
ExplainQuery parse_explain(std::string_view body, const SearchConfig& defaults,
                           const ServerLimits& limits);

}  // namespace babelgrad::apps
