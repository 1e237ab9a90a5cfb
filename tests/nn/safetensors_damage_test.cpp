// Safetensors: damaged, truncated and hostile files are refused in one sentence. Nothing crashes,
// and nothing is allocated that the file does not hold.
#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "babelgrad/nn/safetensors.h"
#include "tests/autograd/helpers.h"
#include "tests/text/helpers.h"

namespace babelgrad {
namespace {

ParameterStore<float>& create_layer(ParameterStore<float>& store) {
  store.create("layer.weight", {3, 2}, init::normal(1));
  store.create("layer.bias", {3}, init::normal(1));
  return store;
}

std::string whole_file(const TemporaryFolder& folder) {
  ParameterStore<float> store(1);
  Safetensors file;
  add_parameters(file, create_layer(store));
  file.set_metadata("config", "{\"a\": 1}");
  file.write(folder.path() / "whole");
  return folder.read("whole");
}

// Whether the bytes are refused with a CheckpointError; if not, they must give the same parameters.
bool refused(const TemporaryFolder& folder, const std::string& bytes) {
  const auto path = folder.write("damaged", bytes);
  ParameterStore<float> expected(1), store(2);
  create_layer(expected);
  create_layer(store);
  try {
    load_parameters(Safetensors::read(path), store);
  } catch (const CheckpointError& error) {
    const std::string message = error.what();
    CHECK(!message.empty());
    CHECK(message.find('\n') == std::string::npos);
    return true;
  }
  for (const char* name : {"layer.weight", "layer.bias"})
    CHECK(max_difference(store.at(name).value(), expected.at(name).value()) == 0);
  return false;
}

TEST_CASE("safetensors: a file cut off anywhere is refused") {
  const TemporaryFolder folder;
  const std::string bytes = whole_file(folder);
  CHECK(!refused(folder, bytes));
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    INFO("cut to ", length, " of ", bytes.size());
    CHECK(refused(folder, bytes.substr(0, length)));
  }
  CHECK(refused(folder, bytes + '\0'));
}

TEST_CASE("safetensors: any byte changed is noticed, or changes nothing") {
  const TemporaryFolder folder;
  const std::string bytes = whole_file(folder);
  std::size_t noticed = 0, tried = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
      INFO("byte ", i, " xor ", flip);
      std::string damaged = bytes;
      damaged[i] = static_cast<char>(damaged[i] ^ flip);
      noticed += refused(folder, damaged);
      ++tried;
    }
  CHECK(static_cast<double>(noticed) > 0.9 * static_cast<double>(tried));
  std::string last = bytes;
  last.back() ^= 1;
  CHECK(error_of<CheckpointError>([&] { Safetensors::read(folder.write("x", last)); }, &folder) ==
        "x: damaged: the checksum does not match");
}

std::string file_of(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t size = header.size();
  return std::string(reinterpret_cast<const char*>(&size), 8) + header +
         std::string(data_bytes, '\0');
}

std::string entry(const std::string& shape, const std::string& offsets,
                  const std::string& dtype = "\"F32\"") {
  return R"({"x":{"dtype":)" + dtype + R"(,"shape":)" + shape + R"(,"data_offsets":)" + offsets +
         "}}";
}

std::string read_error(const TemporaryFolder& folder, const std::string& bytes) {
  const auto path = folder.write("x", bytes);
  return error_of<CheckpointError>(
      [&] {
        const Safetensors file = Safetensors::read(path);
        for (const std::string& name : file.names()) file.get<float>(name);
      },
      &folder);
}

TEST_CASE("safetensors: headers that lie about shapes and places are refused") {
  const TemporaryFolder folder;
  CHECK(read_error(folder, file_of(entry("[2]", "[0,8]"), 8)) == "(no error)");
  const std::string wrong_size = "x: damaged: array x has the wrong size";
  const std::string invalid = "x: damaged: the header is not valid";
  struct Row {
    std::string shape, offsets, message;
  };
  const std::vector<Row> rows{
      {"[3]", "[0,8]", wrong_size},
      {"[1099511627776]", "[0,8]", wrong_size},
      {"[4294967296,4294967296]", "[0,0]", wrong_size},  // 2^64 elements
      {"[4611686018427387904]", "[0,0]", wrong_size},    // 2^64 bytes
      {"[4294967296,4294967296,2]", "[0,8]", wrong_size},
      {"[9223372036854775809,2]", "[0,8]", wrong_size},  // 2^64 + 2 elements
      {"[-1,-2]", "[0,8]", invalid},
      {"[-18446744073709551614]", "[0,8]", invalid},
      {"[2.5]", "[0,8]", invalid},
      {"[2.0]", "[0,8]", invalid},
      {"[\"2\"]", "[0,8]", invalid},
      {"[[2]]", "[0,8]", invalid},
      {"[null]", "[0,8]", invalid},
      {"[true,2]", "[0,8]", invalid},
      {"2", "[0,8]", invalid},
      {"\"2\"", "[0,8]", invalid},
      {"{\"a\":2}", "[0,8]", invalid},
      {"[2]", "[8,0]", wrong_size},
      {"[2]", "[0,-8]", invalid},
      {"[2]", "[-8,0]", invalid},
      {"[2]", "[0]", wrong_size},
      {"[2]", "[0,8,16]", wrong_size},
      {"[2]", "[]", wrong_size},
      {"[2]", "8", invalid},
      {"[2]", "[\"0\",\"8\"]", invalid},
      {"[2]", "[4,12]", "x: truncated: 12 bytes of data expected, 8 found"},
      {"[2]", "[18446744073709551608,18446744073709551615]", wrong_size},
      {"[2]", "[9223372036854775800,9223372036854775808]",
       "x: truncated: 9223372036854775808 bytes of data expected, 8 found"},
      {"[1]", "[0,4]", "x: damaged: 4 bytes after the arrays"},
      {"[1]", "[4,8]", "x: damaged: arrays overlap or leave a gap"},
  };
  for (const Row& row : rows) {
    INFO(row.shape, " at ", row.offsets);
    CHECK(read_error(folder, file_of(entry(row.shape, row.offsets), 8)) == row.message);
  }
}

TEST_CASE("safetensors: headers that are not headers are refused") {
  const TemporaryFolder folder;
  const std::string invalid = "x: damaged: the header is not valid";
  for (const std::string header :
       {"", "null", "5", "[]", "\"x\"", "{", "{}}", "{\"x\":5}", "{\"x\":{}}", "{\"x\":[]}",
        "{\"x\":{\"dtype\":\"F32\"}}", "{\"__metadata__\":5}", "{\"__metadata__\":{\"a\":5}}",
        "{\"\xff\":{}}", "[{\"dtype\":\"F32\",\"shape\":[0],\"data_offsets\":[0,0]}]"}) {
    INFO(header);
    CHECK(read_error(folder, file_of(header, 0)) == invalid);
  }
  CHECK(read_error(folder, file_of(entry("[2]", "[0,8]", "32"), 8)) == invalid);
  const std::string nested = std::string(200000, '[') + std::string(200000, ']');
  for (const std::string& deep :
       {std::string(200000, '['), nested, "{\"x\":" + nested + "}", entry(nested, "[0,8]"),
        entry("[2]", nested), entry("[2]", "[0,8]", nested), "{\"__metadata__\":" + nested + "}"})
    CHECK(read_error(folder, file_of(deep, 8)) == invalid);
  CHECK(read_error(folder, "") == "x: truncated: shorter than a safetensors header");
  CHECK(read_error(folder, std::string(8, '\xff')) == "x: damaged: not a safetensors file");
  CHECK(read_error(folder, std::string("\x10\0\0\0\0\0\0\0{}", 10)) ==
        "x: truncated: the header is cut off");
}

TEST_CASE("safetensors: a file of others has no checksum, one of ours must have it") {
  const TemporaryFolder folder;
  const Safetensors foreign =
      Safetensors::read(folder.write("x", file_of(entry("[2]", "[0,8]"), 8)));
  CHECK(error_of<CheckpointError>([&] { foreign.require_checksum(); }, &folder) ==
        "x: damaged: no checksum");
  folder.write("y", whole_file(folder));
  CHECK_NOTHROW(Safetensors::read(folder.path() / "y").require_checksum());
}

TEST_CASE("safetensors: overlapping arrays are refused, other types are kept until asked for") {
  const TemporaryFolder folder;
  const auto two = [](const std::string& a, const std::string& b) {
    return R"({"a":{"dtype":"F32","shape":[2],"data_offsets":)" + a +
           R"(},"b":{"dtype":"F32","shape":[2],"data_offsets":)" + b + "}}";
  };
  CHECK(read_error(folder, file_of(two("[8,16]", "[0,8]"), 16)) == "(no error)");
  for (const auto& pair : std::vector<std::pair<std::string, std::string>>{
           {"[0,8]", "[0,8]"}, {"[0,8]", "[4,12]"}, {"[0,8]", "[12,20]"}}) {
    INFO(pair.first, " and ", pair.second);
    CHECK(read_error(folder, file_of(two(pair.first, pair.second), 20)) ==
          "x: damaged: arrays overlap or leave a gap");
  }
  const std::string half = entry("[4]", "[0,8]", "\"I16\"");
  const Safetensors file = Safetensors::read(folder.write("half", file_of(half, 8)));
  CHECK(file.shape("x") == Shape{4});
  CHECK(read_error(folder, file_of(half, 8)) ==
        "x: array x is of type I16; F32, F64, F16, BF16, I32, I64 and I8 with scales can be read");
}

TEST_CASE("safetensors: whole numbers of 8 bits need a scale a row") {
  const TemporaryFolder folder;
  const auto header = [](const std::string& shape, const std::string& scales) {
    return R"({"x":{"dtype":"I8","shape":)" + shape +
           R"(,"data_offsets":[0,4]},"x.scale":{"dtype":"F32","shape":)" + scales +
           R"(,"data_offsets":[4,12]}})";
  };
  const std::string refused = "x: array x of type I8 needs two axes, and x.scale a number a row";
  CHECK(read_error(folder, file_of(header("[2,2]", "[2]"), 12)) == "(no error)");
  CHECK(read_error(folder, file_of(header("[4,1]", "[2]"), 12)) == refused);
  CHECK(read_error(folder, file_of(header("[2,2]", "[1,2]"), 12)) == refused);
  CHECK(read_error(folder, file_of(header("[4]", "[2]"), 12)) == refused);
  CHECK(read_error(folder, file_of(entry("[2,2]", "[0,4]", "\"I8\""), 4)) == refused);
}

TEST_CASE("safetensors: halves of both kinds are converted") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& dtype, const std::vector<std::uint16_t>& bits) {
    const std::string header = entry("[" + std::to_string(bits.size()) + "]",
                                     "[0," + std::to_string(2 * bits.size()) + "]", dtype);
    const std::string data(reinterpret_cast<const char*>(bits.data()), 2 * bits.size());
    return Safetensors::read(folder.write("half", file_of(header, 0) + data)).get<float>("x");
  };
  const Array<float> half =
      read("\"F16\"", {0x3c00, 0xc000, 0x0001, 0x83ff, 0x0400, 0x7bff, 0xfc00, 0x3555, 0x7e00});
  const std::vector<float> expected{1,        -2,    0x1p-24f,   -0x3ffp-24f,
                                    0x1p-14f, 65504, -HUGE_VALF, 0x1.554p-2f};
  for (std::size_t i = 0; i < expected.size(); ++i) CHECK(half(i) == expected[i]);
  CHECK(std::isnan(half(8)));
  const Array<float> brain = read("\"BF16\"", {0x3f80, 0xc040, 0x0001, 0x7f80});
  CHECK(equal(brain, Array<float>({4}, {1, -3, 0x1p-133f, HUGE_VALF})));
  CHECK(read_error(folder, file_of(entry("[3]", "[0,8]", "\"BF16\""), 8)) ==
        "x: damaged: array x has the wrong size");
}

TEST_CASE("safetensors: whole numbers are converted") {
  const TemporaryFolder folder;
  const auto read = [&](const std::string& dtype, const auto& numbers) {
    std::string bytes =
        file_of(entry("[2]", "[0," + std::to_string(sizeof numbers) + "]", dtype), 0);
    bytes.append(reinterpret_cast<const char*>(&numbers), sizeof numbers);
    return Safetensors::read(folder.write("x", bytes)).get<double>("x");
  };
  const std::array<std::int32_t, 2> narrow{-3, 2147483647};
  CHECK(read("\"I32\"", narrow)(0) == -3);
  CHECK(read("\"I32\"", narrow)(1) == 2147483647);
  const std::array<std::int64_t, 2> wide{-3, std::int64_t{1} << 52};
  CHECK(read("\"I64\"", wide)(0) == -3);
  CHECK(read("\"I64\"", wide)(1) == 4503599627370496);
}

}  // namespace
}  // namespace babelgrad
