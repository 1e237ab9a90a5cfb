// Ranks over MPI: the module that join.cpp loads where mpirun has started the program, so that
// whoever runs it alone does not wait for MPI's libraries.
#include <mpi.h>
#include <sched.h>
#include <time.h>

#include "babelgrad/models/ranks/ranks.h"

namespace babelgrad::apps {
namespace {

constexpr std::size_t kLargest = std::size_t{1} << 30;  // bytes; MPI counts in int

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    int provided = 0, rank = 0, size = 0;
    MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    rank_ = static_cast<std::size_t>(rank);
    size_ = static_cast<std::size_t>(size);
  }
  ~MpiRanks() override { MPI_Finalize(); }

  std::size_t rank() const override { return rank_; }
  std::size_t size() const override { return size_; }

  void exchange(const std::vector<Outgoing>& outgoing,
                const std::vector<Incoming>& incoming) override {
    requests_.clear();
    for (const Incoming& in : incoming)
      for_parts(in.data, in.bytes, [&](auto* part, int bytes) {
        MPI_Irecv(part, bytes, MPI_BYTE, static_cast<int>(in.from), 0, MPI_COMM_WORLD,
                  &requests_.emplace_back());
      });
    for (const Outgoing& out : outgoing)
      for_parts(out.data, out.bytes, [&](auto* part, int bytes) {
        MPI_Isend(part, bytes, MPI_BYTE, static_cast<int>(out.to), 0, MPI_COMM_WORLD,
                  &requests_.emplace_back());
      });
    wait();
  }

  void abort(int code) override {
    MPI_Abort(MPI_COMM_WORLD, code);
    std::terminate();  // it does not return
  }

 private:
  template <class Data, class Call>
  static void for_parts(Data* data, std::size_t bytes, const Call& call) {
    using Byte = std::conditional_t<std::is_const_v<Data>, const std::byte, std::byte>;
    auto* from = static_cast<Byte*>(data);
    for (std::size_t done = 0; done < bytes; done += kLargest)
      call(from + done, static_cast<int>(std::min(kLargest, bytes - done)));
  }

  // Quickly where the others are about as far, without a core where they are not.
  void wait() {
    constexpr int kQuick = 5000;
    constexpr timespec kPause{0, 100'000};
    for (int tries = 0;; ++tries) {
      int done = 0;
      MPI_Testall(static_cast<int>(requests_.size()), requests_.data(), &done, MPI_STATUSES_IGNORE);
      if (done) return;
      if (tries < kQuick)
        sched_yield();
      else
        nanosleep(&kPause, nullptr);
    }
  }

  std::size_t rank_ = 0, size_ = 1;
  std::vector<MPI_Request> requests_;
};

}  // namespace
}  // namespace babelgrad::apps

extern "C" babelgrad::Ranks* babelgrad_mpi_ranks() { return new babelgrad::apps::MpiRanks; }
