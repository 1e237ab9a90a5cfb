// What the server answers, described for programs (OpenAPI 3.0). A test holds it to the routes, to
// the keys that the requests may have, and to its own examples.
#pragma once

namespace babelgrad::apps {

extern const char* const kOpenApi;  // JSON

}  // namespace babelgrad::apps
