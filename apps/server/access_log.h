// The access log: a line of JSON a reply.
//
//   {"time": "2026-03-01T12:00:00.123Z", "id": "4f1d0c2b9a8e7d66", "client": "127.0.0.1",
//    "method": "POST", "path": "/api/translate", "status": 200, "bytes": 211, "milliseconds": 12.3}
//
// What was asked and answered is not in it. `method` and `path` are missing where there was no
// valid request.
#pragma once

#include <filesystem>
#include <mutex>
#include <string>

#include "babelgrad/apps/server/http_message.h"

namespace babelgrad::apps {

// Thread-safe.
class AccessLog {
 public:
  // Appends to the file; "-": standard output. Throws FileError "access.log: cannot be opened
  // (Permission denied)".
  explicit AccessLog(std::filesystem::path path);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // A line that cannot be written at once is lost: nobody waits for the log. The first of those
  // that the system refuses (a full disk) is said on stderr.
  void write(const HttpRequest& request, const HttpReply& reply, double seconds);
  // Opens the file again, which may have been renamed meanwhile; throws as the constructor, and
  // then goes on with the one that is open.
  void reopen();

 private:
  std::filesystem::path path_;
  std::mutex mutex_;
  int file_ = -1;
  bool failed_ = false, cut_ = false;  // the last line
};

}  // namespace babelgrad::apps
