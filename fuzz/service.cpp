// Bodies of POST requests. The first byte of an input chooses the path, the rest is the body. Every
// reply must be JSON, with an error in it exactly if the status says so, and never a 500.
#include <cstdint>
#include <cstdlib>

#include "fuzz/fuzzed_service.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace babelgrad;
  if (size == 0) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const apps::HttpReply reply =
      fuzz::ask({"POST", data[0] % 2 == 0 ? "/api/translate" : "/api/explain", "localhost",
                 "application/json", body});
  const nlohmann::json json = nlohmann::json::parse(reply.body);
  if (reply.status == 500 || json.contains("error") != (reply.status >= 400)) std::abort();
  return 0;
}
