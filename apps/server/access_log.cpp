#include "babelgrad/apps/server/access_log.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>

#include "babelgrad/base/files.h"
#include "babelgrad/base/json.h"

namespace babelgrad::apps {
namespace {

std::string now() {
  using std::chrono::duration_cast, std::chrono::milliseconds, std::chrono::system_clock;
  const auto time = system_clock::now();
  const std::time_t seconds = system_clock::to_time_t(time);
  const auto rest = duration_cast<milliseconds>(time.time_since_epoch()).count() % 1000;
  std::tm utc{};
  ::gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &utc);
  const std::string digits = std::to_string(1000 + rest).substr(1);
  return text.data() + digits + "Z";
}

}  // namespace

AccessLog::AccessLog(std::filesystem::path path) : path_(std::move(path)) { reopen(); }

AccessLog::~AccessLog() {
  if (file_ > STDERR_FILENO) ::close(file_);
}

void AccessLog::reopen() {
  const int file =
      path_ == "-"
          ? STDOUT_FILENO
          : ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
  if (file < 0)
    throw FileError(path_.string() + ": cannot be opened (" + std::strerror(errno) + ")");
  const std::lock_guard lock(mutex_);
  if (file_ > STDERR_FILENO) ::close(file_);
  file_ = file;
  failed_ = false;
}

void AccessLog::write(const HttpRequest& request, const HttpReply& reply, double seconds) {
  using Json = nlohmann::ordered_json;
  Json entry{{"time", now()}, {"id", request.id}, {"client", request.client}};
  if (!request.method.empty()) {
    entry["method"] = shortened(request.method);
    entry["path"] = shortened(request.path);
  }
  entry["status"] = reply.status;
  entry["bytes"] = reply.body.size();
  entry["milliseconds"] = std::round(seconds * 1e4) / 10;
  std::string line = entry.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  const std::lock_guard lock(mutex_);
  pollfd ready{file_, POLLOUT, 0};  // a pipe that nobody reads would stop the server
  if (::poll(&ready, 1, 0) != 1 || (ready.revents & POLLOUT) == 0) return;
  if (cut_) line = "\n" + line;
  const ssize_t written = ::write(file_, line.data(), line.size());
  const bool failed = written < 0 && errno != EAGAIN;
  if (written >= 0) cut_ = static_cast<std::size_t>(written) < line.size();
  if (failed && !failed_)
    std::fprintf(stderr, "%s: cannot be written (%s); its lines are lost\n", path_.c_str(),
                 std::strerror(errno));
  failed_ = failed;
}

}  // namespace babelgrad::apps
