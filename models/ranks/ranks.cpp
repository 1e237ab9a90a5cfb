#include "babelgrad/models/ranks/ranks.h"

namespace babelgrad {

void send(Ranks& ranks, const Message& message, std::size_t to) {
  const std::size_t size = message.bytes().size();
  ranks.exchange({{to, &size, sizeof size}, {to, message.bytes().data(), size}}, {});
}

Message receive(Ranks& ranks, std::size_t from) {
  std::size_t size = 0;
  ranks.exchange({}, {{from, &size, sizeof size}});
  std::vector<std::byte> bytes(size);
  ranks.exchange({}, {{from, bytes.data(), size}});
  return Message(std::move(bytes));
}

std::vector<Message> all_gather(Ranks& ranks, const Message& own) {
  const std::size_t n = ranks.size();
  std::vector<std::size_t> sizes(n), each(n + 1), begin(n + 1);
  for (std::size_t r = 0; r <= n; ++r) each[r] = r;
  sizes[ranks.rank()] = own.bytes().size();
  all_gather(ranks, sizes.data(), each);
  for (std::size_t r = 0; r < n; ++r) begin[r + 1] = begin[r] + sizes[r];
  std::vector<std::byte> bytes(begin[n]);
  std::copy(own.bytes().begin(), own.bytes().end(),
            bytes.begin() + static_cast<std::ptrdiff_t>(begin[ranks.rank()]));
  all_gather(ranks, bytes.data(), begin);
  std::vector<Message> all;
  for (std::size_t r = 0; r < n; ++r) {
    const std::byte* data = bytes.data();
    all.emplace_back(std::vector<std::byte>(data + begin[r], data + begin[r + 1]));
  }
  return all;
}

void broadcast(Ranks& ranks, void* data, std::size_t bytes) {
  const std::size_t n = ranks.size(), own = ranks.rank();
  std::size_t reach = 1;  // ranks that have it, of the first ones
  for (; reach < n; reach *= 2) {
    if (own < reach && own + reach < n) ranks.exchange({{own + reach, data, bytes}}, {});
    if (own >= reach && own < 2 * reach) ranks.exchange({}, {{own - reach, data, bytes}});
  }
}

}  // namespace babelgrad
