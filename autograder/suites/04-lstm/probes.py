"""What runs in the sandbox: pairs of forward and backward whose cache is the student's own, and seeded generators."""

import numpy as np


def _parts(value):
    """The parts of a tuple, a list or an iterator, so that they can be counted; anything else as it is."""
    try:
        return value if isinstance(value, np.ndarray) else tuple(value)
    except TypeError:
        return value


def _but_the_cache(value):
    """The parts of a result, those after the second left out: what a cache holds is nobody's business."""
    parts = _parts(value)
    return parts if type(parts) is not tuple else (*parts[:2], *[None] * len(parts[2:]))


def _three(value):
    """The three parts of a result, or None if there are not three."""
    parts = _parts(value)
    return parts if type(parts) is tuple and len(parts) == 3 else None


def _same(before, after):
    """Whether the arrays are still what they were."""
    return all(np.array_equal(old, new) for old, new in zip(before, after, strict=True))


def cell_outputs(student, x, h_prev, c_prev, w_x, w_h, b):
    """lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b), of which h and c are looked at"""
    return _but_the_cache(student.lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b))


def cell_arguments(student, *arguments):
    """lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b), and its arguments afterwards"""
    student.lstm_cell_forward(*arguments)
    return arguments


def cell_outputs_after_a_second_step(student, x, *inputs):
    """lstm_cell_forward(…), then lstm_cell_forward(another x, its h, its c, …): the h and c of the first call, once the second is done"""
    first = _but_the_cache(student.lstm_cell_forward(*inputs))
    if type(first) is tuple and len(first) == 3:
        student.lstm_cell_forward(x, *first[:2], *inputs[3:])
    return first


def cell_gradients(student, d_h, d_c, *inputs):
    """lstm_cell_forward(x, h_prev, c_prev, w_x, w_h, b), then lstm_cell_backward(d_h, d_c, cache)"""
    before = [part.copy() for part in inputs]
    forward = _three(student.lstm_cell_forward(*inputs))
    if forward is None:
        return None
    h, c = np.array(forward[0]), np.array(forward[1])
    return _parts(student.lstm_cell_backward(d_h, d_c, forward[2])), (h, c), _same(before, inputs)


def cell_backward_twice(student, d_h, d_c, *inputs):
    """lstm_cell_forward(…), then lstm_cell_backward(d_h, d_c, cache) twice with the same cache"""
    forward = _three(student.lstm_cell_forward(*inputs))
    if forward is None:
        return None
    before = [part.copy() for part in inputs]
    first = _parts(student.lstm_cell_backward(d_h, d_c, forward[2]))
    if type(first) is tuple:
        first = tuple(np.array(part) for part in first)
    second = _parts(student.lstm_cell_backward(d_h, d_c, forward[2]))
    return first, second, (d_h, d_c, *inputs), before


def cell_gradients_of_the_first(student, d_h, d_c, first, second):
    """lstm_cell_forward(first …), lstm_cell_forward(second …), then lstm_cell_backward(d_h, d_c, cache of the first)"""
    before = [part.copy() for part in first]
    forward = _three(student.lstm_cell_forward(*first))
    if forward is None:
        return None
    h, c = np.array(forward[0]), np.array(forward[1])
    student.lstm_cell_forward(*second)
    return _parts(student.lstm_cell_backward(d_h, d_c, forward[2])), (h, c), _same(before, first)


def sequence_outputs(student, x, h_0, c_0, w_x, w_h, b):
    """lstm_forward(x, h_0, c_0, w_x, w_h, b), of which h, h_T and c_T are looked at"""
    return _but_the_cache(student.lstm_forward(x, h_0, c_0, w_x, w_h, b))


def sequence_gradients(student, d_h, *inputs):
    """lstm_forward(x, h_0, c_0, w_x, w_h, b), then lstm_backward(d_h, caches)"""
    forward = _three(student.lstm_forward(*inputs))
    return None if forward is None else _parts(student.lstm_backward(d_h, forward[2]))


def sequence_backward_twice(student, d_h, *inputs):
    """lstm_forward(…), then lstm_backward(d_h, caches) twice with the same caches"""
    forward = _three(student.lstm_forward(*inputs))
    if forward is None:
        return None
    first = _parts(student.lstm_backward(d_h, forward[2]))
    if type(first) is tuple:
        first = tuple(np.array(part) for part in first)
    second = _parts(student.lstm_backward(d_h, forward[2]))
    return first, second, (d_h, *inputs)


def sequence_gradients_of_the_first(student, d_h, first, second):
    """lstm_forward(first …), lstm_forward(second …), then lstm_backward(d_h, caches of the first)"""
    forward = _three(student.lstm_forward(*first))
    if forward is None:
        return None
    student.lstm_forward(*second)
    return _parts(student.lstm_backward(d_h, forward[2]))


def initialise(student, inputs, hidden, seed, *forget_bias):
    """lstm_initialise(D, H, numpy.random.default_rng(seed), …)"""
    return _parts(student.lstm_initialise(inputs, hidden, np.random.default_rng(seed), *forget_bias))


def initialise_twice(student, inputs, hidden, seed):
    """lstm_initialise(D, H, rng) twice with one generator"""
    rng = np.random.default_rng(seed)
    first = _parts(student.lstm_initialise(inputs, hidden, rng))
    return first, _parts(student.lstm_initialise(inputs, hidden, rng))


def initialise_beside_global_state(student, inputs, hidden, seed, global_seed):
    """lstm_initialise(D, H, numpy.random.default_rng(seed)) after numpy.random.seed, and the next global random numbers"""
    np.random.seed(global_seed)
    weights = _parts(student.lstm_initialise(inputs, hidden, np.random.default_rng(seed)))
    return weights, np.random.random(4)


def adding_examples(student, seed, n, steps):
    """adding_batch(numpy.random.default_rng(seed), N, T)"""
    return _parts(student.adding_batch(np.random.default_rng(seed), n, steps))


def adding_examples_twice(student, seed, n, steps):
    """adding_batch(rng, N, T) twice with one generator"""
    rng = np.random.default_rng(seed)
    first = _parts(student.adding_batch(rng, n, steps))
    return first, _parts(student.adding_batch(rng, n, steps))


def adding_examples_beside_global_state(student, seed, n, steps, global_seed):
    """adding_batch(numpy.random.default_rng(seed), N, T) after numpy.random.seed"""
    np.random.seed(global_seed)
    return _parts(student.adding_batch(np.random.default_rng(seed), n, steps))


def _toy_forward(x, h_0, c_0, w_x, w_h, b):
    """Every step is a fading sum of the inputs so far, plus its sine after w_h: no LSTM, but the same interface."""
    steps = np.arange(x.shape[1])
    fade = np.tril(0.5 ** np.abs(steps[:, None] - steps))
    u = np.einsum("ts,nsh->nth", fade, x @ w_x + b)
    if np.shape(h_0) == np.shape(c_0) == (x.shape[0], w_x.shape[1]):
        u = u + (h_0 + 2.0 * c_0)[:, None]
    h = u + np.sin(u @ w_h)
    return h, (h[:, -1].copy(), np.array(c_0)), (x, w_x, w_h, fade, u)


def _toy_backward(d_h, caches):
    x, w_x, w_h, fade, u = caches
    d_v = d_h * np.cos(u @ w_h)
    d_u = d_h + d_v @ w_h.T
    d_a = np.einsum("ts,nth->nsh", fade, d_u)
    d_start = d_u.sum(axis=1)
    return d_a @ w_x.T, d_start, 2.0 * d_start, np.einsum("nsd,nsh->dh", x, d_a), np.einsum("nth,ntk->hk", u, d_v), d_a.sum(axis=(0, 1))


def toy_loss(student, x, y, params):
    """adding_loss(x, y, params, forward, backward) with a little recurrence of the tests' own"""
    return _parts(student.adding_loss(x, y, params, _toy_forward, _toy_backward))


def toy_loss_arguments(student, x, y, params):
    """adding_loss(x, y, params, forward, backward), and x, y, params afterwards"""
    return _parts(student.adding_loss(x, y, params, _toy_forward, _toy_backward)), (x, y, params)


def toy_starts(student, x, y, params):
    """adding_loss(x, y, params, forward, backward), and the h_0 and c_0 that forward was given"""
    starts, hidden, width = [], len(params["w_y"]), len(params["b"])

    def forward(x, h_0, c_0, w_x, w_h, b):
        starts.append((np.array(h_0), np.array(c_0)))
        return _toy_forward(x, h_0, c_0, w_x[:, :hidden], w_h[:, :hidden], b[:hidden])

    def backward(d_h, caches):
        *rest, d_w_x, d_w_h, d_b = _toy_backward(d_h, caches)
        return *rest, *(np.concatenate([d, np.zeros((*d.shape[:-1], width - hidden))], axis=-1) for d in (d_w_x, d_w_h, d_b))

    student.adding_loss(x, y, params, forward, backward)
    return starts
