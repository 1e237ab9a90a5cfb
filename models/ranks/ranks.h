// Ranks: the processes that work on one thing together, on one machine or on several, as MPI
// numbers them. Rank 0 reads, decides, prints and saves; the others do what it sends them (crew.h).
// An implementation moves bytes between two ranks (apps/mpi); what several ranks do together is
// made of that here.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

namespace babelgrad {

// Another rank cannot be worked with, or does not answer.
class RankError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Ranks {
 public:
  struct Outgoing {
    std::size_t to;
    const void* data;
    std::size_t bytes;
  };
  struct Incoming {
    std::size_t from;
    void* data;
    std::size_t bytes;
  };

  virtual ~Ranks() = default;
  virtual std::size_t rank() const = 0;
  virtual std::size_t size() const = 0;

  // Sends and receives all of these at once, and returns when all have arrived here and may be
  // forgotten there. Between two ranks they arrive in order; none is to or from the caller's own.
  // Of one thread at a time.
  virtual void exchange(const std::vector<Outgoing>& outgoing,
                        const std::vector<Incoming>& incoming) = 0;
  // Ends the process of every rank, with this exit code.
  [[noreturn]] virtual void abort(int code) = 0;
};

// The b-th of `parts` runs of nearly equal length that n things are cut into begins here.
constexpr std::size_t run_begin(std::size_t n, std::size_t parts, std::size_t b) {
  return n / parts * b + std::min(b, n % parts);
}

template <class V>
concept Resizable = requires(V v) {
  v.resize(v.size());
};

// Values that are sent as a whole: put() on one rank, get() in the same order on another. A type
// with members that are not plain bytes says them in a function `fields(visit, value)`.
class Message {
 public:
  Message() = default;
  explicit Message(std::vector<std::byte> bytes) : bytes_(std::move(bytes)) {}
  std::span<const std::byte> bytes() const { return bytes_; }

  void append(const void* data, std::size_t size) {
    const auto* from = static_cast<const std::byte*>(data);
    bytes_.insert(bytes_.end(), from, from + size);
  }
  void take(void* data, std::size_t size) {
    if (size > bytes_.size() - read_) throw std::logic_error("message: read past its end");
    if (size > 0) std::memcpy(data, bytes_.data() + read_, size);
    read_ += size;
  }

  template <class V>
  void put(const V& value) {
    if constexpr (Resizable<V>) {
      put(value.size());
      using Element = typename V::value_type;
      if constexpr (std::is_trivially_copyable_v<Element>)
        append(value.data(), value.size() * sizeof(Element));
      else
        for (const Element& element : value) put(element);
    } else if constexpr (std::is_trivially_copyable_v<V>) {
      append(&value, sizeof value);
    } else {
      fields([this](const auto&... members) { (this->put(members), ...); }, value);
    }
  }
  template <class V>
  void get(V& value) {
    if constexpr (Resizable<V>) {
      value.resize(get<std::size_t>());
      using Element = typename V::value_type;
      if constexpr (std::is_trivially_copyable_v<Element>)
        take(value.data(), value.size() * sizeof(Element));
      else
        for (Element& element : value) get(element);
    } else if constexpr (std::is_trivially_copyable_v<V>) {
      take(&value, sizeof value);
    } else {
      fields([this](auto&... members) { (this->get(members), ...); }, value);
    }
  }
  template <class V>
  V get() {
    V value{};
    get(value);
    return value;
  }

 private:
  std::vector<std::byte> bytes_;
  std::size_t read_ = 0;
};

// One message to or from another rank.
void send(Ranks& ranks, const Message& message, std::size_t to);
Message receive(Ranks& ranks, std::size_t from);

// Each rank's message, in their order.
std::vector<Message> all_gather(Ranks& ranks, const Message& own);

// From rank 0 to all others, along a binomial tree.
void broadcast(Ranks& ranks, void* data, std::size_t bytes);

// Each rank has the elements begin[rank] <= i < begin[rank + 1]; afterwards, all of them.
template <class V>
void all_gather(Ranks& ranks, V* data, const std::vector<std::size_t>& begin) {
  std::vector<Ranks::Outgoing> outgoing;
  std::vector<Ranks::Incoming> incoming;
  const auto bytes = [&](std::size_t r) { return (begin[r + 1] - begin[r]) * sizeof(V); };
  const std::size_t own = ranks.rank();
  for (std::size_t r = 0; r < ranks.size(); ++r) {
    if (r == own) continue;
    outgoing.push_back({r, data + begin[own], bytes(own)});
    incoming.push_back({r, data + begin[r], bytes(r)});
  }
  ranks.exchange(outgoing, incoming);
}

}  // namespace babelgrad
