"""Wrong answers to the exercises of gated networks that students really write."""

from autograder.catalogue import Mistake

GRU_CELL = [
    Mistake(
        "gru-cell-update-gate-swapped",
        exercise="gru_cell",
        name="z and 1 - z are swapped: the old state is weighted by 1 - z",
        hint="z = 1 means «keep» here and in PyTorch; Chung et al. have it the other way round. See «Who is z?».",
        change=[("return (1 - z) * n + z * h", "return z * n + (1 - z) * h")],
    ),
    Mistake(
        "gru-cell-reset-before-the-map",
        exercise="gru_cell",
        name="the reset gate multiplies the state before the map, as Cho and Chung have it",
        hint="PyTorch resets after the map: r multiplies W_hn h + b_hn. See «Where is the reset?».",
        change=[("torch.tanh(x_n + r * h_n)", "torch.tanh(x_n + ((r * h) @ self.weight_hh.T + self.bias_hh).chunk(3, dim=1)[2])")],
    ),
    Mistake(
        "gru-cell-bias-outside-the-reset",
        exercise="gru_cell",
        name="the bias b_hn stands outside the bracket that r multiplies",
        hint="r multiplies all that comes from h, the bias included. See «One bias or two?».",
        change=[("torch.tanh(x_n + r * h_n)", "torch.tanh(x_n + r * (h_n - self.bias_hh.chunk(3)[2]) + self.bias_hh.chunk(3)[2])")],
    ),
    Mistake(
        "gru-cell-bias-hh-forgotten",
        exercise="gru_cell",
        name="bias_hh is left out",
        hint="There are two biases, one for each map. See the four formulas.",
        change=[("from_h = h @ self.weight_hh.T + self.bias_hh", "from_h = h @ self.weight_hh.T")],
    ),
    Mistake(
        "gru-cell-bias-ih-forgotten",
        exercise="gru_cell",
        name="bias_ih is left out",
        hint="There are two biases, one for each map. See the four formulas.",
        change=[("from_x = x @ self.weight_ih.T + self.bias_ih", "from_x = x @ self.weight_ih.T")],
    ),
    Mistake(
        "gru-cell-gate-order-z-r-n",
        exercise="gru_cell",
        name="r and z are exchanged: the blocks are taken in the order z, r, n",
        hint="The rows are stacked as in PyTorch: reset first, then update, then the candidate.",
        change=[
            ("x_r, x_z, x_n = from_x.chunk(3, dim=1)", "x_z, x_r, x_n = from_x.chunk(3, dim=1)"),
            ("h_r, h_z, h_n = from_h.chunk(3, dim=1)", "h_z, h_r, h_n = from_h.chunk(3, dim=1)"),
        ],
    ),
    Mistake(
        "gru-cell-gate-order-n-first",
        exercise="gru_cell",
        name="the candidate's block is taken from the front: n, r, z",
        hint="The rows are stacked as in PyTorch: reset first, then update, then the candidate.",
        change=[
            ("x_r, x_z, x_n = from_x.chunk(3, dim=1)", "x_n, x_r, x_z = from_x.chunk(3, dim=1)"),
            ("h_r, h_z, h_n = from_h.chunk(3, dim=1)", "h_n, h_r, h_z = from_h.chunk(3, dim=1)"),
        ],
    ),
    Mistake(
        "gru-cell-interleaved-blocks",
        exercise="gru_cell",
        name="every third column belongs to a gate: the blocks are interleaved",
        hint="Rows 0 … H-1 are r, the next H are z, the last H are n: three blocks, not stripes.",
        change=[
            ("from_x.chunk(3, dim=1)", "(from_x[:, k::3] for k in range(3))"),
            ("from_h.chunk(3, dim=1)", "(from_h[:, k::3] for k in range(3))"),
        ],
    ),
    Mistake(
        "gru-cell-no-reset",
        exercise="gru_cell",
        name="the reset gate is computed but not used",
        hint="The candidate sees r times what comes from the state.",
        change=[("torch.tanh(x_n + r * h_n)", "torch.tanh(x_n + h_n)")],
    ),
    Mistake(
        "gru-cell-reset-on-everything",
        exercise="gru_cell",
        name="the reset gate multiplies the input's half of the candidate too",
        hint="r decides how much of the *past* the candidate sees. The input's half stays whole.",
        change=[("torch.tanh(x_n + r * h_n)", "torch.tanh(r * (x_n + h_n))")],
    ),
    Mistake(
        "gru-cell-sigmoid-candidate",
        exercise="gru_cell",
        name="the candidate goes through a sigmoid instead of tanh",
        hint="A candidate is a value, not a gate: it may be negative.",
        change=[("torch.tanh(x_n + r * h_n)", "torch.sigmoid(x_n + r * h_n)")],
    ),
    Mistake(
        "gru-cell-tanh-gates",
        exercise="gru_cell",
        name="the gates go through tanh instead of a sigmoid",
        hint="A gate is a share: between 0 and 1.",
        change=[("torch.sigmoid(x_r + h_r)", "torch.tanh(x_r + h_r)"), ("torch.sigmoid(x_z + h_z)", "torch.tanh(x_z + h_z)")],
    ),
    Mistake(
        "gru-cell-adds-without-sliding",
        exercise="gru_cell",
        name="the candidate is added whole, without the factor 1 - z",
        hint="A share z of the old, a share 1 - z of the new: the shares add up to one.",
        change=[("return (1 - z) * n + z * h", "return n + z * h")],
    ),
    Mistake(
        "gru-cell-detached-state",
        exercise="gru_cell",
        name="the state is detached: no gradient flows into the past",
        hint="Back-propagation through time needs the path through h. Nothing may be detached.",
        change=[("from_h = h @", "h = h.detach()\n        from_h = h @")],
    ),
    Mistake(
        "gru-cell-overflowing-sigmoid",
        exercise="gru_cell",
        name="the squashing is written with exp and overflows for large inputs",
        hint="exp(1000) is infinite, and infinity divided by infinity is NaN. torch.sigmoid and torch.tanh are safe.",
        change=[("torch.tanh(x_n + r * h_n)", "(torch.exp(2 * (x_n + r * h_n)) - 1) / (torch.exp(2 * (x_n + r * h_n)) + 1)")],
    ),
    Mistake(
        "gru-cell-overflowing-gate",
        exercise="gru_cell",
        name="a gate is written as exp(a) / (1 + exp(a)) and overflows for large inputs",
        hint="exp(1000) is infinite, and infinity divided by infinity is NaN. torch.sigmoid is safe.",
        change=[("r = torch.sigmoid(x_r + h_r)", "r = torch.exp(x_r + h_r) / (1 + torch.exp(x_r + h_r))")],
    ),
    Mistake(
        "gru-cell-reset-on-the-input",
        exercise="gru_cell",
        name="the reset gate multiplies the input's half of the candidate, and not the state's",
        hint="r decides how much of the *past* the candidate sees. See the third of the four formulas.",
        change=[("torch.tanh(x_n + r * h_n)", "torch.tanh(r * x_n + h_n)")],
    ),
    Mistake(
        "gru-cell-squeezed",
        exercise="gru_cell",
        name="axes of size 1 are dropped: a batch of one loses its axis",
        hint="The result is (N, H), also for one row or one unit. No squeeze.",
        change=[("return (1 - z) * n + z * h", "return ((1 - z) * n + z * h).squeeze()")],
    ),
    Mistake(
        "gru-cell-parameters-by-data",
        exercise="gru_cell",
        name="the weights are read through .data or .detach(): they never learn",
        hint="Use the parameters as they are: autograd follows them by itself.",
        change=[("from_h = h @ self.weight_hh.T", "from_h = h @ self.weight_hh.detach().T")],
    ),
    Mistake(
        "gru-cell-converts-to-float32",
        exercise="gru_cell",
        name="the result is converted to float32",
        hint="The result has the dtype of x and h. No .float().",
        change=[("return (1 - z) * n + z * h", "return ((1 - z) * n + z * h).float()")],
    ),
    Mistake(
        "gru-cell-writes-into-the-state",
        exercise="gru_cell",
        name="the new state is written into the old one",
        hint="The caller still needs the old state: make a new tensor.",
        change=[("return (1 - z) * n + z * h", "new = (1 - z) * n + z * h\n        h.data.copy_(new.data)\n        return new")],
    ),
    Mistake(
        "gru-cell-keeps-its-own-state",
        exercise="gru_cell",
        name="from the second call on h is ignored: the cell goes on from the state that it kept itself",
        hint="A cell has no memory of its own: the state comes in as h and goes out as the result. See «The cell».",
        change=[
            ("        from_x = x @", '        h = getattr(self, "kept", h)\n        from_x = x @'),
            ("return (1 - z) * n + z * h", "self.kept = (1 - z) * n + z * h\n        return self.kept"),
        ],
    ),
    Mistake(
        "gru-cell-rows-and-blocks-mixed",
        exercise="gru_cell",
        name="(N, 3H) is viewed as (3, N, H): the rows of the batch and the three blocks mix",
        hint="A view keeps the numbers in their order: three rows would become three gates. Cut the columns into three blocks, along axis 1.",
        change=[
            ("from_x.chunk(3, dim=1)", "from_x.reshape(3, len(x), -1)"),
            ("from_h.chunk(3, dim=1)", "from_h.reshape(3, len(x), -1)"),
        ],
    ),
    Mistake(
        "gru-cell-keeps-its-first-weights",
        exercise="gru_cell",
        name="the weights are prepared in the first call and kept: after a training step they are the old ones",
        hint="The parameters change between two calls. What is made of them has to be made anew in each call.",
        change=[
            (
                "        from_x = x @ self.weight_ih.T + self.bias_ih",
                '        if not hasattr(self, "kept"):\n            self.kept = self.weight_ih.T.clone(), self.weight_hh.T.clone()\n'
                "        from_x = x @ self.kept[0] + self.bias_ih",
            ),
            ("from_h = h @ self.weight_hh.T + self.bias_hh", "from_h = h @ self.kept[1] + self.bias_hh"),
        ],
    ),
]

GRU_CELL_BACKWARD = [
    Mistake(
        "gru-cell-backward-direct-path-missing",
        exercise="gru_cell_backward",
        name="d_h misses the direct path, d_out · z",
        hint="h' contains z · h. Count the four paths of the state.",
        change=[("d_h = d_out * z + d_c @ weight_hh", "d_h = d_c @ weight_hh")],
    ),
    Mistake(
        "gru-cell-backward-only-direct-path",
        exercise="gru_cell_backward",
        name="d_h has the direct path only: the three through the gates are missing",
        hint="The state also enters r, z and the candidate, through weight_hh.",
        change=[("d_h = d_out * z + d_c @ weight_hh", "d_h = d_out * z")],
    ),
    Mistake(
        "gru-cell-backward-direct-path-one-minus-z",
        exercise="gru_cell_backward",
        name="the direct path of d_h has the factor 1 - z instead of z",
        hint="In h' = (1 - z) · n + z · h the old state has the factor z.",
        change=[("d_h = d_out * z + d_c @ weight_hh", "d_h = d_out * (1 - z) + d_c @ weight_hh")],
    ),
    Mistake(
        "gru-cell-backward-path-through-r-missing",
        exercise="gru_cell_backward",
        name="the path through the reset gate is missing",
        hint="r is a factor in the candidate, so it has a gradient. See step 3.",
        change=[("d_p_r = d_p_n * c_n * r * (1 - r)", "d_p_r = torch.zeros_like(r)")],
    ),
    Mistake(
        "gru-cell-backward-r-with-h",
        exercise="gru_cell_backward",
        name="r's gradient takes h instead of W_hn h + b_hn",
        hint="In a product each factor gets the other one. What stands beside r?",
        change=[("d_p_r = d_p_n * c_n * r * (1 - r)", "d_p_r = d_p_n * h * r * (1 - r)")],
    ),
    Mistake(
        "gru-cell-backward-r-without-bias",
        exercise="gru_cell_backward",
        name="r's gradient takes W_hn h without the bias b_hn",
        hint="The bracket that r multiplies holds the bias, too.",
        change=[("d_p_r = d_p_n * c_n * r * (1 - r)", "d_p_r = d_p_n * (c_n - bias_hh.chunk(3)[2]) * r * (1 - r)")],
    ),
    Mistake(
        "gru-cell-backward-equal-biases",
        exercise="gru_cell_backward",
        name="the block of n is the same in d_bias_hh as in d_bias_ih",
        hint="b_hn stands inside the bracket that r multiplies, b_in outside.",
        change=[("d_bias_hh = d_c.sum(dim=0)", "d_bias_hh = d_a.sum(dim=0)")],
    ),
    Mistake(
        "gru-cell-backward-no-factor-r",
        exercise="gru_cell_backward",
        name="the state's half of the candidate misses the factor r, in d_h, d_weight_hh and d_bias_hh",
        hint="The last block of the state's side is dp_n times r. See step 3.",
        change=[("d_c = torch.cat([d_p_r, d_p_z, d_p_n * r], dim=1)", "d_c = torch.cat([d_p_r, d_p_z, d_p_n], dim=1)")],
    ),
    Mistake(
        "gru-cell-backward-factor-r-on-both-sides",
        exercise="gru_cell_backward",
        name="the input's half of the candidate has the factor r, too",
        hint="r multiplies what comes from the state only.",
        change=[("d_a = torch.cat([d_p_r, d_p_z, d_p_n], dim=1)", "d_a = torch.cat([d_p_r, d_p_z, d_p_n * r], dim=1)")],
    ),
    Mistake(
        "gru-cell-backward-sign-of-z",
        exercise="gru_cell_backward",
        name="d_z is d_out · (n - h): the sign is wrong",
        hint="Derive (1 - z) · n + z · h with respect to z.",
        change=[("d_z = d_out * (h - n)", "d_z = d_out * (n - h)")],
    ),
    Mistake(
        "gru-cell-backward-z-without-n",
        exercise="gru_cell_backward",
        name="d_z is d_out · h: z also weights the candidate, with a minus",
        hint="z occurs twice in the last line of the forward pass.",
        change=[("d_z = d_out * (h - n)", "d_z = d_out * h")],
    ),
    Mistake(
        "gru-cell-backward-candidate-with-z",
        exercise="gru_cell_backward",
        name="d_n has the factor z instead of 1 - z",
        hint="The candidate is weighted by 1 - z.",
        change=[("d_n = d_out * (1 - z)", "d_n = d_out * z")],
    ),
    Mistake(
        "gru-cell-backward-no-tanh-derivative",
        exercise="gru_cell_backward",
        name="the derivative of tanh is missing",
        hint="tanh' = 1 - tanh²: see step 2.",
        change=[("d_p_n = d_n * (1 - n**2)", "d_p_n = d_n")],
    ),
    Mistake(
        "gru-cell-backward-tanh-derivative-of-a-gate",
        exercise="gru_cell_backward",
        name="the candidate gets the sigmoid's derivative, n · (1 - n)",
        hint="n goes through tanh, whose derivative is 1 - n².",
        change=[("d_p_n = d_n * (1 - n**2)", "d_p_n = d_n * n * (1 - n)")],
    ),
    Mistake(
        "gru-cell-backward-no-sigmoid-derivative",
        exercise="gru_cell_backward",
        name="the derivative of the sigmoid is missing in z",
        hint="sigma' = sigma · (1 - sigma), for both gates.",
        change=[("d_p_z = d_z * z * (1 - z)", "d_p_z = d_z")],
    ),
    Mistake(
        "gru-cell-backward-no-sigmoid-derivative-r",
        exercise="gru_cell_backward",
        name="the derivative of the sigmoid is missing in r",
        hint="sigma' = sigma · (1 - sigma), for both gates.",
        change=[("d_p_r = d_p_n * c_n * r * (1 - r)", "d_p_r = d_p_n * c_n")],
    ),
    Mistake(
        "gru-cell-backward-mean-over-the-batch",
        exercise="gru_cell_backward",
        name="the gradients of the biases are means over the batch",
        hint="A parameter that every row uses collects the sum of all their gradients.",
        change=[
            ("d_bias_ih = d_a.sum(dim=0)", "d_bias_ih = d_a.mean(dim=0)"),
            ("d_bias_hh = d_c.sum(dim=0)", "d_bias_hh = d_c.mean(dim=0)"),
        ],
    ),
    Mistake(
        "gru-cell-backward-gate-order",
        exercise="gru_cell_backward",
        name="the blocks are stacked in the order z, r, n",
        hint="Stack them as they were cut: r, z, n.",
        change=[
            ("d_a = torch.cat([d_p_r, d_p_z, d_p_n], dim=1)", "d_a = torch.cat([d_p_z, d_p_r, d_p_n], dim=1)"),
            ("d_c = torch.cat([d_p_r, d_p_z, d_p_n * r], dim=1)", "d_c = torch.cat([d_p_z, d_p_r, d_p_n * r], dim=1)"),
        ],
    ),
    Mistake(
        "gru-cell-backward-weights-exchanged",
        exercise="gru_cell_backward",
        name="d_weight_hh is computed with the input's side of the gradients",
        hint="weight_hh maps h, and its gradient is the state's side: the last blocks differ by r.",
        change=[("d_weight_hh = d_c.T @ h", "d_weight_hh = d_a.T @ h")],
    ),
    Mistake(
        "gru-cell-backward-forward-resets-before",
        exercise="gru_cell_backward",
        name="the forward pass that is computed again resets before the map",
        hint="Compute r, z and n as in exercise 1: r multiplies W_hn h + b_hn.",
        change=[("n = torch.tanh(a_n + r * c_n)", "n = torch.tanh(a_n + ((r * h) @ weight_hh.T + bias_hh).chunk(3, dim=1)[2])")],
    ),
    Mistake(
        "gru-cell-backward-biases-not-summed",
        exercise="gru_cell_backward",
        name="the gradients of the biases are not summed over the batch",
        hint="One bias serves every row, so it collects from every row: (3H,), not (N, 3H). See step 4.",
        change=[("d_bias_ih = d_a.sum(dim=0)", "d_bias_ih = d_a"), ("d_bias_hh = d_c.sum(dim=0)", "d_bias_hh = d_c")],
    ),
    Mistake(
        "gru-cell-backward-weights-transposed",
        exercise="gru_cell_backward",
        name="the gradients of the weights are transposed",
        hint="A gradient has the shape of its parameter: (3H, D) and (3H, H). See step 4.",
        change=[("d_weight_ih = d_a.T @ x", "d_weight_ih = x.T @ d_a"), ("d_weight_hh = d_c.T @ h", "d_weight_hh = h.T @ d_c")],
    ),
    Mistake(
        "gru-cell-backward-resets-before-the-map",
        exercise="gru_cell_backward",
        name="everything belongs to the cell of Cho and Chung, which resets before the map",
        hint="Here r multiplies W_hn h + b_hn, after the map. See «Where is the reset?», then step 3.",
        change=[
            (
                "n = torch.tanh(a_n + r * c_n)",
                "u_n, b_n = weight_hh.chunk(3)[2], bias_hh.chunk(3)[2]\n    n = torch.tanh(a_n + (r * h) @ u_n.T + b_n)",
            ),
            ("d_p_r = d_p_n * c_n * r * (1 - r)", "d_p_r = (d_p_n @ u_n) * h * r * (1 - r)"),
            (
                "d_h = d_out * z + d_c @ weight_hh",
                "d_c = d_a\n    d_h = d_out * z + torch.cat([d_p_r, d_p_z], dim=1) @ weight_hh[: -len(u_n)] + (d_p_n @ u_n) * r",
            ),
            ("d_weight_hh = d_c.T @ h", "d_weight_hh = torch.cat([torch.cat([d_p_r, d_p_z], dim=1).T @ h, d_p_n.T @ (r * h)])"),
        ],
    ),
    Mistake(
        "gru-cell-backward-weight-of-n-with-reset-state",
        exercise="gru_cell_backward",
        name="in d_weight_hh the candidate's block takes r * h without r in its gradient",
        hint="W_hn maps h itself, and r comes after the map: r multiplies the gradient, not the state. See step 3.",
        change=[("d_weight_hh = d_c.T @ h", "d_weight_hh = torch.cat([d_p_r.T @ h, d_p_z.T @ h, d_p_n.T @ (r * h)])")],
    ),
    Mistake(
        "gru-cell-backward-difference-quotient",
        exercise="gru_cell_backward",
        name="the gradients are difference quotients, not a formula",
        hint="A difference quotient is a test of the closed form, and right to some digits only. Write the four steps.",
        code="""def gru_cell_backward(d_out, x, h, weight_ih, weight_hh, bias_ih, bias_hh):
    leaves = [tensor.double().clone() for tensor in (x, h, weight_ih, weight_hh, bias_ih, bias_hh)]

    def loss():
        a_r, a_z, a_n = (leaves[0] @ leaves[2].T + leaves[4]).chunk(3, dim=1)
        c_r, c_z, c_n = (leaves[1] @ leaves[3].T + leaves[5]).chunk(3, dim=1)
        r, z = torch.sigmoid(a_r + c_r), torch.sigmoid(a_z + c_z)
        n = torch.tanh(a_n + r * c_n)
        return (((1 - z) * n + z * leaves[1]) * d_out).sum()

    gradients = []
    for leaf in leaves:
        flat, gradient = leaf.view(-1), torch.zeros_like(leaf)
        for i in range(len(flat)):
            middle = flat[i].item()
            flat[i] = middle + 1e-5
            above = loss()
            flat[i] = middle - 1e-5
            gradient.view(-1)[i] = (above - loss()) / 2e-5
            flat[i] = middle
        gradients.append(gradient.to(x.dtype))
    return tuple(gradients)
""",
    ),
    Mistake(
        "gru-cell-backward-converts-to-float32",
        exercise="gru_cell_backward",
        name="the gradients are float32 whatever the arguments are",
        hint="Each gradient has the dtype of its argument. No .float().",
        change=[
            (
                "return d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh",
                "return tuple(d.float() for d in (d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh))",
            )
        ],
    ),
    Mistake(
        "gru-cell-backward-writes-into-d-out",
        exercise="gru_cell_backward",
        name="d_out is changed in place",
        hint="Whoever called you may still need d_out: no *= and no method that ends in _ on an argument.",
        change=[
            (
                "    d_n = d_out * (1 - z)\n    d_z = d_out * (h - n)\n",
                "    d_z, direct = d_out * (h - n), d_out * z\n    d_n = d_out.mul_(1 - z)\n",
            ),
            ("d_h = d_out * z + ", "d_h = direct + "),
        ],
    ),
    Mistake(
        "gru-cell-backward-order-of-results",
        exercise="gru_cell_backward",
        name="the biases are returned before the weights",
        hint="d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh: the order of the arguments.",
        change=[
            (
                "return d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh",
                "return d_x, d_h, d_bias_ih, d_bias_hh, d_weight_ih, d_weight_hh",
            )
        ],
    ),
    Mistake(
        "gru-cell-backward-rows-and-blocks-mixed",
        exercise="gru_cell_backward",
        name="the three gradients are stacked to (3, N, H) and reshaped to (N, 3H): rows and blocks mix",
        hint="A reshape keeps the numbers in their order. Put the three blocks side by side, along axis 1.",
        change=[
            ("torch.cat([d_p_r, d_p_z, d_p_n], dim=1)", "torch.stack([d_p_r, d_p_z, d_p_n]).reshape(len(x), -1)"),
            ("torch.cat([d_p_r, d_p_z, d_p_n * r], dim=1)", "torch.stack([d_p_r, d_p_z, d_p_n * r]).reshape(len(x), -1)"),
        ],
    ),
    Mistake(
        "gru-cell-backward-clipped",
        exercise="gru_cell_backward",
        name="the gradients are clipped inside the backward pass",
        hint="These are the gradients of one step, whole, however large they are. Clipping is for the training loop.",
        change=[
            (
                "return d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh",
                "return tuple(d.clamp(-5, 5) for d in (d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh))",
            )
        ],
    ),
    Mistake(
        "gru-cell-backward-parameters-clipped",
        exercise="gru_cell_backward",
        name="the gradients of weights and biases are clipped inside the backward pass",
        hint="These are the gradients of one step, whole, however large they are. Clipping is for the training loop.",
        change=[
            (
                "return d_x, d_h, d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh",
                "return d_x, d_h, *(d.clamp(-5, 5) for d in (d_weight_ih, d_weight_hh, d_bias_ih, d_bias_hh))",
            )
        ],
    ),
    Mistake(
        "gru-cell-backward-overflowing-gates",
        exercise="gru_cell_backward",
        name="the gates are written as exp(a) / (1 + exp(a)) and overflow for large inputs",
        hint="exp(1000) is infinite, and infinity divided by infinity is NaN. torch.sigmoid is safe.",
        change=[
            (
                "r, z = torch.sigmoid(a_r + c_r), torch.sigmoid(a_z + c_z)",
                "r, z = (torch.exp(a) / (1 + torch.exp(a)) for a in (a_r + c_r, a_z + c_z))",
            )
        ],
    ),
]

MINIMAL_GATED_UNIT = [
    Mistake(
        "minimal-gated-unit-slide-reversed",
        exercise="minimal_gated_unit",
        name="f weights the old state and 1 - f the candidate",
        hint="Here it is the other way round than in the GRU: f = 1 means «take the new».",
        change=[("return (1 - f) * h + f * candidate", "return f * h + (1 - f) * candidate")],
    ),
    Mistake(
        "minimal-gated-unit-reset-after-the-map",
        exercise="minimal_gated_unit",
        name="the gate multiplies after the map, as in PyTorch's GRU",
        hint="Here the gate comes first: u_h (f * h).",
        change=[("(f * h) @ self.u_h.T", "f * (h @ self.u_h.T)")],
    ),
    Mistake(
        "minimal-gated-unit-no-gate-in-the-candidate",
        exercise="minimal_gated_unit",
        name="the candidate sees the whole past: the gate is used once instead of twice",
        hint="One gate does both jobs: it also decides how much of the past the candidate sees.",
        change=[("(f * h) @ self.u_h.T", "h @ self.u_h.T")],
    ),
    Mistake(
        "minimal-gated-unit-one-minus-f-in-the-candidate",
        exercise="minimal_gated_unit",
        name="the candidate sees (1 - f) * h",
        hint="The candidate takes u_h (f * h).",
        change=[("(f * h) @ self.u_h.T", "((1 - f) * h) @ self.u_h.T")],
    ),
    Mistake(
        "minimal-gated-unit-gated-input",
        exercise="minimal_gated_unit",
        name="the gate multiplies the candidate's whole inside, the input included",
        hint="The gate belongs to the past: only h is multiplied.",
        change=[
            ("torch.tanh(x @ self.w_h.T + (f * h) @ self.u_h.T + self.b_h)", "torch.tanh(f * (x @ self.w_h.T + h @ self.u_h.T + self.b_h))")
        ],
    ),
    Mistake(
        "minimal-gated-unit-bias-forgotten",
        exercise="minimal_gated_unit",
        name="the gate's bias b_f is left out",
        hint="Both lines have a bias.",
        change=[("h @ self.u_f.T + self.b_f", "h @ self.u_f.T")],
    ),
    Mistake(
        "minimal-gated-unit-candidate-bias-forgotten",
        exercise="minimal_gated_unit",
        name="the candidate's bias b_h is left out",
        hint="Both lines have a bias.",
        change=[("(f * h) @ self.u_h.T + self.b_h", "(f * h) @ self.u_h.T")],
    ),
    Mistake(
        "minimal-gated-unit-tanh-gate",
        exercise="minimal_gated_unit",
        name="the gate goes through tanh",
        hint="A gate is a share: between 0 and 1.",
        change=[("f = torch.sigmoid(", "f = torch.tanh(")],
    ),
    Mistake(
        "minimal-gated-unit-sigmoid-candidate",
        exercise="minimal_gated_unit",
        name="the candidate goes through a sigmoid",
        hint="A candidate may be negative: tanh.",
        change=[("candidate = torch.tanh(", "candidate = torch.sigmoid(")],
    ),
    Mistake(
        "minimal-gated-unit-untransposed",
        exercise="minimal_gated_unit",
        name="u_h is used untransposed",
        hint="Rows of weights are outputs: (N, H) times the transposed matrix.",
        change=[("(f * h) @ self.u_h.T", "(f * h) @ self.u_h")],
    ),
    Mistake(
        "minimal-gated-unit-matrices-exchanged",
        exercise="minimal_gated_unit",
        name="u_f and u_h are exchanged",
        hint="The index says whose matrix it is: f for the gate, h for the candidate.",
        change=[("h @ self.u_f.T + self.b_f", "h @ self.u_h.T + self.b_f"), ("(f * h) @ self.u_h.T", "(f * h) @ self.u_f.T")],
    ),
    Mistake(
        "minimal-gated-unit-adds-without-sliding",
        exercise="minimal_gated_unit",
        name="the old state is kept whole: the factor 1 - f is missing",
        hint="The shares of old and new add up to one.",
        change=[("return (1 - f) * h + f * candidate", "return h + f * candidate")],
    ),
    Mistake(
        "minimal-gated-unit-overflowing-gate",
        exercise="minimal_gated_unit",
        name="the gate is written as exp(a) / (1 + exp(a)) and overflows for large inputs",
        hint="exp(1000) is infinite, and infinity divided by infinity is NaN. torch.sigmoid is safe.",
        change=[
            (
                "f = torch.sigmoid(x @ self.w_f.T + h @ self.u_f.T + self.b_f)",
                "a = x @ self.w_f.T + h @ self.u_f.T + self.b_f\n        f = torch.exp(a) / (1 + torch.exp(a))",
            )
        ],
    ),
    Mistake(
        "minimal-gated-unit-gate-without-the-state",
        exercise="minimal_gated_unit",
        name="the gate looks at the input only: u_f h is left out",
        hint="Both lines look at x and at h. See the first formula.",
        change=[("x @ self.w_f.T + h @ self.u_f.T + self.b_f", "x @ self.w_f.T + self.b_f")],
    ),
    Mistake(
        "minimal-gated-unit-gate-untransposed",
        exercise="minimal_gated_unit",
        name="u_f is used untransposed",
        hint="Rows of weights are outputs: (N, H) times the transposed matrix.",
        change=[("h @ self.u_f.T", "h @ self.u_f")],
    ),
    Mistake(
        "minimal-gated-unit-detached-gate",
        exercise="minimal_gated_unit",
        name="the gate is detached: it never learns",
        hint="The gate's gradient arrives along the slide and along the candidate. Nothing may be detached.",
        change=[
            (
                "f = torch.sigmoid(x @ self.w_f.T + h @ self.u_f.T + self.b_f)",
                "f = torch.sigmoid(x @ self.w_f.T + h @ self.u_f.T + self.b_f).detach()",
            )
        ],
    ),
    Mistake(
        "minimal-gated-unit-keeps-its-own-state",
        exercise="minimal_gated_unit",
        name="from the second call on h is ignored: the unit goes on from the state that it kept itself",
        hint="A unit has no memory of its own: the state comes in as h and goes out as the result.",
        change=[
            ("        f = torch.sigmoid(", '        h = getattr(self, "kept", h)\n        f = torch.sigmoid('),
            ("return (1 - f) * h + f * candidate", "self.kept = (1 - f) * h + f * candidate\n        return self.kept"),
        ],
    ),
    Mistake(
        "minimal-gated-unit-keeps-its-first-weights",
        exercise="minimal_gated_unit",
        name="the weights are prepared in the first call and kept: after a training step they are the old ones",
        hint="The parameters change between two calls. What is made of them has to be made anew in each call.",
        change=[
            (
                "        f = torch.sigmoid(x @ self.w_f.T + h @ self.u_f.T + self.b_f)",
                '        if not hasattr(self, "kept"):\n'
                "            self.kept = [weight.T.clone() for weight in (self.w_f, self.u_f, self.w_h, self.u_h)]\n"
                "        w_f, u_f, w_h, u_h = self.kept\n        f = torch.sigmoid(x @ w_f + h @ u_f + self.b_f)",
            ),
            ("torch.tanh(x @ self.w_h.T + (f * h) @ self.u_h.T + self.b_h)", "torch.tanh(x @ w_h + (f * h) @ u_h + self.b_h)"),
        ],
    ),
]

RUN_PADDED = [
    Mistake(
        "run-padded-runs-on",
        exercise="run_padded",
        name="the state runs on over the padding",
        hint="Behind its end a row keeps its state. See «The state runs on».",
        change=[("h = torch.where(alive, cell(x[:, t], h), h)", "h = cell(x[:, t], h)")],
    ),
    Mistake(
        "run-padded-last-column",
        exercise="run_padded",
        name="h_last is the last column of states that ran on",
        hint="A short row ended long before the last column. See «The last column for the last step».",
        code="""def run_padded(cell, x, lengths, h_0):
    h, running, states = h_0, h_0, []
    for t in range(x.shape[1]):
        running = cell(x[:, t], running)
        h = torch.where((t < lengths).unsqueeze(1), running, h)
        states.append(h)
    return torch.stack(states, dim=1), running
""",
    ),
    Mistake(
        "run-padded-states-run-on-behind",
        exercise="run_padded",
        name="h_last is right, but h shows states that ran on over the padding",
        hint="h[n, t] repeats the final state for every t behind the end.",
        code="""def run_padded(cell, x, lengths, h_0):
    h, states = h_0, [h_0]
    for t in range(x.shape[1]):
        h = cell(x[:, t], h)
        states.append(h)
    states = torch.stack(states, dim=1)
    return states[:, 1:], states[torch.arange(len(x)), lengths]
""",
    ),
    Mistake(
        "run-padded-zeros-behind",
        exercise="run_padded",
        name="the states behind the end are zero",
        hint="They repeat the final state; PyTorch's packed sequences would give zeros, this function doesn't.",
        change=[
            (
                "return torch.stack(states, dim=1), h",
                "real = torch.arange(x.shape[1]) < lengths.unsqueeze(1)\n    return torch.stack(states, dim=1) * real.unsqueeze(2), h",
            )
        ],
    ),
    Mistake(
        "run-padded-one-step-too-many",
        exercise="run_padded",
        name="each row takes one step of padding",
        hint="Steps count from 0: a row of length 2 has the steps 0 and 1, and its final state is that after step 1.",
        change=[("alive = (t < lengths)", "alive = (t <= lengths)")],
    ),
    Mistake(
        "run-padded-one-step-too-few",
        exercise="run_padded",
        name="each row stops one step early",
        hint="Steps count from 0: a row of length 2 has the steps 0 and 1.",
        change=[("alive = (t < lengths)", "alive = (t + 1 < lengths)")],
    ),
    Mistake(
        "run-padded-stops-at-the-longest",
        exercise="run_padded",
        name="h has as many columns as the longest row, not T",
        hint="h has T steps, also when every row is shorter.",
        change=[("for t in range(x.shape[1]):", "for t in range(max(1, int(lengths.max()))):")],
    ),
    Mistake(
        "run-padded-starts-at-zero",
        exercise="run_padded",
        name="h_0 is ignored: the state starts at zero",
        hint="The first step starts from h_0.",
        change=[("h, states = h_0, []", "h, states = torch.zeros_like(h_0), []")],
    ),
    Mistake(
        "run-padded-state-not-handed-on",
        exercise="run_padded",
        name="every step starts from h_0",
        hint="The state of one step is where the next one starts.",
        change=[("cell(x[:, t], h), h)", "cell(x[:, t], h_0), h)")],
    ),
    Mistake(
        "run-padded-states-shifted",
        exercise="run_padded",
        name="h[:, t] is the state before step t instead of after it",
        hint="Collect the state after it was updated.",
        change=[
            ("        h = torch.where(alive, cell(x[:, t], h), h)  # (N, H)\n", "        states.append(h)\n"),
            ("        states.append(h)\n    return", "        h = torch.where(alive, cell(x[:, t], h), h)\n    return"),
        ],
    ),
    Mistake(
        "run-padded-h-0-to-zero-rows",
        exercise="run_padded",
        name="a row of length 0 ends with zeros instead of h_0",
        hint="A row that was never read keeps its h_0.",
        change=[("return torch.stack(states, dim=1), h", "return torch.stack(states, dim=1), h * (lengths > 0).unsqueeze(1)")],
    ),
    Mistake(
        "run-padded-last-state-by-negative-index",
        exercise="run_padded",
        name="h_last is picked at lengths - 1 from states that ran on, which for length 0 is the last column",
        hint="Index -1 is the last column. A row of length 0 keeps its h_0.",
        code="""def run_padded(cell, x, lengths, h_0):
    h, running, frozen, states = h_0, h_0, [], []
    for t in range(x.shape[1]):
        running = cell(x[:, t], running)
        h = torch.where((t < lengths).unsqueeze(1), running, h)
        states.append(running)
        frozen.append(h)
    return torch.stack(frozen, dim=1), torch.stack(states, dim=1)[torch.arange(len(x)), lengths - 1]
""",
    ),
    Mistake(
        "run-padded-length-zero-takes-a-step",
        exercise="run_padded",
        name="a row of length 0 takes one step: h and h_last show its state after step 0",
        hint="A row of length 0 takes no step and keeps its h_0. Does lengths - 1, or a smallest length of 1, stand somewhere?",
        change=[("alive = (t < lengths)", "alive = (t < lengths.clamp(min=1))")],
    ),
    Mistake(
        "run-padded-detached",
        exercise="run_padded",
        name="the states are computed without gradients from step to step",
        hint="Nothing may be detached: training needs the way back through all steps.",
        change=[("cell(x[:, t], h), h)", "cell(x[:, t], h.detach()), h)")],
    ),
    Mistake(
        "run-padded-order-not-restored",
        exercise="run_padded",
        name="the rows are sorted by length and never put back in their order",
        hint="Row n of the result belongs to row n of x. Freezing needs no sorting at all.",
        change=[
            (
                "    h, states = h_0, []\n",
                "    order = lengths.argsort(descending=True)\n    x, lengths, h, states = x[order], lengths[order], h_0[order], []\n",
            )
        ],
    ),
    Mistake(
        "run-padded-assumes-sorted",
        exercise="run_padded",
        name="the first rows are taken for the longest",
        hint="The lengths come in any order: decide row by row.",
        code="""def run_padded(cell, x, lengths, h_0):
    h, states = h_0, []
    for t in range(x.shape[1]):
        count = int((lengths > t).sum())
        h = torch.cat([cell(x[:count, t], h[:count]), h[count:]])
        states.append(h)
    return torch.stack(states, dim=1), h
""",
    ),
    Mistake(
        "run-padded-one-stop-for-all",
        exercise="run_padded",
        name="all rows stop where the shortest one ends",
        hint="Each row freezes at its own end; the others go on.",
        change=[("alive = (t < lengths).unsqueeze(1)", "alive = t < lengths.min()")],
    ),
    Mistake(
        "run-padded-one-tensor-again-and-again",
        exercise="run_padded",
        name="the state is one tensor that is overwritten: every entry of the list is the last state",
        hint="The list holds one and the same tensor T times. torch.where makes a new one at each step.",
        code="""def run_padded(cell, x, lengths, h_0):
    h, states = h_0.clone(), []
    for t in range(x.shape[1]):
        alive = t < lengths
        h[alive] = cell(x[:, t], h)[alive]
        states.append(h)
    return torch.stack(states, dim=1), h
""",
    ),
    Mistake(
        "run-padded-written-in-place",
        exercise="run_padded",
        name="the state is overwritten in place, and autograd can't go back through it",
        hint="The way back needs what stood there: the old state, or what the cell returned. torch.where makes a new tensor at each step.",
        code="""def run_padded(cell, x, lengths, h_0):
    h, states = h_0.clone(), []
    for t in range(x.shape[1]):
        alive = t < lengths
        h[alive] = cell(x[:, t], h)[alive]
        states.append(h.clone())
    return torch.stack(states, dim=1), h
""",
    ),
    Mistake(
        "run-padded-float32-result",
        exercise="run_padded",
        name="the states are collected in a float32 tensor",
        hint="torch.zeros makes float32 unless it is told otherwise. The results have the dtype of h_0.",
        change=[("return torch.stack(states, dim=1), h", "return torch.stack(states, dim=1).float(), h")],
    ),
    Mistake(
        "run-padded-steps-first",
        exercise="run_padded",
        name="the states are stacked with time first: (T, N, H)",
        hint="The batch comes first: stack along axis 1.",
        change=[("torch.stack(states, dim=1)", "torch.stack(states, dim=0)")],
    ),
    Mistake(
        "run-padded-only-zeroes-the-input",
        exercise="run_padded",
        name="the padding is set to zero, and the state runs on over the zeros",
        hint="A zero input still updates the state. The state itself must freeze.",
        change=[("h = torch.where(alive, cell(x[:, t], h), h)", "h = cell(x[:, t] * alive, h)")],
    ),
]

ENCODER_DECODER = [
    Mistake(
        "encoder-decoder-sees-the-next-token",
        exercise="encoder_decoder",
        name="step t is fed the token of step t + 1: it sees what it should predict",
        hint="Logits at step t may see target[:, 0] … target[:, t]. Who shifts, and where?",
        change=[("self.decode_step(target[:, t], h)", "self.decode_step(target[:, min(t + 1, target.shape[1] - 1)], h)")],
    ),
    Mistake(
        "encoder-decoder-shifted-inside",
        exercise="encoder_decoder",
        name="the last column of target is not fed: the shift by one is made inside",
        hint="All T columns are fed, and there are T logits. The shift is made by the caller.",
        change=[("for t in range(target.shape[1]):", "for t in range(max(1, target.shape[1] - 1)):")],
    ),
    Mistake(
        "encoder-decoder-feeds-one-step-late",
        exercise="encoder_decoder",
        name="step t is fed the token of step t - 1",
        hint="target[:, 0] is bos already: it is fed at step 0.",
        change=[("self.decode_step(target[:, t], h)", "self.decode_step(target[:, max(t - 1, 0)], h)")],
    ),
    Mistake(
        "encoder-decoder-state-not-passed",
        exercise="encoder_decoder",
        name="every step of the decoder starts from the encoder's state",
        hint="The state of one step is where the next one starts: keep what decode_step returns.",
        change=[("logits, h = self.decode_step(target[:, t], h)", "logits, _ = self.decode_step(target[:, t], h)")],
    ),
    Mistake(
        "encoder-decoder-decoder-starts-at-zero",
        exercise="encoder_decoder",
        name="the decoder starts from zero: the source has no influence",
        hint="The decoder's first state is the encoder's last one.",
        change=[("h = self.encode(source, lengths)", "h = torch.zeros_like(self.encode(source, lengths))")],
    ),
    Mistake(
        "encoder-decoder-own-guesses",
        exercise="encoder_decoder",
        name="the decoder is fed its own guesses instead of the target",
        hint="Teacher forcing: feed the right token, whatever was guessed.",
        change=[
            ("        steps = []\n", "        steps, fed = [], target[:, 0]\n"),
            (
                "logits, h = self.decode_step(target[:, t], h)",
                "logits, h = self.decode_step(fed, h)\n            fed = logits.argmax(dim=-1)",
            ),
        ],
    ),
    Mistake(
        "encoder-decoder-own-guesses-in-eval-mode",
        exercise="encoder_decoder",
        name="in eval mode the decoder is fed its own guesses instead of the target",
        hint="forward is teacher forcing in both modes. Writing without a teacher is exercise 6.",
        change=[
            ("        steps = []\n", "        steps, fed = [], target[:, 0]\n"),
            (
                "logits, h = self.decode_step(target[:, t], h)",
                "logits, h = self.decode_step(target[:, t] if self.training else fed, h)\n            fed = logits.argmax(dim=-1)",
            ),
        ],
    ),
    Mistake(
        "encoder-decoder-padding-learns",
        exercise="encoder_decoder",
        name="the embedding of padding is trained: it gets a gradient where padding is fed",
        hint="nn.Embedding keeps its padding_idx at zero when it is called; its bare weight, indexed, knows nothing of padding.",
        change=[("self.target_embedding(tokens)", "self.target_embedding.weight[tokens]")],
    ),
    Mistake(
        "encoder-decoder-encoder-runs-on",
        exercise="encoder_decoder",
        name="the encoder runs on over the padding",
        hint="Row n stops after lengths[n] steps, as in exercise 4.",
        change=[("h = torch.where(alive, self.encoder_cell(embedded[:, t], h), h)", "h = self.encoder_cell(embedded[:, t], h)")],
    ),
    Mistake(
        "encoder-decoder-stops-at-padding-ids",
        exercise="encoder_decoder",
        name="the encoder looks at pad_id instead of the lengths",
        hint="The lengths say where a row ends; what stands behind may be any id.",
        change=[("alive = (t < lengths).unsqueeze(1)", "alive = (source[:, t] != self.pad_id).unsqueeze(1)")],
    ),
    Mistake(
        "encoder-decoder-one-character-too-few",
        exercise="encoder_decoder",
        name="the encoder misses the last character of each source",
        hint="Steps count from 0: a row of length 2 has the steps 0 and 1.",
        change=[("alive = (t < lengths)", "alive = (t < lengths - 1)")],
    ),
    Mistake(
        "encoder-decoder-one-character-too-many",
        exercise="encoder_decoder",
        name="the encoder takes one step of padding",
        hint="Steps count from 0: a row of length 2 has the steps 0 and 1, and its final state is that after step 1.",
        change=[("alive = (t < lengths)", "alive = (t <= lengths)")],
    ),
    Mistake(
        "encoder-decoder-decoder-cell-reads",
        exercise="encoder_decoder",
        name="the decoder's cell is used for reading, too",
        hint="Two cells: encoder_cell reads, decoder_cell writes.",
        change=[("self.encoder_cell(embedded[:, t], h)", "self.decoder_cell(embedded[:, t], h)")],
    ),
    Mistake(
        "encoder-decoder-target-embedding-reads",
        exercise="encoder_decoder",
        name="the source goes through the target's embedding",
        hint="Two vocabularies, two embeddings: source_embedding for what is read.",
        change=[("self.source_embedding(source)", "self.target_embedding(source % self.target_embedding.num_embeddings)")],
    ),
    Mistake(
        "encoder-decoder-log-probabilities",
        exercise="encoder_decoder",
        name="logarithms of probabilities are returned instead of logits",
        hint="Logits are not normalised: the loss does that itself.",
        change=[("return self.output(h), h", "return torch.log_softmax(self.output(h), dim=-1), h")],
    ),
    Mistake(
        "encoder-decoder-results-exchanged",
        exercise="encoder_decoder",
        name="decode_step returns the state first and the logits second",
        hint="The order is logits, h.",
        change=[("return self.output(h), h", "return h, self.output(h)"), ("logits, h = self.decode_step", "h, logits = self.decode_step")],
    ),
    Mistake(
        "encoder-decoder-skips-padding-in-the-target",
        exercise="encoder_decoder",
        name="the decoder's state stands still where the target is padding",
        hint="All T columns of the target are fed. It is the loss that leaves padding out.",
        change=[
            (
                "logits, h = self.decode_step(target[:, t], h)",
                "logits, new = self.decode_step(target[:, t], h)\n            h = torch.where((target[:, t] != self.pad_id).unsqueeze(1), new, h)",
            )
        ],
    ),
    Mistake(
        "encoder-decoder-state-of-the-last-batch",
        exercise="encoder_decoder",
        name="the encoder goes on from the state of the call before",
        hint="Every source starts from zero, in every call.",
        change=[
            (
                "h = embedded.new_zeros(len(source), self.hidden_size)",
                'h = getattr(self, "kept", None)\n        h = embedded.new_zeros(len(source), self.hidden_size) if h is None or len(h) != len(source) else h',
            ),
            (
                "            h = torch.where(alive, self.encoder_cell(embedded[:, t], h), h)\n",
                "            h = torch.where(alive, self.encoder_cell(embedded[:, t], h), h)\n        self.kept = h.detach()\n",
            ),
        ],
    ),
    Mistake(
        "encoder-decoder-writes-into-the-source",
        exercise="encoder_decoder",
        name="the ids behind the ends are overwritten in the source itself",
        hint="The arguments are not changed; and what stands behind the ends needs no change, it is not read.",
        change=[
            (
                "embedded = self.source_embedding(source)",
                "source[torch.arange(source.shape[1]) >= lengths.unsqueeze(1)] = self.pad_id\n        embedded = self.source_embedding(source)",
            )
        ],
    ),
    Mistake(
        "encoder-decoder-reads-backwards",
        exercise="encoder_decoder",
        name="the encoder reads from right to left",
        hint="From left to right: step t reads column t. (Sutskever's trick is for later.)",
        change=[("for t in range(source.shape[1]):", "for t in reversed(range(source.shape[1])):")],
    ),
    Mistake(
        "encoder-decoder-logits-of-the-old-state",
        exercise="encoder_decoder",
        name="the logits are read from the state before the step",
        hint="First the cell, then the output: it reads the new state.",
        change=[
            (
                "h = self.decoder_cell(self.target_embedding(tokens), h)\n        return self.output(h), h",
                "logits = self.output(h)\n        h = self.decoder_cell(self.target_embedding(tokens), h)\n        return logits, h",
            )
        ],
    ),
    Mistake(
        "encoder-decoder-old-state-returned",
        exercise="encoder_decoder",
        name="decode_step returns the old state",
        hint="What comes back is where the next step starts: the new state.",
        change=[
            (
                "h = self.decoder_cell(self.target_embedding(tokens), h)\n        return self.output(h), h",
                "return self.output(self.decoder_cell(self.target_embedding(tokens), h)), h",
            )
        ],
    ),
    Mistake(
        "encoder-decoder-encoder-cell-writes",
        exercise="encoder_decoder",
        name="the encoder's cell is used for writing, too",
        hint="Two cells: encoder_cell reads, decoder_cell writes.",
        change=[("h = self.decoder_cell(", "h = self.encoder_cell(")],
    ),
    Mistake(
        "encoder-decoder-source-embedding-writes",
        exercise="encoder_decoder",
        name="the tokens that are fed go through the source's embedding",
        hint="Two vocabularies, two embeddings: target_embedding for what is written.",
        change=[("self.target_embedding(tokens)", "self.source_embedding(tokens)")],
    ),
    Mistake(
        "encoder-decoder-softmax",
        exercise="encoder_decoder",
        name="probabilities are returned instead of logits",
        hint="Logits are not normalised: the loss does that itself.",
        change=[("return self.output(h), h", "return torch.softmax(self.output(h), dim=-1), h")],
    ),
    Mistake(
        "encoder-decoder-time-first",
        exercise="encoder_decoder",
        name="the logits are stacked with time first: (T, N, V)",
        hint="The batch comes first: stack along axis 1.",
        change=[("torch.stack(steps, dim=1)", "torch.stack(steps, dim=0)")],
    ),
    Mistake(
        "encoder-decoder-detached-encoder",
        exercise="encoder_decoder",
        name="the encoder's state is detached: the encoder never learns",
        hint="The only way for a gradient into the encoder is through its last state.",
        change=[("h = self.encode(source, lengths)", "h = self.encode(source, lengths).detach()")],
    ),
    Mistake(
        "encoder-decoder-float32-start",
        exercise="encoder_decoder",
        name="the first state is float32 whatever the parameters are",
        hint="torch.zeros makes float32; new_zeros of a tensor makes its dtype.",
        change=[("embedded.new_zeros(len(source), self.hidden_size)", "torch.zeros(len(source), self.hidden_size)")],
    ),
]

GREEDY_DECODE = [
    Mistake(
        "greedy-decode-stops-at-repeats",
        exercise="greedy_decode",
        name="a row that writes one token three times in a row is taken for stuck",
        hint="1999 has three nines. Only eos ends a row.",
        change=[("finished[n] or token == eos_id", "finished[n] or token == eos_id or written[n][-2:] == [token, token]")],
    ),
    Mistake(
        "greedy-decode-one-stop-for-all",
        exercise="greedy_decode",
        name="the first row that ends stops all the others",
        hint="Leave the loop only when *all* rows are finished.",
        change=[("if all(finished):", "if any(finished):")],
    ),
    Mistake(
        "greedy-decode-keeps-tokens-after-eos",
        exercise="greedy_decode",
        name="a row goes on after its eos",
        hint="Once a row has written eos, nothing more is kept for it: the flag must stay set.",
        change=[("finished[n] = finished[n] or token == eos_id", "finished[n] = token == eos_id")],
    ),
    Mistake(
        "greedy-decode-only-takes-eos-out",
        exercise="greedy_decode",
        name="eos is taken out of each row, but what comes after it is kept",
        hint="A row ends at its *first* eos. See «And whatever it produces after its eos is thrown away».",
        change=[
            (
                "finished[n] = finished[n] or token == eos_id\n                if not finished[n]:",
                "finished[n] = finished[n] or token == eos_id\n                if token != eos_id:",
            )
        ],
    ),
    Mistake(
        "greedy-decode-one-list-for-all",
        exercise="greedy_decode",
        name="all rows share one list",
        hint="[[]] * n is one list n times. Make n lists.",
        change=[("[[] for _ in range(len(source))]", "[[]] * len(source)")],
    ),
    Mistake(
        "greedy-decode-first-row-stops-all",
        exercise="greedy_decode",
        name="the loop ends when the first row does",
        hint="Leave the loop only when *all* rows are finished.",
        change=[("if all(finished):", "if finished[0]:")],
    ),
    Mistake(
        "greedy-decode-tokens-are-tensors",
        exercise="greedy_decode",
        name="the tokens are tensors instead of ints",
        hint="tensor.tolist() makes a list of ints.",
        change=[("written[n].append(token)", "written[n].append(fed[n])")],
    ),
    Mistake(
        "greedy-decode-keeps-eos",
        exercise="greedy_decode",
        name="eos is kept at the end of each row",
        hint="The result is what was written *before* eos.",
        change=[
            (
                "                finished[n] = finished[n] or token == eos_id\n                if not finished[n]:\n                    written[n].append(token)",
                "                if not finished[n]:\n                    written[n].append(token)\n                finished[n] = finished[n] or token == eos_id",
            )
        ],
    ),
    Mistake(
        "greedy-decode-keeps-bos",
        exercise="greedy_decode",
        name="bos is kept at the beginning of each row",
        hint="bos is fed, not written.",
        change=[("[[] for _ in range(len(source))]", "[[bos_id] for _ in range(len(source))]")],
    ),
    Mistake(
        "greedy-decode-takes-every-bos-out",
        exercise="greedy_decode",
        name="a bos that the model wrote is left out of the result",
        hint="Only the bos that you fed is no part of the result. What the model writes before its eos is kept, all of it.",
        change=[("return written", "return [[token for token in row if token != bos_id] for row in written]")],
    ),
    Mistake(
        "greedy-decode-always-feeds-bos",
        exercise="greedy_decode",
        name="every step is fed bos",
        hint="Feed what was written in the step before.",
        change=[
            (
                "logits, h = model.decode_step(fed, h)\n            fed = logits",
                "logits, h = model.decode_step(torch.full_like(fed, bos_id), h)\n            fed = logits",
            )
        ],
    ),
    Mistake(
        "greedy-decode-state-not-passed",
        exercise="greedy_decode",
        name="every step starts from the encoder's state",
        hint="The new state goes into the next step.",
        change=[("logits, h = model.decode_step(fed, h)", "logits, _ = model.decode_step(fed, h)")],
    ),
    Mistake(
        "greedy-decode-smallest-logit",
        exercise="greedy_decode",
        name="the smallest logit is taken",
        hint="The most likely token has the largest logit.",
        change=[("logits.argmax(dim=-1)", "logits.argmin(dim=-1)")],
    ),
    Mistake(
        "greedy-decode-largest-exponential",
        exercise="greedy_decode",
        name="not the logits are compared but their exponentials or sigmoids, which are all alike for large logits",
        hint="The largest logit has the largest probability: compare the logits themselves. Nothing needs to be squashed first.",
        change=[("logits.argmax(dim=-1)", "logits.exp().argmax(dim=-1)")],
    ),
    Mistake(
        "greedy-decode-samples",
        exercise="greedy_decode",
        name="the token is drawn at random instead of taking the likeliest",
        hint="Greedy means argmax: no sampling.",
        change=[("logits.argmax(dim=-1)", "torch.multinomial(torch.softmax(logits, dim=-1), 1).squeeze(1)")],
    ),
    Mistake(
        "greedy-decode-one-token-too-many",
        exercise="greedy_decode",
        name="max_length is exceeded by one token",
        hint="At most max_length tokens are kept.",
        change=[("for _ in range(max_length):", "for _ in range(max_length + 1):")],
    ),
    Mistake(
        "greedy-decode-one-token-too-few",
        exercise="greedy_decode",
        name="a row that is cut off has one token too few",
        hint="At most max_length tokens: bos is not one of them.",
        change=[("for _ in range(max_length):", "for _ in range(max_length - 1):")],
    ),
    Mistake(
        "greedy-decode-encodes-without-lengths",
        exercise="greedy_decode",
        name="encode is told that every row is full",
        hint="Pass source and lengths on as they are.",
        change=[("model.encode(source, lengths)", "model.encode(source, torch.full_like(lengths, source.shape[1]))")],
    ),
    Mistake(
        "greedy-decode-eos-is-zero",
        exercise="greedy_decode",
        name="a row ends at token 0 instead of eos_id",
        hint="eos_id is an argument.",
        change=[("token == eos_id", "token == 0")],
    ),
    Mistake(
        "greedy-decode-drops-unfinished-rows",
        exercise="greedy_decode",
        name="a row that never says eos comes back empty",
        hint="Such a row is cut off at max_length, and what it wrote is kept.",
        change=[("return written", "return [row if done else [] for row, done in zip(written, finished)]")],
    ),
    Mistake(
        "greedy-decode-returns-tensors",
        exercise="greedy_decode",
        name="the rows are tensors instead of lists of ints",
        hint="tensor.tolist() makes a list of ints.",
        change=[("return written", "return [torch.tensor(row) for row in written]")],
    ),
]

PADDED_CROSS_ENTROPY = [
    Mistake(
        "padded-cross-entropy-counts-padding",
        exercise="padded_cross_entropy",
        name="padding is counted like a real token",
        hint="Only places with targets != pad_id count, above and below the fraction line.",
        change=[("return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)", "return losses.mean()")],
    ),
    Mistake(
        "padded-cross-entropy-divides-by-everything",
        exercise="padded_cross_entropy",
        name="the losses at padding are zero, but the sum is divided by N · T",
        hint="Divide by the number of real tokens.",
        change=[("losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)", "losses.masked_fill(~real, 0.0).mean()")],
    ),
    Mistake(
        "padded-cross-entropy-mean-of-means",
        exercise="padded_cross_entropy",
        name="the mean of each row is taken first, then the mean of these",
        hint="Every real token has the same weight, in a short row and in a long one.",
        change=[
            (
                "losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)",
                "(losses.masked_fill(~real, 0.0).sum(dim=1) / real.sum(dim=1).clamp(min=1)).mean()",
            )
        ],
    ),
    Mistake(
        "padded-cross-entropy-mean-of-means-of-real-rows",
        exercise="padded_cross_entropy",
        name="the mean of each row that has real tokens is taken first, then the mean of these",
        hint="Every real token has the same weight, in a short row and in a long one.",
        change=[
            (
                "losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)",
                "(losses.masked_fill(~real, 0.0).sum(dim=1) / real.sum(dim=1).clamp(min=1)).sum() / real.any(dim=1).sum().clamp(min=1)",
            )
        ],
    ),
    Mistake(
        "padded-cross-entropy-mean-over-the-batch",
        exercise="padded_cross_entropy",
        name="the sum over time is divided by the batch size",
        hint="Divide by the number of real tokens.",
        change=[("real.sum().clamp(min=1)", "len(targets)")],
    ),
    Mistake(
        "padded-cross-entropy-sum",
        exercise="padded_cross_entropy",
        name="the losses are summed and not divided",
        hint="The mean over the real tokens.",
        change=[(" / real.sum().clamp(min=1)", "")],
    ),
    Mistake(
        "padded-cross-entropy-nan-without-tokens",
        exercise="padded_cross_entropy",
        name="a batch without any real token gives NaN",
        hint="0/0: divide by the number of real tokens, but by 1 at least. PyTorch's ignore_index alone gives NaN here, too.",
        change=[("real.sum().clamp(min=1)", "real.sum()")],
    ),
    Mistake(
        "padded-cross-entropy-nan-without-tokens-by-a-product",
        exercise="padded_cross_entropy",
        name="a batch without any real token gives NaN, in the loss and in its gradient",
        hint="0/0: divide by the number of real tokens, but by 1 at least. See hint 3.",
        change=[("losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)", "(losses * real).sum() / real.sum()")],
    ),
    Mistake(
        "padded-cross-entropy-zero-without-gradient",
        exercise="padded_cross_entropy",
        name="without any real token the loss is a new 0, from which no gradient can flow",
        hint="A fresh torch.tensor(0.0) knows nothing of the logits, and backward fails. Let the 0 come out of the formula: divide by at least 1.",
        change=[("    losses = -", "    if not real.any():\n        return torch.tensor(0.0, dtype=logits.dtype)\n    losses = -")],
    ),
    Mistake(
        "padded-cross-entropy-not-a-tensor",
        exercise="padded_cross_entropy",
        name="the loss is a tensor cut off from the logits: no gradient can flow",
        hint="The loss must hang together with the logits: no .detach(), no .item(), no torch.tensor(…), no torch.no_grad.",
        change=[
            (
                "return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)",
                "return torch.tensor((losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)).item(), dtype=logits.dtype)",
            )
        ],
    ),
    Mistake(
        "padded-cross-entropy-python-number",
        exercise="padded_cross_entropy",
        name="the loss is a Python number: no gradient can flow",
        hint="The loss must hang together with the logits: a tensor of shape (), no .item() and no float(…).",
        change=[
            (
                "return losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)",
                "return (losses.masked_fill(~real, 0.0).sum() / real.sum().clamp(min=1)).item()",
            )
        ],
    ),
    Mistake(
        "padded-cross-entropy-only-contiguous",
        exercise="padded_cross_entropy",
        name="it fails on logits or targets that are not contiguous, as .view does",
        hint="target[:, 1:] and a transposed tensor don't lie in memory in order. .reshape and .flatten take them all the same.",
        code="""def padded_cross_entropy(logits, targets, pad_id):
    losses = F.cross_entropy(logits.view(-1, logits.shape[2]), targets.view(-1), ignore_index=pad_id, reduction="sum")
    return losses / (targets != pad_id).sum().clamp(min=1)
""",
    ),
    Mistake(
        "padded-cross-entropy-padding-only-behind",
        exercise="padded_cross_entropy",
        name="only the tokens before the first padding are counted",
        hint="Where targets is pad_id there is no token, wherever that is. See the set P.",
        change=[("real = targets != pad_id", "real = (targets != pad_id).cumprod(dim=1).bool()")],
    ),
    Mistake(
        "padded-cross-entropy-padding-is-zero",
        exercise="padded_cross_entropy",
        name="0 is taken for the padding, whatever pad_id is",
        hint="pad_id is an argument, and 0 may be a real token.",
        change=[("real = targets != pad_id", "real = targets != 0")],
    ),
    Mistake(
        "padded-cross-entropy-inverted-mask",
        exercise="padded_cross_entropy",
        name="only padding counts: the mask is inverted",
        hint="True means «is a real token».",
        change=[("real = targets != pad_id", "real = targets == pad_id")],
    ),
    Mistake(
        "padded-cross-entropy-positive-logarithm",
        exercise="padded_cross_entropy",
        name="the minus sign is missing",
        hint="The logarithm of a probability is negative, the loss is positive.",
        change=[("losses = -log_probabilities", "losses = log_probabilities")],
    ),
    Mistake(
        "padded-cross-entropy-softmax-over-time",
        exercise="padded_cross_entropy",
        name="the softmax runs over time instead of the vocabulary",
        hint="The probabilities of one place add up to one along the last axis.",
        change=[("torch.log_softmax(logits, dim=-1)", "torch.log_softmax(logits, dim=1)")],
    ),
    Mistake(
        "padded-cross-entropy-base-two",
        exercise="padded_cross_entropy",
        name="the logarithm is to the base 2",
        hint="Natural logarithm: nats, not bits.",
        change=[("/ real.sum().clamp(min=1)", "/ real.sum().clamp(min=1) / math.log(2)")],
    ),
    Mistake(
        "padded-cross-entropy-log-of-zero",
        exercise="padded_cross_entropy",
        name="softmax and log one after the other: the logarithm of zero",
        hint="torch.log_softmax does both at once and never overflows.",
        change=[("torch.log_softmax(logits, dim=-1)", "torch.log(torch.softmax(logits, dim=-1))")],
    ),
    Mistake(
        "padded-cross-entropy-clipped",
        exercise="padded_cross_entropy",
        name="a small number is added inside the logarithm",
        hint="That bounds the loss of a confident mistake. torch.log_softmax needs no such crutch.",
        change=[("torch.log_softmax(logits, dim=-1)", "torch.log(torch.softmax(logits, dim=-1) + 1e-9)")],
    ),
    Mistake(
        "padded-cross-entropy-small-number-below",
        exercise="padded_cross_entropy",
        name="a small number is added to the number of tokens",
        hint="That makes every loss a little too small. Divide by at least 1 instead.",
        change=[("real.sum().clamp(min=1)", "(real.sum() + 1e-4)")],
    ),
    Mistake(
        "padded-cross-entropy-zero-logits-at-padding",
        exercise="padded_cross_entropy",
        name="the logits at padding are set to zero, but the places still count",
        hint="Zero logits have a loss, too: log V. Take the places out of the sum.",
        change=[
            ("torch.log_softmax(logits, dim=-1)", "torch.log_softmax(logits * real.unsqueeze(2), dim=-1)"),
            ("losses.masked_fill(~real, 0.0).sum()", "losses.sum()"),
        ],
    ),
]

TRANSLATE_DATES_GRU = [
    Mistake(
        "translate-dates-gru-no-shift",
        exercise="translate_dates_gru",
        name="the labels are what was fed: the model learns to repeat",
        hint="Each label is the token *after* the one that was fed. See «Shift».",
        change=[("fed, labels = target[:, :-1], target[:, 1:]", "fed, labels = target[:, :-1], target[:, :-1]")],
    ),
    Mistake(
        "translate-dates-gru-feeds-the-labels",
        exercise="translate_dates_gru",
        name="the model is fed the labels themselves",
        hint="It is fed everything but the last column, bos first.",
        change=[("fed, labels = target[:, :-1], target[:, 1:]", "fed, labels = target[:, 1:], target[:, 1:]")],
    ),
    Mistake(
        "translate-dates-gru-shifted-the-other-way",
        exercise="translate_dates_gru",
        name="the shift goes the wrong way: fed without the first column, labels without the last",
        hint="The label comes after the token that is fed, not before it.",
        change=[("fed, labels = target[:, :-1], target[:, 1:]", "fed, labels = target[:, 1:], target[:, :-1]")],
    ),
    Mistake(
        "translate-dates-gru-gradients-pile-up",
        exercise="translate_dates_gru",
        name="the gradients are never set to zero",
        hint="PyTorch adds to .grad. See «Fresh gradients».",
        change=[("        optimizer.zero_grad()\n", "")],
    ),
    Mistake(
        "translate-dates-gru-zeroed-after-step-only",
        exercise="translate_dates_gru",
        name="the gradients are zeroed after each step only, so what stood there before the first batch counts",
        hint="Whoever called you may have left gradients behind: zero them before backward.",
        change=[
            ("        optimizer.zero_grad()\n", ""),
            ("        optimizer.step()\n", "        optimizer.step()\n        optimizer.zero_grad()\n"),
        ],
    ),
    Mistake(
        "translate-dates-gru-zeroed-once",
        exercise="translate_dates_gru",
        name="the gradients are zeroed once, before the first batch",
        hint="PyTorch adds to .grad in every batch. See «Fresh gradients».",
        change=[("        optimizer.zero_grad()\n", ""), ("    losses = []\n", "    losses = []\n    optimizer.zero_grad()\n")],
    ),
    Mistake(
        "translate-dates-gru-one-step-for-all",
        exercise="translate_dates_gru",
        name="there is one step at the very end instead of one for each batch",
        hint="All five steps of the list stand inside the loop. Look at the indentation.",
        change=[
            ("        optimizer.zero_grad()\n", ""),
            ("    losses = []\n", "    losses = []\n    optimizer.zero_grad()\n"),
            ("        nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n        optimizer.step()\n", ""),
            ("    return losses", "    nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n    optimizer.step()\n    return losses"),
        ],
    ),
    Mistake(
        "translate-dates-gru-loss-after-the-step",
        exercise="translate_dates_gru",
        name="the loss is computed again after the update, and that one is noted down",
        hint="Entry k is the loss of batch k *before* its update: the one you went back through.",
        change=[("losses.append(loss.item())", "losses.append(loss_function(model(source, lengths, fed), labels, pad_id).item())")],
    ),
    Mistake(
        "translate-dates-gru-needs-a-list",
        exercise="translate_dates_gru",
        name="batches is indexed, or asked for its length",
        hint="An iterable may be a generator: `for … in batches` is all that it can do.",
        change=[
            (
                "    for source, lengths, target in batches:\n",
                "    for k in range(len(batches)):\n        source, lengths, target = batches[k]\n",
            )
        ],
    ),
    Mistake(
        "translate-dates-gru-no-clipping",
        exercise="translate_dates_gru",
        name="the gradients are not clipped, or at a moment when it has no effect",
        hint="Clip between backward, which makes the gradients, and step, which uses them.",
        change=[("        nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n", "")],
    ),
    Mistake(
        "translate-dates-gru-clips-values",
        exercise="translate_dates_gru",
        name="each entry is clipped by itself",
        hint="Clip the norm of all gradients together: that keeps the direction.",
        change=[("nn.utils.clip_grad_norm_(", "nn.utils.clip_grad_value_(")],
    ),
    Mistake(
        "translate-dates-gru-clips-each-parameter",
        exercise="translate_dates_gru",
        name="each parameter's gradient is clipped by itself",
        hint="One norm over all parameters together.",
        change=[
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm)",
                "[nn.utils.clip_grad_norm_([parameter], max_norm) for parameter in model.parameters()]",
            )
        ],
    ),
    Mistake(
        "translate-dates-gru-clips-each-group",
        exercise="translate_dates_gru",
        name="each group of the optimizer's parameters is clipped by itself",
        hint="One norm over all parameters of the model together, in whatever groups the optimizer has them.",
        change=[
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm)",
                '[nn.utils.clip_grad_norm_(group["params"], max_norm) for group in optimizer.param_groups]',
            )
        ],
    ),
    Mistake(
        "translate-dates-gru-always-rescales",
        exercise="translate_dates_gru",
        name="gradients below max_norm are scaled up to it",
        hint="A norm below max_norm leaves the gradients alone.",
        change=[
            (
                "nn.utils.clip_grad_norm_(model.parameters(), max_norm)",
                "norm = nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n"
                "        for parameter in model.parameters():\n"
                "            parameter.grad *= max(1.0, float(max_norm / norm))",
            )
        ],
    ),
    Mistake(
        "translate-dates-gru-always-norm-one",
        exercise="translate_dates_gru",
        name="max_norm is ignored: the gradients are clipped to 1",
        hint="max_norm is an argument; 1.0 is only its default.",
        change=[("nn.utils.clip_grad_norm_(model.parameters(), max_norm)", "nn.utils.clip_grad_norm_(model.parameters(), 1.0)")],
    ),
    Mistake(
        "translate-dates-gru-no-step",
        exercise="translate_dates_gru",
        name="the parameters never move: no step, or a step along gradients that were just set to zero",
        hint="zero_grad, backward, clip, step: in this order.",
        change=[("        optimizer.step()\n", "")],
    ),
    Mistake(
        "translate-dates-gru-step-before-backward",
        exercise="translate_dates_gru",
        name="the step comes before backward: each update uses the gradients of the batch before",
        hint="zero_grad, backward, clip, step: in this order.",
        change=[
            (
                "        optimizer.zero_grad()\n        loss.backward()\n",
                "        optimizer.step()\n        optimizer.zero_grad()\n        loss.backward()\n",
            ),
            (
                "        nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n        optimizer.step()\n",
                "        nn.utils.clip_grad_norm_(model.parameters(), max_norm)\n",
            ),
        ],
    ),
    Mistake(
        "translate-dates-gru-own-loss",
        exercise="translate_dates_gru",
        name="another loss, PyTorch's or one's own cross-entropy, is used instead of the one that is given",
        hint="The loss is an argument: call loss_function with logits, labels and pad_id.",
        change=[
            (
                "loss = loss_function(model(source, lengths, fed), labels, pad_id)",
                "loss = F.cross_entropy(model(source, lengths, fed).transpose(1, 2), labels, ignore_index=pad_id)",
            )
        ],
    ),
    Mistake(
        "translate-dates-gru-padding-is-zero",
        exercise="translate_dates_gru",
        name="the loss is told that 0 is the padding, whatever pad_id is",
        hint="Hand pad_id on.",
        change=[("labels, pad_id)", "labels, 0)")],
    ),
    Mistake(
        "translate-dates-gru-mean-loss",
        exercise="translate_dates_gru",
        name="one mean loss is returned instead of a list",
        hint="One entry for each batch.",
        change=[("return losses", "return sum(losses) / max(1, len(losses))")],
    ),
    Mistake(
        "translate-dates-gru-losses-are-tensors",
        exercise="translate_dates_gru",
        name="the losses are tensors instead of floats",
        hint="loss.item() is a float. A tensor may drag its whole graph along.",
        change=[("losses.append(loss.item())", "losses.append(loss)")],
    ),
    Mistake(
        "translate-dates-gru-own-optimizer",
        exercise="translate_dates_gru",
        name="a new optimizer is made instead of using the one that is given",
        hint="The learning rate and the momentum are the caller's: use `optimizer`.",
        change=[("    losses = []\n", "    losses = []\n    optimizer = torch.optim.Adam(model.parameters())\n")],
    ),
    Mistake(
        "translate-dates-gru-only-the-first-batch",
        exercise="translate_dates_gru",
        name="only the first batch is used: return stands inside the loop",
        hint="Look at the indentation of return.",
        change=[("        losses.append(loss.item())\n", "        losses.append(loss.item())\n        return losses\n")],
    ),
]

MISTAKES = [
    *GRU_CELL,
    *GRU_CELL_BACKWARD,
    *MINIMAL_GATED_UNIT,
    *RUN_PADDED,
    *ENCODER_DECODER,
    *GREEDY_DECODE,
    *PADDED_CROSS_ENTROPY,
    *TRANSLATE_DATES_GRU,
]
