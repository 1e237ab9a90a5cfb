// Hashes: published values.
#include "babelgrad/base/hash.h"

#include <doctest/doctest.h>

namespace babelgrad {
namespace {

TEST_CASE("FNV-1a: the test vectors of its authors") {
  CHECK(fnv1a("") == 0xcbf29ce484222325u);
  CHECK(fnv1a("a") == 0xaf63dc4c8601ec8cu);
  CHECK(fnv1a("foobar") == 0x85944171f73967e8u);
  CHECK(fnv1a("bar", fnv1a("foo")) == fnv1a("foobar"));
  CHECK(fnv1a("\xff") == 0xaf64724c8602eb6eu);
}

// The first numbers of SplitMix64 from the seed 1234567, as its reference program prints them.
TEST_CASE("the mix of SplitMix64") {
  std::uint64_t state = 1234567;
  for (const std::uint64_t expected :
       {6457827717110365317u, 3203168211198807973u, 9817491932198370423u, 4593380528125082431u})
    CHECK(mix_bits(state += kSplitMixStep) == expected);
}

}  // namespace
}  // namespace babelgrad
