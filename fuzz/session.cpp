// What a connection sends, from its first byte on: HTTP requests, whole, broken or none. In
// what pieces they come must not matter.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "babelgrad/apps/server/request_parser.h"
#include "fuzz/fuzzed_service.h"

namespace {

using namespace babelgrad;
using State = apps::RequestParser::State;

struct Parsed {
  std::vector<apps::HttpRequest> requests;
  int refused = 0;  // status

  bool operator==(const Parsed& other) const {
    return refused == other.refused &&
           std::equal(requests.begin(), requests.end(), other.requests.begin(),
                      other.requests.end(), [](const auto& a, const auto& b) {
                        return a.method == b.method && a.path == b.path && a.body == b.body;
                      });
  }
};

Parsed parse(std::string_view bytes, std::size_t piece) {
  apps::RequestParser parser(fuzz::service().limits().body);
  Parsed parsed;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
    parser.add(bytes.substr(0, piece));
    while (parser.state() == State::whole) parsed.requests.push_back(parser.take());
  }
  if (parser.state() == State::failed) parsed.refused = parser.refusal().status;
  return parsed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Parsed whole = parse(bytes, size + 1);
  if (!(parse(bytes, size % 17 + 1) == whole)) std::abort();
  for (const apps::HttpRequest& request : whole.requests) fuzz::ask(request);
  return 0;
}
