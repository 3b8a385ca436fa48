"""Seconds from a spreadsheet to a downloaded report, by a scripted person in a headless Chromium, embedded models only.

    python -m benchmarks.page.person [--rows 40]

English and Vietnamese; two models of 94 and 241 MiB that are in the cache already (`bakeoff demo` fetches them). Counts
everything: the start of the server, the upload, the run of rows x 2 cells, the decision, the download. The bound of
issue 6 is 90 s. Prints the hosts that the page asked besides its own; there must be none.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from tests.web.browser.person import from_file_to_report, opened, spreadsheet

from bakeoff.report import Language
from benchmarks.page.browser import chromium

LANGUAGES: tuple[Language, ...] = ("en", "vi")


def main() -> None:
    """Go the way twice and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=40)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, chromium() as browser:
        for lang in LANGUAGES:
            file = spreadsheet(Path(folder), lang, options.rows)
            hosts: set[str] = set()
            started = time.monotonic()
            with opened(Path(folder) / f"work-{lang}") as url:
                page = browser.new_context(locale={"en": "en-US", "vi": "vi-VN"}[lang]).new_page()
                page.on("request", lambda request, hosts=hosts: hosts.add(urlsplit(request.url).hostname or ""))
                page.goto(url)
                sentence, _ = from_file_to_report(page, file, lang, timeout_s=300)
                took = time.monotonic() - started
                page.goto("about:blank")
            others = sorted(hosts - {"127.0.0.1", "", "newtab"})
            print(
                f"{lang}: {took:.1f} s for {options.rows} rows x 2 models; other hosts: {others or 'none'}; {sentence}"
            )
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
