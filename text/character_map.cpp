#include "babelgrad/text/character_map.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>

namespace babelgrad::text {
namespace {

// The fields of SentencePiece's messages.
constexpr std::uint64_t kNormalizer = 3, kDenormalizer = 5;  // of a model
constexpr std::uint64_t kCharacterMap = 2;                   // of one of these
enum WireType : std::uint64_t { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };
constexpr std::size_t kBlock = 256;  // units in which each byte has a place

bool take_varint(std::string_view& rest, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !rest.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(rest.front());
    rest.remove_prefix(1);
    value |= std::uint64_t{byte & 127u} << shift;
    if (byte < 128) return true;
  }
  return false;
}

// Whether the message can be read, and `is_sound(number, bytes)` holds for each field with bytes.
bool all_fields(std::string_view message,
                const std::function<bool(std::uint64_t, std::string_view)>& is_sound) {
  while (!message.empty()) {
    std::uint64_t key = 0, size = 0;
    if (!take_varint(message, key)) return false;
    const std::uint64_t type = key & 7;
    if (type == varint && !take_varint(message, size)) return false;
    if (type == varint) continue;
    if (type == delimited && !take_varint(message, size)) return false;
    if (type == fixed64) size = 8;
    if (type == fixed32) size = 4;
    if (size > message.size() || (type != delimited && type != fixed64 && type != fixed32))
      return false;
    if (type == delimited && !is_sound(key >> 3, message.substr(0, size))) return false;
    message.remove_prefix(size);
  }
  return true;
}

std::uint32_t unit_at(std::string_view bytes, std::size_t i) {
  std::uint32_t unit = 0;
  std::memcpy(&unit, bytes.data() + sizeof unit * i, sizeof unit);
  return unit;
}

// Of a unit of the trie: where those behind it begin, as a distance.
std::size_t offset_of(std::uint32_t unit) { return (unit >> 10) << ((unit & 1u << 9) >> 6); }
bool has_entry(std::uint32_t unit) { return (unit >> 8 & 1) != 0; }
bool is_entry(std::uint32_t unit) { return unit >> 31 != 0; }
std::size_t entry_of(std::uint32_t unit) { return unit & ~(1u << 31); }

bool is_sound_map(std::string_view map) {
  if (map.empty()) return true;
  if (map.size() < sizeof(std::uint32_t)) return false;
  const std::size_t bytes = unit_at(map, 0), units = bytes / sizeof(std::uint32_t);
  map.remove_prefix(sizeof(std::uint32_t));
  if (bytes >= map.size() || bytes % sizeof(std::uint32_t) != 0 || units < kBlock) return false;
  const std::string_view trie = map.substr(0, bytes), replacements = map.substr(bytes);
  if (replacements.back() != '\0') return false;
  for (std::size_t i = 0; i < units; ++i) {
    const std::uint32_t unit = unit_at(trie, i);
    if (i != 0 && is_entry(unit)) continue;  // which no byte leads on from, unlike the root
    const std::size_t next = i ^ offset_of(unit);
    if ((next | (kBlock - 1)) >= units) return false;
    if (has_entry(unit) && entry_of(unit_at(trie, next)) >= replacements.size()) return false;
  }
  return true;
}

}  // namespace

bool has_sound_character_maps(std::string_view model) {
  return all_fields(model, [](std::uint64_t number, std::string_view bytes) {
    if (number != kNormalizer && number != kDenormalizer) return true;
    return all_fields(bytes, [](std::uint64_t field, std::string_view map) {
      return field != kCharacterMap || is_sound_map(map);
    });
  });
}

}  // namespace babelgrad::text
