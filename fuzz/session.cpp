// What a connection sends, from its first byte on: HTTP requests, whole, broken or none.
#include <cstdint>
#include <cstring>

#include "babelgrad/apps/server/session.h"
#include "fuzz/fuzzed_service.h"

namespace {

// A client that sends these bytes and then no more; what it gets is dropped.
class ByteStream final : public httplib::Stream {
 public:
  ByteStream(const std::uint8_t* data, std::size_t size) : data_(data), left_(size) {}

  bool is_readable() const override { return left_ > 0; }
  bool is_writable() const override { return true; }
  ssize_t read(char* data, std::size_t size) override {
    if (left_ == 0) return -1;
    size = std::min(size, left_);
    std::memcpy(data, data_, size);
    data_ += size;
    left_ -= size;
    return static_cast<ssize_t>(size);
  }
  ssize_t write(const char*, std::size_t size) override { return static_cast<ssize_t>(size); }
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return 0; }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace babelgrad;
  ByteStream stream(data, size);
  apps::Session session(fuzz::service(), stream);
  while (stream.is_readable() && session.serve(false)) {
  }
  return 0;
}
