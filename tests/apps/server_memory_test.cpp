// The server where memory runs out: allocations fail, from every place in turn.
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "tests/apps/listening.h"

namespace babelgrad::test {
namespace {

std::atomic<long> allocations_left{0};  // the last of them fail; 0: none does
std::atomic<long> failures{1};          // how many
thread_local bool is_spared = false;

// Destructors of JSON values ask for the room of a few of them (16 bytes each), and the process
// ends where they do not get it.
bool may_be_of_json(std::size_t bytes) { return bytes % 16 == 0 && bytes <= 1024; }

void* allocate(std::size_t bytes) {
  if (!is_spared && !may_be_of_json(bytes) &&
      allocations_left.load(std::memory_order_relaxed) > 0) {
    const long left = allocations_left.fetch_sub(1);
    if (left > 0 && left <= failures) throw std::bad_alloc();
  }
  if (void* block = std::malloc(bytes == 0 ? 1 : bytes)) return block;
  throw std::bad_alloc();
}

struct Spared {
  Spared() { is_spared = true; }
  ~Spared() { is_spared = false; }
};

}  // namespace
}  // namespace babelgrad::test

// Of the whole test program; arrays have an allocator of their own (autograd/allocator.h).
void* operator new(std::size_t bytes) { return babelgrad::test::allocate(bytes); }
// A sanitizer has one of its own for this, which does not call the one above.
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return babelgrad::test::allocate(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }

// Where memory runs out within a constructor of nlohmann's JSON, what the value held is lost.
extern "C" const char* __lsan_default_suppressions() { return "leak:nlohmann::"; }

namespace babelgrad::test {
namespace {

TEST_CASE("a server in which allocations fail goes on") {
  const Spared spared;
  SUBCASE("one") { failures = 1; }
  SUBCASE("several in a row") { failures = 8; }
  apps::ServerLimits limits;
  limits.deadline_seconds = limits.client_seconds = 1;
  Listening listening(limits);
  listening.check_serves();                                        // it has begun
  const std::string long_body = kBody + std::string(100000, ' ');  // another thread parses it
  const std::string two_sentences = R"({"sentences": ["je vois le chat", "tu vois"]})";
  for (const std::string& body : {two_sentences, long_body, std::string(R"({"beam": [1]})")}) {
    std::size_t answered = 0, failed = 0;
    for (long n = 1;; n += failures + n / 16) {
      CAPTURE(n);
      allocations_left = n + failures - 1;
      RawClient client(listening.server.port());
      client.send(kPostHead + "Connection: close\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body);
      const int status = status_of(client.receive(3));
      const bool all_succeeded = allocations_left.exchange(0) >= failures;
      (status == 200 || status == 400 ? answered : failed)++;
      listening.check_serves();
      REQUIRE(listening.client.post("/api/translate", kBody)->status == 200);
      if (all_succeeded) break;
    }
    CHECK(answered > 0);
    CHECK(failed > 10 / failures);
  }
}

}  // namespace
}  // namespace babelgrad::test
