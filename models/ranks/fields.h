// What messages carry, member by member (Message::put and get).
#pragma once

#include <concepts>

#include "babelgrad/models/ranks/ranks.h"
#include "babelgrad/models/search/search.h"
#include "babelgrad/text/batches.h"

namespace babelgrad {

// V or const V.
template <class Given, class V>
concept Either = std::same_as<std::remove_const_t<Given>, V>;

template <class Visit, Either<std::pair<std::size_t, std::size_t>> Link>
void fields(const Visit& visit, Link& link) {
  visit(link.first, link.second);
}

template <class Visit, Either<text::Source> Source>
void fields(const Visit& visit, Source& source) {
  visit(source.ids, source.features);
}

template <class Visit, Either<text::Batch> Batch>
void fields(const Visit& visit, Batch& b) {
  visit(b.size, b.source_length, b.target_length, b.source, b.features, b.source_lengths,
        b.target_input, b.target_output, b.target_lengths, b.examples, b.links);
}

template <class Visit, Either<Hypothesis> H>
void fields(const Visit& visit, H& h) {
  visit(h.tokens, h.log_probability, h.score, h.finished, h.weights, h.log_probabilities,
        h.entropies);
}

}  // namespace babelgrad
