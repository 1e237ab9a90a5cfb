#include "babelgrad/autograd/products/gemm.h"

#include <cblas.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <new>
#include <string_view>
#include <system_error>

#include "babelgrad/autograd/kernels/kernels.h"
#include "babelgrad/autograd/kernels/processor.h"
#include "babelgrad/autograd/modes.h"
#include "babelgrad/autograd/products/packed_weights.h"

extern "C" {
// OpenBLAS; absent from other BLAS libraries.
[[gnu::weak]] void openblas_set_num_threads(int);
[[gnu::weak]] int openblas_get_num_threads();
[[gnu::weak]] char* openblas_get_corename();
[[gnu::weak]] int blas_thread_shutdown_();
[[gnu::weak]] void gotoblas_dynamic_quit();
[[gnu::weak]] void gotoblas_dynamic_init();
[[gnu::weak]] void* blas_memory_alloc(int);
[[gnu::weak]] void blas_memory_free(void*);
}

namespace babelgrad {
namespace {

constinit thread_local double flops = 0;

#if defined(__x86_64__)
// Whether no threads run but this one and those of OpenBLAS, which have nothing to do yet.
bool products_cannot_be_under_way() {
  std::error_code error;
  std::ptrdiff_t threads = 0;
  for (std::filesystem::directory_iterator task("/proc/self/task", error), end;
       !error && task != end; task.increment(error))
    ++threads;
  return !error && threads <= openblas_get_num_threads();
}

// On a processor newer than itself OpenBLAS takes its oldest kernels, those of Prescott (SSE3), a
// fifth as fast as the processor is (up to 0.3.24: OpenBLAS's issue 4267). So where the processor
// can do more, it is told which to take, unless somebody who loads this library later on may have
// a product under way. A user's OPENBLAS_CORETYPE stands. Ours stays, too: OpenBLAS's own threads
// may still be starting, and read it.
[[maybe_unused]] const bool blas_kernels_are_chosen = [] {
  constexpr const char* kVariable = "OPENBLAS_CORETYPE";
  if (!openblas_get_corename || !openblas_get_num_threads || !gotoblas_dynamic_quit ||
      !gotoblas_dynamic_init || std::string_view(openblas_get_corename()) != "Prescott" ||
      std::getenv(kVariable) || !products_cannot_be_under_way())
    return false;
  if (!has_avx2()) return false;
  ::setenv(kVariable, has_avx512() ? "SkylakeX" : "Haswell", 0);
  gotoblas_dynamic_quit();
  gotoblas_dynamic_init();
  return true;
}();
#endif

// Up to so many rows, packing the other factor would cost more than it gains.
constexpr std::size_t kFewRows = 10;

// Up to so many, packing both factors in bfloat16 would. (A weight that is packed already serves
// any number of rows, so that what a sentence gets does not depend on how many are beside it.)
constexpr std::size_t kFewProducts = std::size_t{1} << 17;

bool address_space_is_limited() {
  static const bool limited = [] {
    rlimit limit{};
    return ::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
  }();
  return limited;
}

bool has_address_space(std::size_t bytes) {
  void* room =
      ::mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return room != MAP_FAILED && ::munmap(room, bytes) == 0;
}

// Lives while a product runs. OpenBLAS maps a buffer for each product that runs at the same time
// and wants one, keeps it, and where there is no room for it tries again without end. So where the
// address space is limited (ulimit -v), no more products run at a time than buffers are known to be
// there: whoever needs one more waits until none is in use, looks whether there is room, and has it
// mapped; where there is no room, products wait for each other. Throws std::bad_alloc if there is
// none for the first.
class RunningProduct {
 public:
  RunningProduct() {
    if (!blas_memory_alloc || !blas_memory_free || !address_space_is_limited()) return;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [] { return !mapping_; });
    const std::size_t wanted = running_ + 1;
    if (wanted > buffers_ && has_room_) {
      mapping_ = true;
      changed_.wait(lock, [] { return running_ == 0; });
      map(wanted);
      mapping_ = false;
      changed_.notify_all();
    }
    if (buffers_ == 0) throw std::bad_alloc();
    changed_.wait(lock, [] { return running_ < buffers_; });
    ++running_;
    counted_ = true;
  }
  ~RunningProduct() {
    if (!counted_) return;
    const std::lock_guard lock(mutex_);
    --running_;
    changed_.notify_all();
  }
  RunningProduct(const RunningProduct&) = delete;
  RunningProduct& operator=(const RunningProduct&) = delete;

 private:
  // So many buffers, or as many as there is room for. Those that are there come first, since none
  // is in use.
  static void map(std::size_t wanted) {
    std::array<void*, kMost> held;
    std::size_t count = 0;
    while (count < std::min(wanted, kMost) && (count < buffers_ || has_address_space(kBuffer)))
      held[count++] = blas_memory_alloc(0);
    for (std::size_t i = 0; i < count; ++i) blas_memory_free(held[i]);
    buffers_ = count;
    has_room_ = count == 0 || count == wanted;  // later there may be room for the first
  }

  static constexpr std::size_t kBuffer = (std::size_t{128} << 20) + (1 << 16);  // of OpenBLAS 0.3
  static constexpr std::size_t kMost = 64;
  static inline std::mutex mutex_;
  static inline std::condition_variable changed_;
  static inline std::size_t running_ = 0, buffers_ = 0;
  static inline bool has_room_ = true, mapping_ = false;
  bool counted_ = false;
};

CBLAS_TRANSPOSE to_cblas(Transpose op) { return op == Transpose::no ? CblasNoTrans : CblasTrans; }

void multiply(Transpose op_a, Transpose op_b, int m, int n, int k, float alpha, const float* a,
              int ld_a, const float* b, int ld_b, float beta, float* c, int ld_c) {
  cblas_sgemm(CblasRowMajor, to_cblas(op_a), to_cblas(op_b), m, n, k, alpha, a, ld_a, b, ld_b, beta,
              c, ld_c);
}

void multiply(Transpose op_a, Transpose op_b, int m, int n, int k, double alpha, const double* a,
              int ld_a, const double* b, int ld_b, double beta, double* c, int ld_c) {
  cblas_dgemm(CblasRowMajor, to_cblas(op_a), to_cblas(op_b), m, n, k, alpha, a, ld_a, b, ld_b, beta,
              c, ld_c);
}

// y = alpha op(A) x + beta y
void multiply(Transpose op_a, int rows, int cols, float alpha, const float* a, int ld_a,
              const float* x, int inc_x, float beta, float* y, int inc_y) {
  cblas_sgemv(CblasRowMajor, to_cblas(op_a), rows, cols, alpha, a, ld_a, x, inc_x, beta, y, inc_y);
}

void multiply(Transpose op_a, int rows, int cols, double alpha, const double* a, int ld_a,
              const double* x, int inc_x, double beta, double* y, int inc_y) {
  cblas_dgemv(CblasRowMajor, to_cblas(op_a), rows, cols, alpha, a, ld_a, x, inc_x, beta, y, inc_y);
}

}  // namespace

template <class T>
void gemm(Transpose op_a, Transpose op_b, std::size_t m, std::size_t n, std::size_t k, T alpha,
          const T* a, std::size_t ld_a, const T* b, std::size_t ld_b, T beta, T* c,
          std::size_t ld_c) {
  if (m == 0 || n == 0) return;
  if (k == 0) {  // BLAS asks for ld >= 1 and leaves C alone
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < n; ++j)
        c[i * ld_c + j] = beta == T(0) ? T(0) : beta * c[i * ld_c + j];
    return;
  }
  if constexpr (std::same_as<T, float>)
    if (alpha == 1 && rounds_factors()) {
      const Factor right{n, k, b, ld_b, op_b == Transpose::yes};
      const PackedFactor* shared = find_packed_weight(right);
      const Precision precision = thread_modes().matmul;
      if (shared != nullptr ||
          (precision == Precision::bfloat16 && m > kFewRows && n > 1 && m * n * k > kFewProducts)) {
        const PackedFactor left(precision, {m, k, a, ld_a, op_a == Transpose::no}, Side::left);
        if (shared != nullptr) return multiply_packed(left, *shared, beta, c, ld_c);
        return multiply_packed(left, PackedFactor(precision, right, Side::right), beta, c, ld_c);
      }
    }
  detail::count_product(m, n, k);
  if (op_a == Transpose::no && op_b == Transpose::yes && m > 1 && m <= kFewRows)
    return kernels<T>().few_rows_product(m, n, k, alpha, a, ld_a, b, ld_b, beta, c, ld_c);
  const RunningProduct running;
  const auto as_int = [](std::size_t size) { return static_cast<int>(size); };
  // A matrix and a vector, of which nothing need be packed: C = op(A) b, or C^T = op(B)^T a.
  if (n == 1 || m == 1) {
    const bool column = n == 1;
    const std::size_t size = column ? m : n, step = column ? ld_c : 1;
    if (beta == T(0))
      for (std::size_t i = 0; i < size; ++i) c[i * step] = T(0);
    const Transpose op = column ? op_a : op_b == Transpose::no ? Transpose::yes : Transpose::no;
    const bool turned = op == Transpose::yes;
    multiply(op, as_int(turned ? k : size), as_int(turned ? size : k), alpha, column ? a : b,
             as_int(column ? ld_a : ld_b), column ? b : a,
             column ? (op_b == Transpose::no ? as_int(ld_b) : 1)
                    : (op_a == Transpose::no ? 1 : as_int(ld_a)),
             beta == T(0) ? T(1) : beta, c, as_int(step));
    return;
  }
  multiply(op_a, op_b, as_int(m), as_int(n), as_int(k), alpha, a, as_int(ld_a), b, as_int(ld_b),
           beta, c, as_int(ld_c));
}

template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, float, const float*,
                   std::size_t, const float*, std::size_t, float, float*, std::size_t);
template void gemm(Transpose, Transpose, std::size_t, std::size_t, std::size_t, double,
                   const double*, std::size_t, const double*, std::size_t, double, double*,
                   std::size_t);

double gemm_flops() { return flops; }

void detail::count_product(std::size_t m, std::size_t n, std::size_t k) {
  flops += 2 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

void stop_blas_threads() {
  // One that waits for a buffer in vain would never end.
  if (blas_thread_shutdown_ && !address_space_is_limited()) blas_thread_shutdown_();
}

void set_blas_threads(int count) {
  if (openblas_set_num_threads) openblas_set_num_threads(std::max(1, count));
}

int blas_threads() { return openblas_get_num_threads ? openblas_get_num_threads() : 1; }

const char* blas_name() { return openblas_get_corename ? openblas_get_corename() : "BLAS"; }

}  // namespace babelgrad
