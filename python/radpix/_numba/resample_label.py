"""Interpolation of label maps by vote, as in ``src/resample/label.cpp``."""

from __future__ import annotations

import numpy as np

from radpix._numba.jit import jit

__all__ = ["LABEL_WEIGHT_UNIT", "vote_rows", "winner"]

LABEL_WEIGHT_UNIT = 2.0**-16


@jit
def winner(labels, weights):  # type: ignore[no-untyped-def]
    """Return the label with the largest sum of weights, which are exact, the smallest of several."""
    best, most = labels[0], -1.0
    for i in range(labels.size):
        total = 0.0
        for j in range(labels.size):
            if labels[j] == labels[i]:
                total += weights[j]
        if total > most or (total == most and labels[i] < best):
            best, most = labels[i], total
    return best


@jit
def vote_rows(  # type: ignore[no-untyped-def]
    voxels, out, z_start, z_weights, y_start, y_weights, x_start, x_weights, first, last
):
    """Write output rows first..last of every slice."""
    z_taps, y_taps, x_taps = z_weights.shape[1], y_weights.shape[1], x_weights.shape[1]
    labels = np.zeros(z_taps * y_taps * x_taps, voxels.dtype)
    weights = np.zeros(labels.size)
    for y in range(first, last):
        for z in range(z_start.size):
            for x in range(x_start.size):
                count = 0
                for i in range(z_taps):
                    for j in range(y_taps):
                        for k in range(x_taps):
                            labels[count] = voxels[z_start[z] + i, y_start[y] + j, x_start[x] + k]
                            weights[count] = z_weights[z, i] * y_weights[y, j] * x_weights[x, k]
                            count += 1
                out[z, y, x] = winner(labels, weights)
