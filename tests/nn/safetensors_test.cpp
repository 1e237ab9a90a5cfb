// Safetensors: there and back, strict loading, and files that survive a failed write.
#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "babelgrad/nn/safetensors.h"
#include "tests/autograd/helpers.h"
#include "tests/nn/file_size_limit.h"
#include "tests/text/helpers.h"

namespace babelgrad {
namespace {

template <class T>
bool same_bits(const Array<T>& a, const Array<T>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

TEST_CASE("safetensors: arrays of both types come back bit for bit, names in order") {
  const TemporaryFolder folder;
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Array<float> a = Array<float>({2, 3}, std::vector<float>{1, -0.0f, nan, 1e-45f, 3e38f, 5});
  const Array<double> b = random_array({4}, 1), point = scalar(2.5), none = zeros<double>({0, 3});
  Safetensors file;
  file.add("z", a);
  file.add("a.b", b);
  file.add("m \"é\"\n", point);
  file.add("empty", none);
  file.set_metadata("note", "two\nlines \"é\"");
  file.write(folder.path() / "x.safetensors");
  const Safetensors read = Safetensors::read(folder.path() / "x.safetensors");
  CHECK(read.names() == std::vector<std::string>{"a.b", "empty", "m \"é\"\n", "z"});
  CHECK(same_bits(read.get<float>("z"), a));
  CHECK(same_bits(read.get<double>("a.b"), b));
  CHECK(same_bits(read.get<double>("m \"é\"\n"), point));
  CHECK(read.get<double>("empty").shape() == Shape{0, 3});
  CHECK(read.shape("z") == Shape{2, 3});
  CHECK(read.metadata().at("note") == "two\nlines \"é\"");
  CHECK(max_difference(read.get<double>("a.b"), read.get<float>("a.b")) < 1e-7);
  CHECK(read.get<double>("z").data()[4] == static_cast<double>(3e38f));
  CHECK(!std::filesystem::exists(folder.path() / "x.safetensors.tmp"));
}

TEST_CASE("safetensors: quantized matrices come back within half a step, the same ones exactly") {
  const TemporaryFolder folder;
  const auto there_and_back = [&](const Array<float>& matrix) {
    Safetensors file;
    file.add("bias", Array<float>{1, 2, 3});
    file.add_quantized({{"a", matrix}, {"b", Array<float>({1, 2}, {0, 0})}});
    file.write(folder.path() / "x");
    return Safetensors::read(folder.path() / "x");
  };
  const Array<float> x = random_array<float>({37, 130}, 1);
  const Safetensors read = there_and_back(x);
  CHECK(read.names() == std::vector<std::string>{"a", "b", "bias"});
  CHECK(read.get<float>("a.scale").shape() == Shape{37});
  CHECK(max_difference(read.get<float>("b"), zeros<float>({1, 2})) == 0);
  const Array<float> y = read.get<float>("a");
  for (std::size_t r = 0; r < 37; ++r) {
    float most = 0, worst = 0;
    for (std::size_t i = 0; i < 130; ++i) {
      most = std::max(most, std::abs(x.data()[r * 130 + i]));
      worst = std::max(worst, std::abs(x.data()[r * 130 + i] - y.data()[r * 130 + i]));
    }
    CHECK(worst <= most / 254 * 1.0001f);
    CHECK(worst > most / 1000);
  }
  const Array<float> again = there_and_back(y).get<float>("a");
  for (std::size_t i = 0; i < x.size(); ++i)  // but for the scale's last bit
    CHECK(std::abs(again.data()[i] - y.data()[i]) <= 1.3e-7f * std::abs(y.data()[i]));
  CHECK(max_difference(read.get<double>("a"), read.get<float>("a")) < 1e-7);
}

TEST_CASE("safetensors: a file without arrays, and the layout that others expect") {
  const TemporaryFolder folder;
  Safetensors().write(folder.path() / "empty");
  const Safetensors read = Safetensors::read(folder.path() / "empty");
  CHECK(read.names().empty());
  CHECK(read.metadata().size() == 1);  // the checksum
  Safetensors file;
  file.add("x", Array<float>({1}, std::vector<float>{1.0f}));
  file.write(folder.path() / "x");
  const std::string bytes = folder.read("x");
  std::uint64_t size = 0;
  std::memcpy(&size, bytes.data(), 8);
  CHECK(size % 8 == 0);
  CHECK(bytes.size() == 8 + size + 4);
  CHECK(bytes.find(R"("x":{"data_offsets":[0,4],"dtype":"F32","shape":[1]})") != std::string::npos);
  CHECK(bytes.substr(8 + size) == std::string("\0\0\x80\x3f", 4));
}

TEST_CASE("safetensors: what is asked for wrongly is named") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x";
  Safetensors file;
  file.add("x", scalar(1.0f));
  CHECK(message_of<std::invalid_argument>([&] { file.add("x", scalar(1.0f)); }) ==
        "safetensors: array x is there already");
  file.write(path);
  const Safetensors read = Safetensors::read(path);
  CHECK(error_of<CheckpointError>([&] { read.get<float>("y"); }, &folder) == "x: has no array y");
  CHECK(error_of<CheckpointError>([&] { read.shape("y"); }, &folder) == "x: has no array y");
  CHECK(error_of<CheckpointError>([&] { Safetensors::read(folder.path() / "no"); }, &folder) ==
        "no: no such file");
  CHECK(message_of<CheckpointError>([&] { Safetensors::read(folder.path()); }) ==
        folder.path().string() + ": not a file");
}

ParameterStore<float>& create_a_and_b(ParameterStore<float>& store) {
  store.create("a", {2, 3}, init::normal(1));
  store.create("b", {4}, init::normal(1));
  return store;
}

// The message of loading `file`, which must leave the store as it was.
std::string load_error(const Safetensors& file, const std::string& prefix = "") {
  ParameterStore<float> store(1), untouched(1);
  create_a_and_b(store);
  create_a_and_b(untouched);
  const std::string message =
      message_of<CheckpointError>([&] { load_parameters(file, store, prefix); });
  for (const char* name : {"a", "b"})
    CHECK(same_bits(store.at(name).value(), untouched.at(name).value()));
  return message;
}

Safetensors file_with(const std::vector<std::pair<std::string, Shape>>& arrays) {
  Safetensors file;
  for (const auto& [name, shape] : arrays) file.add(name, random_array<float>(shape, 7));
  return file;
}

TEST_CASE("safetensors: loading is strict and names what is missing, extra or misshapen") {
  CHECK(load_error(file_with({{"a", {2, 3}}})) ==
        "parameter b is missing; the model has it with shape [4]");
  CHECK(load_error(file_with({{"a", {2, 3}}, {"b", {4}}, {"c", {5, 1}}})) ==
        "parameter c of shape [5, 1] is in the file, but not in the model");
  CHECK(load_error(file_with({{"a", {2, 3}}, {"b", {5}}})) ==
        "parameter b has shape [5] in the file, but [4] in the model");
  CHECK(load_error(file_with({{"a", {3, 2}}, {"b", {4}}})) ==
        "parameter a has shape [3, 2] in the file, but [2, 3] in the model");
  CHECK(load_error(file_with({{"p.a", {2, 3}}, {"p.b", {4}}, {"p.c", {1}}}), "p.") ==
        "parameter p.c of shape [1] is in the file, but not in the model");
  CHECK(load_error(file_with({{"a", {2, 3}}, {"b", {4}}}), "p.") ==
        "parameter p.a is missing; the model has it with shape [2, 3]");
}

TEST_CASE("safetensors: parameters go out and come in, with a prefix, and from the other type") {
  ParameterStore<float> from(1), to(2);
  create_a_and_b(from);
  create_a_and_b(to);
  Safetensors file;
  file.add("unrelated", scalar(1.0));
  add_parameters(file, from, "p.");
  load_parameters(file, to, "p.");
  for (const char* name : {"a", "b"}) CHECK(same_bits(from.at(name).value(), to.at(name).value()));
  Safetensors doubles;
  doubles.add("a", random_array<double>({2, 3}, 1));
  doubles.add("b", random_array<double>({4}, 2));
  load_parameters(doubles, to);
  CHECK(same_bits(to.at("b").value(), converted<float>(random_array<double>({4}, 2))));
}

TEST_CASE("safetensors: a file that was read may be added to and written over itself") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "x.safetensors";
  const Array<double> a = random_array({3}, 1), b = random_array({5}, 2);
  Safetensors first;
  first.add("a", a);
  first.write(path);
  Safetensors second = Safetensors::read(path);
  second.write(path);
  CHECK(same_bits(Safetensors::read(path).get<double>("a"), a));
  second.add("b", b);
  second.write(path);
  const Safetensors read = Safetensors::read(path);
  CHECK(same_bits(read.get<double>("a"), a));
  CHECK(same_bits(read.get<double>("b"), b));
}

TEST_CASE("safetensors: a write that fails leaves the old file and no other") {
  const TemporaryFolder folder;
  const auto path = folder.path() / "model";
  Safetensors small, large;
  small.add("x", scalar(1.0f));
  large.add("x", random_array<float>({5000}, 1));
  small.write(path);
  const std::string before = folder.read("model");
  std::string message;
  {
    const FileSizeLimit limit(4096);
    message = error_of<FileError>([&] { large.write(path); }, &folder);
  }
  CHECK(message == "model: cannot be written (File too large)");
  CHECK(folder.read("model") == before);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path()), {}) == 1);
  CHECK(error_of<FileError>([&] { small.write(folder.path() / "no" / "x"); }, &folder) ==
        "no/x: cannot be written (No such file or directory)");
  std::filesystem::create_directory(folder.path() / "taken");
  CHECK(error_of<FileError>([&] { small.write(folder.path() / "taken"); }, &folder) ==
        "taken: cannot be written (Is a directory)");
  large.write(path);
  CHECK(Safetensors::read(path).shape("x") == Shape{5000});
}

}  // namespace
}  // namespace babelgrad
