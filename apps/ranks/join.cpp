#include "babelgrad/apps/ranks/join.h"

#include <dlfcn.h>
#include <unistd.h>

#include <algorithm>
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

// The command line's flags with their values, and other words.
std::vector<std::string> parts_of(const std::vector<std::string>& words) {
  std::vector<std::string> parts;
  for (const std::string& word : words) {
    const bool is_value = !parts.empty() && !word.starts_with("-") && parts.back().starts_with("-");
    if (is_value)
      parts.back() += " " + word;
    else
      parts.push_back(word);
  }
  return parts;
}

// The first part that the others have not, or nothing.
std::string first_beyond(const std::vector<std::string>& parts,
                         const std::vector<std::string>& others) {
  for (const std::string& part : parts)
    if (std::find(others.begin(), others.end(), part) == others.end()) return part;
  return "";
}

void require_alike(const Greeting& ours, const Greeting& theirs, std::size_t rank) {
  const std::string whose = "rank " + std::to_string(rank) + " (" + theirs.host + ")";
  const std::string own = "rank 0 (" + ours.host + ")";
  if (ours.build != theirs.build)
    throw RankError(whose + " runs another build of babelgrad, " + theirs.build + ", than " + own +
                    ", " + ours.build);
  if (ours.words == theirs.words) return;
  const auto our_parts = parts_of(ours.words), their_parts = parts_of(theirs.words);
  const std::string beyond = first_beyond(their_parts, our_parts),
                    missing = first_beyond(our_parts, their_parts);
  if (beyond.empty() && missing.empty())
    throw RankError(whose + " was started with its arguments in another order than " + own);
  if (beyond.empty())
    throw RankError(whose + " was started without " + missing + ", which " + own + " has");
  const auto flag = [](const std::string& part) { return part.substr(0, part.find(' ')); };
  throw RankError(whose + " was started with " + beyond + ", " + own +
                  (flag(beyond) == flag(missing) ? " with " + missing : " without it"));
}

}  // namespace

bool is_first_of_machine() { return number_of("OMPI_COMM_WORLD_LOCAL_RANK", 0) == 0; }

std::unique_ptr<Ranks> join_ranks() {
  const std::size_t size = number_of("OMPI_COMM_WORLD_SIZE", 1);
  if (size < 2) return nullptr;
  void* module = ::dlopen(kModule, RTLD_NOW | RTLD_GLOBAL);
  void* make = module != nullptr ? ::dlsym(module, "babelgrad_mpi_ranks") : nullptr;
  if (make == nullptr)
    throw RankError("started as one of " + std::to_string(size) +
                    " ranks, but has no MPI: it is built where libopenmpi-dev is installed (" +
                    ::dlerror() + ")");
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
