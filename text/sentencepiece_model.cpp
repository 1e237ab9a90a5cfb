#include "babelgrad/text/sentencepiece_model.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <set>
#include <vector>

namespace babelgrad::text {
namespace {

// The fields of SentencePiece's messages.
constexpr std::uint64_t kPiece = 1, kNormalizer = 3, kDenormalizer = 5;  // of a model
constexpr std::uint64_t kText = 1, kType = 3;                            // of a piece
constexpr std::uint32_t kUserDefined = 4;                                // a type
constexpr std::uint64_t kCharacterMap = 2;                               // of a normalizer
// The library's room for what a text begins with.
constexpr std::size_t kMostEntries = 32, kMostPieces = 64;
// Of the bytes that one entry of a map is found by: far longer than any that is meant.
constexpr std::size_t kLongestKey = 1024;
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

// A field of a message: either `value` or `bytes` is what it holds.
struct Field {
  std::uint64_t number, value;
  std::string_view bytes;
};

// Whether the message can be read, and `is_sound(field)` holds for each that is a number or has
// bytes. Protocol Buffers keeps 32 bits of a key, so that one with more has two meanings.
bool all_fields(std::string_view message, const std::function<bool(const Field&)>& is_sound) {
  while (!message.empty()) {
    std::uint64_t key = 0, value = 0;
    if (!take_varint(message, key) || key > UINT32_MAX || key >> 3 == 0) return false;
    const std::uint64_t type = key & 7;
    if ((type == varint || type == delimited) && !take_varint(message, value)) return false;
    std::size_t size = 0;
    if (type == delimited) size = value;
    if (type == fixed64) size = 8;
    if (type == fixed32) size = 4;
    if (size > message.size() || (size == 0 && type != varint && type != delimited)) return false;
    if (type == varint && !is_sound({key >> 3, value, {}})) return false;
    if (type == delimited && !is_sound({key >> 3, 0, message.substr(0, size)})) return false;
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
std::size_t byte_of(std::uint32_t unit) { return unit & 255u; }
bool is_entry(std::uint32_t unit) { return unit >> 31 != 0; }
std::size_t entry_of(std::uint32_t unit) { return unit & ~(1u << 31); }

// How many entries a text can begin with at once: the most that lie on a way from the root of a
// trie that leads nowhere outside itself.
class EntryCount {
 public:
  explicit EntryCount(std::string_view trie)
      : trie_(trie),
        most_(trie.size() / sizeof(std::uint32_t), kUnknown),
        head_(most_.size(), kNone),
        next_(most_.size(), kNone) {
    std::array<std::vector<std::uint32_t>, kBlock> units;  // by byte
    for (std::size_t i = 0; i < most_.size(); ++i) {
      const std::uint32_t unit = unit_at(trie_, i);
      if (!is_entry(unit)) units[byte_of(unit)].push_back(static_cast<std::uint32_t>(i));
    }
    for (std::size_t byte = kBlock; byte-- > 0;)  // so that lists are in the order of their bytes
      for (const std::uint32_t i : units[byte]) {
        const std::size_t first = i ^ byte;
        if (first >= most_.size()) continue;
        next_[i] = head_[first];
        head_[first] = i;
      }
  }

  bool is_bounded() { return most_from(offset_of(unit_at(trie_, 0)), 0) <= kMostEntries; }

 private:
  static constexpr std::uint32_t kUnbounded = 1u << 20, kUnknown = ~0u, kNone = ~0u;

  // On the ways that go on with one of the units first ^ byte.
  std::uint32_t most_from(std::size_t first, std::size_t length) {
    if (length > kLongestKey) return kUnbounded;  // a circle, too
    if (most_[first] != kUnknown) return most_[first];
    std::uint32_t most = 0;
    for (std::uint32_t at = head_[first]; at != kNone && most < kUnbounded; at = next_[at]) {
      const std::uint32_t unit = unit_at(trie_, at);
      const std::uint32_t behind = most_from(at ^ offset_of(unit), length + 1);
      most = std::max(most, behind + (has_entry(unit) ? 1 : 0));
    }
    return most_[first] = most;
  }

  std::string_view trie_;
  std::vector<std::uint32_t> most_;         // by first, as far as it is known
  std::vector<std::uint32_t> head_, next_;  // the units that a first leads to, as lists
};

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
  return EntryCount(trie).is_bounded();
}

bool is_sound_normalizer(std::string_view normalizer) {
  return all_fields(normalizer, [](const Field& field) {
    return field.number != kCharacterMap || is_sound_map(field.bytes);
  });
}

// Adds the text of a piece if that is user-defined.
bool take_piece(std::string_view piece, std::set<std::string_view>& user_defined) {
  std::string_view text;
  std::uint32_t type = 0;
  const bool readable = all_fields(piece, [&](const Field& field) {
    if (field.number == kText) text = field.bytes;
    if (field.number == kType) type = static_cast<std::uint32_t>(field.value);
    return true;
  });
  if (readable && type == kUserDefined) user_defined.insert(text);
  return readable;
}

// How many of the pieces can begin one text.
std::size_t deepest_nesting(const std::set<std::string_view>& pieces) {
  std::size_t deepest = 0;
  std::vector<std::string_view> within;  // each begins with the one before it
  for (const std::string_view piece : pieces) {
    while (!within.empty() && !piece.starts_with(within.back())) within.pop_back();
    within.push_back(piece);
    deepest = std::max(deepest, within.size());
  }
  return deepest;
}

}  // namespace

bool is_safe_sentencepiece_model(std::string_view model) {
  std::set<std::string_view> user_defined;
  const bool sound = all_fields(model, [&](const Field& field) {
    if (field.number == kPiece) return take_piece(field.bytes, user_defined);
    if (field.number == kNormalizer || field.number == kDenormalizer)
      return is_sound_normalizer(field.bytes);
    return true;
  });
  return sound && deepest_nesting(user_defined) <= kMostPieces;
}

}  // namespace babelgrad::text
