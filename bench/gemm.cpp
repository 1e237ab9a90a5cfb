// gemm: one product on one thread, OpenBLAS in float32 beside bfloat16 and int8 by each set of
// instructions that the processor has, the right factor packed ahead. Where oneDNN is installed
// when this is configured (libdnnl-dev), beside its products in bfloat16, too.
//
//   build/bench/gemm --rounds 9
//
// The products are those of a training and of a search, random factors, C in float; GFLOP/s, the
// median of rounds in which all take turns. The left factor is float for ours, which packs it in
// the time shown, and bfloat16 already for oneDNN.
#include <cstdio>
#include <functional>
#include <random>

#include "babelgrad/autograd/kernels/bfloat16.h"
#include "babelgrad/autograd/kernels/int8.h"
#include "babelgrad/autograd/products/gemm.h"
#include "babelgrad/bench/arguments.h"
#include "babelgrad/bench/measure.h"
#ifdef BABELGRAD_ONEDNN
#include <dnnl.hpp>
#endif

namespace {

using namespace babelgrad;

struct Shape {
  std::size_t m, n, k;
};
constexpr Shape kShapes[] = {{896, 10000, 256}, {896, 256, 10000}, {10000, 256, 896},
                             {896, 768, 256},   {64, 768, 256},    {64, 1536, 512},
                             {5, 1536, 512},    {320, 8000, 256},  {1, 1536, 512}};

std::vector<float> random_values(std::size_t count) {
  std::mt19937 random(1);
  std::vector<float> values(count);
  for (float& x : values) x = std::normal_distribution<float>()(random);
  return values;
}

struct Contender {
  std::string name;
  std::function<void()> multiply;
  std::vector<double> gflops = {};
};

#ifdef BABELGRAD_ONEDNN
// Factors of zeros would run faster than any others: the processor's power is what limits it.
std::function<void()> make_onednn(const Shape& s, const std::vector<float>& a,
                                  const std::vector<float>& b, float* c) {
  using namespace dnnl;
  using type = memory::data_type;
  using tag = memory::format_tag;
  const engine cpu(engine::kind::cpu, 0);
  const auto size = [](std::size_t n) { return static_cast<memory::dim>(n); };
  const memory::dims left{size(s.m), size(s.k)}, right{size(s.k), size(s.n)},
      result{size(s.m), size(s.n)};
  const matmul::primitive_desc description(
      {memory::desc(left, type::bf16, tag::ab), memory::desc(right, type::bf16, tag::any),
       memory::desc(result, type::f32, tag::ab)},
      cpu);
  const auto rounded = [&](const std::vector<float>& x, const memory::desc& from,
                           const memory::desc& to) {
    memory floats(from, cpu, const_cast<float*>(x.data())), packed(to, cpu);
    stream once(cpu);
    reorder(floats, packed).execute(once, floats, packed);
    once.wait();
    return packed;
  };
  const memory x = rounded(a, memory::desc(left, type::f32, tag::ab), description.src_desc());
  const memory w = rounded(b, memory::desc(right, type::f32, tag::ba), description.weights_desc());
  const memory y(description.dst_desc(), cpu, c);
  return [product = matmul(description), queue = stream(cpu), x, w, y]() mutable {
    product.execute(queue, {{DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}});
    queue.wait();
  };
}
#endif

void measure(const Shape& s, std::size_t rounds) {
  const std::vector<float> a = random_values(s.m * s.k), b = random_values(s.n * s.k);
  std::vector<float> c(s.m * s.n);
  std::vector<Contender> contenders{{"float32", [&] {
                                       gemm<float>(Transpose::no, Transpose::yes, s.m, s.n, s.k, 1,
                                                   a.data(), s.k, b.data(), s.k, 0, c.data(), s.n);
                                     }}};
  std::vector<std::uint32_t> left(bfloat16::packed_words(s.m, s.k)),
      right(bfloat16::packed_words(s.n, s.k));
  bfloat16::kernels().pack({s.n, s.k, b.data(), s.k, true}, Side::right, right.data());
  for (const bfloat16::Kernels& kernel : bfloat16::available_kernels())
    contenders.push_back({std::string("bfloat16 ") + kernel.name, [&] {
                            kernel.pack({s.m, s.k, a.data(), s.k, true}, Side::left, left.data());
                            kernel.multiply(s.m, s.n, s.k, left.data(), right.data(), false,
                                            c.data(), s.n);
                          }});
  std::vector<std::uint32_t> bytes_left(int8::packed_words(s.m, s.k)),
      bytes_right(int8::packed_words(s.n, s.k));
  std::vector<float> left_scales(s.m), right_scales(s.n);
  int8::kernels().pack({s.n, s.k, b.data(), s.k, true}, Side::right, bytes_right.data(),
                       right_scales.data());
  for (const int8::Kernels& kernel : int8::available_kernels())
    contenders.push_back({std::string("int8 ") + kernel.name, [&] {
                            kernel.pack({s.m, s.k, a.data(), s.k, true}, Side::left,
                                        bytes_left.data(), left_scales.data());
                            kernel.multiply(s.m, s.n, s.k, bytes_left.data(), left_scales.data(),
                                            bytes_right.data(), right_scales.data(), false,
                                            c.data(), s.n);
                          }});
#ifdef BABELGRAD_ONEDNN
  contenders.push_back({"onednn", make_onednn(s, a, b, c.data())});
#endif
  const double gflop =
      2e-9 * static_cast<double>(s.m) * static_cast<double>(s.n) * static_cast<double>(s.k);
  for (Contender& contender : contenders) contender.multiply();
  for (std::size_t round = 0; round < rounds; ++round)
    for (Contender& contender : contenders) {
      std::size_t times = 0;
      const double ms = bench::milliseconds([&] {
        for (; static_cast<double>(times) * gflop < 0.5; ++times) contender.multiply();
      });
      contender.gflops.push_back(static_cast<double>(times) * gflop / ms * 1000);
    }
  std::printf("%5zu x %5zu x %5zu", s.m, s.n, s.k);
  for (const Contender& contender : contenders)
    std::printf("  %s %.0f", contender.name.c_str(), bench::median(contender.gflops));
  std::printf("\n");
}

}  // namespace

int main(int argc, char** argv) {
  std::size_t rounds = 9;
  bench::Arguments arguments("GFLOP/s of products in float32, bfloat16 and int8, on one thread");
  arguments.number("--rounds", rounds, "of all contenders in turn");
  if (const auto exit_code = arguments.parse(argc, argv)) return *exit_code;
  set_blas_threads(1);
  for (const Shape& shape : kShapes) measure(shape, rounds);
}
