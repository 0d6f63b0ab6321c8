"""Take the README's three pictures of a report in a real browser.

    python docs/pictures/take.py reports/RUN/index.html

They are the page as it opens, two trials side by side with the first of them the pick, and what its choices came to.
"""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COLORS = 256


def keep(name: str, png: bytes) -> None:
    """Write a picture with as many colours as one byte a pixel allows."""
    from PIL import Image

    drawn = Image.open(io.BytesIO(png)).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE)
    drawn.save(HERE / name, optimize=True)
    print(name, (HERE / name).stat().st_size, "bytes")  # noqa: T201


def around(tab: Any, headings: Sequence[str]) -> dict[str, float]:
    """Return the rectangle of the page from the top of the first section to the end of the last."""
    boxes = [
        tab.locator(f"section[aria-labelledby={name}-title]").bounding_box() for name in headings
    ]
    top, bottom = boxes[0]["y"], boxes[-1]["y"] + boxes[-1]["height"]
    left, right = min(b["x"] for b in boxes), max(b["x"] + b["width"] for b in boxes)
    return {"x": left - 20, "y": top - 10, "width": right - left + 40, "height": bottom - top + 20}


def main(page: Path) -> None:
    from playwright.sync_api import sync_playwright

    program = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=program, args=["--no-sandbox"])
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        tab.goto(page.resolve().as_uri())
        tab.wait_for_selector("html[data-page=alive]")
        keep("report.png", tab.screenshot())
        size = tab.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.scrollHeight]"
        )
        tab.set_viewport_size({"width": size[0], "height": size[1]})
        keep("choices.png", tab.screenshot(clip=around(tab, ["parallel", "importance"])))
        tab.set_viewport_size({"width": 1440, "height": 900})
        pins = tab.evaluate(
            "[...new Set([...document.querySelectorAll('#front [data-trial]')].map(row => row.dataset.trial))]"
        )
        pick = tab.locator("#pick-title").inner_text().split()[-1]
        others = [pin for pin in pins if pin != pick]
        tab.goto(f"{page.resolve().as_uri()}#pins={pick},{','.join(others[:2])}")
        tab.reload()
        tab.wait_for_selector("html[data-page=alive]")
        keep("compare.png", tab.screenshot())
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
