"""Writes capirepo/core/lint/shapes.py from the Go types that clusterctl is built with.

python -m tests.lint.shapes.write
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from tests.clients import tools
from tests.support import ROOT

PAGE = ROOT / "capirepo" / "core" / "lint" / "shapes.py"
VERSION = "v1.13.6"
_HERE = Path(__file__).parent
_MODULE = "sigs.k8s.io/cluster-api"


def table() -> str:
    """What main.go prints, built with the dependencies of that clusterctl."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        text = Path(tools.download(_MODULE, VERSION, work)["GoMod"]).read_text("utf-8")
        text = text.replace(f"module {_MODULE}\n", "module capirepo.test/shapes\n")
        (work / "go.mod").write_text(f"{text}\nrequire {_MODULE} {VERSION}\n")
        shutil.copyfile(_HERE / "main.go", work / "main.go")
        return tools.go("run", ".", cwd=work)


def page() -> str:
    """The module, as it is to be."""
    lines = "\n".join(re.sub(r" +", " ", line).strip() for line in table().splitlines())
    return (
        '"""The types of the objects that clusterctl turns into Go values.\n\n'
        f"Written by tests/lint/shapes from the types of clusterctl {VERSION}; see main.go there "
        'for the form.\n"""\n\nfrom typing import Final\n\n'
        f'SHAPES: Final = """\\\n{lines}\n"""\n'
    )


if __name__ == "__main__":
    PAGE.write_text(page())
