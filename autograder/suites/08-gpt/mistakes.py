"""Wrong answers to the exercises of the language model that students really write."""

from autograder.catalogue import Mistake

TRAIN_BPE = [
    Mistake(
        "train-bpe-overlaps-counted",
        exercise="train_bpe",
        name="overlapping pairs are counted twice: «aaa» is taken to hold two pairs",
        hint="After the first pair of «aaa» is glued, the second one is gone. See «One trap».",
        change=[("if pair == counted:", "if False:")],
    ),
    Mistake(
        "train-bpe-ties-by-order",
        exercise="train_bpe",
        name="ties go to the pair that came first in the text",
        hint="A dict remembers the order of the text. Among equal counts the smaller tuple of ids wins.",
        change=[("key=lambda pair: (-counts[pair], pair)", "key=lambda pair: -counts[pair]")],
    ),
    Mistake(
        "train-bpe-ties-by-larger-pair",
        exercise="train_bpe",
        name="ties go to the larger pair",
        hint="max(…, key=(count, pair)) takes the largest pair too. The smaller one should win.",
        change=[("min(counts, key=lambda pair: (-counts[pair], pair)", "max(counts, key=lambda pair: (counts[pair], pair)")],
    ),
    Mistake(
        "train-bpe-merges-single-pairs",
        exercise="train_bpe",
        name="pairs that occur only once are merged too",
        hint="Gluing something that occurs once compresses nothing: stop.",
        change=[("if best is None or counts[best] < 2:", "if best is None:")],
    ),
    Mistake(
        "train-bpe-stops-at-two",
        exercise="train_bpe",
        name="training stops although a pair still occurs twice",
        hint="Twice is enough to be merged: «at least twice».",
        change=[("counts[best] < 2:", "counts[best] <= 2:")],
    ),
    Mistake(
        "train-bpe-characters",
        exercise="train_bpe",
        name="the ids are code points of characters, not bytes",
        hint="Begin with the UTF-8 bytes: «é» is two of them.",
        change=[('list(text.encode("utf-8"))', "[ord(character) for character in text]")],
    ),
    Mistake(
        "train-bpe-never-counts-again",
        exercise="train_bpe",
        name="the pairs are counted once, at the beginning, and never again",
        hint="Every merge changes the counts of its neighbours and makes new pairs.",
        code="""def train_bpe(text, vocab_size):
    ids = list(text.encode("utf-8"))
    counts = Counter(zip(ids, ids[1:]))
    ranked = sorted(counts, key=lambda pair: (-counts[pair], pair))
    return [pair for pair in ranked if counts[pair] >= 2][: max(0, vocab_size - 256)]
""",
    ),
    Mistake(
        "train-bpe-within-words",
        exercise="train_bpe",
        name="the text is cut into words first, and pairs with spaces are not counted",
        hint="The text is one stretch: spaces and line breaks are bytes like all others.",
        change=[
            ("                counts[pair] += 1\n", "                counts[pair] += not any(chr(i) in ' \\n' for i in pair if i < 256)\n"),
        ],
    ),
    Mistake(
        "train-bpe-vocabulary-without-bytes",
        exercise="train_bpe",
        name="the vocabulary grows far too large: the 256 bytes don't count, or not all of them",
        hint="All 256 bytes belong to the vocabulary, also those that the text does not hold: vocab_size - 256 places are left for merges.",
        change=[("while len(merges) < vocab_size - 256:", "while len(merges) < vocab_size:")],
    ),
    Mistake(
        "train-bpe-off-by-one",
        exercise="train_bpe",
        name="there is one merge too few",
        hint="A vocabulary of 257 has room for one merge.",
        change=[("while len(merges) < vocab_size - 256:", "while len(merges) < vocab_size - 257:")],
    ),
    Mistake(
        "train-bpe-glues-overlaps",
        exercise="train_bpe",
        name="after gluing a pair the next place is not skipped",
        hint="A glued pair takes two places: step over both.",
        change=[("                place += 2\n", "                place += 1\n")],
    ),
    Mistake(
        "train-bpe-last-id-lost",
        exercise="train_bpe",
        name="the last id of the text is lost while gluing",
        hint="The last id has no neighbour, but it must be copied.",
        change=[("while place < len(ids):", "while place < len(ids) - 1:")],
    ),
    Mistake(
        "train-bpe-first-id-wrong",
        exercise="train_bpe",
        name="the first new id is 257, not 256",
        hint="Bytes are 0 to 255, so the first merge makes 256.",
        change=[("new_id = 256 + len(merges)", "new_id = 257 + len(merges)")],
    ),
    Mistake(
        "train-bpe-strips-the-text",
        exercise="train_bpe",
        name="the text is stripped or lowered first",
        hint="The text is taken as it stands.",
        change=[('text.encode("utf-8")', 'text.strip().lower().encode("utf-8")')],
    ),
    Mistake(
        "train-bpe-run-counted-once",
        exercise="train_bpe",
        name="a run of equal ids counts as one pair, however long it is",
        hint="«aaaa» holds two pairs that don't overlap. Skip one place after a counted pair, not the rest of the run.",
        change=[("counted = None\n            else", "pass\n            else")],
    ),
    Mistake(
        "train-bpe-ties-by-first-id",
        exercise="train_bpe",
        name="ties are decided by the first id only",
        hint="If two pairs begin with the same id, the second ids decide: compare whole tuples.",
        change=[("(-counts[pair], pair)", "(-counts[pair], pair[0])")],
    ),
    Mistake(
        "train-bpe-ties-by-second-id",
        exercise="train_bpe",
        name="ties are decided by the second id first",
        hint="Tuples are compared from the left: first by the left id, then by the right one.",
        change=[("(-counts[pair], pair)", "(-counts[pair], pair[::-1])")],
    ),
    Mistake(
        "train-bpe-one-merge-too-many",
        exercise="train_bpe",
        name="there is one merge too many",
        hint="Bytes and merges together are vocab_size: at most vocab_size - 256 merges.",
        change=[("< vocab_size - 256", "< vocab_size - 255")],
    ),
    Mistake(
        "train-bpe-glues-from-the-right",
        exercise="train_bpe",
        name="occurrences are glued from right to left",
        hint="In «aaa» the first two are glued, and the last one stays: go from left to right.",
        change=[
            (
                "        glued, place = [], 0\n        while place < len(ids):\n            if ids[place] == best[0] and place + 1 < len(ids) and ids[place + 1] == best[1]:\n                glued.append(new_id)\n                place += 2\n            else:\n                glued.append(ids[place])\n                place += 1\n        ids = glued",
                "        glued, place = [], len(ids) - 1\n        while place >= 0:\n            if ids[place] == best[1] and place > 0 and ids[place - 1] == best[0]:\n                glued.append(new_id)\n                place -= 2\n            else:\n                glued.append(ids[place])\n                place -= 1\n        ids = glued[::-1]",
            )
        ],
    ),
    Mistake(
        "train-bpe-bytes-only",
        exercise="train_bpe",
        name="only pairs of bytes are merged, never a pair that holds an earlier new id",
        hint="New ids are ids like any other: «the» can grow out of «th» and «e».",
        change=[("counts[pair] += 1", "counts[pair] += max(pair) < 256")],
    ),
    Mistake(
        "train-bpe-not-across-lines",
        exercise="train_bpe",
        name="pairs with a line break are not counted",
        hint="The text is one stretch: pairs cross line breaks like anything else.",
        change=[("counts[pair] += 1", "counts[pair] += 10 not in pair")],
    ),
    Mistake(
        "train-bpe-lists-for-tuples",
        exercise="train_bpe",
        name="the merges are lists, not tuples",
        hint="Each merge is a tuple of two int: only tuples can be looked up in a dict later.",
        change=[("merges.append(best)", "merges.append(list(best))")],
    ),
    Mistake(
        "train-bpe-ties-by-bytes",
        exercise="train_bpe",
        name="ties are decided by the bytes that the tokens stand for, not by their ids",
        hint="There are two conventions. Here the smaller tuple of ids wins: an old token goes before a new one, whatever they spell.",
        change=[
            (
                "    while len(merges) < vocab_size - 256:",
                "    spelling = [bytes([byte]) for byte in range(256)]\n    while len(merges) < vocab_size - 256:",
            ),
            ("(-counts[pair], pair)", "(-counts[pair], spelling[pair[0]], spelling[pair[1]])"),
            ("merges.append(best)", "merges.append(best)\n        spelling.append(spelling[best[0]] + spelling[best[1]])"),
        ],
    ),
]

BPE_CODEC = [
    Mistake(
        "bpe-codec-left-to-right",
        exercise="bpe_codec",
        name="encoding glues from left to right whatever can be glued, not by rank",
        hint="Merge 0 comes first, wherever it occurs. See the example with «abc».",
        change=[
            (
                "    while True:\n",
                "    place = 0\n    while place < len(ids) - 1:\n        pair = tuple(ids[place : place + 2])\n        if pair in ranks:\n"
                "            ids[place : place + 2] = [256 + ranks[pair]]\n            place = max(place - 1, 0)\n        else:\n            place += 1\n"
                "    ranks = {}\n    while True:\n",
            )
        ],
    ),
    Mistake(
        "bpe-codec-reversed-ranks",
        exercise="bpe_codec",
        name="of all pairs in the text the one of largest rank is glued first",
        hint="The merge that was made first is applied first: the smallest rank.",
        change=[("rank = min((ranks[pair]", "rank = max((ranks[pair]")],
    ),
    Mistake(
        "bpe-codec-from-the-last-to-the-first",
        exercise="bpe_codec",
        name="the merges are applied once each, from the last to the first",
        hint="The merge that was made first is applied first: it makes the ids that later merges need.",
        change=[
            ("    while True:\n", "    for rank in reversed(range(len(merges))):\n"),
            (
                "        rank = min((ranks[pair] for pair in zip(ids, ids[1:]) if pair in ranks), default=None)\n        if rank is None:\n            return ids\n",
                "",
            ),
            ("        ids = glued\n", "        ids = glued\n    return ids\n"),
        ],
    ),
    Mistake(
        "bpe-codec-longest-token",
        exercise="bpe_codec",
        name="encoding takes the longest token that fits, from left to right",
        hint="Greedy matching gives valid tokens, but not those of training: apply the merges by rank.",
        code="""def bpe_encode(text, merges):
    pieces = [bytes([i]) for i in range(256)]
    for a, b in merges:
        pieces.append(pieces[a] + pieces[b])
    data, ids = text.encode("utf-8"), []
    while data:
        best = max((i for i, piece in enumerate(pieces) if data.startswith(piece)), key=lambda i: len(pieces[i]))
        ids.append(best)
        data = data[len(pieces[best]) :]
    return ids


def bpe_decode(ids, merges):
    pieces = [bytes([i]) for i in range(256)]
    for a, b in merges:
        pieces.append(pieces[a] + pieces[b])
    return b"".join(pieces[i] for i in ids).decode("utf-8", errors="replace")
""",
    ),
    Mistake(
        "bpe-codec-bytes-without-merges",
        exercise="bpe_codec",
        name="encoding returns the bytes and applies no merges",
        hint="A round trip works without any merge, but that is no compression.",
        change=[("rank = min((ranks[pair]", "rank = None and min((ranks[pair]")],
    ),
    Mistake(
        "bpe-codec-one-occurrence",
        exercise="bpe_codec",
        name="each merge is applied to its first occurrence only",
        hint="A merge is applied wherever it occurs.",
        change=[
            ("    while True:\n", "    for rank, pair in enumerate(merges):\n"),
            (
                "        rank = min((ranks[pair] for pair in zip(ids, ids[1:]) if pair in ranks), default=None)\n        if rank is None:\n            return ids\n",
                "",
            ),
            ("tuple(merges[rank]):", "tuple(pair) and 256 + rank not in glued:"),
            ("        ids = glued\n", "        ids = glued\n    return ids\n"),
        ],
    ),
    Mistake(
        "bpe-codec-strict-decoding",
        exercise="bpe_codec",
        name="decoding raises at bytes that are not UTF-8",
        hint="A model may write half an emoji: errors are replaced, not raised.",
        change=[('for token in ids).decode("utf-8", errors="replace")', 'for token in ids).decode("utf-8")')],
    ),
    Mistake(
        "bpe-codec-ignores-errors",
        exercise="bpe_codec",
        name="bytes that are not UTF-8 are left out",
        hint="Each spot that can't be read becomes U+FFFD: replaced, not ignored.",
        change=[('for token in ids).decode("utf-8", errors="replace")', 'for token in ids).decode("utf-8", errors="ignore")')],
    ),
    Mistake(
        "bpe-codec-piece-by-piece",
        exercise="bpe_codec",
        name="each token is decoded on its own, and characters that are spread over two tokens break",
        hint="Join the bytes of all tokens first; decode once.",
        change=[
            (
                'b"".join(pieces[token] for token in ids).decode("utf-8", errors="replace")',
                '"".join(pieces[token].decode("utf-8", errors="replace") for token in ids)',
            )
        ],
    ),
    Mistake(
        "bpe-codec-latin-1",
        exercise="bpe_codec",
        name="bytes are read as characters with chr",
        hint="A byte is not a character: join the bytes and read them as UTF-8.",
        change=[
            (
                'b"".join(pieces[token] for token in ids).decode("utf-8", errors="replace")',
                '"".join(chr(byte) for token in ids for byte in pieces[token])',
            )
        ],
    ),
    Mistake(
        "bpe-codec-strips-spaces",
        exercise="bpe_codec",
        name="spaces at the ends of the text are stripped",
        hint="Nothing may be changed: decode(encode(text)) is text.",
        change=[('list(text.encode("utf-8"))', 'list(text.strip().encode("utf-8"))')],
    ),
    Mistake(
        "bpe-codec-code-points",
        exercise="bpe_codec",
        name="encoding uses code points, so emoji crash or collide with merges",
        hint="Begin with the UTF-8 bytes: every id below 256 is a byte.",
        change=[('list(text.encode("utf-8"))', "[ord(character) for character in text]")],
    ),
    Mistake(
        "bpe-codec-halves-swapped",
        exercise="bpe_codec",
        name="decoding joins the halves of a merge in the wrong order",
        hint="The left half comes first.",
        change=[("pieces[left] + pieces[right]", "pieces[right] + pieces[left]")],
    ),
    Mistake(
        "bpe-codec-commonest-pair-first",
        exercise="bpe_codec",
        name="encoding glues the commonest pair of this text first, as in training",
        hint="Counts belong to training. Here the rank decides, however seldom the pair is.",
        change=[
            (
                "        rank = min((ranks[pair] for pair in zip(ids, ids[1:]) if pair in ranks), default=None)\n",
                "        counts = Counter(pair for pair in zip(ids, ids[1:]) if pair in ranks)\n        rank = min((ranks[pair] for pair in counts if counts[pair] == max(counts.values())), default=None)\n",
            )
        ],
    ),
    Mistake(
        "bpe-codec-merges-of-merges-missed",
        exercise="bpe_codec",
        name="only the pairs of the bare bytes are looked up; pairs that hold a new id are never glued",
        hint="Each gluing makes new neighbours: look again until nothing is left to glue.",
        change=[("if pair in ranks), default=None)", "if pair in ranks and max(pair) < 256), default=None)")],
    ),
    Mistake(
        "bpe-codec-within-words",
        exercise="bpe_codec",
        name="the text is cut into words first, and merges with a space are never applied",
        hint="The text is one stretch: a merge may hold spaces. Glue wherever the pair stands.",
        change=[("if pair in ranks), default=None)", "if pair in ranks and 32 not in pair), default=None)")],
    ),
    Mistake(
        "bpe-codec-line-by-line",
        exercise="bpe_codec",
        name="the text is encoded line by line, and a merge of a line break with what follows it is never applied",
        hint="The text is one stretch: a merge may hold a line break. Glue wherever the pair stands.",
        change=[("if pair in ranks), default=None)", "if pair in ranks and pair[0] != 10), default=None)")],
    ),
    Mistake(
        "bpe-codec-line-breaks-lost",
        exercise="bpe_codec",
        name="line breaks at the ends of the text are lost",
        hint="Nothing may be stripped: a line break is a byte like any other.",
        change=[('text.encode("utf-8")', 'text.strip("\\n").encode("utf-8")')],
    ),
    Mistake(
        "bpe-codec-lowers-the-text",
        exercise="bpe_codec",
        name="the text is turned into small letters",
        hint="The codec must be lossless: capitals have bytes of their own.",
        change=[('text.encode("utf-8")', 'text.lower().encode("utf-8")')],
    ),
    Mistake(
        "bpe-codec-ascii-only",
        exercise="bpe_codec",
        name="characters outside ASCII are left out",
        hint='UTF-8 has bytes for every character: encode with "utf-8".',
        change=[('text.encode("utf-8")', 'text.encode("ascii", errors="ignore")')],
    ),
    Mistake(
        "bpe-codec-last-byte-lost",
        exercise="bpe_codec",
        name="the last id of the text is lost while gluing",
        hint="The walk must also reach the last place, which has no right neighbour.",
        change=[("while place < len(ids):", "while place < len(ids) - 1:")],
    ),
    Mistake(
        "bpe-codec-first-id-wrong",
        exercise="bpe_codec",
        name="encoding gives merge 0 the id 257",
        hint="Merge number i has the id 256 + i, with i counted from 0.",
        change=[("256 + rank", "257 + rank")],
    ),
    Mistake(
        "bpe-codec-one-replacement-for-all",
        exercise="bpe_codec",
        name="a text with one unreadable byte becomes nothing but a replacement character",
        hint="Only the spot that can't be read is replaced; the rest of the text stays.",
        change=[
            (
                '    return b"".join(pieces[token] for token in ids).decode("utf-8", errors="replace")',
                '    try:\n        return b"".join(pieces[token] for token in ids).decode("utf-8")\n    except UnicodeDecodeError:\n        return "\\N{REPLACEMENT CHARACTER}"',
            )
        ],
    ),
    Mistake(
        "bpe-codec-sorts-the-merges",
        exercise="bpe_codec",
        name="the merges are sorted before they are used",
        hint="The order of the list is the rank: sorted, it is another tokenizer.",
        change=[("    ranks = {", "    merges = sorted(merges)\n    ranks = {")],
    ),
    Mistake(
        "bpe-codec-by-spelling",
        exercise="bpe_codec",
        name="two neighbours are glued if some token spells the same bytes, though it was made of another pair",
        hint="A merge is a pair of ids. «abc» made of «ab» and «c» does not glue «a» and «bc»: look the pair up, not what it spells.",
        code="""def bpe_encode(text, merges):
    spelled = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        spelled.append(spelled[left] + spelled[right])
    rank = {}
    for number, token in enumerate(spelled):
        rank.setdefault(token, number)
    parts = [bytes([byte]) for byte in text.encode("utf-8")]
    while len(parts) > 1:
        best = min(range(len(parts) - 1), key=lambda i: rank.get(parts[i] + parts[i + 1], math.inf))
        if parts[best] + parts[best + 1] not in rank:
            break
        parts[best : best + 2] = [parts[best] + parts[best + 1]]
    return [rank[part] for part in parts]


def bpe_decode(ids, merges):
    spelled = [bytes([byte]) for byte in range(256)]
    for left, right in merges:
        spelled.append(spelled[left] + spelled[right])
    return b"".join(spelled[token] for token in ids).decode("utf-8", errors="replace")
""",
    ),
]

ATTENTION = [
    Mistake(
        "causal-self-attention-no-mask",
        exercise="causal_self_attention",
        name="there is no causal mask: positions look into the future",
        hint="Position t must not see t + 1: that is the answer it has to guess.",
        change=[('scores.masked_fill(~allowed, float("-inf"))', "scores")],
    ),
    Mistake(
        "causal-self-attention-top-left",
        exercise="causal_self_attention",
        name="with a cache the mask is aligned at the top left",
        hint="The queries are the last T positions: query i stands at L + i.",
        change=[("torch.arange(n_keys - T, n_keys, device=x.device)", "torch.arange(T, device=x.device)")],
    ),
    Mistake(
        "causal-self-attention-no-mask-with-cache",
        exercise="causal_self_attention",
        name="with a cache there is no mask, or one that hides nothing because the length is read after append",
        hint="Nothing to hide is right for one new token. Of several, the first must not see the last: L is the length before append.",
        change=[("<= positions  #", "<= (positions if cache is None else n_keys)  #")],
    ),
    Mistake(
        "causal-self-attention-strict",
        exercise="causal_self_attention",
        name="a position may not look at itself",
        hint="j <= L + i: equal is allowed. (The first position would see nothing at all.)",
        change=[
            ("<= positions  #", "< positions  #"),
            (
                'torch.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1)',
                'torch.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1).nan_to_num()',
            ),
        ],
    ),
    Mistake(
        "causal-self-attention-qkv-order",
        exercise="causal_self_attention",
        name="the parts of qkv are taken in the order k, q, v",
        hint="q, then k, then v.",
        change=[("q, k, v = (part", "k, q, v = (part")],
    ),
    Mistake(
        "causal-self-attention-vkq-order",
        exercise="causal_self_attention",
        name="the parts of qkv are taken in another order",
        hint="q, then k, then v.",
        change=[("q, k, v = (part", "v, k, q = (part")],
    ),
    Mistake(
        "causal-self-attention-interleaved-heads",
        exercise="causal_self_attention",
        name="the output of qkv is split into heads first and into q, k, v inside each head",
        hint="The first d_model columns are q of all heads, the next are k, the last are v.",
        change=[
            (
                "part.view(N, T, self.heads, d).transpose(1, 2) for part in self.qkv(x).split(d_model, dim=-1)",
                "part.transpose(1, 2) for part in self.qkv(x).view(N, T, self.heads, 3 * d).split(d, dim=-1)",
            )
        ],
    ),
    Mistake(
        "causal-self-attention-view-for-transpose",
        exercise="causal_self_attention",
        name="the heads are split by view alone, which mixes positions and heads",
        hint="view(N, T, heads, d) first, then transpose(1, 2).",
        change=[("part.view(N, T, self.heads, d).transpose(1, 2)", "part.reshape(N, self.heads, T, d)")],
    ),
    Mistake(
        "causal-self-attention-heads-merged-wrongly",
        exercise="causal_self_attention",
        name="the heads are merged without the transpose",
        hint="Undo the split in the opposite order: transpose(1, 2), then reshape.",
        change=[
            ("(self.dropout(weights) @ v).transpose(1, 2).reshape(N, T, d_model)", "(self.dropout(weights) @ v).reshape(N, T, d_model)")
        ],
    ),
    Mistake(
        "causal-self-attention-scale-by-d-model",
        exercise="causal_self_attention",
        name="the scores are divided by √d_model, not by the √d of one head",
        hint="Each head has its own, smaller size d = d_model / heads.",
        change=[("/ math.sqrt(d)", "/ math.sqrt(d_model)")],
    ),
    Mistake(
        "causal-self-attention-no-scale",
        exercise="causal_self_attention",
        name="the scores are not divided by √d",
        hint="Scaled dot-product attention: see the table.",
        change=[(" / math.sqrt(d)", "")],
    ),
    Mistake(
        "causal-self-attention-softmax-over-queries",
        exercise="causal_self_attention",
        name="the softmax runs over the queries",
        hint="The weights of one query add up to one over the keys, the last axis.",
        change=[('float("-inf")), dim=-1)', 'float("-inf")), dim=-2).nan_to_num()')],
    ),
    Mistake(
        "causal-self-attention-mask-after-softmax",
        exercise="causal_self_attention",
        name="the mask is applied after the softmax, so the weights no longer add up to one",
        hint="The future has taken its share already: mask the scores.",
        change=[('torch.softmax(scores.masked_fill(~allowed, float("-inf")), dim=-1)', "torch.softmax(scores, dim=-1) * allowed")],
    ),
    Mistake(
        "causal-self-attention-no-output-map",
        exercise="causal_self_attention",
        name="out_proj is missing",
        hint="The merged heads go through out_proj.",
        change=[("self.dropout(self.out_proj(merged))", "self.dropout(merged)")],
    ),
    Mistake(
        "causal-self-attention-cache-ignored",
        exercise="causal_self_attention",
        name="the cache is filled, but its answer is not used",
        hint="append returns the keys and values of all positions: attend to those.",
        change=[("k, v = cache.append(k, v)", "cache.append(k, v)")],
    ),
    Mistake(
        "causal-self-attention-cache-swapped",
        exercise="causal_self_attention",
        name="the cache gets values for keys",
        hint="append(k, v): keys first.",
        change=[("k, v = cache.append(k, v)", "v, k = cache.append(v, k)")],
    ),
    Mistake(
        "causal-self-attention-dropout-in-eval",
        exercise="causal_self_attention",
        name="dropout works in eval mode too",
        hint="F.dropout has to be told the mode; nn.Dropout knows it.",
        change=[("self.dropout(weights) @ v", "F.dropout(weights, self.dropout.p) @ v")],
    ),
    Mistake(
        "causal-self-attention-weights-not-dropped",
        exercise="causal_self_attention",
        name="the attention weights are never dropped",
        hint="Dropout stands at two places: on the attention weights, and on what out_proj returns.",
        change=[("self.dropout(weights) @ v", "weights @ v")],
    ),
    Mistake(
        "causal-self-attention-output-not-dropped",
        exercise="causal_self_attention",
        name="what out_proj returns is never dropped",
        hint="Dropout stands at two places: on the attention weights, and on what out_proj returns.",
        change=[("self.dropout(self.out_proj(merged))", "self.out_proj(merged)")],
    ),
    Mistake(
        "causal-self-attention-no-dropout",
        exercise="causal_self_attention",
        name="dropout is never applied",
        hint="On the attention weights, and on what out_proj returns.",
        change=[("self.dropout(weights) @ v", "weights @ v"), ("self.dropout(self.out_proj(merged))", "self.out_proj(merged)")],
    ),
    Mistake(
        "causal-self-attention-scale-by-heads",
        exercise="causal_self_attention",
        name="the scores are divided by the root of the number of heads",
        hint="The d of √d is the size of one head, d_model / heads.",
        change=[("/ math.sqrt(d)", "/ math.sqrt(self.heads)")],
    ),
    Mistake(
        "causal-self-attention-scale-without-root",
        exercise="causal_self_attention",
        name="the scores are divided by d, not by √d",
        hint="A product of d terms of size one has the size √d: that is what to divide by.",
        change=[("/ math.sqrt(d)", "/ d")],
    ),
    Mistake(
        "causal-self-attention-looks-ahead",
        exercise="causal_self_attention",
        name="the mask is turned round: positions see what comes later, and nothing of the past",
        hint="Key j may be seen by query i if j is not later than i.",
        change=[("device=x.device) <= positions", "device=x.device) >= positions")],
    ),
    Mistake(
        "causal-self-attention-mask-inverted",
        exercise="causal_self_attention",
        name="the mask hides what may be seen and shows what is later; the last position sees nothing, and gives NaN",
        hint="masked_fill hides where the mask is True. In F.scaled_dot_product_attention it is the other way round: True means «may be seen».",
        change=[("scores.masked_fill(~allowed", "scores.masked_fill(allowed")],
    ),
    Mistake(
        "causal-self-attention-inverted-for-torch",
        exercise="causal_self_attention",
        name="the mask hides what may be seen and shows what is later; the last position sees nothing, and collects nothing",
        hint="In F.scaled_dot_product_attention True means «may be seen». In masked_fill it is the other way round.",
        change=[
            (
                "(self.dropout(weights) @ v)",
                "F.scaled_dot_product_attention(q, k, v, attn_mask=~allowed, dropout_p=self.dropout.p * self.training)",
            )
        ],
    ),
    Mistake(
        "causal-self-attention-dropped-into-the-cache",
        exercise="causal_self_attention",
        name="keys and values are dropped before they go into the cache",
        hint="What is in the cache is used again and again: hand it k and v as they are. Dropout is on the weights, and on what out_proj returns.",
        change=[("cache.append(k, v)", "cache.append(self.dropout(k), self.dropout(v))")],
    ),
    Mistake(
        "causal-self-attention-one-ahead",
        exercise="causal_self_attention",
        name="every position sees its right neighbour, too",
        hint="Position t must guess t + 1: it may not see it. The diagonal is the last thing allowed.",
        change=[("<= positions", "<= positions + 1")],
    ),
    Mistake(
        "causal-self-attention-masked-to-zero",
        exercise="causal_self_attention",
        name="masked scores are set to 0, which is a score like any other",
        hint="After the softmax a hidden key must weigh exactly nothing: which score gives that?",
        change=[('float("-inf")', "0.0")],
    ),
    Mistake(
        "causal-self-attention-masked-to-minus-ten",
        exercise="causal_self_attention",
        name="masked scores are set to a moderate number, and hidden keys keep a little weight",
        hint="With scores in the hundreds −10 is not small. Which score weighs exactly nothing, whatever the others are?",
        change=[('float("-inf")', "-10.0")],
    ),
    Mistake(
        "causal-self-attention-appends-twice",
        exercise="causal_self_attention",
        name="append is called twice",
        hint="Each call of append makes the cache longer: call it once, and use both things that it returns.",
        change=[("k, v = cache.append(k, v)  #", "cache.append(k, v)\n            k, v = cache.append(k, v)  #")],
    ),
    Mistake(
        "causal-self-attention-dropped-scores",
        exercise="causal_self_attention",
        name="dropout stands on the scores, before the softmax",
        hint="A dropped score is 0, and 0 is a score like any other. Drop weights, after the softmax.",
        change=[("scores.masked_fill", "self.dropout(scores).masked_fill"), ("self.dropout(weights) @ v", "weights @ v")],
    ),
    Mistake(
        "causal-self-attention-dropped-before-the-output-map",
        exercise="causal_self_attention",
        name="dropout stands before out_proj, not behind it",
        hint="The second dropout is on what out_proj returns.",
        change=[("self.dropout(self.out_proj(merged))", "self.out_proj(self.dropout(merged))")],
    ),
    Mistake(
        "causal-self-attention-output-bias-forgotten",
        exercise="causal_self_attention",
        name="the bias of out_proj is left out",
        hint="Call the layer: self.out_proj has a weight and a bias.",
        change=[("self.out_proj(merged)", "(merged @ self.out_proj.weight.T)")],
    ),
    Mistake(
        "causal-self-attention-masked-to-a-small-number",
        exercise="causal_self_attention",
        name="masked scores become a number like -10,000, and allowed scores may be smaller still",
        hint="Which score weighs exactly nothing, whatever the others are?",
        change=[('float("-inf")', "-1e4")],
    ),
]

GPT = [
    Mistake(
        "gpt-no-embedding-dropout",
        exercise="gpt",
        name="the embeddings are never dropped",
        hint="Dropout stands at two places of the model: on the sum of the embeddings, and on what linear2 returns.",
        change=[
            (
                "x = self.dropout(self.token_embedding(tokens) + self.position_embedding(positions))",
                "x = self.token_embedding(tokens) + self.position_embedding(positions)",
            )
        ],
    ),
    Mistake(
        "gpt-no-network-dropout",
        exercise="gpt",
        name="what linear2 returns is never dropped",
        hint="Dropout stands at two places of the model: on the sum of the embeddings, and on what linear2 returns.",
        change=[("self.dropout(self.linear2(F.gelu(self.linear1(self.norm2(x)))))", "self.linear2(F.gelu(self.linear1(self.norm2(x))))")],
    ),
    Mistake(
        "gpt-dropout-on-attention-again",
        exercise="gpt",
        name="the block drops what attention returns, which has its own dropout already",
        hint="Attention has its own dropout. In the block, dropout stands on what linear2 returns.",
        change=[("x = x + self.attention(self.norm1(x), cache)", "x = x + self.dropout(self.attention(self.norm1(x), cache))")],
    ),
    Mistake(
        "gpt-stream-dropped",
        exercise="gpt",
        name="dropout stands on the stream, not on what is added to it",
        hint="Nothing stands in the way of the stream: only what linear2 returns is dropped.",
        change=[
            (
                "return x + self.dropout(self.linear2(F.gelu(self.linear1(self.norm2(x)))))",
                "return self.dropout(x + self.linear2(F.gelu(self.linear1(self.norm2(x)))))",
            )
        ],
    ),
    Mistake(
        "gpt-positions-restart",
        exercise="gpt",
        name="with caches the positions start at 0 again",
        hint="With L positions in the caches the next token stands at L.",
        change=[("first = 0 if caches is None else caches[0].length", "first = 0")],
    ),
    Mistake(
        "gpt-positions-read-too-late",
        exercise="gpt",
        name="the length of the cache is read after the first block has added to it",
        hint="Read the length before the loop over the blocks.",
        change=[
            (
                "x = self.dropout(self.token_embedding(tokens) + self.position_embedding(positions))",
                "x = self.dropout(self.token_embedding(tokens))",
            ),
            (
                "            x = block(x, None if caches is None else caches[number])\n",
                "            if number == 0:\n"
                "                x = x + self.position_embedding(positions if caches is None else (positions + tokens.shape[1]) % self.max_length)\n"
                "            x = block(x, None if caches is None else caches[number])\n",
            ),
        ],
    ),
    Mistake(
        "gpt-no-positions",
        exercise="gpt",
        name="there are no positions",
        hint="Token vector plus position vector.",
        change=[("self.token_embedding(tokens) + self.position_embedding(positions)", "self.token_embedding(tokens)")],
    ),
    Mistake(
        "gpt-positions-from-one",
        exercise="gpt",
        name="positions are counted from 1",
        hint="The first token stands at position 0.",
        change=[
            (
                "torch.arange(first, first + tokens.shape[1], device=tokens.device)",
                "torch.arange(first + 1, first + 1 + tokens.shape[1], device=tokens.device) % self.max_length",
            )
        ],
    ),
    Mistake(
        "gpt-caches-not-passed",
        exercise="gpt",
        name="the caches don't reach the attention of the blocks, so they stay empty",
        hint="Block number b gets caches[b], and hands it on to its attention, also when it is empty.",
        change=[("block(x, None if caches is None else caches[number])", "block(x)")],
    ),
    Mistake(
        "gpt-one-cache-for-all",
        exercise="gpt",
        name="all blocks share the first cache",
        hint="Every block has its own keys: block number b gets caches[b].",
        change=[("caches[number])", "caches[0])")],
    ),
    Mistake(
        "gpt-no-final-norm",
        exercise="gpt",
        name="the final norm is missing",
        hint="One more norm stands between the last block and the logits.",
        change=[("self.final_norm(x) @", "x @")],
    ),
    Mistake(
        "gpt-post-norm",
        exercise="gpt",
        name="the norms stand after the additions (post-norm)",
        hint="Pre-norm: the sub-layer sees the normed stream, the stream itself is not normed.",
        change=[
            ("x = x + self.attention(self.norm1(x), cache)", "x = self.norm1(x + self.attention(x, cache))"),
            (
                "return x + self.dropout(self.linear2(F.gelu(self.linear1(self.norm2(x)))))",
                "return self.norm2(x + self.dropout(self.linear2(F.gelu(self.linear1(x)))))",
            ),
        ],
    ),
    Mistake(
        "gpt-residual-from-norm",
        exercise="gpt",
        name="the residual adds to the normed input",
        hint="The sub-layer adds to the stream, not to the normed stream.",
        change=[("x = x + self.attention(self.norm1(x), cache)", "x = self.norm1(x)\n        x = x + self.attention(x, cache)")],
    ),
    Mistake(
        "gpt-no-residual",
        exercise="gpt",
        name="the second residual connection is missing",
        hint="Both sub-layers add to the stream.",
        change=[("return x + self.dropout(", "return self.dropout(")],
    ),
    Mistake(
        "gpt-parallel-sublayers",
        exercise="gpt",
        name="the two-layer network sees the stream from before attention",
        hint="Two lines, one after the other: the second sees what the first has added.",
        change=[
            ("x = x + self.attention(self.norm1(x), cache)", "y = self.attention(self.norm1(x), cache)"),
            ("return x + self.dropout(", "return x + y + self.dropout("),
        ],
    ),
    Mistake(
        "gpt-norms-swapped",
        exercise="gpt",
        name="norm1 and norm2 are exchanged",
        hint="norm1 belongs to attention, norm2 to the two-layer network.",
        change=[
            ("self.attention(self.norm1(x), cache)", "self.attention(self.norm2(x), cache)"),
            ("self.linear1(self.norm2(x))", "self.linear1(self.norm1(x))"),
        ],
    ),
    Mistake(
        "gpt-relu",
        exercise="gpt",
        name="ReLU stands in the place of GELU",
        hint="GELU is a smooth ReLU: F.gelu.",
        change=[("F.gelu(self", "F.relu(self")],
    ),
    Mistake(
        "gpt-tanh-gelu",
        exercise="gpt",
        name="GELU is approximated with tanh",
        hint="Here GELU is the exact one, F.gelu(x) without more.",
        change=[("F.gelu(self.linear1(self.norm2(x)))", 'F.gelu(self.linear1(self.norm2(x)), approximate="tanh")')],
    ),
    Mistake(
        "gpt-activation-after-the-second-layer",
        exercise="gpt",
        name="GELU stands after the second linear layer",
        hint="linear1, GELU, linear2.",
        change=[("self.linear2(F.gelu(self.linear1(self.norm2(x))))", "F.gelu(self.linear2(self.linear1(self.norm2(x))))")],
    ),
    Mistake(
        "gpt-scaled-embedding",
        exercise="gpt",
        name="the token embedding is multiplied by √d_model",
        hint="That belongs to the Transformer of 2017. GPT-2 takes the embedding as it is.",
        change=[("self.token_embedding(tokens) +", "self.token_embedding(tokens) * self.token_embedding.embedding_dim**0.5 +")],
    ),
    Mistake(
        "gpt-probabilities",
        exercise="gpt",
        name="forward returns probabilities",
        hint="Logits: no softmax.",
        change=[("self.final_norm(x) @ self.token_embedding.weight.T", "(self.final_norm(x) @ self.token_embedding.weight.T).softmax(-1)")],
    ),
    Mistake(
        "gpt-last-position-only",
        exercise="gpt",
        name="forward returns the logits of the last position only",
        hint="Training needs a prediction at every position: (N, T, vocab_size).",
        change=[("self.final_norm(x) @", "self.final_norm(x)[:, -1] @")],
    ),
    Mistake(
        "gpt-residual-init-unscaled",
        exercise="gpt",
        name="out_proj and linear2 start as large as the others",
        hint="They write into the stream: smaller by 1/√(2 · layers). See «The start».",
        change=[("std=small if writes_into_the_stream else 0.02", "std=0.02")],
    ),
    Mistake(
        "gpt-residual-init-one-layer-count",
        exercise="gpt",
        name="the residual layers start smaller by 1/√layers",
        hint="Each block adds two terms: 2 · layers.",
        change=[("math.sqrt(2 * len(self.blocks))", "math.sqrt(len(self.blocks))")],
    ),
    Mistake(
        "gpt-residual-init-no-root",
        exercise="gpt",
        name="the residual layers start smaller by 1/(2 · layers)",
        hint="Variances add, so the standard deviation shrinks with the root.",
        change=[("0.02 / math.sqrt(2 * len(self.blocks))", "0.02 / (2 * len(self.blocks))")],
    ),
    Mistake(
        "gpt-residual-init-forgets-linear2",
        exercise="gpt",
        name="only out_proj starts smaller, linear2 does not",
        hint="Two layers of each block write into the stream.",
        change=[('name.endswith(("out_proj.weight", "linear2.weight"))', 'name.endswith("out_proj.weight")')],
    ),
    Mistake(
        "gpt-default-init",
        exercise="gpt",
        name="initialise does nothing: torch's defaults remain",
        hint="Embeddings would have a standard deviation of 1, fifty times too large.",
        change=[
            (
                "nn.init.normal_(parameter, std=small if writes_into_the_stream else 0.02)",
                "pass",
            )
        ],
    ),
    Mistake(
        "gpt-embeddings-not-initialised",
        exercise="gpt",
        name="the embeddings keep torch's standard deviation of 1",
        hint="Embeddings are drawn with 0.02 like all matrices.",
        change=[
            (
                '            if name.endswith("bias"):',
                '            if "embedding" in name:\n                continue\n            if name.endswith("bias"):',
            )
        ],
    ),
    Mistake(
        "gpt-uniform-init",
        exercise="gpt",
        name="the weights are uniform, not normal",
        hint="A normal distribution with this standard deviation.",
        change=[
            (
                "nn.init.normal_(parameter, std=small if writes_into_the_stream else 0.02)",
                "bound = (small if writes_into_the_stream else 0.02) * 3**0.5\n                nn.init.uniform_(parameter, -bound, bound)",
            )
        ],
    ),
    Mistake(
        "gpt-in-place",
        exercise="gpt",
        name="a block changes its input in place",
        hint="x += … changes the caller's tensor. Write x = x + …",
        change=[
            ("x = x + self.attention(self.norm1(x), cache)", "x += self.attention(self.norm1(x), cache)"),
            ("return x + self.dropout(self.linear2(", "x += self.dropout(self.linear2("),
            ("(self.linear1(self.norm2(x)))))\n", "(self.linear1(self.norm2(x)))))\n        return x\n"),
        ],
    ),
    Mistake(
        "gpt-readout-detached",
        exercise="gpt",
        name="the embedding that reads out the logits gets no gradient",
        hint="Tied means one and the same parameter: it learns from reading and from writing. No detach, no copy.",
        change=[("self.token_embedding.weight.T", "self.token_embedding.weight.detach().T")],
    ),
    Mistake(
        "gpt-residual-init-qkv-too",
        exercise="gpt",
        name="qkv starts smaller, too",
        hint="Only out_proj and linear2 write into the stream; qkv reads from it.",
        change=[('(("out_proj.weight", "linear2.weight"))', '(("qkv.weight", "out_proj.weight", "linear2.weight"))')],
    ),
    Mistake(
        "gpt-silu",
        exercise="gpt",
        name="SiLU stands in the place of GELU",
        hint="x times a sigmoid only looks similar. We use the exact one, x · Φ(x).",
        change=[("F.gelu(self", "F.silu(self")],
    ),
    Mistake(
        "gpt-one-norm-for-both",
        exercise="gpt",
        name="norm1 is used twice, and norm2 never",
        hint="Each sub-layer has a norm of its own.",
        change=[("self.norm2(x)", "self.norm1(x)")],
    ),
    Mistake(
        "gpt-network-residual-from-norm",
        exercise="gpt",
        name="the two-layer network adds to the normed stream",
        hint="Norm what goes into the sub-layer; add to the stream itself.",
        change=[
            (
                "return x + self.dropout(self.linear2(F.gelu(self.linear1(self.norm2(x)))))",
                "x = self.norm2(x)\n        return x + self.dropout(self.linear2(F.gelu(self.linear1(x))))",
            )
        ],
    ),
    Mistake(
        "gpt-logits-scaled",
        exercise="gpt",
        name="the logits are divided by √d_model",
        hint="The final norm is followed by the tied embedding, and by nothing else.",
        change=[("self.token_embedding.weight.T", "self.token_embedding.weight.T / math.sqrt(x.shape[-1])")],
    ),
    Mistake(
        "gpt-log-probabilities",
        exercise="gpt",
        name="forward returns log-probabilities",
        hint="Return the logits: the loss takes the softmax itself.",
        change=[
            (
                "return self.final_norm(x) @ self.token_embedding.weight.T",
                "return (self.final_norm(x) @ self.token_embedding.weight.T).log_softmax(-1)",
            )
        ],
    ),
    Mistake(
        "gpt-hidden-layer-dropped",
        exercise="gpt",
        name="dropout stands inside the two-layer network, not behind it",
        hint="Dropout is on what linear2 returns.",
        change=[
            (
                "self.dropout(self.linear2(F.gelu(self.linear1(self.norm2(x)))))",
                "self.linear2(self.dropout(F.gelu(self.linear1(self.norm2(x)))))",
            )
        ],
    ),
    Mistake(
        "gpt-positions-not-dropped",
        exercise="gpt",
        name="dropout stands on the token vectors only",
        hint="Dropout is on the sum of the two embeddings.",
        change=[
            (
                "self.dropout(self.token_embedding(tokens) + self.position_embedding(positions))",
                "self.dropout(self.token_embedding(tokens)) + self.position_embedding(positions)",
            )
        ],
    ),
    Mistake(
        "gpt-positions-start-at-zero-vectors",
        exercise="gpt",
        name="the position embedding starts at zero",
        hint="Both embeddings are drawn with standard deviation 0.02.",
        change=[
            (
                "            elif parameter.ndim == 1:",
                '            elif name.startswith("position"):\n                nn.init.zeros_(parameter)\n            elif parameter.ndim == 1:',
            )
        ],
    ),
    Mistake(
        "gpt-residual-init-forgets-out-proj",
        exercise="gpt",
        name="only linear2 starts smaller, out_proj does not",
        hint="Two layers of each block write into the stream.",
        change=[('("out_proj.weight", "linear2.weight")', '"linear2.weight"')],
    ),
    Mistake(
        "gpt-variance-for-deviation",
        exercise="gpt",
        name="0.02 is taken for the variance",
        hint="0.02 is the standard deviation.",
        change=[("small if writes_into_the_stream else 0.02", "(small if writes_into_the_stream else 0.02) ** 0.5")],
    ),
    Mistake(
        "gpt-biases-not-set",
        exercise="gpt",
        name="initialise leaves the biases as they are",
        hint="initialise sets every parameter, whatever it was: biases to 0.",
        change=[("nn.init.zeros_(parameter)", "pass")],
    ),
    Mistake(
        "gpt-gains-not-set",
        exercise="gpt",
        name="initialise leaves the gains of the norms as they are",
        hint="initialise sets every parameter, whatever it was: gains to 1.",
        change=[("nn.init.ones_(parameter)", "pass")],
    ),
    Mistake(
        "gpt-gains-of-zero",
        exercise="gpt",
        name="the gains of the norms start at 0",
        hint="A gain of 0 shuts the layer: norms start with weight 1 and bias 0.",
        change=[("nn.init.ones_(parameter)", "nn.init.zeros_(parameter)")],
    ),
    Mistake(
        "gpt-seed-inside",
        exercise="gpt",
        name="initialise sets a seed, so all models are the same",
        hint="Whoever wants the same numbers twice sets the seed outside.",
        change=[("        small = 0.02", "        torch.manual_seed(0)\n        small = 0.02")],
    ),
    Mistake(
        "gpt-positions-go-on-counting",
        exercise="gpt",
        name="the model counts positions itself, and the next text goes on where the last one ended",
        hint="How far a text has come stands in its caches: with fresh caches the first token stands at 0 again.",
        change=[
            (
                "first = 0 if caches is None else caches[0].length",
                'first = 0 if caches is None else getattr(self, "counted", 0)\n        if caches is not None:\n            self.counted = first + tokens.shape[1]',
            )
        ],
    ),
    Mistake(
        "gpt-last-position-with-its-axis",
        exercise="gpt",
        name="forward returns the logits of the last position only, (N, 1, vocab_size)",
        hint="Training needs a prediction at every position: (N, T, vocab_size).",
        change=[("self.final_norm(x) @", "self.final_norm(x)[:, [-1]] @")],
    ),
]

KV_CACHE = [
    Mistake(
        "kv-cache-wrong-axis",
        exercise="kv_cache",
        name="the cache grows along the axis of the heads",
        hint="Time is axis 2 of (batch, heads, T, d).",
        change=[
            ("torch.cat([self.k, k], dim=2)", "torch.cat([self.k, k], dim=1)"),
            ("torch.cat([self.v, v], dim=2)", "torch.cat([self.v, v], dim=1)"),
        ],
    ),
    Mistake(
        "kv-cache-last-axis",
        exercise="kv_cache",
        name="the cache grows along the last axis",
        hint="Time is axis 2 of (batch, heads, T, d); axis 3 is d.",
        change=[
            ("torch.cat([self.k, k], dim=2)", "torch.cat([self.k, k], dim=3)"),
            ("torch.cat([self.v, v], dim=2)", "torch.cat([self.v, v], dim=3)"),
        ],
    ),
    Mistake(
        "kv-cache-newest-first",
        exercise="kv_cache",
        name="new positions are put in front of the old ones",
        hint="Oldest first: new positions stand behind.",
        change=[
            ("torch.cat([self.k, k], dim=2)", "torch.cat([k, self.k], dim=2)"),
            ("torch.cat([self.v, v], dim=2)", "torch.cat([v, self.v], dim=2)"),
        ],
    ),
    Mistake(
        "kv-cache-keeps-the-newest-only",
        exercise="kv_cache",
        name="the cache forgets: only the newest keys are kept",
        hint="What is returned must be kept, too.",
        change=[
            ("self.k = k if self.k is None else torch.cat([self.k, k], dim=2)", "old_k, self.k = self.k, k"),
            ("self.v = v if self.v is None else torch.cat([self.v, v], dim=2)", "old_v, self.v = self.v, v"),
            ("return self.k, self.v", "return (k, v) if old_k is None else (torch.cat([old_k, k], 2), torch.cat([old_v, v], 2))"),
        ],
    ),
    Mistake(
        "kv-cache-values-for-keys",
        exercise="kv_cache",
        name="keys and values are returned in the wrong order",
        hint="k_all, v_all: keys first.",
        change=[("return self.k, self.v", "return self.v, self.k")],
    ),
    Mistake(
        "kv-cache-length-of-the-wrong-axis",
        exercise="kv_cache",
        name="length is the size of another axis",
        hint="Axis 2 is time.",
        change=[("self.k.shape[2]", "self.k.shape[1]")],
    ),
    Mistake(
        "kv-cache-length-none",
        exercise="kv_cache",
        name="the length of an empty cache is not 0",
        hint="An empty cache has no tensors yet: its length is 0.",
        change=[("return 0 if self.k is None else self.k.shape[2]", "return None if self.k is None else self.k.shape[2]")],
    ),
    Mistake(
        "kv-cache-recomputes",
        exercise="kv_cache",
        name="generate has a cache, but feeds the whole text every time, with fresh caches",
        hint="After the prompt each call feeds one token.",
        change=[
            ("logits = model(unread, caches) if use_cache else model(tokens)", "logits = model(tokens, [KVCache() for _ in model.blocks])")
        ],
    ),
    Mistake(
        "kv-cache-feeds-everything-again",
        exercise="kv_cache",
        name="generate feeds the whole text into a cache that holds most of it already",
        hint="The earlier positions are in the cache: feed only what the model has not read.",
        change=[("            unread = new\n", "            unread = tokens\n")],
    ),
    Mistake(
        "kv-cache-ignored",
        exercise="kv_cache",
        name="generate never uses the cache",
        hint="With use_cache=True there is one KVCache for each block, handed to every call.",
        change=[("logits = model(unread, caches) if use_cache else model(tokens)", "logits = model(tokens)")],
    ),
    Mistake(
        "kv-cache-one-for-all-blocks",
        exercise="kv_cache",
        name="one cache object serves all blocks",
        hint="[cache] * n is the same object n times: each block needs its own.",
        change=[("[KVCache() for _ in model.blocks]", "[KVCache()] * len(model.blocks)")],
    ),
    Mistake(
        "kv-cache-context-lost",
        exercise="kv_cache",
        name="without the cache only the newest token is fed",
        hint="Without a cache the model remembers nothing: it must see the whole text.",
        change=[("else model(tokens)", "else model(unread)")],
    ),
    Mistake(
        "kv-cache-first-logits",
        exercise="kv_cache",
        name="the next token is taken from the first position's logits",
        hint="The prediction of the next token stands at the last position.",
        change=[("logits[:, -1]", "logits[:, 0]")],
    ),
    Mistake(
        "kv-cache-new-tokens-only",
        exercise="kv_cache",
        name="generate returns the new tokens without the prompt",
        hint="The result is (N, T + n): the prompt, and the new tokens behind it.",
        change=[("            unread = new\n    return tokens", "            unread = new\n    return tokens[:, tokens.shape[1] - n :]")],
    ),
    Mistake(
        "kv-cache-sampling-dropped",
        exercise="kv_cache",
        name="the sampling arguments are not handed on",
        hint="sample_next gets **sampling.",
        change=[("sample_next(logits[:, -1], **sampling)", "sample_next(logits[:, -1])")],
    ),
    Mistake(
        "kv-cache-always-greedy",
        exercise="kv_cache",
        name="generate always takes the likeliest token",
        hint="Which token is drawn is up to sample_next and its arguments.",
        change=[("sample_next(logits[:, -1], **sampling)", "logits[:, -1].argmax(dim=-1)")],
    ),
    Mistake(
        "kv-cache-records-gradients",
        exercise="kv_cache",
        name="generate records gradients for the whole text",
        hint="Nobody asks for a gradient here: torch.no_grad() saves its memory.",
        change=[("with torch.no_grad():", "if True:")],
    ),
    Mistake(
        "kv-cache-one-position-twice",
        exercise="kv_cache",
        name="after the prompt two tokens are fed each time, so one position is read twice",
        hint="The model has read all but the newest token: feed that one alone.",
        change=[("            unread = new\n", "            unread = tokens[:, -2:]\n")],
    ),
    Mistake(
        "kv-cache-old-values-forgotten",
        exercise="kv_cache",
        name="the cache keeps all keys, but only the newest values",
        hint="Keys and values belong together: join both.",
        change=[("v if self.v is None else torch.cat([self.v, v], dim=2)", "v")],
    ),
    Mistake(
        "kv-cache-returns-the-new-only",
        exercise="kv_cache",
        name="append returns what it was given, not everything so far",
        hint="Return the joined tensors: all positions, oldest first.",
        change=[("        return self.k, self.v\n", "        return k, v\n")],
    ),
    Mistake(
        "kv-cache-length-counts-calls",
        exercise="kv_cache",
        name="length counts calls of append, not positions",
        hint="One call may add many positions: the size of the time axis is the length.",
        change=[
            ("        return 0 if self.k is None else self.k.shape[2]", '        return getattr(self, "calls", 0)'),
            ("        self.k = k if", '        self.calls = getattr(self, "calls", 0) + 1\n        self.k = k if'),
        ],
    ),
    Mistake(
        "kv-cache-length-a-method",
        exercise="kv_cache",
        name="length is a method, not a property",
        hint="It is read as cache.length, without parentheses: keep the @property above it.",
        change=[("    @property\n    def length", "    def length")],
    ),
    Mistake(
        "kv-cache-shared-by-all-objects",
        exercise="kv_cache",
        name="keys and values are kept in the class, so all caches share them",
        hint="self.k belongs to this object; KVCache.k belongs to all of them.",
        change=[
            ("        self.k: Tensor | None = None\n        self.v: Tensor | None = None", "        pass"),
            (
                "        return 0 if self.k",
                '        return 0 if getattr(KVCache, "k", None) is None else KVCache.k.shape[2]\n        return 0 if self.k',
            ),
            (
                "        self.k = k if self.k is None else torch.cat([self.k, k], dim=2)\n        self.v = v if self.v is None else torch.cat([self.v, v], dim=2)\n        return self.k, self.v\n",
                '        KVCache.k, KVCache.v = (k, v) if getattr(KVCache, "k", None) is None else (torch.cat([KVCache.k, k], 2), torch.cat([KVCache.v, v], 2))\n        return KVCache.k, KVCache.v\n',
            ),
        ],
    ),
    Mistake(
        "kv-cache-float32",
        exercise="kv_cache",
        name="the cache turns everything into float32",
        hint="Keep the dtype: torch.cat does by itself.",
        change=[("return self.k, self.v\n", "return self.k.float(), self.v.float()\n")],
    ),
    Mistake(
        "kv-cache-one-token-too-few",
        exercise="kv_cache",
        name="generate writes one token too few",
        hint="n new tokens: the loop runs n times.",
        change=[("range(n)", "range(n - 1)")],
    ),
    Mistake(
        "kv-cache-one-token-too-many",
        exercise="kv_cache",
        name="generate writes one token too many",
        hint="n new tokens: the loop runs n times.",
        change=[("range(n)", "range(n + 1)")],
    ),
    Mistake(
        "kv-cache-n-counts-the-prompt",
        exercise="kv_cache",
        name="n is taken for the length of prompt and new tokens together",
        hint="n new tokens stand behind the prompt: the result has T + n.",
        change=[("range(n)", "range(n - tokens.shape[1])")],
    ),
    Mistake(
        "kv-cache-caches-without-being-asked",
        exercise="kv_cache",
        name="with use_cache=False the model gets caches all the same",
        hint="Without the cache the model is called with the text alone.",
        change=[("else model(tokens)", "else model(tokens, [KVCache() for _ in model.blocks])")],
    ),
    Mistake(
        "kv-cache-use-cache-ignored",
        exercise="kv_cache",
        name="use_cache=False changes nothing",
        hint="With use_cache=False the whole text is read each time: see the table.",
        change=[(" if use_cache else None", ""), (" if use_cache else model(tokens)", "")],
    ),
    Mistake(
        "kv-cache-prompt-token-by-token",
        exercise="kv_cache",
        name="the prompt is fed one token at a time",
        hint="The first call reads the whole prompt at once: that is one pass for T tokens.",
        change=[
            (
                "    with torch.no_grad():\n",
                "    with torch.no_grad():\n        for place in range(tokens.shape[1] - 1 if use_cache else 0):\n            model(tokens[:, place : place + 1], caches)\n            unread = tokens[:, -1:]\n",
            )
        ],
    ),
    Mistake(
        "kv-cache-first-row-for-all",
        exercise="kv_cache",
        name="the first row's next token is written in all rows",
        hint="Each row of the logits has a next token of its own.",
        change=[("sample_next(logits[:, -1], **sampling)", "sample_next(logits[:1, -1], **sampling).expand(len(tokens))")],
    ),
    Mistake(
        "kv-cache-reads-the-last-token-too",
        exercise="kv_cache",
        name="the model is called once more than there are new tokens: it reads the last one, too",
        hint="Nobody asks what comes after the last token: n new tokens are n calls. See the table.",
        change=[
            ("            unread = new\n", "            unread = new\n        if use_cache and n:\n            model(unread, caches)\n")
        ],
    ),
    Mistake(
        "kv-cache-leaves-the-model-in-train",
        exercise="kv_cache",
        name="generate leaves the model in train mode, whatever it was before",
        hint="Whoever called model.eval() expects it to stay so. The mode is the caller's business.",
        change=[("            unread = new\n", "            unread = new\n    model.train()\n")],
    ),
    Mistake(
        "kv-cache-generator-lost",
        exercise="kv_cache",
        name="temperature, top_k and top_p reach sample_next, but the generator does not",
        hint="**sampling holds everything that sample_next may want: hand it on as it is.",
        change=[
            (
                "sample_next(logits[:, -1], **sampling)",
                'sample_next(logits[:, -1], **{name: value for name, value in sampling.items() if name != "generator"})',
            )
        ],
    ),
    Mistake(
        "kv-cache-stops-before-max-length",
        exercise="kv_cache",
        name="generate stops one token before max_length",
        hint="T + n may be max_length: the last token needs no position, because it is never read.",
        change=[("range(n)", "range(min(n, model.max_length - 1 - tokens.shape[1]))")],
    ),
    Mistake(
        "kv-cache-probabilities-for-logits",
        exercise="kv_cache",
        name="sample_next gets probabilities, not logits",
        hint="sample_next takes the softmax itself: a second one makes everything nearly equal.",
        change=[("sample_next(logits[:, -1], **", "sample_next(logits[:, -1].softmax(dim=-1), **")],
    ),
    Mistake(
        "kv-cache-gradients-off-for-good",
        exercise="kv_cache",
        name="after generate PyTorch records no gradients any more",
        hint="torch.set_grad_enabled(False) stays until somebody turns it back: use a with block.",
        change=[("    with torch.no_grad():\n", "    torch.set_grad_enabled(False)\n    if True:\n")],
    ),
    Mistake(
        "kv-cache-seed-inside",
        exercise="kv_cache",
        name="generate sets a seed, so it always writes the same",
        hint="Whoever wants the same text twice hands a generator on.",
        change=[("    unread = tokens\n", "    unread = tokens\n    torch.manual_seed(0)\n")],
    ),
    Mistake(
        "kv-cache-caches-kept-for-the-next-text",
        exercise="kv_cache",
        name="the caches of the last call are found by the next one",
        hint="Make new caches in each call: another text has other keys.",
        change=[
            (
                "    caches = [KVCache() for _ in model.blocks] if use_cache else None",
                '    if not hasattr(model, "caches"):\n        model.caches = [KVCache() for _ in model.blocks]\n    caches = model.caches if use_cache else None',
            )
        ],
    ),
    Mistake(
        "kv-cache-asks-ahead",
        exercise="kv_cache",
        name="the model is called once more than there are new tokens: before the loop, and after each of them",
        hint="Nobody asks what comes after the last token: n new tokens are n calls. See the table.",
        change=[
            (
                "            logits = model(unread, caches) if use_cache else model(tokens)\n            new =",
                "            new =",
            ),
            (
                "    with torch.no_grad():\n",
                "    with torch.no_grad():\n        logits = model(unread, caches) if use_cache else model(tokens)\n",
            ),
            (
                "            unread = new\n",
                "            unread = new\n            logits = model(unread, caches) if use_cache else model(tokens)\n",
            ),
        ],
    ),
]

SAMPLING = [
    Mistake(
        "next-token-sampling-drops-the-crossing-token",
        exercise="next_token_sampling",
        name="top-p drops the token that crosses the line",
        hint="The smallest set whose sum *reaches* p: the token with which it gets there belongs to it.",
        change=[
            ("before = probs.cumsum(dim=-1) - probs", "before = probs.cumsum(dim=-1)"),
            ("before >= top_p - rounding", "before > top_p + rounding"),
        ],
    ),
    Mistake(
        "next-token-sampling-drops-the-reaching-token",
        exercise="next_token_sampling",
        name="top-p drops the token that crosses the line, and also one that reaches it exactly",
        hint="The smallest set whose sum *reaches* p: the token with which it gets there belongs to it.",
        change=[("before = probs.cumsum(dim=-1) - probs", "before = probs.cumsum(dim=-1)")],
    ),
    Mistake(
        "next-token-sampling-keeps-one-too-many",
        exercise="next_token_sampling",
        name="top-p keeps one token too many",
        hint="Once p is reached nobody else comes in.",
        change=[("before >= top_p", "(before - probs.roll(1, -1) * (torch.arange(probs.shape[-1]) > 0)) >= top_p")],
    ),
    Mistake(
        "next-token-sampling-threshold",
        exercise="next_token_sampling",
        name="top-p keeps every token whose own probability is at least 1 - p",
        hint="Top-p is about the running sum of the likeliest tokens, not about single probabilities.",
        change=[("before >= top_p", "probs < 1 - top_p")],
    ),
    Mistake(
        "next-token-sampling-temperature-multiplies",
        exercise="next_token_sampling",
        name="the logits are multiplied by the temperature",
        hint="They are divided: a low temperature makes the likely likelier.",
        change=[("logits / temperature", "logits * temperature")],
    ),
    Mistake(
        "next-token-sampling-temperature-after-the-filter",
        exercise="next_token_sampling",
        name="the temperature is applied after top-p",
        hint="The order: temperature, top-k, renormalise, top-p.",
        change=[
            ("logits / temperature", "logits"),
            (
                "places = torch.multinomial(probs, 1, generator=generator)",
                "places = torch.multinomial(probs ** (1 / temperature), 1, generator=generator)",
            ),
        ],
    ),
    Mistake(
        "next-token-sampling-temperature-on-probabilities",
        exercise="next_token_sampling",
        name="the probabilities are divided by the temperature, which changes nothing",
        hint="Divide the logits, before the softmax.",
        change=[
            ("logits / temperature", "logits"),
            ("probs = torch.softmax(scores, dim=-1)", "probs = torch.softmax(scores, dim=-1) / temperature"),
        ],
    ),
    Mistake(
        "next-token-sampling-not-renormalised-after-top-k",
        exercise="next_token_sampling",
        name="top-p looks at probabilities that are not renormalised after top-k, or comes before it",
        hint="The order: temperature, top-k, renormalise, top-p. After top-k the shares grow, and p is reached earlier: see the second case by hand.",
        change=[
            ('scores[:, top_k:] = float("-inf")', "pass"),
            (
                "probs = torch.softmax(scores, dim=-1)",
                "probs = torch.softmax(scores, dim=-1)\n    if top_k is not None:\n        probs[:, top_k:] = 0.0",
            ),
        ],
    ),
    Mistake(
        "next-token-sampling-one-nucleus-for-all-rows",
        exercise="next_token_sampling",
        name="the size of the first row's nucleus is used for all rows",
        hint="Rows are independent: each has a nucleus of its own size.",
        change=[("before >= top_p", "before[:1] >= top_p")],
    ),
    Mistake(
        "next-token-sampling-places-for-tokens",
        exercise="next_token_sampling",
        name="the place in the sorted order is returned, not the token",
        hint="After sorting, place 0 is the likeliest token, not token 0: translate back.",
        change=[("order.gather(-1, places).squeeze(-1)", "places.squeeze(-1)")],
    ),
    Mistake(
        "next-token-sampling-ascending",
        exercise="next_token_sampling",
        name="the tokens are sorted with the unlikeliest first",
        hint="The likeliest tokens stay: sort in descending order.",
        change=[("descending=True", "descending=False")],
    ),
    Mistake(
        "next-token-sampling-top-k-ignored",
        exercise="next_token_sampling",
        name="top_k is ignored",
        hint="Only the k likeliest tokens stay.",
        change=[('scores[:, top_k:] = float("-inf")', "pass")],
    ),
    Mistake(
        "next-token-sampling-filtered-to-zero",
        exercise="next_token_sampling",
        name="filtered logits are set to 0, which is a probability like any other",
        hint="Which logit has probability 0?",
        change=[('float("-inf")', "0.0")],
    ),
    Mistake(
        "next-token-sampling-always-greedy",
        exercise="next_token_sampling",
        name="nothing is drawn: the likeliest token always wins",
        hint="Only temperature 0 is the argmax.",
        change=[("places = torch.multinomial(probs, 1, generator=generator)", "places = probs.argmax(dim=-1, keepdim=True)")],
    ),
    Mistake(
        "next-token-sampling-zero-divides",
        exercise="next_token_sampling",
        name="temperature 0 divides by zero",
        hint="Temperature 0 is the argmax: nothing is divided, nothing is drawn.",
        change=[("if temperature == 0:", "if False:")],
    ),
    Mistake(
        "next-token-sampling-generator-ignored",
        exercise="next_token_sampling",
        name="the generator is not used",
        hint="Hand it to torch.multinomial.",
        change=[("torch.multinomial(probs, 1, generator=generator)", "torch.multinomial(probs, 1)")],
    ),
    Mistake(
        "next-token-sampling-in-place",
        exercise="next_token_sampling",
        name="the logits are changed in place",
        hint="logits /= … changes the caller's tensor.",
        change=[
            ("    scores, order = torch.sort(logits / temperature", "    logits /= temperature\n    scores, order = torch.sort(logits")
        ],
    ),
    Mistake(
        "next-token-sampling-top-k-beyond-v",
        exercise="next_token_sampling",
        name="top_k larger than the vocabulary crashes",
        hint="Larger than V keeps all.",
        change=[
            (
                'scores[:, top_k:] = float("-inf")',
                'scores = scores.masked_fill(scores < scores.topk(top_k, dim=-1).values[:, -1:], float("-inf"))',
            )
        ],
    ),
    Mistake(
        "next-token-sampling-top-k-one-too-many",
        exercise="next_token_sampling",
        name="top-k keeps one token too many",
        hint="Places 0 to k - 1 are k tokens.",
        change=[("scores[:, top_k:]", "scores[:, top_k + 1 :]")],
    ),
    Mistake(
        "next-token-sampling-top-k-one-too-few",
        exercise="next_token_sampling",
        name="top-k keeps one token too few",
        hint="Places 0 to k - 1 are k tokens.",
        change=[("scores[:, top_k:]", "scores[:, max(1, top_k - 1) :]")],
    ),
    Mistake(
        "next-token-sampling-more-than-top-p",
        exercise="next_token_sampling",
        name="top-p wants more than p: a set that adds up to exactly p gets one token more",
        hint="The smallest set whose sum is p *or more*: compare with ≥ where you have >, or < where you have ≤.",
        change=[("before >= top_p - rounding", "before > top_p")],
    ),
    Mistake(
        "next-token-sampling-one-row-a-number",
        exercise="next_token_sampling",
        name="for a single row the result has no axis",
        hint="squeeze() without an axis also takes the axis of rows away when it has size 1: say which.",
        change=[("order.gather(-1, places).squeeze(-1)", "order.gather(-1, places).squeeze()")],
    ),
    Mistake(
        "next-token-sampling-own-generator",
        exercise="next_token_sampling",
        name="without a generator the draws are the same each time, whatever torch.manual_seed says",
        hint="Hand None on to what draws: then PyTorch's global one is used. A fresh torch.Generator always starts with the same seed.",
        change=[("generator=generator)  #", "generator=generator or torch.Generator())  #")],
    ),
    Mistake(
        "next-token-sampling-seeded-again",
        exercise="next_token_sampling",
        name="a generator gives the same draws in each call: it starts again with its first seed",
        hint="Use the generator as it is: it goes on from where it stands.",
        change=[
            (
                "generator=generator)  #",
                "generator=generator and torch.Generator().manual_seed(generator.initial_seed()))  #",
            )
        ],
    ),
    Mistake(
        "next-token-sampling-zero-draws",
        exercise="next_token_sampling",
        name="at temperature 0 a token is drawn, though only one can come: the generator moves on",
        hint="At 0 nothing is drawn: take the largest logit, and leave the generator alone.",
        change=[("    if temperature == 0:\n        return logits.argmax(dim=-1)\n", "    temperature = max(temperature, 1e-8)\n")],
    ),
    Mistake(
        "next-token-sampling-filtered-in-place",
        exercise="next_token_sampling",
        name="the filter writes -inf into the caller's logits",
        hint="An assignment into logits changes the caller's tensor, and .float() of float32 is no copy. Work on a new tensor.",
        change=[
            (
                'scores[:, top_k:] = float("-inf")',
                'scores[:, top_k:] = float("-inf")\n        logits.scatter_(1, order[:, top_k:], float("-inf"))',
            )
        ],
    ),
    Mistake(
        "next-token-sampling-zero-nearly",
        exercise="next_token_sampling",
        name="temperature 0 is replaced by a small number, and near ties are drawn",
        hint="At 0 nothing is drawn: take the largest logit.",
        change=[("    if temperature == 0:\n        return logits.argmax(dim=-1)\n", "    temperature = max(temperature, 0.01)\n")],
    ),
    Mistake(
        "next-token-sampling-two-axes",
        exercise="next_token_sampling",
        name="the result has a second axis",
        hint="One token for each row: the shape is (N,).",
        change=[("order.gather(-1, places).squeeze(-1)", "order.gather(-1, places)")],
    ),
    Mistake(
        "next-token-sampling-one-draw-for-all-rows",
        exercise="next_token_sampling",
        name="one place is drawn for all rows",
        hint="Rows are independent of each other: draw for each.",
        change=[
            (
                "torch.multinomial(probs, 1, generator=generator)  #",
                "torch.multinomial(probs[:1], 1, generator=generator).expand(len(probs), 1)  #",
            )
        ],
    ),
    Mistake(
        "next-token-sampling-overflow",
        exercise="next_token_sampling",
        name="exp of large logits overflows",
        hint="torch.softmax subtracts the largest logit first. Doing it by hand, you must, too.",
        change=[("torch.softmax(scores, dim=-1)", "scores.exp() / scores.exp().sum(dim=-1, keepdim=True)")],
    ),
    Mistake(
        "next-token-sampling-threshold-of-another-row",
        exercise="next_token_sampling",
        name="the k-th largest logits of the rows (N,) are compared along the axis of the tokens",
        hint="Sizes are aligned at the last axis: (N,) beside (N, V) fails, or with N = V takes the thresholds for those of columns. "
        "Keep the axis: (N, 1).",
        change=[
            (
                "    scores, order = torch.sort(logits",
                "    if top_k is not None:\n"
                "        least = logits.topk(min(top_k, logits.shape[-1]), dim=-1).values[:, -1]\n"
                "        logits = torch.where(logits < least, -torch.inf, logits)\n"
                "    scores, order = torch.sort(logits",
            ),
            ('scores[:, top_k:] = float("-inf")', "pass"),
        ],
    ),
    Mistake(
        "next-token-sampling-generator-forgotten-with-a-filter",
        exercise="next_token_sampling",
        name="with top_k or top_p the generator is not used",
        hint="Hand it to whatever draws, in every branch.",
        change=[("generator=generator)  #", "generator=generator if top_k is None and top_p is None else None)  #")],
    ),
    Mistake(
        "next-token-sampling-equals-lost",
        exercise="next_token_sampling",
        name="top-k drops every token that is not likelier than the one behind the last: of equals at the border none stays",
        hint="If two tokens are equally likely and there is room for one, one of them stays, or both: not neither.",
        change=[
            (
                'scores[:, top_k:] = float("-inf")',
                "if top_k < scores.shape[1]:\n"
                '            scores = scores.masked_fill(scores <= scores[:, top_k : top_k + 1], float("-inf"))',
            )
        ],
    ),
    Mistake(
        "next-token-sampling-small-is-zero",
        exercise="next_token_sampling",
        name="a small temperature counts as 0: nothing is drawn",
        hint="Only 0 is the argmax. However small the temperature is, logits that lie close together keep their chances.",
        change=[("if temperature == 0:", "if temperature < 0.1:")],
    ),
]

ADAMW = [
    Mistake(
        "adamw-groups-everything-decays",
        exercise="adamw_groups",
        name="everything decays, biases and norms too",
        hint="A gain belongs near 1: one-dimensional parameters don't decay.",
        change=[('"weight_decay": 0.0', '"weight_decay": weight_decay')],
    ),
    Mistake(
        "adamw-groups-one-without-decay",
        exercise="adamw_groups",
        name="there is one group only where the weight decay is 0",
        hint="Who sets the decay of the first group later must find two.",
        change=[
            (
                "return torch.optim.AdamW(groups, lr=lr)",
                "if weight_decay == 0:\n        groups = [{**groups[0], 'params': parameters}]\n    return torch.optim.AdamW(groups, lr=lr)",
            )
        ],
    ),
    Mistake(
        "adamw-groups-by-name",
        exercise="adamw_groups",
        name="only biases are spared; gains of norms decay",
        hint="Gains of norms are called weight, but they have one axis: count axes.",
        code="""def configure_adamw(model, lr, weight_decay):
    named = dict(model.named_parameters())
    groups = [
        {"params": [p for name, p in named.items() if not name.endswith("bias")], "weight_decay": weight_decay},
        {"params": [p for name, p in named.items() if name.endswith("bias")], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=lr)


def cosine_schedule(step, warmup, total, peak, floor):
    if step < warmup:
        return peak * step / warmup
    if step >= total:
        return floor
    return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * (step - warmup) / (total - warmup)))
""",
    ),
    Mistake(
        "adamw-groups-by-name-of-norms",
        exercise="adamw_groups",
        name="biases and norms are known by their names: gains of other names decay, and a matrix called bias does not",
        hint="Names are the model's choice. Count axes: one axis doesn't decay, two or more do.",
        change=[
            (
                "parameters = list(model.parameters())",
                'named = dict(model.named_parameters())\n    spared = {name for name in named if name.endswith("bias") or "norm" in name}',
            ),
            ("[p for p in parameters if p.ndim >= 2]", "[p for name, p in named.items() if name not in spared]"),
            ("[p for p in parameters if p.ndim < 2]", "[p for name, p in named.items() if name in spared]"),
        ],
    ),
    Mistake(
        "adamw-groups-frozen-left-out",
        exercise="adamw_groups",
        name="frozen parameters are not in the optimizer",
        hint="A parameter with requires_grad False may be thawed later: all parameters belong to a group.",
        change=[("list(model.parameters())", "[p for p in model.parameters() if p.requires_grad]")],
    ),
    Mistake(
        "adamw-groups-embeddings-spared",
        exercise="adamw_groups",
        name="embeddings don't decay",
        hint="Matrices *and embeddings* decay: all parameters with two axes or more.",
        change=[
            (
                "parameters = list(model.parameters())",
                "embedded = [m.weight for m in model.modules() if isinstance(m, nn.Embedding)]\n    parameters = list(model.parameters())",
            ),
            ("[p for p in parameters if p.ndim >= 2]", "[p for p in parameters if p.ndim >= 2 and not any(p is e for e in embedded)]"),
            ("[p for p in parameters if p.ndim < 2]", "[p for p in parameters if p.ndim < 2 or any(p is e for e in embedded)]"),
        ],
    ),
    Mistake(
        "adamw-groups-matrices-only",
        exercise="adamw_groups",
        name="only parameters with exactly two axes decay",
        hint="Two axes *or more*: filters have three.",
        change=[("p.ndim >= 2", "p.ndim == 2"), ("p.ndim < 2", "p.ndim != 2")],
    ),
    Mistake(
        "adamw-groups-lost-parameters",
        exercise="adamw_groups",
        name="parameters that don't decay are not in the optimizer at all",
        hint="They are trained, too: in a group of their own, without decay.",
        change=[('        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},\n', "")],
    ),
    Mistake(
        "adamw-groups-adam",
        exercise="adamw_groups",
        name="Adam with weight_decay adds the decay to the gradient",
        hint="That is L2 regularisation, which Adam divides away: use AdamW.",
        change=[("return torch.optim.AdamW(groups, lr=lr)", "return torch.optim.Adam(groups, lr=lr)")],
    ),
    Mistake(
        "adamw-groups-swapped",
        exercise="adamw_groups",
        name="the groups are exchanged: biases decay and matrices don't",
        hint="Matrices decay.",
        change=[("p.ndim >= 2", "p.ndim < 2 "), ("p.ndim < 2]", "p.ndim >= 2]")],
    ),
    Mistake(
        "adamw-groups-learning-rate-lost",
        exercise="adamw_groups",
        name="the learning rate is left at its default",
        hint="lr holds for both groups.",
        change=[("torch.optim.AdamW(groups, lr=lr)", "torch.optim.AdamW(groups)")],
    ),
    Mistake(
        "adamw-groups-tied-twice",
        exercise="adamw_groups",
        name="a tied parameter is listed twice",
        hint="It has two names and is one parameter.",
        change=[("list(model.parameters())", "[p for _, p in model.named_parameters(remove_duplicate=False)]")],
    ),
    Mistake(
        "adamw-groups-no-warmup",
        exercise="adamw_groups",
        name="there is no warm-up",
        hint="While step < warmup the rate is on a straight line from 0.",
        change=[("return peak * step / warmup", "return peak")],
    ),
    Mistake(
        "adamw-groups-warmup-from-one",
        exercise="adamw_groups",
        name="the warm-up is one step ahead",
        hint="At step 0 the rate is 0: peak · step / warmup.",
        change=[("peak * step / warmup", "peak * (step + 1) / warmup")],
    ),
    Mistake(
        "adamw-groups-progress-from-zero",
        exercise="adamw_groups",
        name="the cosine counts from step 0, not from the end of the warm-up",
        hint="At step warmup the cosine begins: progress is 0 there.",
        change=[("(step - warmup) / (total - warmup)", "step / total")],
    ),
    Mistake(
        "adamw-groups-floor-forgotten",
        exercise="adamw_groups",
        name="the cosine falls to 0, not to the floor",
        hint="Stretch the cosine between floor and peak.",
        change=[("floor + 0.5 * (peak - floor) *", "0.5 * peak *")],
    ),
    Mistake(
        "adamw-groups-comes-back",
        exercise="adamw_groups",
        name="after the last step the cosine rises again",
        hint="From total on the rate stays at the floor.",
        change=[("    if step >= total:\n        return floor\n", "")],
    ),
    Mistake(
        "adamw-groups-rounded",
        exercise="adamw_groups",
        name="the rate is rounded to six decimals, which changes a rate of 0.0003 by a tenth of a per cent",
        hint="Round what you print, not what you return.",
        change=[
            (
                "return floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * progress))",
                "return round(floor + 0.5 * (peak - floor) * (1 + math.cos(math.pi * progress)), 6)",
            )
        ],
    ),
    Mistake(
        "adamw-groups-linear",
        exercise="adamw_groups",
        name="the rate falls on a straight line",
        hint="Half a cosine.",
        change=[("0.5 * (peak - floor) * (1 + math.cos(math.pi * progress))", "(peak - floor) * (1 - progress)")],
    ),
    Mistake(
        "adamw-groups-other-betas",
        exercise="adamw_groups",
        name="the betas are not those of AdamW's defaults",
        hint="All settings but the learning rate and the decay stay as they are.",
        change=[("AdamW(groups, lr=lr)", "AdamW(groups, lr=lr, betas=(0.9, 0.95))")],
    ),
    Mistake(
        "adamw-groups-decay-times-rate",
        exercise="adamw_groups",
        name="the decay is multiplied by the learning rate beforehand",
        hint="AdamW itself multiplies by the learning rate: see η λ w in the formula. Hand weight_decay on as it is.",
        change=[('"weight_decay": weight_decay', '"weight_decay": weight_decay * lr')],
    ),
    Mistake(
        "adamw-groups-vectors-decay-by-default",
        exercise="adamw_groups",
        name="biases and norms keep AdamW's default weight decay of 0.01",
        hint="A group without weight_decay gets the default, which is not 0: say it.",
        change=[('p.ndim < 2], "weight_decay": 0.0}', "p.ndim < 2]}")],
    ),
    Mistake(
        "adamw-groups-warmup-from-the-floor",
        exercise="adamw_groups",
        name="the warm-up starts at the floor, not at 0",
        hint="The line of the warm-up goes through 0 at step 0.",
        change=[("return peak * step / warmup", "return floor + (peak - floor) * step / warmup")],
    ),
    Mistake(
        "adamw-groups-quarter-cosine",
        exercise="adamw_groups",
        name="the cosine goes through a quarter of a period only, and has no flat end",
        hint="Half a cosine, from 1 to −1: π times the progress.",
        change=[("0.5 * (peak - floor) * (1 + math.cos(math.pi * progress))", "(peak - floor) * math.cos(0.5 * math.pi * progress)")],
    ),
    Mistake(
        "adamw-groups-full-cosine",
        exercise="adamw_groups",
        name="the cosine runs through a whole period, and comes back to the peak",
        hint="Half a cosine, from 1 to −1: π times the progress.",
        change=[("math.cos(math.pi * progress)", "math.cos(2 * math.pi * progress)")],
    ),
    Mistake(
        "adamw-groups-height-without-floor",
        exercise="adamw_groups",
        name="the cosine starts above the peak, by the floor",
        hint="Floor and half-height together must give the peak: the height is peak − floor.",
        change=[("0.5 * (peak - floor) *", "0.5 * peak *")],
    ),
    Mistake(
        "adamw-groups-zero-after-the-end",
        exercise="adamw_groups",
        name="after the last step the rate is 0, not the floor",
        hint="From total on the rate is the floor.",
        change=[("        return floor\n", "        return 0.0\n")],
    ),
    Mistake(
        "adamw-groups-divides-by-total",
        exercise="adamw_groups",
        name="the progress is divided by total, so the cosine never reaches the floor",
        hint="From warmup to total are total − warmup steps.",
        change=[("(step - warmup) / (total - warmup)", "(step - warmup) / total")],
    ),
    Mistake(
        "adamw-groups-linear-only",
        exercise="adamw_groups",
        name="only the weights of linear layers decay, as in minGPT: embeddings, filters and other matrices don't",
        hint="What a parameter belongs to doesn't matter. Count axes: two or more decay.",
        change=[
            (
                "parameters = list(model.parameters())",
                "linear = [m.weight for m in model.modules() if isinstance(m, nn.Linear)]\n    parameters = list(model.parameters())",
            ),
            ("[p for p in parameters if p.ndim >= 2]", "[p for p in parameters if any(p is w for w in linear)]"),
            ("[p for p in parameters if p.ndim < 2]", "[p for p in parameters if not any(p is w for w in linear)]"),
        ],
    ),
    Mistake(
        "adamw-groups-warmup-of-nanogpt",
        exercise="adamw_groups",
        name="the warm-up is (step + 1) / (warmup + 1) of the peak, as in nanoGPT",
        hint="There the first step has a small rate already. Here the line goes through 0 at step 0: peak · step / warmup.",
        change=[("peak * step / warmup", "peak * (step + 1) / (warmup + 1)")],
    ),
]

LOSS = [
    Mistake(
        "language-model-loss-unshifted",
        exercise="language_model_loss",
        name="the logits are compared with the token at the same position",
        hint="Too good to be true: the model is asked for the token that it is looking at. Shift by one.",
        change=[("logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()", "logits.flatten(0, 1), tokens.flatten()")],
    ),
    Mistake(
        "language-model-loss-shifted-backwards",
        exercise="language_model_loss",
        name="the shift goes the wrong way: the previous token is asked for",
        hint="The logits at t are a guess about t + 1.",
        change=[("logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()", "logits[:, 1:].flatten(0, 1), tokens[:, :-1].flatten()")],
    ),
    Mistake(
        "language-model-loss-shifted-by-two",
        exercise="language_model_loss",
        name="the shift is two",
        hint="The next token, not the one after it.",
        change=[("logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()", "logits[:, :-2].flatten(0, 1), tokens[:, 2:].flatten()")],
    ),
    Mistake(
        "language-model-loss-sum",
        exercise="language_model_loss",
        name="the loss is a sum, not a mean",
        hint="The mean over N · (T − 1) predictions.",
        change=[("tokens[:, 1:].flatten())", 'tokens[:, 1:].flatten(), reduction="sum")')],
    ),
    Mistake(
        "language-model-loss-divided-by-t",
        exercise="language_model_loss",
        name="the sum is divided by N · T",
        hint="There are only T − 1 predictions in each text.",
        change=[("return F.cross_entropy(", "return (1 - 1 / tokens.shape[1]) * F.cross_entropy(")],
    ),
    Mistake(
        "language-model-loss-rolled",
        exercise="language_model_loss",
        name="the last logits are asked for the first token",
        hint="torch.roll goes round in a circle: the last position predicts nothing.",
        change=[("logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()", "logits.flatten(0, 1), tokens.roll(-1, dims=1).flatten()")],
    ),
    Mistake(
        "language-model-loss-log-of-softmax",
        exercise="language_model_loss",
        name="log(softmax) is infinite for large logits",
        hint="Use F.cross_entropy on the logits, or log_softmax.",
        change=[
            (
                "F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())",
                "-torch.log(torch.softmax(logits[:, :-1], dim=-1)).gather(-1, tokens[:, 1:].unsqueeze(-1)).mean()",
            )
        ],
    ),
    Mistake(
        "language-model-loss-softmax-twice",
        exercise="language_model_loss",
        name="cross_entropy is given probabilities",
        hint="F.cross_entropy wants logits and takes the softmax itself.",
        change=[("logits[:, :-1].flatten(0, 1)", "logits[:, :-1].softmax(dim=-1).flatten(0, 1)")],
    ),
    Mistake(
        "language-model-loss-bits",
        exercise="language_model_loss",
        name="the loss is in bits",
        hint="language_model_loss is in nats; bits come in bits_per_byte.",
        change=[("return F.cross_entropy(", "return 1 / math.log(2) * F.cross_entropy(")],
    ),
    Mistake(
        "language-model-loss-nats-per-byte",
        exercise="language_model_loss",
        name="bits_per_byte returns nats",
        hint="A nat is 1 / ln 2 bits.",
        change=[("/ (n_bytes * math.log(2))", "/ n_bytes")],
    ),
    Mistake(
        "language-model-loss-bits-multiplied",
        exercise="language_model_loss",
        name="bits_per_byte multiplies by ln 2 for dividing by it",
        hint="There are more bits than nats.",
        change=[("/ (n_bytes * math.log(2))", "/ n_bytes * math.log(2)")],
    ),
    Mistake(
        "language-model-loss-bits-per-token",
        exercise="language_model_loss",
        name="bits_per_byte ignores how many tokens and bytes there are",
        hint="The total is loss × tokens, spread over the bytes.",
        change=[("loss * n_tokens / (n_bytes * math.log(2))", "loss / math.log(2)")],
    ),
    Mistake(
        "language-model-loss-ratio-inverted",
        exercise="language_model_loss",
        name="bits_per_byte exchanges tokens and bytes",
        hint="More bytes for the same loss means fewer bits a byte.",
        change=[("loss * n_tokens / (n_bytes * math.log(2))", "loss * n_bytes / (n_tokens * math.log(2))")],
    ),
    Mistake(
        "language-model-loss-softmax-over-time",
        exercise="language_model_loss",
        name="the softmax runs over the positions, not over the vocabulary",
        hint="The last axis is the vocabulary: the probabilities of one position add up to one.",
        change=[
            (
                "return F.cross_entropy(logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())",
                "return -logits.log_softmax(1)[:, :-1].gather(2, tokens[:, 1:].unsqueeze(2)).mean()",
            )
        ],
    ),
    Mistake(
        "language-model-loss-no-gradient",
        exercise="language_model_loss",
        name="no gradient flows through the loss",
        hint="The model learns from this number: no .item(), no .detach(), no torch.no_grad().",
        change=[("tokens[:, 1:].flatten())", "tokens[:, 1:].flatten()).detach()")],
    ),
    Mistake(
        "language-model-loss-a-number",
        exercise="language_model_loss",
        name="the loss is a Python number, through which no gradient flows",
        hint="Return the tensor: .item() cuts it off from the model.",
        change=[("tokens[:, 1:].flatten())", "tokens[:, 1:].flatten()).item()")],
    ),
    Mistake(
        "language-model-loss-float32",
        exercise="language_model_loss",
        name="the loss is float32, whatever the logits are",
        hint="Compute in float32 if you like, but return the loss in the dtype of the logits.",
        change=[("F.cross_entropy(logits[:, :-1]", "F.cross_entropy(logits[:, :-1].float()")],
    ),
    Mistake(
        "language-model-loss-not-averaged",
        exercise="language_model_loss",
        name="the loss of every prediction is returned, not their mean",
        hint="One number for the whole batch: the mean over all predictions.",
        change=[("tokens[:, 1:].flatten())", 'tokens[:, 1:].flatten(), reduction="none")')],
    ),
    Mistake(
        "language-model-loss-divided-by-n",
        exercise="language_model_loss",
        name="the sum is divided by the number of texts only",
        hint="Every text has T − 1 predictions: divide by N · (T − 1).",
        change=[("tokens[:, 1:].flatten())", 'tokens[:, 1:].flatten(), reduction="sum") / len(tokens)')],
    ),
    Mistake(
        "language-model-loss-across-texts",
        exercise="language_model_loss",
        name="the shift is made after flattening, so the end of a text is asked for the beginning of the next one",
        hint="Shift along the time axis first; flatten afterwards.",
        change=[("logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()", "logits.flatten(0, 1)[:-1], tokens.flatten()[1:]")],
    ),
    Mistake(
        "language-model-loss-id-0-ignored",
        exercise="language_model_loss",
        name="predictions of token 0 don't count",
        hint="Token 0 is a byte like any other: there is no padding here.",
        change=[("tokens[:, 1:].flatten())", "tokens[:, 1:].flatten(), ignore_index=0)")],
    ),
    Mistake(
        "language-model-loss-smoothed",
        exercise="language_model_loss",
        name="the targets are smoothed",
        hint="No label smoothing here: the surprise itself is what we measure.",
        change=[("tokens[:, 1:].flatten())", "tokens[:, 1:].flatten(), label_smoothing=0.1)")],
    ),
    Mistake(
        "language-model-loss-first-text-only",
        exercise="language_model_loss",
        name="only the first text counts",
        hint="The mean runs over all N texts.",
        change=[("logits[:, :-1].flatten(0, 1), tokens[:, 1:].flatten()", "logits[0, :-1], tokens[0, 1:]")],
    ),
    Mistake(
        "language-model-loss-decimal-digits",
        exercise="language_model_loss",
        name="bits_per_byte divides by log10(2)",
        hint="A nat is 1 / ln 2 bits: the natural logarithm of 2.",
        change=[("math.log(2)", "math.log10(2)")],
    ),
    Mistake(
        "language-model-loss-one-token-less",
        exercise="language_model_loss",
        name="bits_per_byte counts one token too few",
        hint="n_tokens is the number of predictions already.",
        change=[("loss * n_tokens", "loss * (n_tokens - 1)")],
    ),
]

DEFINITIONS = [
    Mistake(
        "write-definitions-first-line-break",
        exercise="write_definitions",
        name="the text is cut at the line break of the prompt, so nothing is left",
        hint="The prompt begins with a line break: look for one in what the model wrote.",
        change=[("decode(tokens[0, len(prompt) :].tolist())", "decode(tokens[0].tolist())")],
    ),
    Mistake(
        "write-definitions-not-cut",
        exercise="write_definitions",
        name="the entry is not cut at its end and runs into the next ones",
        hint="The model says that it is done by a line break.",
        change=[('written.split("\\n")[0]', "written")],
    ),
    Mistake(
        "write-definitions-cut-at-the-last-line-break",
        exercise="write_definitions",
        name="the text is cut at its last line break",
        hint="The entry ends at the first line break that the model wrote.",
        change=[('written.split("\\n")[0]', 'written.rsplit("\\n", 1)[0]')],
    ),
    Mistake(
        "write-definitions-keeps-the-line-break",
        exercise="write_definitions",
        name="the line break at the end is kept",
        hint="It does not belong to the entry.",
        change=[('written.split("\\n")[0]', 'written.split("\\n")[0] + "\\n" * ("\\n" in written)')],
    ),
    Mistake(
        "write-definitions-no-line-break-in-the-prompt",
        exercise="write_definitions",
        name="the prompt is the word alone, without the line break in front",
        hint="An entry begins behind a line break; without one the word may stand anywhere.",
        change=[('encode("\\n" + word)', "encode(word)")],
    ),
    Mistake(
        "write-definitions-prompt-with-part-of-speech",
        exercise="write_definitions",
        name="the prompt ends with «, n. »",
        hint="The prompt is a line break and the word, and no more: the model chooses the part of speech.",
        change=[('encode("\\n" + word)', 'encode("\\n" + word + ", n. ")')],
    ),
    Mistake(
        "write-definitions-word-missing",
        exercise="write_definitions",
        name="the entry begins behind the word",
        hint="The entry is the word and what follows.",
        change=[("entries.append(word + written", "entries.append(written")],
    ),
    Mistake(
        "write-definitions-sampling-dropped",
        exercise="write_definitions",
        name="the sampling arguments are not handed on",
        hint="generate gets **sampling.",
        change=[("n, **sampling)  #", "n)  #")],
    ),
    Mistake(
        "write-definitions-n-counts-the-prompt",
        exercise="write_definitions",
        name="n is taken for the length of prompt and entry together",
        hint="n is the number of new tokens.",
        change=[("torch.tensor([prompt]), n, **sampling", "torch.tensor([prompt]), n - len(prompt), **sampling")],
    ),
    Mistake(
        "write-definitions-stripped",
        exercise="write_definitions",
        name="spaces at the end of the entry are stripped",
        hint="Nothing but the line break and what follows is cut.",
        change=[('written.split("\\n")[0]', 'written.split("\\n")[0].strip()')],
    ),
    Mistake(
        "write-definitions-splitlines",
        exercise="write_definitions",
        name="the entry is cut at other line ends, too: at a form feed, at a carriage return",
        hint="str.splitlines knows ten kinds of line ends. Here only «\\n» ends an entry.",
        change=[('written.split("\\n")[0]', '(written.splitlines() or [""])[0]')],
    ),
    Mistake(
        "write-definitions-last-word-only",
        exercise="write_definitions",
        name="only the last word's entry is returned",
        hint="One entry for each word, in their order.",
        change=[("    return entries", "    return entries[-1:]")],
    ),
    Mistake(
        "write-definitions-each-word-once",
        exercise="write_definitions",
        name="a word that comes twice gets one entry only",
        hint="The result is as long as the list of words.",
        change=[("for word in words:", "for word in dict.fromkeys(words):")],
    ),
    Mistake(
        "write-definitions-same-entry-twice",
        exercise="write_definitions",
        name="a word that comes twice gets the same entry twice, without asking the model again",
        hint="Every entry is written anew: the model may find another definition.",
        change=[
            (
                "    for word in words:\n",
                "    known = {}\n    for word in words:\n        if word in known:\n            entries.append(known[word])\n            continue\n",
            ),
            (
                "        entries.append(word + written",
                '        known[word] = word + written.split("\\n")[0]\n        entries.append(word + written',
            ),
        ],
    ),
    Mistake(
        "write-definitions-last-character-lost",
        exercise="write_definitions",
        name="an entry that has not ended after n tokens loses its last character",
        hint="Where nothing is found str.find gives -1, and text[:-1] is all but the last character. Without a line break all of it belongs to the entry.",
        change=[('written.split("\\n")[0]', 'written[: written.find("\\n")]')],
    ),
    Mistake(
        "write-definitions-sampling-added",
        exercise="write_definitions",
        name="where no temperature is given, one is made up",
        hint="Hand **sampling on as it is: without a temperature generate has a default of its own.",
        change=[("n, **sampling)  #", 'n, **{"temperature": 0.8, **sampling})  #')],
    ),
    Mistake(
        "write-definitions-own-bytes",
        exercise="write_definitions",
        name="the prompt is turned into bytes, not into the tokenizer's ids",
        hint="Use the encode that is given.",
        change=[('encode("\\n" + word)', 'list(("\\n" + word).encode())')],
    ),
    Mistake(
        "write-definitions-ends-at-the-full-stop",
        exercise="write_definitions",
        name="the entry is cut behind its first full stop",
        hint="An entry may have many sentences, and «n.» ends with a full stop, too. It ends at the line break.",
        change=[('written.split("\\n")[0]', '(written.split("\\n")[0].split(".")[0] + ".")')],
    ),
    Mistake(
        "write-definitions-decodes-token-by-token",
        exercise="write_definitions",
        name="each token is decoded on its own, so characters that are spread over two tokens break",
        hint="Hand decode all new ids at once.",
        change=[("decode(tokens[0, len(prompt) :].tolist())", '"".join(decode([token]) for token in tokens[0, len(prompt) :].tolist())')],
    ),
    Mistake(
        "write-definitions-lowers-the-word",
        exercise="write_definitions",
        name="the word is turned into small letters",
        hint="The prompt is a line break and the word, as it is.",
        change=[('encode("\\n" + word)', 'encode("\\n" + word.lower())')],
    ),
    Mistake(
        "write-definitions-space-behind-the-word",
        exercise="write_definitions",
        name="the prompt ends with a space",
        hint="The prompt is a line break and the word, and no more.",
        change=[('encode("\\n" + word)', 'encode("\\n" + word + " ")')],
    ),
    Mistake(
        "write-definitions-prompt-counted-in-characters",
        exercise="write_definitions",
        name="the prompt is cut off by its number of characters, not of tokens",
        hint="What comes back are tokens: count those of the prompt.",
        change=[("tokens[0, len(prompt) :]", "tokens[0, len(word) + 1 :]")],
    ),
    Mistake(
        "write-definitions-cut-in-characters",
        exercise="write_definitions",
        name="the entry is cut after n characters",
        hint="n counts tokens, and generate has seen to it. A token may be many characters.",
        change=[('written.split("\\n")[0]', 'written.split("\\n")[0][:n]')],
    ),
    Mistake(
        "write-definitions-own-length",
        exercise="write_definitions",
        name="n is ignored",
        hint="How many tokens the model may write is the caller's choice: hand n on.",
        change=[("torch.tensor([prompt]), n, **sampling", "torch.tensor([prompt]), 100, **sampling")],
    ),
    Mistake(
        "write-definitions-always-greedy",
        exercise="write_definitions",
        name="the likeliest token is always asked for, whatever the sampling arguments say",
        hint="Hand **sampling on as it is.",
        change=[("n, **sampling)  #", 'n, **{**sampling, "temperature": 0})  #')],
    ),
    Mistake(
        "write-definitions-sorted",
        exercise="write_definitions",
        name="the entries come in the order of the alphabet",
        hint="The entries come in the order of words.",
        change=[("for word in words:", "for word in sorted(words):")],
    ),
    Mistake(
        "write-definitions-cut-at-the-token-of-a-line-break",
        exercise="write_definitions",
        name="the entry is cut at the token of a line break alone; a line break inside a longer token is overlooked",
        hint="A token may be a full stop and a line break. Decode first, then look for «\\n» in the text.",
        change=[
            ("tokens[0, len(prompt) :].tolist()", "new"),
            (
                "        written = decode",
                '        new, end = tokens[0, len(prompt) :].tolist(), encode("\\n")[0]\n'
                "        new = new[: new.index(end)] if end in new else new\n        written = decode",
            ),
            ('written.split("\\n")[0]', "written"),
        ],
    ),
    Mistake(
        "write-definitions-prompt-in-two-pieces",
        exercise="write_definitions",
        name="the line break and the word are encoded apart, and tokens that hold both are missed",
        hint="The pieces of a text depend on what stands beside them: encode the whole prompt at once.",
        change=[('encode("\\n" + word)', 'encode("\\n") + encode(word)')],
    ),
]

MISTAKES = [*TRAIN_BPE, *BPE_CODEC, *ATTENTION, *GPT, *KV_CACHE, *SAMPLING, *ADAMW, *LOSS, *DEFINITIONS]
