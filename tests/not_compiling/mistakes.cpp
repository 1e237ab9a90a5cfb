// Likely mistakes, one a line, that must not compile: check.sh compiles this file once and looks
// for an error in each line that bears a comment `error: TEXT`, with TEXT in it, and in no other.
#include "babelgrad/autograd/autograd.h"
#include "babelgrad/nn/dropout.h"
#include "babelgrad/nn/linear.h"
#include "babelgrad/nn/optimizer.h"

using namespace babelgrad;

void right(Tensor<float> x, Mask keep, Scope<float> scope, const Dropout<float>& drop) {
  softmax(x, 1);
  softmax(x, -1, keep);
  sum(x, {0, 1}, true);
  where(x > 0, x, 0);
  Linear<float> layer(scope / "l", 784, 256);
  const NoGrad no_grad;
  drop(x, Mode::training(1, 2));
  drop(x, kEvaluation);
}

void axes_and_masks(Tensor<float> x, IntArray ints, Mask keep) {
  softmax(x);               // error: softmax
  log_softmax(x);           // error: log_softmax
  softmax(x, ints);         // error: IntArray
  softmax(x, keep);         // error: Mask
  softmax(x, -1, ints);     // error: Mask
  softmax(x, 0, 1);         // error: Mask
  where(ints, x, x);        // error: Mask
  where(1, x, x);           // error: Mask
  masked_fill(x, ints, 0);  // error: Mask
  masked_fill(x, x, 0);     // error: Mask
  sum(x, 0, 1);             // error: KeepDim
  sum(x, true);             // error: Axes
  mean(x, 0, 1);            // error: KeepDim
  if (x > 0) return;        // error: Mask
  if (x) return;            // error: Tensor
}

void types(Tensor<float> x, Tensor<double> y, Array<float> array, Array<double> doubles) {
  x + array;                    // error: operator+
  array - x;                    // error: operator-
  x* y;                         // error: operator*
  array / doubles;              // error: operator/
  x > y;                        // error: operator>
  x == array;                   // error: operator==
  matmul(x, y);                 // error: matmul
  x = y;                        // error: operator=
  x = 3;                        // error: operator=
  x(0) = 3;                     // error: lvalue
  x[0] = x;                     // error: operator=
  slice(x, 0, 0, 1) = x;        // error: operator=
  select(array, 0, 0) = array;  // error: operator=
  reshape(array, {-1})(0) = 1;  // error: lvalue
  array[0];                     // error: deleted
  IntArray whole = array;       // error: conversion
  IntArray ids;
  sum(ids);      // error: deleted
  ids == 1.5;    // error: operator==
  ids == array;  // error: operator==
}

void modes(Tensor<float> x, Scope<float> scope, const Dropout<float>& drop) {
  NoGrad();                     // error: NoGrad
  DetectAnomaly();              // error: DetectAnomaly
  Mode::training(1);            // error: training
  drop(x, true);                // error: Mode
  drop(x, {.training = true});  // error: Mode
  drop(x);                      // error: operator()
}

void layers(Tensor<float> x, ParameterStore<float>& store) {
  Linear<float> layer(784, 256);       // error: deleted
  Linear<float> other(store, 8, 8);    // error: Linear
  ParameterStore<float> copy = store;  // error: deleted
  gradients(sum(x), x);                // error: gradients
}
