"""Makes `dictionary.txt` from Debian's dict-devil 1.0-13.1 (apt-get install dict-devil): python make_dictionary.py

One entry of Ambrose Bierce's dictionary a line: the headword in small letters, its part of speech, the definition in prose. Verse, its
authors' names and entries without prose are left out; so are very long entries, those that only lead over to a verse, and all that
speak of women, of peoples, of their religions or of illness of mind and body in the manner of their time. That choice is made by words,
deliberately too coarse; `ADMITTED` brings back entries that were read and are harmless, `LEFT_OUT` names some more that are not.
The held-out part is every tenth entry, in the order of the book.
"""

import gzip
import hashlib
import re
from pathlib import Path

SOURCE = Path("/usr/share/dictd/devil.dict.dz")
INDEX = SOURCE.with_name("devil.index")
DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
LONGEST = 1500
ENTRY = re.compile(r"([A-Z][A-Z' -]*), ((?:n|adj|adv|v|pp|p\.p|v\.t|v\.i|n\.pl|x)\.) (.+)")
PERIOD = re.compile(
    r"\b(?:wom[ae]n|femal|femin|wi(?:fe|ves)|girl|lad(?:y|ies)\b|maid|widow|hag\b|mistress|bride|belle\b|virgin|marri|husband|wedd|spouse"
    r"|matrim|sex|n[ei]g+(?:ro|er)|jew|hebrew|israel|semit|synagog|afric|ethiop|indian|chin|mongol|tartar|asia|japan|orient|turk|moham|mahom"
    r"|muss|mosl|musl|islam|koran|mecca|arab|irish|ireland|dutch|italian|mexic|spani|french|german|russia|scot|savage|barbar|heathen|infidel"
    r"|pagan|aborig|cannib|papi|papa|catholic|christian|protestant|rac(?:e|es|ial)\b|caste\b|slave|black|white|complexion|skin|nose|idiot"
    r"|idiocy|imbecil|crippl|lunatic|insan|dwarf|hunchb|deform|lynch|scalp|hottent|australas|polynes|islander|sioux|apache|cherokee|brahm"
    r"|hind|buddh|mormon|gyps|immigr|foreign|kill|murder|suicid|hang|corpse|blood|whip|beat|tribes|savant)",
    re.IGNORECASE,
)
ADMITTED = set(
    "ARMOR BENEDICTINES BLACKGUARD CENTAUR CYNIC DAWN DEPUTY ELOQUENCE ELYSIUM FOREORDINATION GEOLOGY GNOSTICS HANDKERCHIEF HARMONISTS "
    "HUMANITY ICHOR INNATE INSURANCE KILL LAUREATE LICKSPITTLE MAGNETISM MAGNITUDE MALEFACTOR MEDICINE MEERSCHAUM MINISTER MIRACLE MONAD "
    "MONDAY NOSE NOVEL OFFENSIVE OPTIMIST PALACE PERORATION PIG PILGRIM PLATITUDE PLEBEIAN QUORUM RAMSHACKLE REDEMPTION RELIGION RELIQUARY "
    "RESPIRATOR RESPITE REVEILLE REVOLUTION RIGHT TECHNICALITY UBIQUITY WHEAT RESPOND".split()
)
LEFT_OUT = set("BIGAMY CAABA INDIGESTION MYTHOLOGY POLYGAMY PORTUGUESE PRUDE RUIN SACRED TRUTHFUL WHITE WHANGDEPOOTENAWAH".split())


def read_number(letters: str) -> int:
    """A number of the index file, which counts to the base 64."""
    number = 0
    for letter in letters:
        number = 64 * number + DIGITS.index(letter)
    return number


def read_entries() -> list[str]:
    """The entries in the order of the book."""
    text = gzip.decompress(SOURCE.read_bytes())
    lines = [line.split("\t") for line in INDEX.read_text().splitlines()]
    spans = {(read_number(start), read_number(size)) for name, start, size in lines if not name.startswith("00")}
    return [text[start : start + size].decode("ascii") for start, size in sorted(spans)]


def find_prose(entry: str) -> str:
    """The entry without verse (blocks in which every line is indented), on one line."""
    blocks = [block.splitlines() for block in re.split(r"\n\s*\n", entry)]
    prose = [line for block in blocks if not all(line.startswith("   ") for line in block if line.strip()) for line in block]
    return " ".join(" ".join(prose).replace("_", "").split())


def choose(entries: list[str]) -> list[str]:
    """The lines of the file, each entry once."""
    chosen = {}
    for match in filter(None, map(ENTRY.match, map(find_prose, entries))):
        head, part, prose = match.groups()
        harmless = head in ADMITTED or not PERIOD.search(f"{head} {prose}")
        if (
            harmless
            and head not in LEFT_OUT
            and len(prose) <= LONGEST
            and prose[0].isupper()
            and not prose.endswith(":")
            and "{" not in prose
        ):
            chosen[f"{head.lower()}, {part} {prose}"] = None
    return list(chosen)


def main() -> None:
    """Write the file beside this script and print its SHA-256 for LICENCES.md."""
    path = Path(__file__).with_name("dictionary.txt")
    path.write_text("".join(f"{line}\n" for line in choose(read_entries())), encoding="ascii")
    print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


if __name__ == "__main__":
    main()
