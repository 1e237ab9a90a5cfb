#!/usr/bin/python3
"""Writes the golden numbers of PyTorch that the tests of autograd/ and nn/ are held to.

    /usr/bin/python3 tests/golden/make_golden.py

A developer's tool: it needs Debian's python3-torch, the tests need only the files it writes. They
are the same to the last bit each time on a processor with AVX-512 (on another, OpenBLAS and PyTorch
take other paths, and last bits differ). All numbers are float64. A file is one JSON object; an
array is {"shape": [...], "values": [...]}, row by row. Field "torch" names the version that made
the file. Sequences are time-major [T, B, F].
"""

import attention
import convolution
import functions
import losses
import recurrent
import training

for make in (recurrent.gru, recurrent.gru_cell, recurrent.lstm, recurrent.lstm_cell, recurrent.rnn,
             recurrent.rnn_cell, attention.luong_attention, attention.additive_attention,
             attention.multihead_attention, attention.transformer_encoder_layer,
             losses.cross_entropy, losses.losses, functions.layer_norm, functions.activations,
             functions.reductions, convolution.convolution, training.optimizers,
             training.schedules, training.seq2seq):
    make()
