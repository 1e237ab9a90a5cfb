// DataLoader, npy files, and a training loop of one's own that is saved and resumed.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "babelgrad/nn/data_loader.h"
#include "babelgrad/nn/dropout.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/npy.h"
#include "babelgrad/nn/training_state.h"
#include "tests/autograd/helpers.h"

namespace babelgrad {
namespace {

struct TemporaryPath {
  std::filesystem::path path;
  explicit TemporaryPath(const std::string& name)
      : path(std::filesystem::temp_directory_path() / ("babelgrad_data_files_" + name)) {}
  ~TemporaryPath() { std::filesystem::remove(path); }
};

TEST_CASE("data loader: each epoch has every example once, in an order of its own") {
  Array<double> x = uninitialized<double>({10, 2});
  IntArray y = uninitialized<std::int32_t>({10});
  for (int i = 0; i < 10; ++i) x(i, 0) = i, x(i, 1) = 10 * i, y(i) = i;
  const DataLoader loader({.batch_size = 4, .seed = 3}, x, y);
  CHECK(loader.batches() == 3);
  std::set<std::vector<std::int32_t>> orders;
  for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
    std::vector<std::int32_t> order, again;
    std::vector<std::size_t> sizes;
    for (const auto& [rows, labels] : loader.epoch(epoch)) {
      CHECK(rows.shape() == Shape{labels.size(), 2});
      sizes.push_back(labels.size());
      for (std::size_t i = 0; i < labels.size(); ++i) {
        CHECK(rows(i, 0) == labels(i));
        CHECK(rows(i, 1) == 10 * labels(i));
        order.push_back(labels(i));
      }
    }
    CHECK(sizes == std::vector<std::size_t>{4, 4, 2});
    CHECK(std::set<std::int32_t>(order.begin(), order.end()).size() == 10);
    for (const auto& [rows, labels] : loader.epoch(epoch, 1))
      again.insert(again.end(), labels.begin(), labels.end());
    CHECK(again == std::vector<std::int32_t>(order.begin() + 4, order.end()));
    orders.insert(order);
  }
  CHECK(orders.size() == 5);
}

TEST_CASE("data loader: in order, without the rest, and what it refuses") {
  const IntArray y({5}, {0, 1, 2, 3, 4});
  const DataLoader loader({.batch_size = 2, .shuffle = false, .drop_last = true}, y);
  std::vector<std::int32_t> seen;
  for (const auto& [labels] : loader.epoch(7))
    seen.insert(seen.end(), labels.begin(), labels.end());
  CHECK(seen == std::vector<std::int32_t>{0, 1, 2, 3});
  CHECK(message_of<std::invalid_argument>([&] {
          DataLoader({}, y, zeros<double>({4, 5}));
        }) == "data loader: need arrays with one leading axis of examples; got [5] and [4, 5]");
  CHECK(message_of<std::invalid_argument>([&] { DataLoader({.batch_size = 0}, y); }) ==
        "data loader: need batch_size >= 1");
}

// NumPy's header of an array, and its elements.
std::string npy(const std::string& dictionary, const std::string& elements,
                std::size_t length = 118) {
  std::string header = dictionary;
  header.append(length - 1 - header.size(), ' ');
  const char size[] = {1, 0, static_cast<char>(length % 256), static_cast<char>(length / 256)};
  return "\x93NUMPY" + std::string(size, sizeof size) + header + "\n" + elements;
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST_CASE("npy: what is saved is loaded, in any of the types") {
  const TemporaryPath file("saved.npy");
  for (const Shape& shape : {Shape{3, 4, 2}, Shape{5}, Shape{}, Shape{0, 3}}) {
    const Array<double> x = random_array(shape, 1);
    save_npy(file.path, x);
    CHECK(equal(load_npy<double>(file.path), x));
    save_npy(file.path, cast<float>(x));
    CHECK(equal(load_npy<double>(file.path), cast<double>(cast<float>(x))));
  }
  save_npy(file.path, IntArray({2, 2}, {1, -2, 3, 4}));
  CHECK(equal(load_npy<float>(file.path), Array<float>({2, 2}, {1, -2, 3, 4})));
  CHECK(load_npy<std::int32_t>(file.path)(0, 1) == -2);
  for (const double number : {3e9, -2.5, std::nan(""), HUGE_VAL}) {
    save_npy(file.path, Array<double>{1, number});
    CHECK(message_of<CheckpointError>([&] {
            load_npy<std::int32_t>(file.path);
          }).ends_with(", which is no int32"));
  }
}

TEST_CASE("npy: NumPy's own files, columns first as well, and damaged ones") {
  const TemporaryPath file("numpy.npy");
  const std::string six("\x01\x02\x03\x04\x05\x06");
  write(file.path, npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", six));
  CHECK(equal(load_npy<float>(file.path), Array<float>({2, 3}, {1, 2, 3, 4, 5, 6})));
  write(file.path, npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", six));
  CHECK(equal(load_npy<float>(file.path), Array<float>({2, 3}, {1, 3, 5, 2, 4, 6})));
  for (const std::size_t length : {127, 128, 182, 255, 256, 1000, 33000}) {
    write(file.path, npy("{'descr': '|u1', 'fortran_order': False, 'shape': (6,)}", six, length));
    CHECK(equal(load_npy<float>(file.path), Array<float>{1, 2, 3, 4, 5, 6}));
  }
  write(file.path, npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}",
                       std::string("\x00\x01\xff", 3)));
  CHECK(equal(load_npy<float>(file.path), Array<float>{0, 1, 1}));
  const auto message = [&] {
    return message_of<CheckpointError>([&] { load_npy<float>(file.path); });
  };
  const std::string name = file.path.string() + ": ";
  for (const std::string& elements : {six + "7", six.substr(1), std::string()}) {
    write(file.path, npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }", elements));
    CHECK(message() == name + "damaged: not as many elements as its shape says");
  }
  write(file.path, npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }", six));
  CHECK(message().starts_with(name + "need float32, float64, int32, int64, uint8 or bool"));
  CHECK(message().find('\n') == std::string::npos);  // the header ends with one
  write(file.path, npy("{'descr': '|u1', 'shape': (2, 3), }", six));
  CHECK(message() == name + "damaged: need one entry 'fortran_order'");
  for (const char* dictionary :
       {"{'descr': '|u1', 'fortran_order': False, 'shape'\x1a (2, 3), }", "{'descr': '|u1'",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2(3), }", "", "{}",
        "{'descr': '|u1', 'fortran_order': 3, 'shape': (2, 3), }"}) {
    write(file.path, npy(dictionary, six));
    CHECK(message().starts_with(name + "damaged: the header is "));
  }
  // What a careless pattern tries in each of 2^n ways.
  const std::string entry = "'shape': (1" + std::string(20, ' ') + ")";
  for (const std::string& dictionary :
       {"{'shape': (" + std::string(80, '1'),
        "{" + entry + std::string(10, ' ') + ", " + entry + std::string(9, ' ') + "x"}) {
    write(file.path, npy(dictionary, six));
    CHECK(message().starts_with(name + "damaged: the header is "));
  }
  write(file.path, "a text that is no array");
  CHECK(message() == name + "not an npy file");
  write(file.path, npy("", "").substr(0, 50));
  CHECK(message() == name + "truncated, or not an npy file of version 1.0");
  std::filesystem::remove(file.path);
  CHECK(message() == name + "no such file");
}

// A loop with dropout, a generator, shuffled batches and Adam, from a state to `steps`.
struct Loop {
  ParameterStore<float> store{5};
  Scope<float> root{store};
  Linear<float> layer{root / "l", 3, 1};
  Dropout<float> dropout{root / "d", 0.3};
  Adam<float> adam{store, {.learning_rate = 0.05}};
  TrainingState state;

  void run(std::uint64_t steps) {
    const DataLoader loader({.batch_size = 4, .seed = 2}, random_array<float>({10, 3}, 1));
    while (state.step < steps) {
      for (const auto& [x] : loader.epoch(state.epoch, state.batch)) {
        const float noise = static_cast<float>(state.random.normal());
        const auto y = layer(dropout(Tensor<float>(x), Mode::training(9, state.step)));
        adam.step(store.gradients(mean(square(y - noise))));
        ++state.step, ++state.batch;
        state.numbers["last"] = noise;
        if (state.step == steps) break;
      }
      if (state.batch == loader.batches()) ++state.epoch, state.batch = 0;
    }
  }
};

TEST_CASE("training state: saved and resumed, a loop goes on to the last bit") {
  const TemporaryPath file("loop.safetensors");
  Loop whole, first, second;
  whole.run(20);
  first.run(8);
  save_training(file.path, first.store, first.adam, first.state);
  second.state = load_training(file.path, second.store, second.adam);
  CHECK(second.state.numbers == first.state.numbers);
  second.run(20);
  for (const char* name : {"l.weight", "l.bias"})
    CHECK(equal(whole.store.at(name).value(), second.store.at(name).value()));
  CHECK(whole.state.numbers == second.state.numbers);
  CHECK(second.adam.step_count() == 20);
}

TEST_CASE("training state: what does not fit is named, and nothing is changed") {
  const TemporaryPath file("loop.safetensors");
  Loop loop;
  loop.run(2);
  save_training(file.path, loop.store, loop.adam, loop.state);
  ParameterStore<float> store{1};
  const Linear<float> layer(Scope<float>(store) / "l", 2, 1);
  Adam<float> adam(store);
  const Array<float> before = layer.weight().value();
  CHECK(message_of<CheckpointError>([&] { load_training(file.path, store, adam); }) ==
        file.path.string() + ": array adam.moment1.l.weight has shape [1, 3]; need [1, 2]");
  CHECK(equal(layer.weight().value(), before));
  Safetensors other;
  other.write(file.path);
  CHECK(message_of<CheckpointError>([&] { load_training(file.path, store, adam); }) ==
        file.path.string() + ": has no training state");
}

}  // namespace
}  // namespace babelgrad
