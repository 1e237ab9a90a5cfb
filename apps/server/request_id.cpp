#include "babelgrad/apps/server/request_id.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <random>

namespace babelgrad::apps {
namespace {

constexpr std::size_t kLongest = 64;
const char* const kIdCharacters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

}  // namespace

std::string request_id(const std::string& proposed) {
  if (!proposed.empty() && proposed.size() <= kLongest &&
      proposed.find_first_not_of(kIdCharacters) == std::string::npos)
    return proposed;
  static thread_local std::mt19937_64 random = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(random()));
  return digits.data();
}

}  // namespace babelgrad::apps
