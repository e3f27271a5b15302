"""Writes jargon.json.gz: the entries of the Jargon File 4.4.7, from an installed Debian package `dict-jargon` (4.4.7-3.1).

Each entry has a title, its text in one line (cross references stay in braces), and `see`: the numbers of the entries that it refers to.
Run it in this folder; another folder with jargon.dict.dz and jargon.index may be named: python make_jargon.py [FOLDER]
"""

import gzip
import hashlib
import json
import re
import string
import sys
from pathlib import Path

DIGITS = string.ascii_uppercase + string.ascii_lowercase + string.digits + "+/"


def parse_number(text: str) -> int:
    """A number as dictd's index writes it, to the base 64."""
    value = 0
    for letter in text:
        value = 64 * value + DIGITS.index(letter)
    return value


def read_articles(folder: Path) -> list[str]:
    """The texts of the entries in the order of the file, without the remarks of the package."""
    raw = gzip.decompress((folder / "jargon.dict.dz").read_bytes())
    spans = set()
    for line in (folder / "jargon.index").read_text(encoding="utf-8").splitlines():
        word, start, length = line.split("\t")
        if not word.startswith("00"):
            spans.add((parse_number(start), parse_number(length)))
    return [raw[start : start + length].decode("utf-8") for start, length in sorted(spans)]


def make_entries(articles: list[str]) -> list[dict[str, object]]:
    """Entries with title, text and the numbers of the entries referred to; references to nothing are left out."""
    titles = [article.partition("\n")[0].strip() for article in articles]
    # Title, pronunciation and part of speech end with the first empty line.
    texts = [" ".join(article.partition("\n\n")[2].split()) for article in articles]
    numbers: dict[str, int] = {}
    for number, title in enumerate(titles):
        numbers.setdefault(title.lower(), number)
    entries = []
    for number, (title, text) in enumerate(zip(titles, texts, strict=True)):
        named = (numbers.get(reference.strip().lower()) for reference in re.findall(r"\{([^{}]*)\}", text))
        entries.append({"title": title, "text": text, "see": sorted({other for other in named if other not in (None, number)})})
    return entries


def main() -> None:
    """Write the file beside this script; print its SHA-256, and that of its content, which no version of zlib changes."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "/usr/share/dictd")
    entries = make_entries(read_articles(folder))
    content = json.dumps(entries, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    path = Path(__file__).with_name("jargon.json.gz")
    path.write_bytes(gzip.compress(content, compresslevel=9, mtime=0))
    print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name, path.stat().st_size, "bytes")
    print(hashlib.sha256(content).hexdigest(), "content,", len(entries), "entries,", sum(len(e["see"]) for e in entries), "references")


if __name__ == "__main__":
    main()
