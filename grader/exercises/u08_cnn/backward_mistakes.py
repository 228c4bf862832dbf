"""What goes wrong in `conv2d_backward`. Each function can be pasted into a notebook as it is: nothing is shared."""

import numpy as np


def backward_assigns(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] = dcols[:, :, k, m]
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db


def backward_ignores_stride(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + OH, m : m + OW] += dcols[:, :, k, m]
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db


def backward_keeps_padding(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX, dW, db


def backward_crops_one(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    if PH or PW:
        dX = dX[:, :, 1:-1, 1:-1]
    return dX, dW, db


def backward_crops_with_minus(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX[:, :, PH:-PH, PW:-PW], dW, db


def backward_crops_the_start(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX[:, :, :height, :width], dW, db


def backward_swaps_axes(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SW, SH), (PW, PH) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        rows, columns = k + SH * np.arange(OH), m + SW * np.arange(OW)
        np.add.at(dX, np.ix_(range(N), range(C), rows % dX.shape[2], columns % dX.shape[3]), dcols[:, :, k, m])
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db


def backward_flips(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W[:, :, ::-1, ::-1].reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db


def backward_averages(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).mean(axis=0).reshape(W.shape)
    db = d.sum(axis=2).mean(axis=0)
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db


def backward_last_image(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d[-1] @ cols[-1].T).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db


def backward_bias_per_image(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=2)
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, height + 2 * PH, width + 2 * PW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db


def backward_seen_part(dout: np.ndarray, cache: tuple) -> tuple:
    cols, (N, C, height, width), W, (SH, SW), (PH, PW) = cache
    (F, _, KH, KW), (OH, OW) = W.shape, dout.shape[2:]
    d = dout.reshape(N, F, OH * OW)
    dW = (d @ cols.transpose(0, 2, 1)).sum(axis=0).reshape(W.shape)
    db = d.sum(axis=(0, 2))
    dcols = (W.reshape(F, -1).T @ d).reshape(N, C, KH, KW, *dout.shape[2:])
    dX = np.zeros((N, C, SH * (OH - 1) + KH, SW * (OW - 1) + KW))
    for k, m in np.ndindex(KH, KW):
        dX[:, :, k : k + SH * OH : SH, m : m + SW * OW : SW] += dcols[:, :, k, m]
    return dX[:, :, PH : PH + height, PW : PW + width], dW, db
