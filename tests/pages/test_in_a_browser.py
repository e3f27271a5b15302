"""A feedback page, opened in a real browser, shows what a student wrote and runs none of it."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.nbgrader.tiny import Notebook, build_course, write_notebook

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
BITE = "document.documentElement.dataset.bitten=1"

pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="needs a Chromium on the PATH")]

PAYLOADS = {
    "script": f"<script>{BITE}</script>",
    "image": f"<img src=x onerror='{BITE}'>",
    "svg": f"<svg onload='{BITE}'></svg>",
    "frame": f'<iframe srcdoc="<script>parent.{BITE}</script>"></iframe>',
    "link": f"[click](javascript:{BITE}) <a href='javascript:{BITE}' autofocus onfocus='{BITE}'>x</a>",
    "data": f'<object data="data:text/html,<script>parent.{BITE}</script>"></object>',
    "latex": f"$\\href{{javascript:{BITE}}}{{x}}$ $\\unicode{{<script>{BITE}</script>}}$",
    "style": f"<style onload='{BITE}'></style>",
}
DISPLAYS = """
from IPython.display import HTML, SVG, Javascript, Latex, Markdown, display
import sys
text = {payload!r}
display(HTML(text), Javascript({bite!r}), Markdown(text), Latex(text))
display({{"image/svg+xml": text, "text/html": text, "application/javascript": {bite!r}}}, raw=True)
display({{"application/vnd.jupyter.widget-view+json": {{"model_id": text}}, "text/plain": text}}, raw=True)
display({{"image/png": "\\"><script>" + {bite!r} + "</script>"}}, raw=True)
print(text); print(text, file=sys.stderr)
raise ValueError(text)
"""


def poisoned(release: Notebook, payload: str) -> Notebook:
    """The released notebook with `payload` in every place that a page could show."""
    notebook = json.loads(json.dumps(release))
    code = DISPLAYS.format(payload=payload, bite=BITE)
    notebook["cells"][0:0] = [
        {"cell_type": "markdown", "id": "m", "metadata": {"tags": [f'"><{payload}']}, "source": payload},
        {"cell_type": "raw", "id": "r", "metadata": {"raw_mimetype": "text/html"}, "source": payload},
        {"cell_type": "code", "id": f'c"><{payload}', "metadata": {}, "execution_count": 1, "outputs": [], "source": code},
    ]
    for cell in notebook["cells"]:
        if cell["metadata"].get("nbgrader", {}).get("solution"):
            name = cell["id"]
            cell["source"] = f"def {name}(*arguments):\n    raise KeyError({payload!r})\n"
    return notebook


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The feedback page of one poisoned submission for each payload."""
    course = build_course(tmp_path_factory.mktemp("pages") / "course")
    for name, payload in PAYLOADS.items():
        write_notebook(course.submitted(name) / "tiny.ipynb", poisoned(course.released(), payload))
    course.grade()
    return {name: course.page(name) for name in PAYLOADS}


@pytest.mark.parametrize("name", PAYLOADS)
def test_nothing_bites(pages: dict[str, Path], name: str, tmp_path: Path) -> None:
    """The page's own document is not marked by any payload, and the text of the payload can be read."""
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path}", "--virtual-time-budget=4000", "--dump-dom", pages[name].as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert not re.search(r"<html[^>]*data-bitten", dom)
    assert "bitten" in dom
    assert "points" in dom


def test_the_flag_would_be_seen(tmp_path: Path) -> None:
    """The same payload in a page that does run it leaves its mark: so the test above can fail."""
    page = tmp_path / "page.html"
    page.write_text(f"<html><body>{PAYLOADS['image']}</body></html>")
    command = [str(CHROMIUM), *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=4000", "--dump-dom", page.as_uri()]
    dom = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout
    assert re.search(r"<html[^>]*data-bitten", dom)
