"""The HTML that every page begins with: Streamlit's own, with our title and the server's address.

As shipped it says "Streamlit" until the script has run, fetches a font that no page uses, and looks for the
server below the page's own address first: two 404s and a round trip for everybody who opens a link.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from pathlib import Path
from typing import Final

from core.errors import PatinaError

CHANGES: Final = (
    (r"<title>Streamlit</title>", "<title>Patina</title>"),
    (r'href="\./favicon\.png"', 'href="./app/static/mark.svg" type="image/svg+xml"'),
    (r'href="\./static/media/SourceSans[^"]*"', 'href="./app/static/atkinson-latin.woff2"'),
    (
        r"(?=<script>\s*window\.prerenderReady)",
        "<script>window.__streamlit = { BACKEND_BASE_URL: location.origin }</script>\n    ",
    ),
)
"""(what stands in Streamlit's page, what stands there instead). What is not found stays as it is."""


@functools.cache
def html() -> str:
    """The page; the gate allows exactly the scripts in it."""
    spec = importlib.util.find_spec("streamlit")  # found, not imported
    if spec is None or not spec.submodule_search_locations:
        raise PatinaError("Streamlit is not installed; run `pip install -r requirements.txt`.")
    told = (Path(spec.submodule_search_locations[0]) / "static" / "index.html").read_text(encoding="utf-8")
    for before, after in CHANGES:
        told = re.sub(before, after, told, count=1)
    return told
