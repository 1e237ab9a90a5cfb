// The service that the fuzz targets ask: a tiny model with random parameters.
#pragma once

#include <future>
#include <memory>

#include "babelgrad/apps/explain_document.h"
#include "babelgrad/apps/server/service.h"
#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad::fuzz {

inline std::shared_ptr<const Translator> tiny_translator() {
  set_blas_threads(1);
  const text::Codec codec =
      text::Codec::train({"je suis étudiant .", "tu es un chat ?"}, text::CodecOptions{});
  Config config;
  config.model.source_vocabulary = config.model.target_vocabulary = codec.size();
  config.model.embedding = config.model.encoder_hidden = config.model.hidden = 4;
  config.search.max_length_ratio = 1;
  config.search.max_length_extra = 2;
  return std::make_shared<const Translator>(config, Codecs{codec, codec});
}

inline apps::Service& service() {
  static const auto translator = tiny_translator();
  static apps::Service service([] {
    apps::ServiceOptions options;
    options.threads = 1;
    options.limits.body = std::size_t{1} << 20;
    options.limits.sentences = 8;
    options.limits.tokens = 16;
    apps::ServedModel model{"tiny", translator, "<!doctype html>", {}};
    model.explain = [](const apps::ExplainQuery& query) {
      return apps::explain_document({{"tiny", translator.get(), query.search, ""}}, query.sentence,
                                    query.intervention);
    };
    options.models = {std::move(model)};
    return options;
  }());
  return service;
}

inline apps::HttpReply ask(const apps::HttpRequest& request) {
  const auto reply = std::make_shared<std::promise<apps::HttpReply>>();
  service().handle(request, [reply](apps::HttpReply r) { reply->set_value(std::move(r)); });
  return reply->get_future().get();
}

}  // namespace babelgrad::fuzz
