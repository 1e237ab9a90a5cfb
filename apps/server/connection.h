// One client's socket as the stream that httplib reads requests from and writes replies to. Every
// wait has an end, and a request may not be longer than it may, however it is framed: a client that
// is slow, endless or gone costs its thread for a bounded time.
#pragma once

#include <httplib.h>

#include <array>
#include <chrono>
#include <string>

namespace babelgrad::apps {

class Connection final : public httplib::Stream {
 public:
  // Takes the socket over.
  explicit Connection(int socket);
  // Sends what is left and closes, so that a client that is still sending gets the last reply.
  ~Connection() override;

  // Waits for the first byte of a request. False: none came in time, the client has gone, or
  // `stop` (a descriptor) became readable.
  bool wait(std::chrono::seconds limit, int stop);
  // From here on the client has so long to send a request of at most so many bytes, and then as
  // long again to take the reply.
  void begin_request(std::size_t bytes, std::chrono::seconds limit);
  // Sends what was written. False if the client does not take it.
  bool flush();

  // httplib::Stream. read gives -1 once the time or the bytes of the request are used up.
  bool is_readable() const override { return !failed_; }
  bool is_writable() const override { return !failed_; }
  ssize_t read(char* data, std::size_t size) override;
  ssize_t write(const char* data, std::size_t size) override;  // kept until flush
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return socket_; }

 private:
  using Clock = std::chrono::steady_clock;
  bool fill();                                              // receives more; false: none
  bool wait_for(short event, Clock::time_point end) const;  // false: the time is over

  int socket_;
  bool failed_ = false;
  std::array<char, 16384> received_;
  std::size_t begin_ = 0, end_ = 0;  // of what is received and not yet read
  std::size_t budget_ = 0;           // bytes that the request may still have
  std::chrono::seconds limit_{0};
  Clock::time_point deadline_;  // of the request
  std::string unsent_;
};

}  // namespace babelgrad::apps
