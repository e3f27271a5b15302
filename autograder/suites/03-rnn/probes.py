"""What runs in the sandbox: clipping, sampling from a seeded generator, and a model's loss over a small recurrence of the tests' own."""

import random

import numpy as np


def clip_and_empty(student, grads, max_norm):
    """clip_gradients(grads, max_norm), then the dict that it returned is emptied; and grads afterwards"""
    clipped, _ = student.clip_gradients(grads, max_norm)
    clipped.clear()
    return grads


def sample(student, params, start, length, temperature, seed):
    """sample_sequence(params, start, length, temperature, numpy.random.default_rng(seed))"""
    return student.sample_sequence(params, start, length, temperature, np.random.default_rng(seed))


def sample_many(student, params, start, length, count, temperature, seed):
    """sample_sequence(params, start, length, temperature, rng), many times with one generator"""
    rng = np.random.default_rng(seed)
    return [[int(i) for i in student.sample_sequence(params, start, length, temperature, rng)] for _ in range(count)]


def sample_arguments(student, params, start, length, temperature, seed):
    """sample_sequence(params, …), and params afterwards"""
    ids = student.sample_sequence(params, start, length, temperature, np.random.default_rng(seed))
    return ids, params


def sample_beside_global_state(student, params, start, length, temperature, seed, global_seed):
    """sample_sequence(params, …, numpy.random.default_rng(seed)) after numpy.random.seed, and the next global random numbers"""
    np.random.seed(global_seed)
    random.seed(global_seed)
    ids = student.sample_sequence(params, start, length, temperature, np.random.default_rng(seed))
    return ids, np.random.random(4)


def _toy_forward(x, h_0, w_x, w_h, b):
    """Every step is a fading sum of the inputs so far, plus its sine after w_h: no tanh network, but the same interface."""
    steps = np.arange(x.shape[1])
    fade = np.tril(0.5 ** np.abs(steps[:, None] - steps))
    u = np.einsum("ts,nsh->nth", fade, x @ w_x + b) + h_0[:, None]
    return u + np.sin(u @ w_h)


def _toy_backward(d_h, x, h_0, h, w_x, w_h):
    steps = np.arange(x.shape[1])
    fade = np.tril(0.5 ** np.abs(steps[:, None] - steps))
    d_a = np.einsum("ts,nth->nsh", fade, d_h * np.cos(h))
    d_w_h = np.einsum("nth,ntk->hk", h, d_h)
    return d_a @ w_x.T, d_a.sum(axis=1) + h_0, np.einsum("nsd,nsh->dh", x, d_a), d_w_h + w_h, d_a.sum(axis=(0, 1))


def _toy_token_loss(logits, targets, mask):
    """Not the cross-entropy: half the squares of the logits, minus the target's, over the real places."""
    wanted = np.take_along_axis(logits, targets[:, :, None], axis=2)[:, :, 0]
    scale = 1.0 / (1 + mask.sum())
    loss = scale * float((mask * (0.5 * (logits**2).sum(axis=2) - wanted)).sum())
    one_hot = np.arange(logits.shape[2]) == targets[:, :, None]
    return loss, scale * mask[:, :, None] * (logits - one_hot)


def toy_loss(student, params, inputs, targets, mask):
    """names_loss(params, inputs, targets, mask, forward, backward, token_loss) with functions of the tests' own"""
    loss, grads = student.names_loss(params, inputs, targets, mask, _toy_forward, _toy_backward, _toy_token_loss)
    return loss, grads


def toy_loss_arguments(student, params, inputs, targets, mask):
    """names_loss(params, inputs, targets, mask, …), and params, inputs, targets, mask afterwards"""
    loss, _ = student.names_loss(params, inputs, targets, mask, _toy_forward, _toy_backward, _toy_token_loss)
    return loss, (params, inputs, targets, mask)


def handed_on(student, params, inputs, targets, mask):
    """names_loss(…): what it hands to forward and to token_loss, and what becomes of what backward returns"""
    seen = {}

    def forward(x, h_0, w_x, w_h, b):
        seen["forward"] = tuple(np.array(part, dtype=float) for part in (x, h_0, w_x, w_h, b))
        return _toy_forward(x, h_0, w_x, w_h, b)

    def backward(d_h, x, h_0, h, w_x, w_h):
        seen["backward"] = tuple(np.array(part, dtype=float) for part in (d_h, x, h_0, h, w_x, w_h))
        return np.zeros(x.shape), np.zeros(h_0.shape), 2.0 + 0 * w_x, 3.0 + 0 * w_h, np.full(w_h.shape[0], 5.0)

    def token_loss(logits, targets, mask):
        seen["token_loss"] = np.array(logits, dtype=float), np.array(mask)
        return _toy_token_loss(logits, targets, mask)

    _, grads = student.names_loss(params, inputs, targets, mask, forward, backward, token_loss)
    return seen["forward"], seen["token_loss"], seen["backward"], {name: grads[name] for name in ("w_x", "w_h", "b")}
