// The terminal that a stream may go to.
#pragma once

#include <cstddef>
#include <optional>

namespace babelgrad::apps {

// Its columns now (80 where it does not tell); nothing if the stream does not go to a terminal that
// can rewrite a line.
std::optional<std::size_t> terminal_columns(int descriptor);

// Whether the user's locale is a UTF-8 one.
bool locale_is_utf8();

}  // namespace babelgrad::apps
