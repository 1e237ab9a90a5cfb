#include "babelgrad/apps/server/connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace babelgrad::apps {
namespace {

// Closing with bytes unread resets the connection, and the client may lose the reply: so much is
// read and thrown away before.
constexpr std::size_t kLingerBytes = 1 << 20;
constexpr std::chrono::milliseconds kLingerTime{500};

int milliseconds_until(std::chrono::steady_clock::time_point end) {
  using std::chrono::ceil, std::chrono::milliseconds;
  const auto left = ceil<milliseconds>(end - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::clamp<decltype(left)>(left, 0, 1 << 30));
}

}  // namespace

Connection::Connection(int socket) : socket_(socket) {
  const int on = 1;  // a reply is one piece: no reason to wait for more
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Connection::~Connection() {
  flush();
  ::shutdown(socket_, SHUT_WR);
  const auto end = Clock::now() + kLingerTime;
  std::size_t drained = 0;
  while (drained < kLingerBytes && wait_for(POLLIN, end)) {
    const ssize_t count = ::recv(socket_, received_.data(), received_.size(), MSG_DONTWAIT);
    if (count <= 0) break;
    drained += static_cast<std::size_t>(count);
  }
  ::close(socket_);
}

bool Connection::wait_for(short event, Clock::time_point end) const {
  pollfd descriptor{socket_, event, 0};
  int ready = 0;
  do {
    ready = ::poll(&descriptor, 1, milliseconds_until(end));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

bool Connection::wait(std::chrono::seconds limit, int stop) {
  if (failed_) return false;
  if (begin_ < end_) return true;  // the client did not wait for the last reply
  const auto end = Clock::now() + limit;
  std::array<pollfd, 2> descriptors{{{socket_, POLLIN, 0}, {stop, POLLIN, 0}}};
  int ready = 0;
  do {
    ready = ::poll(descriptors.data(), descriptors.size(), milliseconds_until(end));
  } while (ready < 0 && errno == EINTR);
  if (ready <= 0 || descriptors[0].revents == 0) return false;
  return fill();
}

void Connection::begin_request(std::size_t bytes, std::chrono::seconds limit) {
  budget_ = bytes;
  limit_ = limit;
  deadline_ = Clock::now() + limit;
}

bool Connection::fill() {
  ssize_t count = 0;
  do {
    count = ::recv(socket_, received_.data(), received_.size(), MSG_DONTWAIT);
  } while (count < 0 && errno == EINTR);
  if (count <= 0) return false;
  begin_ = 0;
  end_ = static_cast<std::size_t>(count);
  return true;
}

ssize_t Connection::read(char* data, std::size_t size) {
  if (!unsent_.empty()) flush();  // the client may wait for it ("100 Continue")
  if (begin_ == end_ && !failed_) failed_ = !wait_for(POLLIN, deadline_) || !fill();
  size = std::min({size, end_ - begin_, budget_});
  if (size == 0) failed_ = true;
  if (failed_) return -1;
  std::memcpy(data, received_.data() + begin_, size);
  begin_ += size;
  budget_ -= size;
  return static_cast<ssize_t>(size);
}

ssize_t Connection::write(const char* data, std::size_t size) {
  unsent_.append(data, size);
  return static_cast<ssize_t>(size);
}

bool Connection::flush() {
  const auto end = Clock::now() + limit_;
  std::size_t sent = 0;
  while (sent < unsent_.size()) {
    const ssize_t count =
        ::send(socket_, unsent_.data() + sent, unsent_.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      const bool full = errno == EAGAIN || errno == EWOULDBLOCK;
      if (!full || !wait_for(POLLOUT, end)) break;
    }
  }
  const bool all = sent == unsent_.size();
  failed_ |= !all;
  unsent_.clear();
  return all;
}

void Connection::get_remote_ip_and_port(std::string&, int&) const {}
void Connection::get_local_ip_and_port(std::string&, int&) const {}

}  // namespace babelgrad::apps
