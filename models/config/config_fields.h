// The one list of all configuration keys: name, field, range and explanation. A visitor gets
//   number(key, field, low, high, unit_and_meaning)    for counts and reals
//   flag(key, field, meaning)                          for bools
//   text(key, field, meaning)                          for strings
//   files(key, field, meaning)                         for lists of paths
//   choice(key, field, names, meaning)                 for enums, names in order of the enum
//   choice_of_all, number_of_all(key, {&field ...}, ...)
//       for a key that sets several fields; they have keys of their own, too, which follow it
// The JSON form (config_json.cpp) and the command line's flags (apps/) are made from it.
#pragma once

#include <array>
#include <limits>

#include "babelgrad/models/config/config.h"

namespace babelgrad {

inline constexpr std::array kCellNames{"gru", "lstm"};
inline constexpr std::array kAttentionNames{"none", "global", "local_m", "local_p", "monotonic"};
inline constexpr std::array kScoreNames{"dot", "scaled_dot", "general", "additive", "location"};
inline constexpr std::array kAttendFromNames{"current", "previous"};
inline constexpr std::array kReadoutNames{"tanh", "linear", "maxout"};
inline constexpr std::array kInitialStateNames{"zero", "last", "mean"};
inline constexpr std::array kNormalizationNames{"none", "nfc"};
inline constexpr std::array kTokenizerNames{"words", "chars", "bpe", "unigram"};
inline constexpr std::array kWordSplitNames{"whitespace", "unicode"};
inline constexpr std::array kPrecisionNames{"float32", "bfloat16", "auto"};
inline constexpr std::array kWirePrecisionNames{"float32", "bfloat16"};
inline constexpr std::array kSearchPrecisionNames{"float32", "bfloat16", "auto", "int8"};
inline constexpr std::array kOptimizerNames{"adam", "adamw", "sgd"};
inline constexpr std::array kScheduleNames{"constant", "warmup", "inverse_sqrt", "plateau"};
inline constexpr std::array kLengthNormalizationNames{"power", "gnmt"};
inline constexpr std::array kMetricNames{"exact", "per", "chrf", "loss", "bleu"};

template <class Names, class Enum>
const char* name_of(const Names& names, Enum value) {
  return names[static_cast<std::size_t>(value)];
}

inline constexpr std::size_t kMaxSize = 65536;
inline constexpr std::size_t kMaxCount = 1000000000;

template <class Visitor>
void visit_data(DataConfig& c, Visitor&& v) {
  v.files("source", c.source, "training text, source side, a sentence a line; may be repeated");
  v.files("target", c.target,
          "training text, target side, aligned with the source; as many files, in their order");
  v.files("tsv", c.tsv, "training pairs instead: source, tab, target a line; may be repeated");
  v.files("source_features", c.source_features,
          "training sources that are features, in the place of source: safetensors with features "
          "[N, S, F] and lengths [N]");
  v.files(
      "guided_alignment", c.guided_alignment,
      "alignments of the training pairs that attention is taught (Chen et al. 2016), links like "
      "0-0 1-2 a line; as many files as there are of pairs");
  v.text("valid_source", c.valid_source, "validation text, source side");
  v.text("valid_source_features", c.valid_source_features,
         "validation sources that are features, in the place of valid_source");
  v.text("valid_target", c.valid_target, "validation text, target side");
  v.number("valid_size", c.valid_size, 1, kMaxCount,
           "pairs held out for validation if none are given (at most a tenth of the data)");
  v.choice("normalize", c.normalize, kNormalizationNames,
           "nfc: write each character in one way first (Unicode's form C)");
  v.choice_of_all("tokenizer", {&c.source_tokenizer, &c.target_tokenizer}, kTokenizerNames,
                  "what a token is, on both sides");
  v.choice("source_tokenizer", c.source_tokenizer, kTokenizerNames,
           "what a token is on the source side");
  v.choice("target_tokenizer", c.target_tokenizer, kTokenizerNames,
           "what a token is on the target side");
  v.choice("word_split", c.word_split, kWordSplitNames,
           "words: at white space (tokenised text), or lower-cased at Unicode word bounds");
  v.flag("lowercase", c.lowercase, "lower-case all text first");
  v.flag("joint_vocabulary", c.joint_vocabulary,
         "one vocabulary for both sides, where both are bpe or both unigram, of one size");
  v.number_of_all("vocab_size", {&c.source_vocab_size, &c.target_vocab_size}, 0, kMaxCount,
                  "largest vocabulary a side, special tokens included; 0: 8000 for bpe and "
                  "unigram, else all tokens");
  v.number("source_vocab_size", c.source_vocab_size, 0, kMaxCount,
           "largest vocabulary of the source side");
  v.number("target_vocab_size", c.target_vocab_size, 0, kMaxCount,
           "largest vocabulary of the target side");
  v.number("min_count", c.min_count, 1, kMaxCount, "words, chars: rarer tokens become <unk>");
  v.number("max_length", c.max_length, 1, 100000, "longest sentence to train on, tokens");
  v.flag("cut_long", c.cut_long, "cut longer sentences instead of leaving their pairs out");
}

template <class Visitor>
void visit_model(Seq2SeqConfig& c, Visitor&& v) {
  v.choice("cell", c.cell, kCellNames, "of the recurrent layers");
  v.flag("layer_norm", c.layer_norm, "normalise inside the cells (Ba et al. 2016)");
  v.choice(
      "attention", c.attention, kAttentionNames,
      "which encoder states a step looks at: all, those near the step's own number (local_m) or "
      "near one that is predicted (local_p; Luong et al. 2015, section 3.2), never backwards "
      "(monotonic; Raffel et al. 2017); none: the decoder gets its initial state alone");
  v.choice("score", c.score, kScoreNames, "how a decoder state scores an encoder state");
  v.choice("attend_from", c.attend_from, kAttendFromNames,
           "the decoder state that attends: current, beside the recurrence (Luong), or previous, "
           "whose context enters it (Bahdanau)");
  v.number("window", c.window, 1, kMaxSize,
           "local_m, local_p: positions on each side of the middle one");
  v.number("positions", c.positions, 1, kMaxSize,
           "score location: first source positions that can be attended to");
  v.flag(
      "coverage", c.coverage,
      "scores see how much each source position was attended to before (See et al. 2017, eq. 11)");
  v.flag("input_feeding", c.input_feeding,
         "the readout of a step enters the next one, too (Luong et al. 2015, section 3.3)");
  v.flag("fixed_context", c.fixed_context,
         "without attention: the encoder's last states are the context of every step (Cho et al. "
         "2014)");
  v.choice("readout", c.readout, kReadoutNames,
           "layer before the output layer; maxout: Bahdanau's deep output");
  v.choice("readout_from", c.readout_from, kAttendFromNames,
           "the decoder state that it reads (previous: Bahdanau et al. 2014, A.2.2)");
  v.choice("initial_state", c.initial_state, kInitialStateNames,
           "the decoder's: zero, or a layer over the encoder's last states or their mean");
  v.number("feature_size", c.feature_size, 0, kMaxSize,
           "features of a source position; set from the data; 0: the source is words");
  v.number("source_vocabulary", c.source_vocabulary, 0, kMaxCount, "tokens; set from the data");
  v.number("target_vocabulary", c.target_vocabulary, 0, kMaxCount, "tokens; set from the data");
  v.number("embedding", c.embedding, 1, kMaxSize, "size of the word vectors");
  v.number("encoder_hidden", c.encoder_hidden, 1, kMaxSize, "encoder units a direction");
  v.flag("bidirectional", c.bidirectional, "encoder reads both ways");
  v.flag("reverse_source", c.reverse_source,
         "an encoder with one direction reads from the last word to the first (Sutskever et al. "
         "2014)");
  v.number("hidden", c.hidden, 1, kMaxSize, "decoder units");
  v.number_of_all("layers", {&c.encoder_layers, &c.decoder_layers}, 1, 16,
                  "recurrent layers of encoder and decoder");
  v.number("encoder_layers", c.encoder_layers, 1, 16, "recurrent layers of the encoder");
  v.number("decoder_layers", c.decoder_layers, 1, 16, "recurrent layers of the decoder");
  v.flag("residual", c.residual, "layers but the first add their input to their output");
  v.number("attention_size", c.attention_size, 1, kMaxSize, "units of the additive score");
  v.number("readout_size", c.readout_size, 0, kMaxSize,
           "size of the attentional vector before the output layer; 0: embedding if the output is "
           "tied, else hidden");
  v.flag("tie_output", c.tie_output, "output layer shares the target embedding");
  v.flag("share_embeddings", c.share_embeddings, "one embedding for both sides (joint vocabulary)");
  v.number_of_all("dropout", {&c.embedding_dropout, &c.state_dropout, &c.readout_dropout}, 0.0,
                  0.95, "probability, on embeddings, states and readout");
  v.number("embedding_dropout", c.embedding_dropout, 0.0, 0.95, "of elements of the embeddings");
  v.number("state_dropout", c.state_dropout, 0.0, 0.95,
           "of elements of the encoder's states, and of what goes from layer to layer");
  v.number("readout_dropout", c.readout_dropout, 0.0, 0.95, "of elements of the readout");
  v.number(
      "recurrent_dropout", c.recurrent_dropout, 0.0, 0.95,
      "of units on the way to their next step, the same at all steps (Gal and Ghahramani 2016)");
  v.number("attention_dropout", c.attention_dropout, 0.0, 0.95, "of attention weights");
  v.number("word_dropout", c.word_dropout, 0.0, 0.95, "of whole words' embeddings, both sides");
}

template <class Visitor>
void visit_training(TrainingConfig& c, Visitor&& v) {
  v.number("seed", c.seed, std::uint64_t{0}, std::numeric_limits<std::uint64_t>::max() / 2,
           "of parameters, order and dropout");
  v.number("threads", c.threads, 0, 1024, "worker threads; 0: one a core");
  v.number(
      "shards", c.shards, 0, 1024,
      "parts a batch is cut into, a power of two; with it fixed, threads do not change results; "
      "0: as many as threads, rounded down");
  v.choice("precision", c.precision, kPrecisionNames,
           "of the factors of matrix products; all else is float32, validation too; auto: bfloat16 "
           "on processors that are faster so");
  v.choice("wire_precision", c.wire_precision, kWirePrecisionNames,
           "of gradients on their way between ranks (mpirun); bfloat16: half the bytes, and the "
           "number of ranks changes results a little");
  v.number("batch_size", c.batch_size, 1, kMaxCount, "sentences (or tokens) a batch");
  v.flag("batch_by_tokens", c.batch_by_tokens, "count tokens, padding included, not sentences");
  v.number("accumulate", c.accumulate, 1, 1000000,
           "batches an update: one large batch that needs the memory of a small one");
  v.choice("optimizer", c.optimizer, kOptimizerNames, "update rule");
  v.number("learning_rate", c.learning_rate, 1e-9, 100.0, "base rate");
  v.number("weight_decay", c.weight_decay, 0.0, 1.0, "L2 strength (adamw: decoupled)");
  v.number("momentum", c.momentum, 0.0, 0.999, "sgd only");
  v.choice("schedule", c.schedule, kScheduleNames, "of the learning rate");
  v.number("warmup", c.warmup, 0, kMaxCount, "updates of linear warm-up");
  v.number("decay_start", c.decay_start, 1, kMaxCount, "update at which inverse_sqrt sets in");
  v.number("plateau_factor", c.plateau_factor, 0.001, 0.999, "plateau: multiplies the rate");
  v.number("plateau_patience", c.plateau_patience, 1, 1000,
           "plateau: validations without improvement first");
  v.number("clip_norm", c.clip_norm, 0.0, 1e9, "largest global gradient norm; 0: no clipping");
  v.number("label_smoothing", c.label_smoothing, 0.0, 0.9, "share of the target spread evenly");
  v.number("coverage_weight", c.coverage_weight, 0.0, 100.0,
           "of the loss for attending again to the same positions (See et al. 2017, eq. 12)");
  v.number("alignment_weight", c.alignment_weight, 0.0, 100.0,
           "of the loss of guided_alignment: cross-entropy of the attention, a target token");
  v.number("scheduled_sampling", c.scheduled_sampling, 0.0, 1.0,
           "probability that the decoder reads its own last word in place of the right one (Bengio "
           "et al. 2015)");
  v.number("sampling_updates", c.sampling_updates, 0, kMaxCount,
           "updates over which that probability rises from 0");
  v.number("valid_every", c.valid_every, 1, kMaxCount, "updates between validations");
  v.number("log_every", c.log_every, 1, kMaxCount, "updates between lines of metrics.jsonl");
  v.choice("metric", c.metric, kMetricNames,
           "chooses the best model: share of exact matches, token error rate, chrF2, loss or BLEU");
  v.number("patience", c.patience, 0, kMaxCount,
           "validations without improvement before stopping; 0: never stop");
  v.number("max_updates", c.max_updates, 0, kMaxCount, "stop after; 0: no limit");
  v.number("max_epochs", c.max_epochs, 0, kMaxCount, "stop after; 0: no limit");
  v.number("max_minutes", c.max_minutes, 0.0, 1e6, "stop after, minutes of wall time; 0: no limit");
  v.number("average_decay", c.average_decay, 0.0, 0.99999,
           "validate and keep a running mean of the parameters with this decay; 0: off");
  v.number("snapshots", c.snapshots, 0, 1000,
           "most moments of the training to keep, for babelgrad explain; 0: none");
  v.number("keep_best", c.keep_best, 0, 1000,
           "best moments to keep in OUT/best, of those that valid_every validates, for babelgrad "
           "average; 0: none");
}

template <class Visitor>
void visit_search(SearchConfig& c, Visitor&& v) {
  v.number("beam", c.beam, 1, 1000, "hypotheses kept a step; 1: greedy");
  v.number("nbest", c.nbest, 1, 1000,
           "translations printed a sentence, at most beam; with sample, how many are drawn");
  v.number("length_penalty", c.length_penalty, 0.0, 10.0,
           "score = log-probability / tokens^this; 0: no normalisation");
  v.choice("length_normalization", c.length_normalization, kLengthNormalizationNames,
           "power: as said there; gnmt: log-probability / ((5 + tokens) / 6)^length_penalty");
  v.number("max_length_ratio", c.max_length_ratio, 0.0, 100.0,
           "longest output: source tokens * this");
  v.number("max_length_extra", c.max_length_extra, 1, 100000, "... plus this");
  v.number("no_repeat_ngram", c.no_repeat_ngram, 0, 100,
           "no translation has the same so many tokens twice; 0: no such rule");
  v.flag("sample", c.sample, "draw words at random instead of beam search");
  v.number("temperature", c.temperature, 0.01, 100.0,
           "sample: above 1 more evenly than the model says, below 1 less so");
  v.number("top_k", c.top_k, 0, kMaxCount, "sample: among the likeliest words only; 0: all");
  v.number("top_p", c.top_p, 0.0, 1.0,
           "sample: among the fewest words that have this probability together");
  v.number("sample_seed", c.sample_seed, std::uint64_t{0},
           std::numeric_limits<std::uint64_t>::max() / 2, "sample: of what is drawn");
  v.number("search_batch", c.search_batch, 1, 4096, "sentences searched together");
  v.choice("search_precision", c.precision, kSearchPrecisionNames,
           "of the factors of a search's matrix products; auto: bfloat16 on processors that are "
           "faster so; int8: a scale and whole numbers of 8 bits a row");
}

template <class Visitor>
void visit_config(Config& c, Visitor&& v) {
  visit_data(c.data, v);
  visit_model(c.model, v);
  visit_training(c.training, v);
  visit_search(c.search, v);
}

}  // namespace babelgrad
