// The service that the fuzz targets ask: a tiny model with random parameters.
#pragma once

#include "babelgrad/apps/explain_document.h"
#include "babelgrad/apps/server/service.h"
#include "babelgrad/autograd/products/gemm.h"

namespace babelgrad::fuzz {

inline Translator tiny_translator() {
  set_blas_threads(1);
  const text::Codec codec =
      text::Codec::train({"je suis étudiant .", "tu es un chat ?"}, text::CodecOptions{});
  Config config;
  config.model.source_vocabulary = config.model.target_vocabulary = codec.size();
  config.model.embedding = config.model.encoder_hidden = config.model.hidden = 4;
  config.search.max_length_ratio = 1;
  config.search.max_length_extra = 2;
  return Translator(config, {codec, codec});
}

inline apps::Service& service() {
  static const Translator translator = tiny_translator();
  static apps::Service service(translator, [] {
    apps::ServiceOptions options;
    options.name = "tiny";
    options.threads = 1;
    options.limits.body = 4096;
    options.limits.sentences = 8;
    options.limits.tokens = 16;
    options.page = "<!doctype html>";
    options.explain = [](const apps::ExplainQuery& query) {
      return apps::explain_document({{"tiny", &translator, query.search, ""}}, query.sentence,
                                    query.intervention);
    };
    return options;
  }());
  return service;
}

}  // namespace babelgrad::fuzz
