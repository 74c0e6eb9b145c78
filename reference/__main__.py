"""``python -m reference``: fill the blocks of every page; say which pages changed."""

from __future__ import annotations

import sys
from pathlib import Path

from reference.pages import rendered

DOCS = Path(__file__).resolve().parents[1] / "docs"


def main() -> None:
    """Write the pages that are not as they should be."""
    changed = 0
    for path, text in rendered(DOCS).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path.relative_to(DOCS.parent)}\n")
            changed += 1
    sys.stdout.write(f"{changed} pages changed\n")


if __name__ == "__main__":
    main()
