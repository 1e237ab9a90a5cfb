// HTTP over one stream: httplib parses the requests and frames the replies, a Service answers. It
// knows of no sockets, so that tests and the fuzzer can feed it bytes.
//
// All requests go to one handler, and httplib's own features that a client could turn against the
// server (ranges, compression at its slowest, path patterns by regular expression) are left out.
#pragma once

#include <httplib.h>

#include <string>

#include "babelgrad/apps/server/service.h"

namespace babelgrad::apps {

class Session : private httplib::Server {
 public:
  enum class Kind { serving, refusing };  // refusing: the answer to everything is 503
  Session(Service& service, httplib::Stream& stream, Kind kind = Kind::serving);

  // Reads one request and writes its reply. False: the stream is of no further use.
  bool serve(bool last);

 private:
  void prepare(httplib::Request& request);
  void read_and_answer(const httplib::Request& request, httplib::Response& response,
                       const httplib::ContentReader& read);
  HttpReply reply_to(const HttpRequest& request);
  // For what is no request that the service could be asked.
  void refuse(httplib::Response& response, int status, const std::string& message);
  // Gives httplib's own refusals a body as all others have.
  HandlerResponse complete_error(httplib::Response& response);
  void set(httplib::Response& response, const HttpReply& reply);
  HttpRequest translated(const httplib::Request& request, std::string body) const;

  Service& service_;
  httplib::Stream& stream_;
  Kind kind_;
  std::string path_;
  bool parsed_ = false, close_ = false;
};

}  // namespace babelgrad::apps
