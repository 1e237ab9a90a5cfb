// A client that does to a server what no library would: any bytes, at any pace.
#pragma once

#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <string>
#include <utility>

namespace babelgrad::test {

class RawClient {
 public:
  // from: the number of the loopback address that it comes from, 127.0.0.`from`.
  explicit RawClient(int port, std::uint32_t from = 1)
      : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK - 1 + from);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~RawClient() { close(); }
  RawClient(RawClient&& other) : socket_(std::exchange(other.socket_, -1)) {}

  // False once the server has closed.
  bool send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t count = ::send(socket_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<std::size_t>(count);
    }
    return true;
  }
  // What comes until the server closes, or until nothing comes for so long.
  std::string receive(double seconds) {
    const timeval limit{static_cast<time_t>(seconds),
                        static_cast<suseconds_t>(1e6 * (seconds - static_cast<long>(seconds)))};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string bytes;
    std::array<char, 4096> chunk;
    while (true) {
      const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
      closed_ |= count == 0;
      if (count <= 0) return bytes;
      bytes.append(chunk.data(), static_cast<std::size_t>(count));
    }
  }
  bool closed() const { return closed_; }  // by the server, as receive saw it
  void close() {
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
  }

 private:
  int socket_;
  bool closed_ = false;
};

}  // namespace babelgrad::test
