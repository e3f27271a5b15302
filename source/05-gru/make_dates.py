"""Makes `dates.csv` from an installed Babel 2.18.0 (pip install Babel==2.18.0): python make_dates.py

Every row is one day written as people write it (English, French, German, Spanish; CLDR's medium, long and full
forms) and the same day in ISO 8601. No day of the held-out part occurs in the training part, in any language.
Short forms are left out: nobody knows which day 02/03/04 is.
"""

import csv
import datetime
import hashlib
import random
from pathlib import Path

from babel.dates import format_date

LANGUAGES = ("en", "fr", "de", "es")
STYLES = ("medium", "long", "full")
FIRST, LAST = datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)
SIZES = {"train": 6000, "held-out": 600}


def make_rows(seed: int = 6) -> list[tuple[str, str, str, str, str]]:
    """Rows (split, language, style, text, iso), the days drawn without replacement."""
    draw = random.Random(seed)
    days = draw.sample(range((LAST - FIRST).days + 1), sum(SIZES.values()))
    rows = []
    for split, size in SIZES.items():
        for _ in range(size):
            day = FIRST + datetime.timedelta(days=days.pop())
            language, style = draw.choice(LANGUAGES), draw.choice(STYLES)
            rows.append((split, language, style, format_date(day, style, locale=language), day.isoformat()))
    return rows


def main() -> None:
    """Write the file beside this script and print its SHA-256 for LICENCES.md."""
    path = Path(__file__).with_name("dates.csv")
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("split", "language", "style", "text", "iso"))
        writer.writerows(make_rows())
    print(hashlib.sha256(path.read_bytes()).hexdigest(), path.name)


if __name__ == "__main__":
    main()
