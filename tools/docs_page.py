"""Makes docs.html.gz: Swagger UI around openapi.json, in one file that loads nothing else.

Swagger UI (Apache-2.0) is the copy inside aws_lambda_powertools; the layer leaves it out, so the
page is made on a developer's machine by `python -m tools.docs_page` and committed.
"""

import base64
import gzip
import hashlib
import sys
from importlib.util import find_spec
from pathlib import Path

PAGE = Path(__file__).parents[1] / "functions/operations/docs.html.gz"
START = """
const base = new URL(".", window.location.href);
fetch(new URL("openapi.json", base)).then((answer) => answer.json()).then((spec) => {
  spec.servers = [{ url: base.href.replace(/\\/$/, "") }];
  SwaggerUIBundle({
    spec, dom_id: "#api", deepLinking: true, filter: true, tryItOutEnabled: true,
    docExpansion: "list", defaultModelsExpandDepth: 0, validatorUrl: null,
    presets: [SwaggerUIBundle.presets.apis], layout: "BaseLayout",
  });
}).catch(() => {
  document.getElementById("api").textContent = "openapi.json could not be loaded.";
});
"""


def render(bundle: str, css: str) -> str:
    """The page. Its policy allows exactly the scripts in it, and calls to its own origin."""
    scripts = " ".join(f"'sha256-{_hash(script)}'" for script in (bundle, START))
    policy = (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; "
        "img-src data: 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'"
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>Cartwright API</title>
<style>{css}</style>
</head>
<body>
<div id="api">Loading…</div>
<script>{bundle}</script>
<script>{START}</script>
</body>
</html>
"""


def assets() -> tuple[str, str]:
    """Script and style sheet of the Swagger UI that Powertools brings."""
    spec = find_spec("aws_lambda_powertools")
    if spec is None or spec.origin is None:
        raise SystemExit("aws_lambda_powertools is not installed")
    folder = Path(spec.origin).parent / "event_handler" / "openapi" / "swagger_ui"
    bundle = (folder / "swagger-ui-bundle.min.js").read_text("utf-8")
    return bundle, (folder / "swagger-ui.min.css").read_text("utf-8")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def main() -> int:
    """Write the file that operations serves."""
    packed = gzip.compress(render(*assets()).encode(), compresslevel=9, mtime=0)
    PAGE.write_bytes(packed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
