#include "babelgrad/nn/npy.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <regex>
#include <sstream>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>
#if __has_include(<xtensor/io/xnpy.hpp>)
#include <xtensor/io/xnpy.hpp>  // xtensor 0.26 and later
#else
#include <xtensor/xnpy.hpp>
#endif

#include "babelgrad/base/files.h"
#include "babelgrad/base/json.h"

namespace babelgrad {
namespace {

constexpr std::size_t kLongestHeader = 1000;  // without the spaces at its end

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& what) {
  throw CheckpointError(path.string() + ": " + what);
}

std::string read_bytes(const std::filesystem::path& path) {
  if (!std::filesystem::is_regular_file(path)) fail(path, "no such file");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream bytes;
  if (!(bytes << file.rdbuf())) fail(path, "cannot be read");
  return bytes.str();
}

// A file taken apart: the text that describes the array, and the elements.
struct NpyFile {
  std::string description;
  std::string_view elements;
};

NpyFile parts_of(const std::filesystem::path& path, const std::string& bytes) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  if (bytes.size() < 12 || !bytes.starts_with("\x93NUMPY")) fail(path, "not an npy file");
  const std::size_t length = byte(8) + 256u * byte(9);
  if (byte(6) != 1 || length == 0 || bytes.size() < 10 + length)
    fail(path, "truncated, or not an npy file of version 1.0");
  const std::string header = bytes.substr(10, length);
  // What xtensor's own reader makes of anything else is undefined. There is one way only in which
  // a text can match, so that no text takes long.
  const std::string shape = R"(\( *([0-9]+ *(, *[0-9]+ *)*(, *)?)?\))";
  const std::string entry =
      "'(descr|fortran_order|shape)' *: *('[^'(){}]*'|True|False|" + shape + ")";
  static const std::regex dictionary("\\{ *" + entry + "( *, *" + entry + ")*( *,)? *\\}");
  const std::string text = header.substr(0, header.find_last_not_of(" \n") + 1);
  if (text.size() > kLongestHeader || !std::regex_match(text, dictionary))
    fail(path, "damaged: the header is " + shown(nlohmann::json(text)));
  for (const char* key : {"'descr'", "'fortran_order'", "'shape'"})
    if (const std::size_t at = text.find(key);
        at == std::string::npos || text.find(key, at + 1) != std::string::npos)
      fail(path, std::string("damaged: need one entry ") + key);
  return {text, std::string_view(bytes).substr(10 + length)};
}

// The bytes of a file with these parts. xtensor's reader takes the bytes of the header's length for
// signed ones, so it gets one in which both are below 128.
std::string joined(const NpyFile& file) {
  std::size_t length = file.description.size() + 1;
  while (length % 256 > 127) ++length;
  std::string bytes("\x93NUMPY\x01\x00", 8);
  bytes += static_cast<char>(length % 256);
  bytes += static_cast<char>(length / 256);
  bytes += file.description + std::string(length - file.description.size() - 1, ' ') + '\n';
  return bytes.append(file.elements);
}

// Whether an int32 can be what the file holds; numbers of the other types are rounded.
template <class T, class Stored>
bool fits(Stored value) {
  if constexpr (std::is_floating_point_v<T>) return true;
  const double number = static_cast<double>(value);
  return number == std::nearbyint(number) && number >= std::numeric_limits<std::int32_t>::min() &&
         number <= std::numeric_limits<std::int32_t>::max();
}

// The elements that the file holds, and whether they are as many as its shape says.
template <class Stored, class T>
Array<T> converted(const std::filesystem::path& path, const NpyFile& file) {
  std::istringstream stream(joined(file));
  const auto stored = xt::load_npy<Stored>(stream);
  std::size_t size = 1;
  for (const std::size_t n : stored.shape())
    if (__builtin_mul_overflow(size, n, &size)) fail(path, "damaged: the shape is too large");
  if (!stream || stream.peek() != std::istringstream::traits_type::eof())
    fail(path, "damaged: not as many elements as its shape says");
  Array<T> array = uninitialized<T>(Shape(stored.shape().begin(), stored.shape().end()));
  std::transform(stored.template begin<xt::layout_type::row_major>(),
                 stored.template end<xt::layout_type::row_major>(), array.begin(),
                 [&](Stored value) {
                   if (!fits<T>(value))
                     fail(path, "holds " + std::to_string(value) + ", which is no int32");
                   return static_cast<T>(value);
                 });
  return array;
}

}  // namespace

template <class T>
Array<T> load_npy(const std::filesystem::path& path) {
  const std::string bytes = read_bytes(path);
  NpyFile file = parts_of(path, bytes);
  const auto is = [&](const std::string& type) {
    return file.description.find("'" + type + "'") != std::string::npos;
  };
  try {
    if (is("<f4")) return converted<float, T>(path, file);
    if (is("<f8")) return converted<double, T>(path, file);
    if (is("<i4")) return converted<std::int32_t, T>(path, file);
    if (is("<i8")) return converted<std::int64_t, T>(path, file);
    if (is("|u1")) return converted<std::uint8_t, T>(path, file);
    if (is("|b1")) {  // as bytes: a bool that is neither 0 nor 1 has no meaning
      file.description.replace(file.description.find("|b1"), 3, "|u1");
      Array<T> array = converted<std::uint8_t, T>(path, file);
      for (T& element : array) element = element != T(0) ? T(1) : T(0);
      return array;
    }
  } catch (const CheckpointError&) {
    throw;
  } catch (const std::exception& error) {
    fail(path, std::string("damaged: ") + error.what());
  }
  fail(path, "need float32, float64, int32, int64, uint8 or bool, little-endian; got " +
                 shown(nlohmann::json(file.description)));
}

template <class T>
void save_npy(const std::filesystem::path& path, const Array<T>& array) {
  const std::vector<std::size_t> shape(array.shape().begin(), array.shape().end());
  write_file(path, xt::dump_npy(xt::adapt(array.data(), array.size(), xt::no_ownership(), shape)));
}

#define BABELGRAD_INSTANTIATE(T)                            \
  template Array<T> load_npy(const std::filesystem::path&); \
  template void save_npy(const std::filesystem::path&, const Array<T>&);
BABELGRAD_INSTANTIATE(float)
BABELGRAD_INSTANTIATE(double)
BABELGRAD_INSTANTIATE(std::int32_t)
#undef BABELGRAD_INSTANTIATE

}  // namespace babelgrad
