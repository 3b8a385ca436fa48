"""How the page behaves in a browser: `python -m benchmarks.page`."""
