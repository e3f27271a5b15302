"""What runs in the sandbox: pairs of forward and backward whose cache is the student's own, and seeded generators."""

import numpy as np


def cell_outputs(student, x, h_prev, c_prev, w_x, w_h, b):
    """lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b), of which h and c are looked at"""
    h, c, _ = student.lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b)
    return h, c


def cell_arguments(student, *arguments):
    """lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b), and its arguments afterwards"""
    student.lstm_cell_forward(*arguments)
    return arguments


def cell_gradients(student, d_h, d_c, *inputs):
    """lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b), then lstm_cell_backward(d_h, d_c, cache)"""
    h, c, cache = student.lstm_cell_forward(*inputs)
    return tuple(student.lstm_cell_backward(d_h, d_c, cache)), (h, c)


def cell_bias_gradient(student, d_h, d_c, *inputs):
    """lstm_cell_forward(…), then d_b of lstm_cell_backward(d_h, d_c, cache), cut into its four blocks"""
    h, c, cache = student.lstm_cell_forward(*inputs)
    d_b = student.lstm_cell_backward(d_h, d_c, cache)[5]
    return tuple(np.split(d_b, 4)), (h, c)


def cell_backward_twice(student, d_h, d_c, *inputs):
    """lstm_cell_forward(…), then lstm_cell_backward(d_h, d_c, cache) twice with the same cache"""
    _, _, cache = student.lstm_cell_forward(*inputs)
    first = tuple(np.array(part) for part in student.lstm_cell_backward(d_h, d_c, cache))
    second = tuple(student.lstm_cell_backward(d_h, d_c, cache))
    return first, second, (d_h, d_c, *inputs)


def cell_gradients_of_the_first(student, d_h, d_c, first, second):
    """lstm_cell_forward(first …), lstm_cell_forward(second …), then lstm_cell_backward(d_h, d_c, cache of the first)"""
    h, c, cache = student.lstm_cell_forward(*first)
    student.lstm_cell_forward(*second)
    return tuple(student.lstm_cell_backward(d_h, d_c, cache)), (h, c)


def sequence_outputs(student, x, h_0, c_0, w_x, w_h, b):
    """lstm_forward(x, h_0, c_0, w_x, w_h, b), of which h, h_T and c_T are looked at"""
    h, (h_last, c_last), _ = student.lstm_forward(x, h_0, c_0, w_x, w_h, b)
    return h, h_last, c_last


def sequence_in_two_parts(student, cut, x, h_0, c_0, w_x, w_h, b):
    """lstm_forward on the first steps, then on the rest from the final pair of the first call"""
    first, (h_cut, c_cut), _ = student.lstm_forward(x[:, :cut].copy(), h_0, c_0, w_x, w_h, b)
    rest, (h_last, c_last), _ = student.lstm_forward(x[:, cut:].copy(), h_cut, c_cut, w_x, w_h, b)
    return np.concatenate([first, rest], axis=1), h_last, c_last


def sequence_gradients(student, d_h, *inputs):
    """lstm_forward(x, h_0, c_0, w_x, w_h, b), then lstm_backward(d_h, caches)"""
    _, _, caches = student.lstm_forward(*inputs)
    return tuple(student.lstm_backward(d_h, caches))


def sequence_backward_twice(student, d_h, *inputs):
    """lstm_forward(…), then lstm_backward(d_h, caches) twice with the same caches"""
    _, _, caches = student.lstm_forward(*inputs)
    first = tuple(np.array(part) for part in student.lstm_backward(d_h, caches))
    second = tuple(student.lstm_backward(d_h, caches))
    return first, second, (d_h, *inputs)


def sequence_gradients_of_the_first(student, d_h, first, second):
    """lstm_forward(first …), lstm_forward(second …), then lstm_backward(d_h, caches of the first)"""
    _, _, caches = student.lstm_forward(*first)
    student.lstm_forward(*second)
    return tuple(student.lstm_backward(d_h, caches))


def initialise(student, inputs, hidden, seed, *forget_bias):
    """lstm_initialise(D, H, numpy.random.default_rng(seed), …)"""
    return tuple(student.lstm_initialise(inputs, hidden, np.random.default_rng(seed), *forget_bias))


def initialise_twice(student, inputs, hidden, seed):
    """lstm_initialise(D, H, rng) twice with one generator"""
    rng = np.random.default_rng(seed)
    return tuple(tuple(student.lstm_initialise(inputs, hidden, rng)) for _ in range(2))


def initialise_beside_global_state(student, inputs, hidden, seed, global_seed):
    """lstm_initialise(D, H, numpy.random.default_rng(seed)) after numpy.random.seed, and the next global random numbers"""
    np.random.seed(global_seed)
    weights = tuple(student.lstm_initialise(inputs, hidden, np.random.default_rng(seed)))
    return weights, np.random.random(4)


def halves(student, x, lengths, forward_params, backward_params):
    """bidirectional_lstm(x, lengths, forward_params, backward_params), cut into its halves, padding left aside"""
    out = student.bidirectional_lstm(x, lengths, forward_params, backward_params)
    n, steps, hidden = x.shape[0], x.shape[1], forward_params[1].shape[0]
    if out.shape != (n, steps, 2 * hidden):
        raise ValueError(f"the result should have the shape (N, T, 2H) = {(n, steps, 2 * hidden)}, not {out.shape}")
    real = (np.arange(steps) < np.asarray(lengths)[:, None])[:, :, None]
    return np.where(real, out[:, :, :hidden], 0.0), np.where(real, out[:, :, hidden:], 0.0)


def adding_examples(student, seed, n, steps):
    """adding_batch(numpy.random.default_rng(seed), N, T)"""
    x, y = student.adding_batch(np.random.default_rng(seed), n, steps)
    return x, y


def adding_examples_twice(student, seed, n, steps):
    """adding_batch(rng, N, T) twice with one generator"""
    rng = np.random.default_rng(seed)
    return tuple(tuple(student.adding_batch(rng, n, steps)) for _ in range(2))


def adding_examples_beside_global_state(student, seed, n, steps, global_seed):
    """adding_batch(numpy.random.default_rng(seed), N, T) after numpy.random.seed"""
    np.random.seed(global_seed)
    x, y = student.adding_batch(np.random.default_rng(seed), n, steps)
    return x, y


def _toy_forward(x, h_0, c_0, w_x, w_h, b):
    """Every step is a fading sum of the inputs so far, plus its sine after w_h: no LSTM, but the same interface."""
    steps = np.arange(x.shape[1])
    fade = np.tril(0.5 ** np.abs(steps[:, None] - steps))
    u = np.einsum("ts,nsh->nth", fade, x @ w_x + b) + (h_0 + 2.0 * c_0)[:, None]
    h = u + np.sin(u @ w_h)
    return h, (h[:, -1].copy(), c_0.copy()), (x, w_x, w_h, fade, u)


def _toy_backward(d_h, caches):
    x, w_x, w_h, fade, u = caches
    d_v = d_h * np.cos(u @ w_h)
    d_u = d_h + d_v @ w_h.T
    d_a = np.einsum("ts,nth->nsh", fade, d_u)
    d_start = d_u.sum(axis=1)
    return d_a @ w_x.T, d_start, 2.0 * d_start, np.einsum("nsd,nsh->dh", x, d_a), np.einsum("nth,ntk->hk", u, d_v), d_a.sum(axis=(0, 1))


def toy_loss(student, x, y, params):
    """adding_loss(x, y, params, forward, backward) with a little recurrence of the tests' own"""
    loss, grads = student.adding_loss(x, y, params, _toy_forward, _toy_backward)
    return loss, grads


def toy_loss_arguments(student, x, y, params):
    """adding_loss(x, y, params, forward, backward), and x, y, params afterwards"""
    loss, _ = student.adding_loss(x, y, params, _toy_forward, _toy_backward)
    return loss, (x, y, params)


def toy_step(student, x, y, params, rate):
    """adding_loss before and after a small step against its own gradients"""
    before, grads = student.adding_loss(x, y, params, _toy_forward, _toy_backward)
    moved = {name: value - rate * grads[name] for name, value in params.items()}
    after, _ = student.adding_loss(x, y, moved, _toy_forward, _toy_backward)
    return before, after, sum(float((grad**2).sum()) for grad in grads.values())
