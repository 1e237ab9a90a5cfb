// The ranks as which mpirun has started the program.
#pragma once

#include <memory>

#include "babelgrad/models/ranks/crew.h"
#include "babelgrad/models/worker_pool.h"

namespace babelgrad::apps {

// By what mpirun says; also where the program runs alone.
bool is_first_of_machine();

// Null where the program runs alone. Throws RankError "started as one of 4 ranks, but has no MPI
// ...".
std::unique_ptr<Ranks> join_ranks();

// What ranks must have in common: tells rank 0, which checks it. Throws RankError on rank 0:
//   "rank 2 (kepler) was started with --seed 2, rank 0 (tycho) with --seed 1"
//   "rank 2 (kepler) runs another build of babelgrad, 0.1.0 (5f...), than rank 0 (tycho), 0.1.0
//   (e1...)"
void require_alike(Ranks& ranks, int argc, char** argv);

// On rank 0 the others; null where the program runs alone.
Crew* crew();

// While one lives, crew() is this one.
class Lead {
 public:
  explicit Lead(Ranks& ranks);
  ~Lead();
  Lead(const Lead&) = delete;
  Lead& operator=(const Lead&) = delete;

 private:
  Crew crew_;
};

// Threads of all ranks, if each has such a pool.
std::size_t all_threads(const WorkerPool& pool);

}  // namespace babelgrad::apps
