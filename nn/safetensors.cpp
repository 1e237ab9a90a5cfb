#include "babelgrad/nn/safetensors.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>

#include "babelgrad/base/json.h"

namespace babelgrad {
namespace {

using Json = nlohmann::json;

static_assert(std::endian::native == std::endian::little, "the format is little-endian");

constexpr std::size_t kMaxHeader = std::size_t{100} << 20;

// Over the data and all other metadata.
std::string checksum(std::string_view data, const std::map<std::string, std::string>& metadata) {
  std::string described;
  for (const auto& [key, value] : metadata)
    if (key != "checksum") described += key + '\0' + value + '\0';
  const XXH64_hash_t seed = XXH3_64bits(described.data(), described.size());
  char text[32];
  std::snprintf(text, sizeof text, "xxh3-%016" PRIx64,
                static_cast<std::uint64_t>(XXH3_64bits_withSeed(data.data(), data.size(), seed)));
  return text;
}

template <class T>
constexpr const char* dtype_of() {
  return sizeof(T) == 4 ? "F32" : "F64";
}

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw CheckpointError(path + ": " + what);
}

struct Half {
  std::uint16_t bits;
  // IEEE 754 binary16: 1 sign, 5 exponent and 10 fraction bits.
  explicit operator float() const {
    const int exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    float size = std::ldexp(static_cast<float>(exponent == 0 ? fraction : fraction + 0x400),
                            std::max(exponent, 1) - 25);
    if (exponent == 0x1f)
      size = fraction == 0 ? std::numeric_limits<float>::infinity()
                           : std::numeric_limits<float>::quiet_NaN();
    return bits & 0x8000 ? -size : size;
  }
};

struct BrainHalf {  // the upper half of a float
  std::uint16_t bits;
  explicit operator float() const { return std::bit_cast<float>(std::uint32_t{bits} << 16); }
};

constexpr const char* kScales = ".scale";  // behind the name of a quantized array

// Bytes of a number, 0 for types that are not read.
std::size_t bytes_of(const std::string& dtype) {
  if (dtype == "F64" || dtype == "I64") return 8;
  if (dtype == "F32" || dtype == "I32") return 4;
  if (dtype == "I8") return 1;
  return dtype == "F16" || dtype == "BF16" ? 2 : 0;
}

// A JSON list of numbers >= 0; throws a Json::exception if it is something else.
std::vector<std::size_t> whole_numbers(const Json& list) {
  std::vector<std::size_t> numbers;
  for (const Json& item : list.get_ref<const Json::array_t&>())
    numbers.push_back(item.get_ref<const Json::number_unsigned_t&>());
  return numbers;
}

// Whether an array takes the bytes [begin, end); of types that are not read, its size is not known.
bool fits(const std::string& dtype, const Shape& shape, std::size_t begin, std::size_t end) {
  if (begin > end) return false;
  std::size_t bytes = bytes_of(dtype);
  if (bytes == 0) return true;
  for (const std::size_t n : shape)
    if (__builtin_mul_overflow(bytes, n, &bytes)) return false;
  return bytes == end - begin;
}

}  // namespace

Safetensors Safetensors::read(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) fail(path.string(), "no such file");
  if (!std::filesystem::is_regular_file(path)) fail(path.string(), "not a file");
  Safetensors file;
  file.source_ = path.string();
  file.file_ = MappedFile::open(path);
  if (!file.file_)
    fail(path.string(), std::string("cannot be read (") + std::strerror(errno) + ")");
  file.parse();
  return file;
}

std::string_view Safetensors::data() const {
  return file_ ? file_->bytes().substr(header_end_) : std::string_view(added_);
}

void Safetensors::parse() {
  const std::string& name = source_;
  const std::string_view bytes = file_->bytes();
  std::uint64_t header_size = 0;
  if (bytes.size() < sizeof header_size) fail(name, "truncated: shorter than a safetensors header");
  std::memcpy(&header_size, bytes.data(), sizeof header_size);
  if (header_size > kMaxHeader) fail(name, "damaged: not a safetensors file");
  if (bytes.size() - 8 < header_size) fail(name, "truncated: the header is cut off");
  try {
    const auto header = parse_json<Json>(bytes.substr(sizeof header_size, header_size));
    for (const auto& [key, value] : header.get_ref<const Json::object_t&>()) {
      if (key == "__metadata__") {
        metadata_ = value.get<std::map<std::string, std::string>>();
        continue;
      }
      Entry entry{value.at("dtype").get<std::string>(), {}, 0, 0};
      for (const std::size_t n : whole_numbers(value.at("shape"))) entry.shape.push_back(n);
      const std::vector<std::size_t> offsets = whole_numbers(value.at("data_offsets"));
      if (offsets.size() != 2 || !fits(entry.dtype, entry.shape, offsets[0], offsets[1]))
        fail(name, "damaged: array " + key + " has the wrong size");
      entry.begin = offsets[0];
      entry.end = offsets[1];
      entries_.emplace(key, std::move(entry));
    }
  } catch (const Json::exception&) {
    fail(name, "damaged: the header is not valid");
  } catch (const ShapeError& error) {
    fail(name, std::string("damaged: ") + error.what());
  }
  header_end_ = sizeof header_size + header_size;
  check_coverage();
  const auto sum = metadata_.find("checksum");
  if (sum != metadata_.end() && sum->second != checksum(data(), metadata_))
    fail(name, "damaged: the checksum does not match");
}

// The arrays stand one after the other and fill the data, as the format asks.
void Safetensors::check_coverage() const {
  std::vector<std::pair<std::size_t, std::size_t>> ranges;
  std::size_t needed = 0, next = 0;
  for (const auto& [name, entry] : entries_) {
    ranges.emplace_back(entry.begin, entry.end);
    needed = std::max(needed, entry.end);
  }
  if (data().size() < needed)
    fail(source_, "truncated: " + std::to_string(needed) + " bytes of data expected, " +
                      std::to_string(data().size()) + " found");
  std::sort(ranges.begin(), ranges.end());
  for (const auto& [begin, end] : ranges) {
    if (begin != next) fail(source_, "damaged: arrays overlap or leave a gap");
    next = end;
  }
  if (next != data().size())
    fail(source_, "damaged: " + std::to_string(data().size() - next) + " bytes after the arrays");
}

void Safetensors::write(const std::filesystem::path& path) const {
  Json header;
  for (const auto& [name, entry] : entries_)
    header[name] = {{"dtype", entry.dtype},
                    {"shape", std::vector<std::size_t>(entry.shape.begin(), entry.shape.end())},
                    {"data_offsets", {entry.begin, entry.end}}};
  header["__metadata__"] = metadata_;
  header["__metadata__"]["checksum"] = checksum(data(), metadata_);
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');  // the format asks for aligned data
  const std::uint64_t size = text.size();
  std::string bytes(sizeof size, '\0');
  std::memcpy(bytes.data(), &size, sizeof size);
  bytes += text;
  bytes += data();
  replace_file(path, bytes);
}

template <class T>
void Safetensors::add(const std::string& name, const Array<T>& array) {
  append(name, dtype_of<T>(), array.shape(), array.data(), array.size() * sizeof(T));
}

void Safetensors::append(const std::string& name, const char* dtype, const Shape& shape,
                         const void* bytes, std::size_t size) {
  if (file_) {
    added_ = data();
    file_.reset();
  }
  const std::size_t begin = added_.size();
  if (!entries_.emplace(name, Entry{dtype, shape, begin, begin + size}).second)
    throw std::invalid_argument("safetensors: array " + name + " is there already");
  added_.append(static_cast<const char*>(bytes), size);
}

void Safetensors::add_quantized(const std::map<std::string, Array<float>>& matrices) {
  std::map<std::string, QuantizedRows> quantized;
  for (const auto& [name, matrix] : matrices) quantized.emplace(name, quantize_rows(matrix));
  for (const auto& [name, rows] : quantized) add(name + kScales, rows.scales);  // float: aligned
  for (const auto& [name, rows] : quantized)
    append(name, "I8", matrices.at(name).shape(), rows.numbers.data(), rows.numbers.size());
}

bool Safetensors::is_quantized(const std::string& name) const {
  const auto position = entries_.find(name);
  return position != entries_.end() && position->second.dtype == "I8";
}

std::vector<std::string> Safetensors::names() const {
  std::vector<std::string> result;
  for (const auto& [name, entry] : entries_)
    if (!name.ends_with(kScales) ||
        !is_quantized(name.substr(0, name.size() - std::strlen(kScales))))
      result.push_back(name);
  return result;
}

const Safetensors::Entry& Safetensors::entry(const std::string& name) const {
  const auto position = entries_.find(name);
  if (position == entries_.end()) fail(source_, "has no array " + name);
  return position->second;
}

void Safetensors::require_checksum() const {
  if (!metadata_.contains("checksum")) fail(source_, "damaged: no checksum");
}

const Shape& Safetensors::shape(const std::string& name) const { return entry(name).shape; }

std::optional<QuantizedView> Safetensors::quantized(const std::string& name) const {
  if (!is_quantized(name)) return std::nullopt;
  const Entry& e = entry(name);
  const std::string scales_name = name + kScales;
  const bool has_scales = contains(scales_name) && shape(scales_name).size() == 1;
  if (e.shape.size() != 2 || !has_scales || shape(scales_name)[0] != e.shape[0])
    fail(source_,
         "array " + name + " of type I8 needs two axes, and " + scales_name + " a number a row");
  return QuantizedView{reinterpret_cast<const std::int8_t*>(data().data() + e.begin), e.shape[1],
                       get<float>(scales_name)};
}

template <class T>
Array<T> Safetensors::get(const std::string& name) const {
  const Entry& e = entry(name);
  if (bytes_of(e.dtype) == 0)
    fail(source_, "array " + name + " is of type " + e.dtype +
                      "; F32, F64, F16, BF16, I32, I64 and I8 with scales can be read");
  Array<T> array = uninitialized<T>(e.shape);
  const auto convert = [&](auto stored) {
    for (std::size_t i = 0; i < array.size(); ++i) {
      std::memcpy(&stored, data().data() + e.begin + i * sizeof stored, sizeof stored);
      using Stored = decltype(stored);
      using Number = std::conditional_t<std::is_arithmetic_v<Stored>, Stored, float>;
      array.data()[i] = static_cast<T>(static_cast<Number>(stored));
    }
  };
  if (e.dtype == "I8") {
    dequantize_rows(*quantized(name), array.data());
  } else if (e.dtype == dtype_of<T>())
    std::copy_n(data().data() + e.begin, e.end - e.begin, reinterpret_cast<char*>(array.data()));
  else if (e.dtype == "F32")
    convert(float{});
  else if (e.dtype == "F64")
    convert(double{});
  else if (e.dtype == "I32")
    convert(std::int32_t{});
  else if (e.dtype == "I64")
    convert(std::int64_t{});
  else if (e.dtype == "F16")
    convert(Half{});
  else
    convert(BrainHalf{});
  return array;
}

template <class T>
Array<T> Safetensors::get(const std::string& name, const Shape& expected) const {
  if (shape(name) != expected)
    fail(source_, "array " + name + " has shape " + to_string(shape(name)) + "; need " +
                      to_string(expected));
  return get<T>(name);
}

template <class T>
void add_parameters(Safetensors& file, const ParameterStore<T>& store, const std::string& prefix) {
  for (const Tensor<T>& parameter : store.parameters())
    file.add(prefix + parameter.name(), parameter.value());
}

void add_quantized_parameters(Safetensors& file, const ParameterStore<float>& store) {
  std::map<std::string, Array<float>> matrices;
  for (const Tensor<float>& parameter : store.parameters())
    if (parameter.rank() == 2)
      matrices.emplace(parameter.name(), parameter.value().alias());
    else
      file.add(parameter.name(), parameter.value());
  file.add_quantized(matrices);
}

template <class T>
void load_parameters(const Safetensors& file, ParameterStore<T>& store, const std::string& prefix) {
  std::vector<Array<T>> values;
  for (const Tensor<T>& parameter : store.parameters()) {
    const std::string name = prefix + parameter.name();
    if (!file.contains(name))
      throw CheckpointError("parameter " + name + " is missing; the model has it with shape " +
                            to_string(parameter.shape()));
    if (file.shape(name) != parameter.shape())
      throw CheckpointError("parameter " + name + " has shape " + to_string(file.shape(name)) +
                            " in the file, but " + to_string(parameter.shape()) + " in the model");
    values.push_back(file.get<T>(name));
  }
  for (const std::string& name : file.names())
    if (name.starts_with(prefix) && !store.contains(name.substr(prefix.size())))
      throw CheckpointError("parameter " + name + " of shape " + to_string(file.shape(name)) +
                            " is in the file, but not in the model");
  std::size_t next = 0;
  for (Tensor<T> parameter : store.parameters())
    parameter.mutable_value() = std::move(values[next++]);
}

#define BABELGRAD_INSTANTIATE(T)                                                            \
  template void Safetensors::add(const std::string&, const Array<T>&);                      \
  template Array<T> Safetensors::get(const std::string&) const;                             \
  template Array<T> Safetensors::get(const std::string&, const Shape&) const;               \
  template void add_parameters(Safetensors&, const ParameterStore<T>&, const std::string&); \
  template void load_parameters(const Safetensors&, ParameterStore<T>&, const std::string&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
