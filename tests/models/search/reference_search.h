// Beam and greedy search as their definitions read: one sentence, one hypothesis a step, every
// candidate sorted. Slow and simple; search.h is held to them.
#pragma once

#include <algorithm>
#include <cmath>

#include "babelgrad/models/search/search.h"

namespace babelgrad {

class ReferenceSearch {
 public:
  ReferenceSearch(const Seq2Seq<double>& model, const text::Source& source)
      : model_(model), source_length_(source.size()) {
    const auto encoded = model.encoder()(text::source_batch({&source}), kEvaluation);
    memory_ = model.decoder().memory(encoded);
    start_.state = model.decoder().initial_state(encoded);
  }

  std::vector<Hypothesis> beam(const SearchConfig& config) const {
    const std::size_t longest = longest_output(config);
    std::vector<Path> beams{start_};
    std::vector<Hypothesis> finished;
    while (finished.size() < config.beam && beams[0].tokens.size() < longest) {
      std::vector<Path> extended = extensions(beams);
      beams.clear();
      for (std::size_t rank = 0; rank < extended.size() && beams.size() < config.beam; ++rank) {
        Path& path = extended[rank];
        const bool ends = path.tokens.back() == text::kEos;
        if (ends && rank < config.beam) finished.push_back(hypothesis(path, config));
        if (!ends) beams.push_back(std::move(path));
      }
    }
    const auto by_score = [](const auto& a, const auto& b) { return a.score > b.score; };
    std::stable_sort(finished.begin(), finished.end(), by_score);
    std::vector<Hypothesis> cut_off;
    for (const Path& path : beams) cut_off.push_back(hypothesis(path, config));
    std::stable_sort(cut_off.begin(), cut_off.end(), by_score);
    finished.insert(finished.end(), cut_off.begin(), cut_off.end());
    finished.resize(std::min(finished.size(), config.nbest));
    return finished;
  }

  // The likeliest word at each step.
  std::vector<std::int32_t> greedy(const SearchConfig& config) const {
    Path path = start_;
    while (path.tokens.size() < longest_output(config)) {
      const std::vector<double> log_p = step(path);
      std::size_t best = text::kUnk;
      for (std::size_t v = 0; v < log_p.size(); ++v)
        if (v != text::kPad && v != text::kBos && log_p[v] > log_p[best]) best = v;
      path.tokens.push_back(static_cast<std::int32_t>(best));
      if (best == text::kEos) break;
    }
    return path.tokens;
  }

  std::size_t longest_output(const SearchConfig& c) const {
    return static_cast<std::size_t>(c.max_length_ratio * static_cast<double>(source_length_)) +
           c.max_length_extra;
  }

 private:
  struct Path {
    std::vector<std::int32_t> tokens;
    double log_probability = 0;
    DecoderState<double> state;  // after the tokens but the last
    std::vector<std::vector<float>> weights;
  };

  // Reads the last token of the path; log-probabilities of the next [V].
  std::vector<double> step(Path& path) const {
    const std::int32_t last = path.tokens.empty() ? text::kBos : path.tokens.back();
    const auto output =
        model_.decoder().step(IntArray({1}, {last}), memory_, path.state, kEvaluation);
    if (output.weights.defined()) {
      const Array<double>& weights = output.weights.value();
      path.weights.emplace_back(weights.begin(), weights.end());
    }
    const Array<double> log_p = log_softmax(model_.decoder().logits(output.readout), -1).value();
    return {log_p.begin(), log_p.end()};
  }

  // All of all beams, best first.
  std::vector<Path> extensions(std::vector<Path>& beams) const {
    std::vector<Path> all;
    for (Path& path : beams) {
      const std::vector<double> log_p = step(path);
      for (std::size_t v = 0; v < log_p.size(); ++v) {
        if (v == text::kPad || v == text::kBos) continue;
        all.push_back(path);
        all.back().tokens.push_back(static_cast<std::int32_t>(v));
        all.back().log_probability += log_p[v];
      }
    }
    std::stable_sort(all.begin(), all.end(), [](const Path& a, const Path& b) {
      return a.log_probability > b.log_probability;
    });
    return all;
  }

  static Hypothesis hypothesis(const Path& path, const SearchConfig& config) {
    const double score = path.log_probability /
                         std::pow(static_cast<double>(path.tokens.size()), config.length_penalty);
    return {path.tokens, path.log_probability, score, path.tokens.back() == text::kEos,
            path.weights};
  }

  const Seq2Seq<double>& model_;
  std::size_t source_length_;
  DecoderMemory<double> memory_;
  Path start_;
};

}  // namespace babelgrad
