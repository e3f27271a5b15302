"""Wrong answers to the exercises of attention that students really write."""

from autograder.catalogue import Mistake

MASKED_SOFTMAX = [
    Mistake(
        "masked-softmax-after-the-softmax",
        exercise="masked_softmax",
        name="the mask is applied after the softmax, so the weights no longer add up to one",
        hint="Blocked places have taken their share already. See «Masking too late».",
        change=[("torch.softmax(allowed_scores, dim=dim)", "torch.softmax(scores, dim=dim)")],
    ),
    Mistake(
        "masked-softmax-large-negative-number",
        exercise="masked_softmax",
        name="blocked scores are set to a large finite number, and a row without keys comes out uniform",
        hint="When all scores of a row are the same, the softmax is uniform. See «A large finite number instead of −∞».",
        change=[('float("-inf")', "-1e9"), ("return weights.masked_fill(blocked, 0.0)", "return weights")],
    ),
    Mistake(
        "masked-softmax-adds-a-large-negative-number",
        exercise="masked_softmax",
        name="a large negative number is added to blocked scores, and a row without keys attends to padding",
        hint="Adding a constant to all scores of a row changes nothing: what is left when everything is blocked?",
        code="""def masked_softmax(scores, mask, dim=-1):
    return torch.softmax(scores + (~mask) * -1e9, dim=dim)
""",
    ),
    Mistake(
        "masked-softmax-inverted-mask",
        exercise="masked_softmax",
        name="the mask is inverted: allowed places are blocked",
        hint="True means «may attend».",
        change=[("blocked = ~mask", "blocked = mask")],
    ),
    Mistake(
        "masked-softmax-always-the-last-axis",
        exercise="masked_softmax",
        name="`dim` is ignored: the softmax always runs along the last axis",
        hint="The third argument says along which axis the weights add up to one.",
        change=[("torch.softmax(allowed_scores, dim=dim)", "torch.softmax(allowed_scores, dim=-1)")],
    ),
    Mistake(
        "masked-softmax-over-rows",
        exercise="masked_softmax",
        name="the softmax runs along the first axis",
        hint="Which sums should be one? Those along `dim`.",
        change=[("torch.softmax(allowed_scores, dim=dim)", "torch.softmax(allowed_scores, dim=0)")],
    ),
    Mistake(
        "masked-softmax-nan-row",
        exercise="masked_softmax",
        name="a row without keys is NaN",
        hint="0/0: the sum in the denominator is zero when everything is blocked. See «The row without keys».",
        change=[("return weights.masked_fill(blocked, 0.0)", "return weights")],
    ),
    Mistake(
        "masked-softmax-nan-gradient",
        exercise="masked_softmax",
        name="the weights are right, but the gradient of a row without keys is NaN",
        hint="A NaN that is replaced at the end still stands in the backward pass: masked_fill or where stop the gradient before it.",
        code="""def masked_softmax(scores, mask, dim=-1):
    return torch.nan_to_num(torch.softmax(scores + torch.log(mask.to(scores.dtype)), dim=dim))
""",
    ),
    Mistake(
        "masked-softmax-overflow",
        exercise="masked_softmax",
        name="the exponential overflows: the largest score is not subtracted",
        hint="e to the power of 1,000 is infinite. The softmax doesn't change when a constant is subtracted from all scores of a row.",
        code="""def masked_softmax(scores, mask, dim=-1):
    e = torch.exp(scores) * mask
    total = e.sum(dim=dim, keepdim=True)
    return e / torch.where(total == 0, torch.ones_like(total), total)
""",
    ),
    Mistake(
        "masked-softmax-of-zeroed-scores",
        exercise="masked_softmax",
        name="blocked scores become 0 before the softmax, and beside this 0 allowed scores far below it vanish",
        hint="The largest score that is subtracted must be the largest among the allowed ones. Dividing by the sum once more comes too late: what "
        "became 0 stays 0.",
        code="""def masked_softmax(scores, mask, dim=-1):
    weights = torch.softmax(scores * mask, dim=dim) * mask
    return weights / (weights.sum(dim=dim, keepdim=True) + 1e-13)
""",
    ),
    Mistake(
        "masked-softmax-maximum-over-blocked",
        exercise="masked_softmax",
        name="blocked scores take part in the largest score that is subtracted, and a huge one makes all weights zero",
        hint="Which largest, when some scores are blocked? torch.softmax subtracts the largest of all that it is given.",
        code="""def masked_softmax(scores, mask, dim=-1):
    e = torch.exp(scores - scores.amax(dim=dim, keepdim=True)) * mask
    total = e.sum(dim=dim, keepdim=True)
    return e / torch.where(total == 0, torch.ones_like(total), total)
""",
    ),
    Mistake(
        "masked-softmax-global-maximum",
        exercise="masked_softmax",
        name="one maximum is subtracted from the whole tensor",
        hint="Rows with small scores vanish: each row along `dim` needs its own largest score.",
        code="""def masked_softmax(scores, mask, dim=-1):
    masked = scores.masked_fill(~mask, float("-inf"))
    e = torch.exp(masked - masked.max())
    total = e.sum(dim=dim, keepdim=True)
    return e / torch.where(total == 0, torch.ones_like(total), total)
""",
    ),
    Mistake(
        "masked-softmax-zeroed-scores",
        exercise="masked_softmax",
        name="blocked scores are set to 0, but e to the power of 0 is 1",
        hint="Which score has an exponential of zero?",
        change=[('float("-inf")', "0.0"), ("return weights.masked_fill(blocked, 0.0)", "return weights")],
    ),
    Mistake(
        "masked-softmax-epsilon",
        exercise="masked_softmax",
        name="a small number is added to the denominator, and the weights add up to less than one",
        hint="1e-5 is far more than rounding. Say exactly which rows are zero instead.",
        code="""def masked_softmax(scores, mask, dim=-1):
    masked = scores.masked_fill(~mask, float("-inf"))
    top = masked.amax(dim=dim, keepdim=True)
    e = torch.exp(masked - top.masked_fill(top == float("-inf"), 0.0))
    return e / (e.sum(dim=dim, keepdim=True) + 1e-5)
""",
    ),
    Mistake(
        "masked-softmax-epsilon-of-a-millionth",
        exercise="masked_softmax",
        name="a small number is added to the denominator, and the weights add up to less than one",
        hint="A millionth is more than rounding. Say exactly which rows are zero instead.",
        code="""def masked_softmax(scores, mask, dim=-1):
    masked = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    e = torch.exp(masked - masked.amax(dim=dim, keepdim=True)) * mask
    return e / (e.sum(dim=dim, keepdim=True) + 1e-6)
""",
    ),
    Mistake(
        "masked-softmax-empty-rows-along-the-last-axis",
        exercise="masked_softmax",
        name="rows without keys are looked for along the last axis, whatever `dim` is",
        hint="Such a row runs along `dim`. See «The row without keys».",
        change=[
            (
                "return weights.masked_fill(blocked, 0.0)",
                "return torch.where(mask.any(dim=-1, keepdim=True), weights, torch.zeros_like(weights))",
            ),
        ],
    ),
    Mistake(
        "masked-softmax-no-broadcasting",
        exercise="masked_softmax",
        name="the mask must be as large as the scores: it does not broadcast",
        hint="scores[mask] needs a mask of the same shape; masked_fill and where broadcast it.",
        code="""
def masked_softmax(scores, mask, dim=-1):
    masked = torch.full_like(scores, float("-inf"))
    masked[mask] = scores[mask]
    return torch.softmax(masked, dim=dim).masked_fill(~mask, 0.0)
""",
    ),
    Mistake(
        "masked-softmax-clears-blocked-scores",
        exercise="masked_softmax",
        name="blocked scores are set to zero in the caller's tensor",
        hint="Operations whose name ends in _ change the argument.",
        change=[
            (
                "return weights.masked_fill(blocked, 0.0)",
                "with torch.no_grad():\n        scores.masked_fill_(blocked, 0.0)\n    return weights.masked_fill(blocked, 0.0)",
            ),
        ],
    ),
    Mistake(
        "masked-softmax-detached",
        exercise="masked_softmax",
        name="the weights are right, but no gradient flows back",
        hint="Nothing may be detached, and nothing rebuilt from lists: training needs the way back.",
        change=[("return weights.masked_fill(blocked, 0.0)", "return weights.masked_fill(blocked, 0.0).detach()")],
    ),
    Mistake(
        "masked-softmax-output-in-place",
        exercise="masked_softmax",
        name="the weights are right, but an operation in place overwrites what the gradient needs: the output of softmax or exp",
        hint="The way back is worked out from this output. Names that end in _, *= and assignments to entries write into it: "
        "make a new tensor instead.",
        change=[("return weights.masked_fill(blocked, 0.0)", "return weights.masked_fill_(blocked, 0.0)")],
    ),
    Mistake(
        "masked-softmax-always-float64",
        exercise="masked_softmax",
        name="float32 scores give float64 weights",
        hint="The weights have the dtype of the scores. Don't convert.",
        change=[("return weights.masked_fill(blocked, 0.0)", "return weights.masked_fill(blocked, 0.0).double()")],
    ),
    Mistake(
        "masked-softmax-in-place",
        exercise="masked_softmax",
        name="scores is changed in place",
        hint="Operations whose name ends in _ change the argument.",
        code="""def masked_softmax(scores, mask, dim=-1):
    with torch.no_grad():
        scores.masked_fill_(~mask, float("-inf"))
    return torch.softmax(scores, dim=dim).masked_fill(~mask, 0.0)
""",
    ),
    Mistake(
        "masked-softmax-mask-in-place",
        exercise="masked_softmax",
        name="the mask is turned round in place: the caller's mask is inverted afterwards",
        hint="logical_not_ and other operations whose name ends in _ change the argument. Make a new mask.",
        change=[("blocked = ~mask", "blocked = mask.logical_not_()")],
    ),
    Mistake(
        "masked-softmax-only-contiguous",
        exercise="masked_softmax",
        name="it fails on scores that were transposed, as .view does",
        hint="A transposed tensor doesn't lie in memory in order. .reshape takes it all the same, and the softmax along `dim` needs neither.",
        change=[("scores.masked_fill(blocked", "scores.view(-1, scores.shape[-1]).view(scores.shape).masked_fill(blocked")],
    ),
]

CHECK_MASKED_SOFTMAX = [
    Mistake(
        "check-masked-softmax-only-shapes",
        exercise="check_masked_softmax",
        name="only shape and dtype are looked at",
        hint="Zeros have the right shape too. Compare the numbers.",
        change=[
            (" and torch.allclose(got, weights, rtol=0, atol=1e-9)", ""),
            (
                "            right = right and torch.allclose(torch.autograd.grad(got, leaf, upstream)[0], gradient, rtol=0, atol=1e-9)\n",
                "",
            ),
            (" and torch.allclose(got, weights.float(), atol=1e-5)", ""),
        ],
    ),
    Mistake(
        "check-masked-softmax-only-sums",
        exercise="check_masked_softmax",
        name="only the sums of the weights are looked at",
        hint="Uniform weights add up to one as well. Compare each weight.",
        code="""
def check_masked_softmax(f):
    generator = torch.Generator().manual_seed(1)
    try:
        for dim in (-1, 0, 1):
            scores = torch.randn(4, 5, 3, generator=generator, dtype=torch.float64)
            mask = torch.rand(4, 5, 3, generator=generator) < 0.6
            mask.movedim(dim, -1)[0, 0] = False
            due = mask.any(dim=dim).double()
            if not torch.allclose(f(scores, mask, dim).sum(dim=dim), due):
                return False
    except Exception:
        return False
    return True
""",
    ),
    Mistake(
        "check-masked-softmax-everything-allowed",
        exercise="check_masked_softmax",
        name="the mask is True everywhere",
        hint="A test of a mask needs blocked places.",
        change=[
            ("mask = torch.rand(mask_shape, generator=generator) < 0.6", "mask = torch.ones(mask_shape, dtype=torch.bool)"),
            ("        if mask.dim() == 3:\n            mask.movedim(dim, -1)[0, 0] = False  # a row without keys\n", ""),
        ],
    ),
    Mistake(
        "check-masked-softmax-no-row-without-keys",
        exercise="check_masked_softmax",
        name="every row has a key",
        hint="The row without keys is where NaN lives. See the table.",
        change=[
            (
                "        if mask.dim() == 3:\n            mask.movedim(dim, -1)[0, 0] = False  # a row without keys\n",
                "        if mask.dim() == 3:\n            mask.movedim(dim, -1)[..., 0] = True\n        else:\n            mask[0] = True\n",
            )
        ],
    ),
    Mistake(
        "check-masked-softmax-only-the-last-axis",
        exercise="check_masked_softmax",
        name="`dim` is always the last axis",
        hint="An ignored argument is only seen when it isn't the default.",
        change=[
            (
                "        ((4, 5, 3), (4, 5, 3), 1, 0.0),\n        ((5, 4, 3), (5, 4, 3), 0, 1e4),\n",
                "",
            )
        ],
    ),
    Mistake(
        "check-masked-softmax-no-broadcasting",
        exercise="check_masked_softmax",
        name="the mask is always as large as the scores",
        hint="The docstring of masked_softmax lets the mask broadcast.",
        change=[
            (
                "        ((3, 5, 4), (3, 1, 4), 2, 1e4),\n        ((3, 5, 4), (4,), -1, 0.0),\n",
                "        ((3, 5, 4), (3, 5, 4), 2, 1e4),\n        ((3, 5, 4), (3, 5, 4), -1, 0.0),\n",
            )
        ],
    ),
    Mistake(
        "check-masked-softmax-moderate-scores",
        exercise="check_masked_softmax",
        name="all scores are near zero",
        hint="One regime only: overflow happens elsewhere.",
        change=[("0, 1e4),", "0, 0.0),"), ("2, 1e4),", "2, 0.0),")],
    ),
    Mistake(
        "check-masked-softmax-blocked-scores-moderate",
        exercise="check_masked_softmax",
        name="blocked scores are never larger than the allowed ones",
        hint="Padding may hold any number. Which largest score is subtracted?",
        change=[("scores = scores + size * ~mask", "scores = scores.masked_fill(~mask, -size)")],
    ),
    Mistake(
        "check-masked-softmax-loose-tolerance",
        exercise="check_masked_softmax",
        name="differences of 0.001 are accepted",
        hint="Rounding in float64 is of the order of 1e-16. A small number in the denominator is a mistake.",
        change=[
            ("torch.allclose(got, weights, rtol=0, atol=1e-9)", "torch.allclose(got, weights, rtol=0, atol=1e-3)"),
            ("gradient, rtol=0, atol=1e-9)", "gradient, rtol=0, atol=1e-3)"),
        ],
    ),
    Mistake(
        "check-masked-softmax-exact-equality",
        exercise="check_masked_softmax",
        name="weights are compared by ==",
        hint="The same weights by another way differ in their last digits. Accept rounding.",
        change=[("torch.allclose(got, weights, rtol=0, atol=1e-9)", "torch.equal(got, weights)")],
    ),
    Mistake(
        "check-masked-softmax-forward-only",
        exercise="check_masked_softmax",
        name="the gradient is not looked at",
        hint="Right weights can hide a NaN, or no gradient at all, on the way back.",
        change=[
            (
                "            right = right and torch.allclose(torch.autograd.grad(got, leaf, upstream)[0], gradient, rtol=0, atol=1e-9)\n",
                "",
            )
        ],
    ),
    Mistake(
        "check-masked-softmax-lets-exceptions-through",
        exercise="check_masked_softmax",
        name="errors that f raises come through",
        hint="What f raises is f's fault: the answer is False.",
        change=[("except Exception:", "except ZeroDivisionError:")],
    ),
    Mistake(
        "check-masked-softmax-arguments-not-looked-at",
        exercise="check_masked_softmax",
        name="nobody looks whether f has changed its arguments",
        hint="Hand over copies, and compare them with the originals afterwards.",
        change=[("            right = right and torch.equal(leaf, scores) and torch.equal(copy, mask)\n", "")],
    ),
    Mistake(
        "check-masked-softmax-only-float64",
        exercise="check_masked_softmax",
        name="float32 is never tried",
        hint="The dtype of the scores is kept: try both.",
        change=[("if size == 0:", "if size == 1:")],
    ),
    Mistake(
        "check-masked-softmax-nan-passes",
        exercise="check_masked_softmax",
        name="it looks for large differences, and NaN is none",
        hint="NaN > 1e-9 is false, and so is NaN < 1e-9. Ask whether the differences are small.",
        change=[
            ("torch.allclose(got, weights, rtol=0, atol=1e-9)", "not ((got - weights).abs() > 1e-9).any()"),
            (
                "torch.allclose(torch.autograd.grad(got, leaf, upstream)[0], gradient, rtol=0, atol=1e-9)",
                "not ((torch.autograd.grad(got, leaf, upstream)[0] - gradient).abs() > 1e-9).any()",
            ),
            ("torch.allclose(got, weights.float(), atol=1e-5)", "not ((got - weights.float()).abs() > 1e-5).any()"),
        ],
    ),
    Mistake(
        "check-masked-softmax-always-true",
        exercise="check_masked_softmax",
        name="the answer is True each time, but for errors",
        hint="Show your test something wrong, and see it fail.",
        code="""
def check_masked_softmax(f):
    try:
        f(torch.zeros(2, 3), torch.ones(2, 3, dtype=torch.bool))
    except Exception:
        return False
    return True
""",
    ),
    Mistake(
        "check-masked-softmax-always-false",
        exercise="check_masked_softmax",
        name="the answer is False each time, for right implementations too",
        hint="A test that rejects everything has not found the right ones either. And a verdict that depends on chance is none.",
        change=[("return False\n    return True", "return False\n    return False")],
    ),
]

MASKS = [
    Mistake(
        "masks-length-included",
        exercise="masks",
        name="the padding mask lets one padding token through: <= for <",
        hint="Positions count from 0: a sentence of length 2 has the positions 0 and 1.",
        change=[("positions < lengths.unsqueeze(1)", "positions <= lengths.unsqueeze(1)")],
    ),
    Mistake(
        "masks-padding-inverted",
        exercise="masks",
        name="the padding mask is inverted: True at padding",
        hint="True means «is a real token».",
        change=[("positions < lengths.unsqueeze(1)", "positions >= lengths.unsqueeze(1)")],
    ),
    Mistake(
        "masks-padding-in-front",
        exercise="masks",
        name="the padding mask takes the padding to be in front of the sentence",
        hint="The real tokens stand at the front, the padding behind them.",
        change=[("positions < lengths.unsqueeze(1)", "positions >= max_length - lengths.unsqueeze(1)")],
    ),
    Mistake(
        "masks-padding-width-of-the-longest",
        exercise="masks",
        name="the padding mask is as wide as the longest sentence, not max_length",
        hint="The width is the second argument, also when every sentence is shorter.",
        change=[("torch.arange(max_length, device=lengths.device)", "torch.arange(int(lengths.max()), device=lengths.device)")],
    ),
    Mistake(
        "masks-padding-not-boolean",
        exercise="masks",
        name="the padding mask holds numbers, not booleans",
        hint="A mask is boolean: a comparison is one already.",
        change=[("return positions < lengths.unsqueeze(1)", "return (positions < lengths.unsqueeze(1)).float()")],
    ),
    Mistake(
        "masks-padding-counts-from-one",
        exercise="masks",
        name="the positions of the padding mask count from 1",
        hint="Positions count from 0: a sentence of length 2 has the positions 0 and 1.",
        change=[("torch.arange(max_length, device=lengths.device)", "torch.arange(1, max_length + 1, device=lengths.device)")],
    ),
    Mistake(
        "masks-causal-never-empty",
        exercise="masks",
        name="with fewer keys than queries the causal mask is aligned at the top left",
        hint="The formula j <= i + keys - queries holds here, too: the shift is negative, and the first rows see nothing.",
        change=[("(keys - queries)", "max(0, keys - queries)")],
    ),
    Mistake(
        "masks-causal-cut-from-the-keys",
        exercise="masks",
        name="the causal mask is cut from a square of the keys, which has too few rows for more queries than keys",
        hint="There are `queries` rows, also when there are fewer keys than that.",
        change=[
            (
                "    return torch.arange(keys) <= query_positions  # (queries, keys)",
                "    return torch.ones(keys, keys, dtype=torch.bool).tril()[-queries:]",
            )
        ],
    ),
    Mistake(
        "masks-causal-not-boolean",
        exercise="masks",
        name="the causal mask holds numbers, not booleans",
        hint="A mask answers yes or no: its dtype is torch.bool. torch.ones makes floats.",
        change=[("return torch.arange(keys) <= query_positions", "return (torch.arange(keys) <= query_positions).float()")],
    ),
    Mistake(
        "masks-causal-bytes",
        exercise="masks",
        name="the causal mask holds the whole numbers 0 and 1 (uint8), not booleans",
        hint="A mask answers yes or no: its dtype is torch.bool. A comparison gives one.",
        change=[("return torch.arange(keys) <= query_positions", "return (torch.arange(keys) <= query_positions).to(torch.uint8)")],
    ),
    Mistake(
        "masks-causal-axis-in-front",
        exercise="masks",
        name="the causal mask has an axis of size 1 in front, for the batch",
        hint="Two axes, (queries, keys): a batch, or heads, are a matter of broadcasting.",
        change=[("return torch.arange(keys) <= query_positions", "return (torch.arange(keys) <= query_positions).unsqueeze(0)")],
    ),
    Mistake(
        "masks-causal-square-with-an-axis-in-front",
        exercise="masks",
        name="the causal mask is a square of the keys with an axis of size 1 in front: `queries` is not used",
        hint="Two axes, (queries, keys). With fewer queries than keys there are fewer rows: the last ones.",
        change=[
            (
                "    return torch.arange(keys) <= query_positions  # (queries, keys)",
                "    return torch.ones(1, keys, keys, dtype=torch.bool).tril()",
            )
        ],
    ),
    Mistake(
        "masks-causal-strict",
        exercise="masks",
        name="a query may not look at its own position",
        hint="Smaller or *equal*: itself included.",
        change=[("torch.arange(keys) <= query_positions", "torch.arange(keys) < query_positions")],
    ),
    Mistake(
        "masks-causal-upper",
        exercise="masks",
        name="the triangle is on the wrong side: queries look into the future",
        hint="Rows are queries and columns are keys: an early query sees few keys, so the triangle is at the lower left.",
        change=[("torch.arange(keys) <= query_positions", "torch.arange(keys) >= query_positions")],
    ),
    Mistake(
        "masks-causal-blocked",
        exercise="masks",
        name="the causal mask is True where looking is forbidden",
        hint="True means «may attend».",
        change=[("torch.arange(keys) <= query_positions", "torch.arange(keys) > query_positions")],
    ),
    Mistake(
        "masks-causal-top-left",
        exercise="masks",
        name="the causal mask is aligned at the top left",
        hint="The queries are the last positions: the last query lines up with the last key. See the third picture.",
        change=[(" + (keys - queries)", "")],
    ),
    Mistake(
        "masks-causal-offset-reversed",
        exercise="masks",
        name="the causal mask is shifted the wrong way: queries - keys for keys - queries",
        hint="With more keys than queries, a query sees more than its own index says.",
        change=[("(keys - queries)", "(queries - keys)")],
    ),
    Mistake(
        "masks-causal-transposed",
        exercise="masks",
        name="the causal mask is transposed: (keys, queries)",
        hint="Rows are queries, columns are keys.",
        change=[("return torch.arange(keys) <= query_positions", "return (torch.arange(keys) <= query_positions).T")],
    ),
    Mistake(
        "masks-padding-from-a-table",
        exercise="masks",
        name="the padding mask is cut from a table of fixed size: beyond it there are no columns",
        hint="The number of columns is max_length, whatever it is. Make the positions anew in each call.",
        change=[("torch.arange(max_length, device=lengths.device)", "torch.arange(512, device=lengths.device)[:max_length]")],
    ),
    Mistake(
        "masks-causal-from-a-table",
        exercise="masks",
        name="the causal mask is cut from a table of fixed size, and comes out too small beyond it",
        hint="The mask is (queries, keys), whatever these are. Make it anew in each call.",
        change=[
            (
                "    return torch.arange(keys) <= query_positions",
                "    if keys >= queries:\n        return torch.ones(64, 64, dtype=torch.bool).tril()[keys - queries : keys, :keys]\n"
                "    return torch.arange(keys) <= query_positions",
            )
        ],
    ),
]

ADDITIVE = [
    Mistake(
        "additive-attention-no-tanh",
        exercise="additive_attention",
        name="the tanh is missing, so the weights do not depend on the query",
        hint="See «Why tanh?» in the text.",
        change=[
            (
                "torch.tanh(self.w_query(query).unsqueeze(1) + self.w_key(keys))",
                "self.w_query(query).unsqueeze(1) + self.w_key(keys)",
            )
        ],
    ),
    Mistake(
        "additive-attention-sigmoid",
        exercise="additive_attention",
        name="a sigmoid stands in place of the tanh",
        hint="The score is v · tanh(W q + U k).",
        change=[("features = torch.tanh(", "features = torch.sigmoid(")],
    ),
    Mistake(
        "additive-attention-tanh-too-early",
        exercise="additive_attention",
        name="tanh is taken of W q and U k apart, before they are added",
        hint="Taken apart, the query's part is the same for all keys and the softmax ignores it: add first.",
        change=[
            (
                "torch.tanh(self.w_query(query).unsqueeze(1) + self.w_key(keys))",
                "torch.tanh(self.w_query(query)).unsqueeze(1) + torch.tanh(self.w_key(keys))",
            )
        ],
    ),
    Mistake(
        "additive-attention-one-shared-matrix",
        exercise="additive_attention",
        name="one matrix serves the query and the keys",
        hint="W belongs to the query, U to the keys.",
        change=[("self.w_query(query).unsqueeze(1) + self.w_key(keys)", "self.w_key(query).unsqueeze(1) + self.w_key(keys)")],
    ),
    Mistake(
        "additive-attention-matrices-swapped",
        exercise="additive_attention",
        name="W and U are exchanged",
        hint="`w_query` belongs to the query, `w_key` to the keys.",
        change=[("self.w_query(query).unsqueeze(1) + self.w_key(keys)", "self.w_key(query).unsqueeze(1) + self.w_query(keys)")],
    ),
    Mistake(
        "additive-attention-product",
        exercise="additive_attention",
        name="W q and U k are multiplied, not added",
        hint="It is called additive attention.",
        change=[("self.w_query(query).unsqueeze(1) + self.w_key(keys)", "self.w_query(query).unsqueeze(1) * self.w_key(keys)")],
    ),
    Mistake(
        "additive-attention-softmax-over-features",
        exercise="additive_attention",
        name="the softmax runs over the features before v reads them out",
        hint="The softmax turns T scores into T weights. It comes after v.",
        code="""class AdditiveAttention(nn.Module):
    def __init__(self, query_size, key_size, attention_size):
        super().__init__()
        self.w_query = nn.Linear(query_size, attention_size, bias=False)
        self.w_key = nn.Linear(key_size, attention_size, bias=False)
        self.v = nn.Linear(attention_size, 1, bias=False)

    def forward(self, query, keys, values, mask=None):
        features = torch.softmax(torch.tanh(self.w_query(query).unsqueeze(1) + self.w_key(keys)), dim=-1)
        weights = self.v(features).squeeze(-1)
        if mask is not None:
            weights = weights.masked_fill(~mask, 0.0)
        return (weights.unsqueeze(1) @ values).squeeze(1), weights
""",
    ),
    Mistake(
        "additive-attention-softmax-over-the-batch",
        exercise="additive_attention",
        name="the softmax runs over the batch",
        hint="The weights of one row add up to one over its T keys.",
        change=[("torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=0)")],
    ),
    Mistake(
        "additive-attention-averages-the-keys",
        exercise="additive_attention",
        name="the context is an average of the keys, not of the values",
        hint="Keys are for finding, values for taking.",
        change=[("weights.unsqueeze(1) @ values", "weights.unsqueeze(1) @ keys")],
    ),
    Mistake(
        "additive-attention-mask-ignored",
        exercise="additive_attention",
        name="the mask is ignored",
        hint="A blocked key must have weight exactly zero.",
        change=[
            ('scores = scores.masked_fill(~mask, float("-inf"))', "pass"),
            ("weights = weights.masked_fill(~mask, 0.0)", "pass"),
        ],
    ),
    Mistake(
        "additive-attention-mask-after-the-softmax",
        exercise="additive_attention",
        name="the mask is applied after the softmax only",
        hint="Blocked keys have taken their share already: mask the scores.",
        change=[('scores = scores.masked_fill(~mask, float("-inf"))', "pass")],
    ),
    Mistake(
        "additive-attention-mask-inverted",
        exercise="additive_attention",
        name="the mask is inverted",
        hint="True means «may attend».",
        change=[
            ('scores = scores.masked_fill(~mask, float("-inf"))', 'scores = scores.masked_fill(mask, float("-inf"))'),
            ("weights = weights.masked_fill(~mask, 0.0)", "weights = weights.masked_fill(mask, 0.0)"),
        ],
    ),
    Mistake(
        "additive-attention-nan-row",
        exercise="additive_attention",
        name="a row without keys is NaN",
        hint="If all scores are minus infinity, the softmax is 0/0. See exercise 1.",
        change=[("weights = weights.masked_fill(~mask, 0.0)", "pass")],
    ),
    Mistake(
        "additive-attention-nan-gradient",
        exercise="additive_attention",
        name="the weights are right, but the gradients are NaN as soon as one row has no keys",
        hint="The 0/0 of such a row still stands on the way back: what is written into .data, autograd does not see, and replacing the NaN "
        "afterwards leaves it there. See exercise 1, hint 2.",
        change=[('scores = scores.masked_fill(~mask, float("-inf"))', 'scores.data.masked_fill_(~mask, float("-inf"))')],
    ),
    Mistake(
        "additive-attention-uniform-row",
        exercise="additive_attention",
        name="blocked scores are set to a large finite number, and a row without keys attends to padding",
        hint="When all scores are equal, the softmax is uniform. Say once more after it which weights are zero.",
        change=[
            ('scores.masked_fill(~mask, float("-inf"))', "scores.masked_fill(~mask, -1e9)"),
            ("weights = weights.masked_fill(~mask, 0.0)", "pass"),
        ],
    ),
    Mistake(
        "additive-attention-needs-a-mask",
        exercise="additive_attention",
        name="the mask is used without asking whether it is None",
        hint="mask may be left out: then all keys may be attended to.",
        change=[
            ("        if mask is not None:\n            scores = scores", "        if True:\n            scores = scores"),
        ],
    ),
    Mistake(
        "additive-attention-squeezes-everything",
        exercise="additive_attention",
        name="squeeze() removes every axis of size 1: one row or one key loses its axis",
        hint="Name the axis that you mean: squeeze(-1).",
        change=[("self.v(features).squeeze(-1)", "self.v(features).squeeze()")],
    ),
    Mistake(
        "additive-attention-results-exchanged",
        exercise="additive_attention",
        name="the weights are returned first and the context second",
        hint="The order is context, weights.",
        change=[("return context, weights", "return weights, context")],
    ),
    Mistake(
        "additive-attention-detached-weights",
        exercise="additive_attention",
        name="the weights are detached on their way into the context",
        hint="The scores learn through the context: nothing may be detached.",
        change=[("(weights.unsqueeze(1) @ values)", "(weights.detach().unsqueeze(1) @ values)")],
    ),
    Mistake(
        "additive-attention-output-in-place",
        exercise="additive_attention",
        name="the results are right, but an operation in place overwrites what the gradient needs: the output of softmax or exp",
        hint="The way back is worked out from this output. Names that end in _, *= and assignments to entries write into it: "
        "make a new tensor instead.",
        change=[("weights = weights.masked_fill(~mask, 0.0)", "weights.masked_fill_(~mask, 0.0)")],
    ),
    Mistake(
        "additive-attention-moderate-number",
        exercise="additive_attention",
        name="blocked scores are set to -1000, which allowed scores may be too",
        hint="A blocked score must lie below every allowed one, and these may be -1,000. Only minus infinity is below all.",
        change=[('scores.masked_fill(~mask, float("-inf"))', "scores.masked_fill(~mask, -1000.0)")],
    ),
    Mistake(
        "additive-attention-scaled",
        exercise="additive_attention",
        name="the scores are divided by the root of the attention size",
        hint="Scaling belongs to the dot product of exercise 6; additive attention has none.",
        change=[("self.v(features).squeeze(-1)", "self.v(features).squeeze(-1) / math.sqrt(features.shape[-1])")],
    ),
    Mistake(
        "additive-attention-mean",
        exercise="additive_attention",
        name="the weighted values are averaged over T instead of added",
        hint="The weights add up to one already: the weighted sum is the average.",
        change=[("context = (weights.unsqueeze(1) @ values).squeeze(1)", "context = (weights.unsqueeze(2) * values).mean(dim=1)")],
    ),
    Mistake(
        "additive-attention-keys-kept",
        exercise="additive_attention",
        name="U k is kept as long as `keys` is the same tensor, also when U has changed in between",
        hint="After a step of the optimiser U is another one. Keep nothing of a call in the module.",
        change=[
            (
                "features = torch.tanh(self.w_query(query).unsqueeze(1) + self.w_key(keys))",
                "if getattr(self, '_keys', None) is not keys:\n            self._keys, self._projected = keys, self.w_key(keys)\n"
                "        features = torch.tanh(self.w_query(query).unsqueeze(1) + self._projected)",
            )
        ],
    ),
    Mistake(
        "additive-attention-only-contiguous",
        exercise="additive_attention",
        name="it fails on keys that were transposed, as .view does",
        hint="Keys of an encoder that puts time first are transposed, and don't lie in memory in order. .reshape takes them all the same, and a "
        "linear map needs neither.",
        change=[("self.w_key(keys)", "self.w_key(keys.view(-1, keys.shape[-1])).view(*keys.shape[:2], -1)")],
    ),
]

LUONG = [
    Mistake(
        "luong-scores-weight-transposed",
        exercise="luong_scores",
        name="W is transposed",
        hint="The rows of W belong to the query: W is (Hq, Hk).",
        change=[("query @ weight", "query @ weight.T")],
    ),
    Mistake(
        "luong-scores-scaled",
        exercise="luong_scores",
        name="the scores are divided by the root of the size",
        hint="Luong's scores are not scaled; that comes in exercise 6.",
        change=[("(keys @ query.unsqueeze(-1)).squeeze(-1)", "(keys @ query.unsqueeze(-1)).squeeze(-1) / math.sqrt(keys.shape[-1])")],
    ),
    Mistake(
        "luong-scores-weight-ignored",
        exercise="luong_scores",
        name="W is ignored",
        hint="With a weight the score is q · W k.",
        change=[("query = query @ weight", "pass")],
    ),
    Mistake(
        "luong-scores-softmaxed",
        exercise="luong_scores",
        name="the softmax is taken already",
        hint="Raw scores are asked for: no softmax.",
        change=[("(keys @ query.unsqueeze(-1)).squeeze(-1)", "torch.softmax((keys @ query.unsqueeze(-1)).squeeze(-1), dim=-1)")],
    ),
    Mistake(
        "luong-scores-asks-whether-w-is-zero",
        exercise="luong_scores",
        name="a W of zeros is taken for no W",
        hint="The question is whether `weight` is None, not whether there is something in it.",
        change=[("if weight is not None:", "if weight is not None and weight.any():")],
    ),
    Mistake(
        "luong-scores-writes-into-the-keys",
        exercise="luong_scores",
        name="the keys are multiplied in place",
        hint="No *= and no operation that ends in _ on an argument.",
        change=[("return (keys @ query.unsqueeze(-1)).squeeze(-1)", "return keys.detach().mul_(query.detach().unsqueeze(1)).sum(dim=-1)")],
    ),
    Mistake(
        "luong-scores-cosine",
        exercise="luong_scores",
        name="the vectors are normalised: cosines instead of dot products",
        hint="The dot product is neither divided by lengths nor by roots.",
        change=[
            (
                "(keys @ query.unsqueeze(-1)).squeeze(-1)",
                "(F.normalize(keys, dim=-1) @ F.normalize(query, dim=-1).unsqueeze(-1)).squeeze(-1)",
            )
        ],
    ),
    Mistake(
        "luong-scores-mean",
        exercise="luong_scores",
        name="the products are averaged over the features instead of added",
        hint="A dot product is a sum.",
        change=[("(keys @ query.unsqueeze(-1)).squeeze(-1)", "(keys * query.unsqueeze(1)).mean(dim=-1)")],
    ),
    Mistake(
        "luong-scores-extra-axis",
        exercise="luong_scores",
        name="an axis of size 1 is left over: (N, T, 1)",
        hint="The scores are (N, T): drop the axis that the product left.",
        change=[("(keys @ query.unsqueeze(-1)).squeeze(-1)", "keys @ query.unsqueeze(-1)")],
    ),
    Mistake(
        "luong-scores-squeezes-everything",
        exercise="luong_scores",
        name="squeeze() removes every axis of size 1: a batch of one loses its batch axis",
        hint="Name the axis that you mean.",
        change=[("(keys @ query.unsqueeze(-1)).squeeze(-1)", "(keys @ query.unsqueeze(-1)).squeeze()")],
    ),
    Mistake(
        "luong-scores-key-of-zeros-blocked",
        exercise="luong_scores",
        name="a key of zeros is taken for padding, and its score is minus infinity",
        hint="These are the scores before any mask. A key of zeros has the dot product 0 with every query.",
        change=[
            (
                "return (keys @ query.unsqueeze(-1)).squeeze(-1)",
                'return (keys @ query.unsqueeze(-1)).squeeze(-1).masked_fill((keys == 0).all(dim=-1), float("-inf"))',
            )
        ],
    ),
    Mistake(
        "luong-scores-clipped",
        exercise="luong_scores",
        name="the scores are clipped at ±10,000",
        hint="The raw product is asked for. Softmax is safe with scores of any size.",
        change=[("return (keys @ query.unsqueeze(-1)).squeeze(-1)", "return (keys @ query.unsqueeze(-1)).squeeze(-1).clamp(-1e4, 1e4)")],
    ),
    Mistake(
        "luong-scores-only-contiguous",
        exercise="luong_scores",
        name="it fails on keys that were transposed, as .view does",
        hint="Keys of an encoder that puts time first are transposed, and don't lie in memory in order. .reshape takes them all the same.",
        change=[
            (
                "return (keys @ query.unsqueeze(-1)).squeeze(-1)",
                "flat = keys.view(-1, keys.shape[-1]) * query.repeat_interleave(keys.shape[1], dim=0)\n"
                "    return flat.sum(dim=1).view(keys.shape[:2])",
            )
        ],
    ),
]

SCALED = [
    Mistake(
        "scaled-dot-product-attention-not-scaled",
        exercise="scaled_dot_product_attention",
        name="these are the weights without the 1/√d_k",
        hint="See «Why divide by the square root?»",
        change=[(" / math.sqrt(d_k)", "")],
    ),
    Mistake(
        "scaled-dot-product-attention-no-root",
        exercise="scaled_dot_product_attention",
        name="the scores are divided by d_k, not by its square root",
        hint="The standard deviation of the dot product is √d_k; the variance is d_k.",
        change=[("/ math.sqrt(d_k)", "/ d_k")],
    ),
    Mistake(
        "scaled-dot-product-attention-multiplied",
        exercise="scaled_dot_product_attention",
        name="the scores are multiplied by √d_k",
        hint="The spread is too large already: divide.",
        change=[("/ math.sqrt(d_k)", "* math.sqrt(d_k)")],
    ),
    Mistake(
        "scaled-dot-product-attention-root-of-keys",
        exercise="scaled_dot_product_attention",
        name="the scores are divided by the root of the number of keys",
        hint="d_k is the size of one key, the last axis.",
        change=[("d_k = q.shape[-1]", "d_k = k.shape[-2]")],
    ),
    Mistake(
        "scaled-dot-product-attention-root-of-d-v",
        exercise="scaled_dot_product_attention",
        name="the scores are divided by the root of d_v",
        hint="The dot product is between query and key: their size counts, not that of the values.",
        change=[("d_k = q.shape[-1]", "d_k = v.shape[-1]")],
    ),
    Mistake(
        "scaled-dot-product-attention-root-of-d-model",
        exercise="scaled_dot_product_attention",
        name="the scores are divided by √d_model, the size of all heads together",
        hint="Each head has its own product of size d_k: the number of heads doesn't matter.",
        change=[("d_k = q.shape[-1]", "d_k = q.shape[-1] * (q.shape[1] if q.dim() == 4 else 1)")],
    ),
    Mistake(
        "scaled-dot-product-attention-whole-root",
        exercise="scaled_dot_product_attention",
        name="the root of d_k is rounded to a whole number",
        hint="√5 is not 2: math.isqrt and // round.",
        change=[("math.sqrt(d_k)", "math.isqrt(d_k)")],
    ),
    Mistake(
        "scaled-dot-product-attention-always-causal",
        exercise="scaled_dot_product_attention",
        name="without a mask each query sees the earlier keys only",
        hint="mask=None means: every query may attend to every key.",
        change=[
            (
                "    weights = torch.softmax(scores, dim=-1)",
                "    else:\n        scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), float('-inf'))\n    weights = torch.softmax(scores, dim=-1)",
            )
        ],
    ),
    Mistake(
        "scaled-dot-product-attention-causal-when-square",
        exercise="scaled_dot_product_attention",
        name="with as many queries as keys and no mask each query sees the earlier keys only",
        hint="mask=None means: every query may attend to every key, also in a square.",
        change=[
            (
                "    weights = torch.softmax(scores, dim=-1)",
                "    if mask is None and q.shape[-2] == k.shape[-2]:\n        scores = scores.masked_fill(torch.ones_like(scores).triu(1).bool(), float('-inf'))\n    weights = torch.softmax(scores, dim=-1)",
            )
        ],
    ),
    Mistake(
        "scaled-dot-product-attention-no-broadcasting",
        exercise="scaled_dot_product_attention",
        name="the mask must be as large as the scores: it does not broadcast",
        hint="A mask (queries, keys) or (batch, 1, 1, keys) serves all. scores[~mask] needs the full shape; masked_fill broadcasts.",
        change=[('scores = scores.masked_fill(~mask, float("-inf"))', 'scores = scores.clone()\n        scores[~mask] = float("-inf")')],
    ),
    Mistake(
        "scaled-dot-product-attention-moderate-number",
        exercise="scaled_dot_product_attention",
        name="blocked scores are set to a finite number that is no smaller than an allowed score may be",
        hint="Scores of ±10,000 are fine, says the docstring. Only minus infinity lies below every score.",
        change=[('float("-inf")', "-1e3")],
    ),
    Mistake(
        "scaled-dot-product-attention-detached-weights",
        exercise="scaled_dot_product_attention",
        name="the weights are detached on their way into the output",
        hint="The scores learn through the output: nothing may be detached.",
        change=[("output = weights @ v", "output = weights.detach() @ v")],
    ),
    Mistake(
        "scaled-dot-product-attention-output-in-place",
        exercise="scaled_dot_product_attention",
        name="the results are right, but an operation in place overwrites what the gradient needs: the output of softmax or exp",
        hint="The way back is worked out from this output. Names that end in _, *= and assignments to entries write into it: "
        "make a new tensor instead.",
        change=[("weights = weights.masked_fill(~mask, 0.0)", "weights.masked_fill_(~mask, 0.0)")],
    ),
    Mistake(
        "scaled-dot-product-attention-softmax-over-queries",
        exercise="scaled_dot_product_attention",
        name="the softmax runs over the queries",
        hint="The weights of one query add up to one: along the last axis of (queries, keys).",
        change=[("torch.softmax(scores, dim=-1)", "torch.softmax(scores, dim=-2)")],
    ),
    Mistake(
        "scaled-dot-product-attention-mask-inverted",
        exercise="scaled_dot_product_attention",
        name="the mask is inverted",
        hint="True means «may attend».",
        change=[
            ('scores.masked_fill(~mask, float("-inf"))', 'scores.masked_fill(mask, float("-inf"))'),
            ("weights.masked_fill(~mask, 0.0)", "weights.masked_fill(mask, 0.0)"),
        ],
    ),
    Mistake(
        "scaled-dot-product-attention-mask-after-the-softmax",
        exercise="scaled_dot_product_attention",
        name="the mask is applied after the softmax only, so the weights no longer add up to one",
        hint="Mask the scores, before the softmax.",
        change=[('scores = scores.masked_fill(~mask, float("-inf"))', "pass")],
    ),
    Mistake(
        "scaled-dot-product-attention-mask-ignored",
        exercise="scaled_dot_product_attention",
        name="the mask is ignored",
        hint="A blocked key must have weight exactly zero.",
        change=[
            ('scores = scores.masked_fill(~mask, float("-inf"))', "pass"),
            ("weights = weights.masked_fill(~mask, 0.0)", "pass"),
        ],
    ),
    Mistake(
        "scaled-dot-product-attention-nan-row",
        exercise="scaled_dot_product_attention",
        name="a query without keys is NaN",
        hint="If all scores are minus infinity, the softmax is 0/0. See exercise 1.",
        change=[("weights = weights.masked_fill(~mask, 0.0)", "pass")],
    ),
    Mistake(
        "scaled-dot-product-attention-uniform-row",
        exercise="scaled_dot_product_attention",
        name="blocked scores are set to a large finite number, and a query without keys attends to everything",
        hint="See «A large finite number instead of −∞» in exercise 1.",
        change=[('float("-inf")', "-1e9"), ("weights = weights.masked_fill(~mask, 0.0)", "pass")],
    ),
    Mistake(
        "scaled-dot-product-attention-adds-a-large-negative-number",
        exercise="scaled_dot_product_attention",
        name="a large negative number is added to blocked scores, and a query without keys attends as if all were allowed",
        hint="Adding a constant to all scores of a query changes nothing: what is left when everything is blocked? See «A large finite number "
        "instead of −∞» in exercise 1.",
        change=[
            ('scores.masked_fill(~mask, float("-inf"))', "scores + (1 - mask.to(scores.dtype)) * -1e9"),
            ("weights = weights.masked_fill(~mask, 0.0)", "pass"),
        ],
    ),
    Mistake(
        "scaled-dot-product-attention-dropout",
        exercise="scaled_dot_product_attention",
        name="weights are dropped at random",
        hint="There is no dropout here: the same arguments give the same result, and the weights add up to one.",
        change=[("output = weights @ v", "weights = F.dropout(weights, 0.3)\n    output = weights @ v")],
    ),
    Mistake(
        "scaled-dot-product-attention-three-axes-only",
        exercise="scaled_dot_product_attention",
        name="only the axes 1 and 2 are exchanged: other numbers of leading axes fail",
        hint="Count axes from the end: -2 and -1.",
        change=[("k.transpose(-2, -1)", "k.transpose(1, 2)")],
    ),
    Mistake(
        "scaled-dot-product-attention-overflow",
        exercise="scaled_dot_product_attention",
        name="the exponential overflows: the largest score is not subtracted",
        hint="e to the power of 1,000 is infinite in float64: use torch.softmax, or subtract the largest score of each query.",
        change=[("torch.softmax(scores, dim=-1)", "torch.exp(scores) / torch.exp(scores).sum(dim=-1, keepdim=True)")],
    ),
    Mistake(
        "scaled-dot-product-attention-scores-returned",
        exercise="scaled_dot_product_attention",
        name="the scores are returned in place of the weights",
        hint="The second result is what the softmax gave.",
        change=[("return output, weights", "return output, scores")],
    ),
    Mistake(
        "scaled-dot-product-attention-mask-of-two-axes-for-the-batch",
        exercise="scaled_dot_product_attention",
        name="over heads, a mask of two axes is taken for (batch, keys) instead of (queries, keys)",
        hint="Broadcasting lines axes up from the end: two axes are those of the queries and keys, also if there are as many rows as queries.",
        change=[
            (
                "    d_k = q.shape[-1]\n",
                "    d_k = q.shape[-1]\n    if mask is not None and mask.dim() == 2 and q.dim() == 4:\n        mask = mask[:, None, None, :]\n",
            )
        ],
    ),
    Mistake(
        "scaled-dot-product-attention-only-contiguous",
        exercise="scaled_dot_product_attention",
        name="it fails on heads that were transposed, as .view does",
        hint="Heads that were split off with view and transpose don't lie in memory in order. .reshape takes them all the same, and @ needs neither.",
        change=[
            (
                "    d_k = q.shape[-1]\n",
                "    d_k = q.shape[-1]\n    q, k, v = (tensor.view(-1, *tensor.shape[-2:]).view(tensor.shape) for tensor in (q, k, v))\n",
            )
        ],
    ),
]

BACKWARD = [
    Mistake(
        "attention-backward-no-row-sum",
        exercise="attention_backward",
        name="the row sum is missing in the softmax's Jacobian",
        hint="See step 2: the derivative of a weight with respect to the *other* scores is not zero.",
        change=[("weights * (d_weights - row_sum)", "weights * d_weights")],
    ),
    Mistake(
        "attention-backward-diagonal-only",
        exercise="attention_backward",
        name="only the diagonal of the softmax's Jacobian is used: A(1 - A)",
        hint="That is the derivative of a sigmoid. The weights of a row depend on each other.",
        change=[("weights * (d_weights - row_sum)", "weights * (1 - weights) * d_weights")],
    ),
    Mistake(
        "attention-backward-sum-over-queries",
        exercise="attention_backward",
        name="the sum in step 2 runs over the queries",
        hint="The sum is one number for each query: it runs over the keys.",
        change=[("sum(dim=-1, keepdim=True)", "sum(dim=-2, keepdim=True)")],
    ),
    Mistake(
        "attention-backward-row-mean",
        exercise="attention_backward",
        name="the row sum is a mean",
        hint="The weights add up to one already: sum, don't average.",
        change=[("sum(dim=-1, keepdim=True)", "mean(dim=-1, keepdim=True)")],
    ),
    Mistake(
        "attention-backward-row-sum-without-weights",
        exercise="attention_backward",
        name="the row sum adds up the gradients without their weights",
        hint="Each term of the sum is a weight times its gradient.",
        change=[("(weights * d_weights).sum(", "d_weights.sum(")],
    ),
    Mistake(
        "attention-backward-no-scale-on-d-q",
        exercise="attention_backward",
        name="the scale is missing on d_q",
        hint="S = scale · Q Kᵀ: the scale goes back to both factors.",
        change=[("scale * (d_scores @ k)", "d_scores @ k")],
    ),
    Mistake(
        "attention-backward-no-scale-on-d-k",
        exercise="attention_backward",
        name="the scale is missing on d_k",
        hint="S = scale · Q Kᵀ: the scale goes back to both factors.",
        change=[("scale * (d_scores.transpose(-2, -1) @ q)", "d_scores.transpose(-2, -1) @ q")],
    ),
    Mistake(
        "attention-backward-own-scale",
        exercise="attention_backward",
        name="the given scale is ignored and 1/√d_k taken",
        hint="The scale is an argument, and not always 1/√d_k.",
        change=[
            ("scale * (d_scores @ k)", "(d_scores @ k) / math.sqrt(q.shape[-1])"),
            ("scale * (d_scores.transpose(-2, -1) @ q)", "(d_scores.transpose(-2, -1) @ q) / math.sqrt(q.shape[-1])"),
        ],
    ),
    Mistake(
        "attention-backward-scale-twice",
        exercise="attention_backward",
        name="the scale is applied twice",
        hint="Once for each of d_q and d_k: either in the gradient of the scores or at the end.",
        change=[("weights * (d_weights - row_sum)", "scale * weights * (d_weights - row_sum)")],
    ),
    Mistake(
        "attention-backward-scale-on-d-v",
        exercise="attention_backward",
        name="the scale is applied to d_v too",
        hint="The values are not scaled on the way forward.",
        change=[("weights.transpose(-2, -1) @ d_output", "scale * (weights.transpose(-2, -1) @ d_output)")],
    ),
    Mistake(
        "attention-backward-d-v-not-transposed",
        exercise="attention_backward",
        name="the weights are not transposed in d_v",
        hint="From O = A V follows dV = Aᵀ dO.",
        change=[("weights.transpose(-2, -1) @ d_output", "weights @ d_output")],
    ),
    Mistake(
        "attention-backward-d-k-not-transposed",
        exercise="attention_backward",
        name="the gradient of the scores is not transposed in d_k",
        hint="Each key collects from all queries: dK = scale · dSᵀ Q.",
        change=[("d_scores.transpose(-2, -1) @ q", "d_scores @ q")],
    ),
    Mistake(
        "attention-backward-q-and-k-swapped",
        exercise="attention_backward",
        name="d_q and d_k are returned in each other's place",
        hint="The order of the results is d_q, d_k, d_v.",
        change=[("return d_q, d_k, d_v", "return d_k, d_q, d_v")],
    ),
    Mistake(
        "attention-backward-weights-computed-again",
        exercise="attention_backward",
        name="the weights are computed again from q and k, without the mask",
        hint="Use the weights that are given: they know the mask.",
        change=[
            (
                "    d_v = weights.transpose(-2, -1) @ d_output",
                "    weights = torch.softmax(scale * (q @ k.transpose(-2, -1)), dim=-1)\n    d_v = weights.transpose(-2, -1) @ d_output",
            )
        ],
    ),
    Mistake(
        "attention-backward-mask-read-off-the-zeros",
        exercise="attention_backward",
        name="the weights are computed again from q and k; only their zeros are taken from those that are given",
        hint="Use the weights that are given: the forward pass may have had more than q and k.",
        change=[
            (
                "    d_v = weights.transpose",
                "    scores = scale * (q @ k.transpose(-2, -1))\n    weights = torch.softmax(scores, dim=-1) * (weights > 0)\n"
                "    weights = weights / weights.sum(dim=-1, keepdim=True).clamp(min=1e-30)\n    d_v = weights.transpose",
            )
        ],
    ),
    Mistake(
        "attention-backward-difference-quotient",
        exercise="attention_backward",
        name="the gradients are difference quotients, not a formula",
        hint="A difference quotient is a test of the closed form, and right to some digits only. Write the steps of the derivation.",
        code="""def attention_backward(d_output, q, k, v, weights, scale):
    leaves, blocked = [tensor.double().contiguous().clone() for tensor in (q, k, v)], weights == 0

    def loss():
        scores = (scale * (leaves[0] @ leaves[1].transpose(-2, -1))).masked_fill(blocked, float("-inf"))
        return (torch.softmax(scores, dim=-1).masked_fill(blocked, 0.0) @ leaves[2] * d_output).sum()

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
        gradients.append(gradient.to(q.dtype))
    return tuple(gradients)
""",
    ),
    Mistake(
        "attention-backward-converts-to-float32",
        exercise="attention_backward",
        name="the gradients are float32 whatever the arguments are",
        hint="Each gradient has the dtype of its argument. No .float().",
        change=[("return d_q, d_k, d_v", "return d_q.float(), d_k.float(), d_v.float()")],
    ),
    Mistake(
        "attention-backward-writes-into-the-weights",
        exercise="attention_backward",
        name="the weights are changed in place",
        hint="No *= and no operation that ends in _ on an argument.",
        change=[("d_scores = weights * (d_weights - row_sum)", "weights *= d_weights - row_sum\n    d_scores = weights")],
    ),
    Mistake(
        "attention-backward-by-autograd",
        exercise="attention_backward",
        name="autograd is used",
        hint="This exercise wants the four formulas; autograd is switched off while it is graded.",
        code="""def attention_backward(d_output, q, k, v, weights, scale):
    q, k, v = (tensor.detach().clone().requires_grad_() for tensor in (q, k, v))
    output = torch.softmax(scale * (q @ k.transpose(-2, -1)), dim=-1) @ v
    return torch.autograd.grad(output, (q, k, v), d_output)
""",
    ),
    Mistake(
        "attention-backward-only-contiguous",
        exercise="attention_backward",
        name="it fails on a gradient d_output that was transposed, as .view does",
        hint="A gradient that comes back through joined heads doesn't lie in memory in order. .reshape takes it all the same, and @ needs neither.",
        change=[
            (
                "    d_v = weights.transpose",
                "    d_output = d_output.view(-1, *d_output.shape[-2:]).view(d_output.shape)\n    d_v = weights.transpose",
            )
        ],
    ),
]

DECODER = [
    Mistake(
        "attention-decoder-attends-with-the-new-state",
        exercise="attention_decoder",
        name="the attention is asked with the new state",
        hint="Look, then think: the query is the state from before the step. (Luong's decoder does it the other way round.)",
        change=[
            (
                "        logits = self.output(torch.cat([h, context], dim=-1))",
                "        context, weights = self.attention(h, keys, keys, mask)\n"
                "        logits = self.output(torch.cat([h, context], dim=-1))",
            )
        ],
    ),
    Mistake(
        "attention-decoder-mask-ignored",
        exercise="attention_decoder",
        name="the mask does not reach the attention",
        hint="The attention takes the mask as its fourth argument: without it the decoder looks at padding.",
        change=[("self.attention(h, keys, keys, mask)", "self.attention(h, keys, keys)")],
    ),
    Mistake(
        "attention-decoder-mask-inverted",
        exercise="attention_decoder",
        name="the mask is inverted on its way to the attention",
        hint="True means «a real source token» here and there.",
        change=[("self.attention(h, keys, keys, mask)", "self.attention(h, keys, keys, ~mask)")],
    ),
    Mistake(
        "attention-decoder-old-state-in-the-output",
        exercise="attention_decoder",
        name="the logits are read from the previous state",
        hint="The output reads [new h; context].",
        change=[
            (
                "        h = self.cell(torch.cat([self.embedding(tokens), context], dim=-1), h)",
                "        new_h = self.cell(torch.cat([self.embedding(tokens), context], dim=-1), h)",
            ),
            ("return logits, h, weights", "return logits, new_h, weights"),
        ],
    ),
    Mistake(
        "attention-decoder-returns-the-old-state",
        exercise="attention_decoder",
        name="the previous state is returned in place of the new one",
        hint="The next step starts from the h that you return.",
        change=[
            (
                "        h = self.cell(torch.cat([self.embedding(tokens), context], dim=-1), h)",
                "        new_h = self.cell(torch.cat([self.embedding(tokens), context], dim=-1), h)",
            ),
            ("torch.cat([h, context], dim=-1)", "torch.cat([new_h, context], dim=-1)"),
        ],
    ),
    Mistake(
        "attention-decoder-context-before-embedding",
        exercise="attention_decoder",
        name="the cell's input is [context; embedding]",
        hint="[a; b] joins in this order: first the embedding, then the context.",
        change=[("torch.cat([self.embedding(tokens), context], dim=-1)", "torch.cat([context, self.embedding(tokens)], dim=-1)")],
    ),
    Mistake(
        "attention-decoder-context-before-state",
        exercise="attention_decoder",
        name="the output reads [context; h]",
        hint="[a; b] joins in this order: first the new state, then the context.",
        change=[("torch.cat([h, context], dim=-1)", "torch.cat([context, h], dim=-1)")],
    ),
    Mistake(
        "attention-decoder-forgets-its-state",
        exercise="attention_decoder",
        name="the cell starts from zero at every step",
        hint="The cell's second argument is the previous state; left out, it is zero.",
        change=[
            (
                "self.cell(torch.cat([self.embedding(tokens), context], dim=-1), h)",
                "self.cell(torch.cat([self.embedding(tokens), context], dim=-1))",
            )
        ],
    ),
    Mistake(
        "attention-decoder-softmaxed",
        exercise="attention_decoder",
        name="the logits are normalised to log-probabilities",
        hint="Logits, not normalised: cross-entropy and argmax do the rest.",
        change=[
            ("self.output(torch.cat([h, context], dim=-1))", "torch.log_softmax(self.output(torch.cat([h, context], dim=-1)), dim=-1)")
        ],
    ),
    Mistake(
        "attention-decoder-no-context-in-the-output",
        exercise="attention_decoder",
        name="the output does not see the context: it reads zeros in its place",
        hint="The output reads [new h; context].",
        change=[("torch.cat([h, context], dim=-1)", "torch.cat([h, torch.zeros_like(context)], dim=-1)")],
    ),
    Mistake(
        "attention-decoder-last-key-for-context",
        exercise="attention_decoder",
        name="the last key stands in place of the context",
        hint="The context is the first result of the attention.",
        change=[
            (
                "context, weights = self.attention(h, keys, keys, mask)",
                "_, weights = self.attention(h, keys, keys, mask)\n        context = keys[:, -1]",
            )
        ],
    ),
    Mistake(
        "attention-decoder-results-in-another-order",
        exercise="attention_decoder",
        name="the weights are returned before the state",
        hint="The order is logits, new h, weights.",
        change=[("return logits, h, weights", "return logits, weights, h")],
    ),
    Mistake(
        "attention-decoder-probabilities",
        exercise="attention_decoder",
        name="probabilities are returned instead of logits",
        hint="Logits are not normalised: the loss does that itself.",
        change=[("return logits, h, weights", "return torch.softmax(logits, dim=-1), h, weights")],
    ),
    Mistake(
        "attention-decoder-own-formula",
        exercise="attention_decoder",
        name="the attention's formula is written again instead of calling self.attention",
        hint="Call self.attention like a function: another module may take its place.",
        change=[
            (
                "context, weights = self.attention(h, keys, keys, mask)",
                "scores = self.attention.v(torch.tanh(self.attention.w_query(h).unsqueeze(1) + self.attention.w_key(keys))).squeeze(-1)\n"
                '        weights = torch.softmax(scores.masked_fill(~mask, float("-inf")), dim=-1).masked_fill(~mask, 0.0)\n'
                "        context = (weights.unsqueeze(1) @ keys).squeeze(1)",
            )
        ],
    ),
    Mistake(
        "attention-decoder-keeps-its-own-state",
        exercise="attention_decoder",
        name="the state is kept in the module, and the h that is given is ignored from the second step on",
        hint="The state is the caller's: each call starts from the h that is given.",
        change=[
            (
                "        context, weights = self.attention",
                '        h = self.__dict__.get("kept", h)\n        context, weights = self.attention',
            ),
            ("        return logits, h, weights", '        self.__dict__["kept"] = h\n        return logits, h, weights'),
        ],
    ),
    Mistake(
        "attention-decoder-detached-context",
        exercise="attention_decoder",
        name="the context is detached: the encoder gets no gradient",
        hint="Training must reach the keys through the context.",
        change=[
            (
                "context, weights = self.attention(h, keys, keys, mask)",
                "context, weights = self.attention(h, keys, keys, mask)\n        context = context.detach()",
            )
        ],
    ),
]

TRANSLATE = [
    Mistake(
        "translate-dates-one-stop-for-all",
        exercise="translate_dates",
        name="the whole batch stops when the first row is finished",
        hint="Rows finish on their own: leave the loop when *all* are finished.",
        change=[("if all(finished):", "if any(finished):")],
    ),
    Mistake(
        "translate-dates-keeps-tokens-after-eos",
        exercise="translate_dates",
        name="tokens after eos are kept",
        hint="A finished row stays finished, whatever it produces afterwards.",
        change=[("finished[n] = finished[n] or token == eos_id", "finished[n] = token == eos_id")],
    ),
    Mistake(
        "translate-dates-only-takes-eos-out",
        exercise="translate_dates",
        name="eos is taken out of each row, but what comes after it is kept",
        hint="A row ends at its *first* eos: what it writes afterwards is thrown away.",
        change=[
            (
                "finished[n] = finished[n] or token == eos_id\n                if not finished[n]:",
                "finished[n] = finished[n] or token == eos_id\n                if token != eos_id:",
            )
        ],
    ),
    Mistake(
        "translate-dates-one-list-for-all",
        exercise="translate_dates",
        name="all rows share one list",
        hint="[[]] * n is one list n times. Make n lists.",
        change=[
            ("tokens: list[list[int]] = [[] for _ in range(n_rows)]", "tokens = [[]] * n_rows"),
            ("looked: list[list[Tensor]] = [[] for _ in range(n_rows)]", "looked = [[]] * n_rows"),
        ],
    ),
    Mistake(
        "translate-dates-first-row-stops-all",
        exercise="translate_dates",
        name="the loop ends when the first row does",
        hint="Leave the loop only when *all* rows are finished.",
        change=[("if all(finished):", "if finished[0]:")],
    ),
    Mistake(
        "translate-dates-tokens-are-tensors",
        exercise="translate_dates",
        name="the tokens are tensors instead of ints",
        hint="tensor.tolist() makes a list of ints.",
        change=[("tokens[n].append(token)", "tokens[n].append(fed[n])")],
    ),
    Mistake(
        "translate-dates-weights-of-the-first-row",
        exercise="translate_dates",
        name="every row gets the weights of the first row",
        hint="Row n looked where weights[n] says.",
        change=[("looked[n].append(weights[n])", "looked[n].append(weights[0])")],
    ),
    Mistake(
        "translate-dates-weights-not-stacked",
        exercise="translate_dates",
        name="the weights of a row are a list of tensors, not one tensor",
        hint="Entry n is one tensor (len(tokens[n]), T): torch.stack makes it.",
        change=[("[torch.stack(rows) if rows else keys.new_zeros(0, n_keys) for rows in looked]", "looked")],
    ),
    Mistake(
        "translate-dates-empty-row-without-its-axis",
        exercise="translate_dates",
        name="the weights of a row that ends at once have the shape (0,)",
        hint="A row that writes eos at once gives a tensor of shape (0, T): no steps, T places.",
        change=[("keys.new_zeros(0, n_keys)", "keys.new_zeros(0)")],
    ),
    Mistake(
        "translate-dates-keeps-eos",
        exercise="translate_dates",
        name="eos is kept as part of the answer",
        hint="The answer has neither bos nor eos.",
        change=[
            (
                """                finished[n] = finished[n] or token == eos_id
                if not finished[n]:
                    tokens[n].append(token)
                    looked[n].append(weights[n])""",
                """                if not finished[n]:
                    tokens[n].append(token)
                    looked[n].append(weights[n])
                finished[n] = finished[n] or token == eos_id""",
            )
        ],
    ),
    Mistake(
        "translate-dates-keeps-bos",
        exercise="translate_dates",
        name="bos is kept as part of the answer",
        hint="The answer has neither bos nor eos.",
        change=[("tokens: list[list[int]] = [[] for _ in range(n_rows)]", "tokens: list[list[int]] = [[bos_id] for _ in range(n_rows)]")],
    ),
    Mistake(
        "translate-dates-takes-every-bos-out",
        exercise="translate_dates",
        name="a bos that the decoder wrote is left out of the answer",
        hint="Only the bos that you fed is no part of the answer. What the decoder writes before its eos is kept, all of it.",
        change=[("                if not finished[n]:", "                if not finished[n] and token != bos_id:")],
    ),
    Mistake(
        "translate-dates-always-fed-bos",
        exercise="translate_dates",
        name="every step is fed bos again",
        hint="Feed the tokens that were written in the step before.",
        change=[
            ("fed = logits.argmax(dim=-1)", "written = logits.argmax(dim=-1)"),
            ("enumerate(fed.tolist())", "enumerate(written.tolist())"),
        ],
    ),
    Mistake(
        "translate-dates-state-not-carried",
        exercise="translate_dates",
        name="every step starts from the first state",
        hint="Each step starts from the h that the step before returned.",
        change=[("logits, h, weights = decoder.step", "logits, _, weights = decoder.step")],
    ),
    Mistake(
        "translate-dates-one-step-too-many",
        exercise="translate_dates",
        name="a row may get one token more than max_length",
        hint="At most max_length steps.",
        change=[("for _ in range(max_length):", "for _ in range(max_length + 1):")],
    ),
    Mistake(
        "translate-dates-one-step-too-few",
        exercise="translate_dates",
        name="a row gets one token less than max_length",
        hint="bos is not counted: max_length tokens may be kept.",
        change=[("for _ in range(max_length):", "for _ in range(max_length - 1):")],
    ),
    Mistake(
        "translate-dates-smallest-logit",
        exercise="translate_dates",
        name="the token with the smallest logit is taken",
        hint="Greedy: the largest logit.",
        change=[("logits.argmax(dim=-1)", "logits.argmin(dim=-1)")],
    ),
    Mistake(
        "translate-dates-samples",
        exercise="translate_dates",
        name="tokens are drawn at random instead of taking the largest logit",
        hint="Greedy decoding draws nothing.",
        change=[("logits.argmax(dim=-1)", "torch.multinomial(torch.softmax(logits, dim=-1), 1)[:, 0]")],
    ),
    Mistake(
        "translate-dates-mask-dropped",
        exercise="translate_dates",
        name="the mask is not passed on: the decoder looks at padding",
        hint="keys and mask go to every step as they are.",
        change=[("decoder.step(fed, h, keys, mask)", "decoder.step(fed, h, keys, torch.ones_like(mask))")],
    ),
    Mistake(
        "translate-dates-only-the-last-weights",
        exercise="translate_dates",
        name="the weights of the last step stand in every row",
        hint="Keep the weights of each step as you go.",
        change=[
            ("[torch.stack(rows) if rows", "[torch.stack([weights[n]] * len(rows)) if rows"),
            ("for rows in looked]", "for n, rows in enumerate(looked)]"),
        ],
    ),
    Mistake(
        "translate-dates-weights-of-eos-kept",
        exercise="translate_dates",
        name="the weights of the step that wrote eos are kept too",
        hint="One row of weights for each token that is kept: as many as tokens.",
        change=[
            (
                """                finished[n] = finished[n] or token == eos_id
                if not finished[n]:
                    tokens[n].append(token)
                    looked[n].append(weights[n])""",
                """                if not finished[n]:
                    looked[n].append(weights[n])
                finished[n] = finished[n] or token == eos_id
                if not finished[n]:
                    tokens[n].append(token)""",
            )
        ],
    ),
    Mistake(
        "translate-dates-empty-row",
        exercise="translate_dates",
        name="a row that ends at once stops the program: torch.stack of an empty list",
        hint="Such a row has weights of shape (0, T).",
        change=[("torch.stack(rows) if rows else keys.new_zeros(0, n_keys)", "torch.stack(rows)")],
    ),
    Mistake(
        "translate-dates-squeezes-the-tokens",
        exercise="translate_dates",
        name="squeeze() removes every axis of size 1: with one row the decoder is fed a token without axes",
        hint="The decoder takes tokens of shape (N,), also for N = 1. Name the axis that you mean.",
        change=[
            ("logits.argmax(dim=-1)", "logits.topk(1).indices.squeeze()"),
            ("enumerate(fed.tolist())", "enumerate(fed.reshape(-1).tolist())"),
        ],
    ),
]

MISTAKES = [*MASKED_SOFTMAX, *CHECK_MASKED_SOFTMAX, *MASKS, *ADDITIVE, *LUONG, *SCALED, *BACKWARD, *DECODER, *TRANSLATE]
