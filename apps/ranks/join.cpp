#include "babelgrad/apps/ranks/join.h"

#include <dlfcn.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>

#include "babelgrad/base/hash.h"
#include "babelgrad/text/files.h"

namespace babelgrad::apps {
namespace {

constexpr const char* kModule = "babelgrad_mpi.so";

Crew* the_crew = nullptr;

std::size_t number_of(const char* variable, std::size_t otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  std::size_t number = otherwise;
  std::from_chars(text, text + std::strlen(text), number);
  return number;
}

struct Greeting {
  std::string host, build;
  std::vector<std::string> words;  // of the command line, without the program's name
};

Greeting greeting(int argc, char** argv) {
  char host[256] = "";
  ::gethostname(host, sizeof host - 1);
  char build[64];
  std::snprintf(build, sizeof build, "%s (%016llx)", BABELGRAD_VERSION,
                static_cast<unsigned long long>(fnv1a(text::read_file("/proc/self/exe"))));
  return {host, build, {argv + 1, argv + argc}};
}

std::string words_from(const std::vector<std::string>& words, std::size_t first) {
  if (first >= words.size()) return "nothing there";
  const bool has_value = words[first].starts_with("-") && first + 1 < words.size();
  return words[first] + (has_value ? " " + words[first + 1] : "");
}

void require_alike(const Greeting& ours, const Greeting& theirs, std::size_t rank) {
  const std::string whose = "rank " + std::to_string(rank) + " (" + theirs.host + ")";
  const std::string own = "rank 0 (" + ours.host + ")";
  if (ours.build != theirs.build)
    throw RankError(whose + " runs another build of babelgrad, " + theirs.build + ", than " + own +
                    ", " + ours.build);
  if (ours.words == theirs.words) return;
  const auto differ =
      std::mismatch(ours.words.begin(), ours.words.end(), theirs.words.begin(), theirs.words.end());
  auto first = static_cast<std::size_t>(differ.first - ours.words.begin());
  if (first > 0 && ours.words[first - 1].starts_with("-")) --first;  // the flag of this value
  throw RankError(whose + " was started with " + words_from(theirs.words, first) + ", " + own +
                  " with " + words_from(ours.words, first));
}

}  // namespace

bool is_started_as_rank_0() { return number_of("OMPI_COMM_WORLD_RANK", 0) == 0; }

std::unique_ptr<Ranks> join_ranks() {
  const std::size_t size = number_of("OMPI_COMM_WORLD_SIZE", 1);
  if (size < 2) return nullptr;
  void* module = ::dlopen(kModule, RTLD_NOW | RTLD_GLOBAL);
  void* make = module != nullptr ? ::dlsym(module, "babelgrad_mpi_ranks") : nullptr;
  if (make == nullptr)
    throw RankError("started as one of " + std::to_string(size) +
                    " ranks, but this build has no MPI (" + ::dlerror() + ")");
  return std::unique_ptr<Ranks>(reinterpret_cast<Ranks* (*)()>(make)());
}

void require_alike(Ranks& ranks, int argc, char** argv) {
  const Greeting own = greeting(argc, argv);
  Message message;
  for (const std::string& text : {own.host, own.build}) message.put(text);
  message.put(own.words);
  if (ranks.rank() > 0) return send(ranks, message, 0);
  for (std::size_t r = 1; r < ranks.size(); ++r) {
    Message theirs = receive(ranks, r);
    Greeting greeting;
    theirs.get(greeting.host);
    theirs.get(greeting.build);
    theirs.get(greeting.words);
    require_alike(own, greeting, r);
  }
}

Crew* crew() { return the_crew; }

Lead::Lead(Ranks& ranks) : crew_(ranks) { the_crew = &crew_; }
Lead::~Lead() { the_crew = nullptr; }

std::size_t all_threads(const WorkerPool& pool) {
  return pool.threads() * (the_crew ? the_crew->size() : 1);
}

}  // namespace babelgrad::apps
