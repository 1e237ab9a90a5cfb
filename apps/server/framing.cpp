#include "babelgrad/apps/server/framing.h"

#include <algorithm>
#include <vector>

namespace babelgrad::apps {
namespace {

constexpr std::size_t kLengthDigits = 18;  // more would overflow

std::string_view trimmed(std::string_view value) {
  const std::size_t begin = std::min(value.find_first_not_of(" \t"), value.size());
  return value.substr(begin, value.find_last_not_of(" \t") + 1 - begin);
}

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return 'A' <= c && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// The values of all header lines of this name.
std::vector<std::string_view> values_of(std::string_view head, std::string_view name) {
  std::vector<std::string_view> values;
  std::size_t at = head.find("\r\n");
  while (at != head.npos) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, at == head.npos ? at : at - begin);
    const std::size_t colon = line.find(':');
    if (colon != line.npos && same_name(line.substr(0, colon), name))
      values.push_back(trimmed(line.substr(colon + 1)));
  }
  return values;
}

}  // namespace

bool is_host(std::string_view value) {
  if (value.empty() || value.find_first_of(" \t,/?#@\\\"<>") != value.npos) return false;
  const std::size_t bracket = value.find(']');
  const std::size_t end = bracket == value.npos ? value.find(':') : bracket + 1;
  const std::string_view port = value.substr(std::min(end, value.size()));
  return port.empty() || (port[0] == ':' && port.find_first_not_of("0123456789", 1) == port.npos);
}

std::optional<Fault> line_fault(std::string_view head) {
  for (std::size_t at = head.find('\n'); at != head.npos; at = head.find('\n', at + 1)) {
    const bool folded = at + 1 < head.size() && (head[at + 1] == ' ' || head[at + 1] == '\t');
    if (at == 0 || head[at - 1] != '\r' || folded)
      return Fault{400, "the lines of a head end with CR LF and are not folded"};
  }
  return std::nullopt;
}

std::optional<Fault> framing_fault(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const bool old = line.ends_with(" HTTP/1.0");
  if (!old && !line.ends_with(" HTTP/1.1")) return Fault{400, "not a valid HTTP request"};
  const auto hosts = values_of(head, "Host");
  if (hosts.size() > 1 || (hosts.empty() && !old) || (!hosts.empty() && !is_host(hosts[0])))
    return Fault{400, "need one Host header, a name or an address and perhaps a port"};
  const auto lengths = values_of(head, "Content-Length");
  const auto codings = values_of(head, "Transfer-Encoding");
  const bool one_length = lengths.size() == 1 && !lengths[0].empty() &&
                          lengths[0].find_first_not_of("0123456789") == std::string_view::npos;
  const bool chunked = codings.size() == 1 && same_name(codings[0], "chunked") && !old;
  if ((!lengths.empty() && !one_length) || (!codings.empty() && !chunked) ||
      (one_length && chunked))
    return Fault{400, "need one Content-Length, a whole number, or Transfer-Encoding: chunked"};
  if (one_length && lengths[0].size() > kLengthDigits) return Fault{413, "the body is too long"};
  return std::nullopt;
}

}  // namespace babelgrad::apps
