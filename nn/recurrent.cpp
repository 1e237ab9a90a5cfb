#include "babelgrad/nn/recurrent.h"

#include "babelgrad/nn/gru.h"
#include "babelgrad/nn/layer_norm_gru.h"
#include "babelgrad/nn/layer_norm_lstm.h"
#include "babelgrad/nn/lstm.h"
#include "babelgrad/nn/rnn.h"

namespace babelgrad {

template class Recurrent<GruCell<float>>;
template class Recurrent<GruCell<double>>;
template class Recurrent<LstmCell<float>>;
template class Recurrent<LstmCell<double>>;
template class Recurrent<LayerNormLstmCell<float>>;
template class Recurrent<LayerNormLstmCell<double>>;
template class Recurrent<RnnCell<float>>;
template class Recurrent<RnnCell<double>>;
template class Recurrent<LayerNormGruCell<float>>;
template class Recurrent<LayerNormGruCell<double>>;

}  // namespace babelgrad
