// Where a request ends: the rules of RFC 9112 that Boost.Beast 1.74 does not hold a request to,
// checked on the bytes of its head before Beast parses them. A proxy in front that took the other
// view of such a request would take its body for the next request, or the reverse.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace babelgrad::apps {

struct Fault {
  int status;
  std::string message;
};

// What can stand in Host: "name", "name:80", "[address]:80".
bool is_host(std::string_view value);

// head: request line and headers, each line with its CR LF; the empty line may be missing, and
// while the head is incomplete its end. Refuses a line feed without CR and folded lines (5.2).
std::optional<Fault> line_fault(std::string_view head);

// head: complete, its lines as line_fault lets them through. Refuses
//   another version than HTTP/1.0 and 1.1
//   not exactly one Host, or one that is no host (3.2)
//   Content-Length that is repeated, even if equal, or no whole number (6.3)
//   Content-Length beside Transfer-Encoding (6.1)
//   any Transfer-Encoding but one "chunked", or with HTTP/1.0 (6.1)
std::optional<Fault> framing_fault(std::string_view head);

}  // namespace babelgrad::apps
