// The number under which a request is found again: in the access log, in its reply, in the log of
// a proxy before this server.
#pragma once

#include <string>

namespace babelgrad::apps {

// What the client's X-Request-Id says if that is 1 to 64 letters, digits, '-', '_' or '.';
// else a new one, 16 hexadecimal digits. Thread-safe.
std::string request_id(const std::string& proposed);

}  // namespace babelgrad::apps
