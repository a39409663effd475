"""Style sheets and scripts, with their content's hash in the address so that browsers keep them for good.

Those of others lie in `static/vendor`, byte for byte as their packages have them; `vendored.json` there says of each
its version, licence and hash.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from leadline.charts.palette import DARK_VARIABLES, LIGHT_VARIABLES, RULES

TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
FOREVER = "public, max-age=31536000, immutable"


@cache
def content(name: str) -> bytes | None:
    """The bytes of an asset; the main style sheet begins with the colours that charts are drawn in."""
    if "/" in name or name.startswith("."):
        return None
    static = resources.files("leadline.web") / "static"
    entry = next((place / name for place in (static, static / "vendor") if (place / name).is_file()), None)
    if entry is None:
        return None
    data = entry.read_bytes()
    return _colours().encode() + data if name == "app.css" else data


def _colours() -> str:
    dark = f"color-scheme:dark;{DARK_VARIABLES}"
    return (
        f":root{{color-scheme:light;{LIGHT_VARIABLES}}}:root[data-theme=dark]{{{dark}}}"
        f"@media screen and (prefers-color-scheme:dark){{:root:not([data-theme=light]){{{dark}}}}}{RULES}\n"
    )


@cache
def address(name: str) -> str:
    """Where an asset is to be found, `/static/app.1f2e3d4c.css`."""
    data = content(name)
    if data is None:
        raise FileNotFoundError(name)
    stem, _, kind = name.rpartition(".")
    return f"/static/{stem}.{hashlib.sha256(data).hexdigest()[:10]}.{kind}"


async def serve_asset(request: Request) -> Response:
    """An asset by its address; an older hash gets today's bytes, not to be kept."""
    asked = str(request.path_params["name"])
    stem, _, rest = asked.partition(".")
    kind = rest.rpartition(".")[2]
    data = content(f"{stem}.{kind}")
    if data is None or kind not in TYPES:
        return PlainTextResponse("There is no such file.", 404)
    fresh = address(f"{stem}.{kind}") == f"/static/{asked}"
    return Response(data, media_type=TYPES[kind], headers={"cache-control": FOREVER if fresh else "no-cache"})
