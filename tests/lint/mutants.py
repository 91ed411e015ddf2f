"""The corpus: a few hundred releases with one thing changed, and what clusterctl says of each.

`python -m tests.lint.mutants [VERSION ...]` prints a table of the verdicts, tabs between columns.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

from capirepo.core.variables import find_variables
from capirepo.errors import BadInputError
from tests.clients.tools import NEWEST
from tests.clients.tools import clusterctl as built
from tests.lint import (
    by_field,
    by_image,
    by_metadata,
    by_release,
    by_template,
    by_text,
    by_value,
    by_variable,
)
from tests.lint.base import COMPONENTS, LABEL, Mutant
from tests.support import clean_environment

if TYPE_CHECKING:
    from collections.abc import Iterable

MUTANTS: Final[list[Mutant]] = list(
    chain(
        by_release.mutants(),
        by_metadata.mutants(),
        by_text.mutants(),
        by_variable.mutants(),
        by_image.mutants(),
        by_value.mutants(),
        by_field.mutants(),
        by_template.mutants(),
    )
)

# A document that clusterctl quotes whole in its message.
_LONG_QUOTE = re.compile(r'(yaml document: )"(?:\\.|[^"\\])*"')
# Names without a default, where a text holds forms that cannot be parsed.
_NAMES = re.compile(r"\$\{[\s#]*(\w+)(?![\w=]|:[=?+-])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether clusterctl takes a release, and its error where it does not."""

    accepted: bool
    said: str


def verdicts(
    clusterctl: Path, mutants: Iterable[Mutant], work: Path, *, described: bool = False
) -> dict[str, Verdict]:
    """Lets clusterctl read every release from disk; what it says, by the name of the mutant.

    Args:
        clusterctl: the program.
        mutants: the releases.
        work: an empty folder for them.
        described: whether `generate provider` is to describe: it then reads the components without
            substituting variables, as `init list-images` does.
    """
    home = work / "home"
    home.mkdir()
    chosen = list(mutants)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        judged = pool.map(
            partial(_verdict, clusterctl, home, described=described),
            _laid_out(chosen, work),
            chosen,
        )
        return {mutant.name: verdict for mutant, verdict in zip(chosen, judged, strict=True)}


def _laid_out(mutants: list[Mutant], work: Path) -> Iterable[Path]:
    """Writes each release and its clusterctl.yaml; yields the latter."""
    for number, mutant in enumerate(mutants):
        root = work / str(number)
        folder = root / LABEL / mutant.version
        folder.mkdir(parents=True)
        for name, data in mutant.files.items():
            (folder / name).write_bytes(data)
        url = f"file://{root}/{LABEL}/{mutant.address or mutant.version}/{COMPONENTS}"
        config = root / "clusterctl.yaml"
        config.write_text(
            f"providers: [{{name: awesome, type: InfrastructureProvider, url: '{url}'}}]"
        )
        yield config


def _verdict(
    clusterctl: Path, home: Path, config: Path, mutant: Mutant, *, described: bool
) -> Verdict:
    asked = f"awesome:{mutant.asked}" if mutant.asked else "awesome"
    command = ["generate", "provider", "-i", asked, *(["--describe"] if described else [])]
    if mutant.aims == "cluster":
        command = ["generate", "cluster", "one", "-n", "ns", "--kubernetes-version", "v1.34.0",
                   "--control-plane-machine-count", "1", "--worker-machine-count", "1",
                   "-i", asked, "--flavor", mutant.flavor]  # fmt: skip
    done = subprocess.run(
        [clusterctl, "--config", config, *command],
        env=clean_environment(home, **_required(mutant), **mutant.variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    said = done.stderr.decode(errors="replace")
    error = said.rpartition("Error: ")[2] if done.returncode else ""
    error = _LONG_QUOTE.sub(r'\1"…"', error.replace(str(config.parent), "ROOT"))
    return Verdict(accepted=not done.returncode, said=" ".join(error.split()))


def _required(mutant: Mutant) -> dict[str, str]:
    """A value for every variable that has no default: its absence is no fault of the release."""
    names: set[str] = set()
    for data in mutant.files.values():
        text = data.decode(errors="replace")
        try:
            found = find_variables(text)
        except BadInputError:
            names.update(_NAMES.findall(text))
        else:
            names.update(name for name, default in found.items() if default is None)
    return {name.upper(): "word" for name in names if name not in mutant.variables}


def main(versions: list[str]) -> None:
    """Prints the table."""
    columns = []
    for version in versions:
        with tempfile.TemporaryDirectory() as work:
            columns.append(verdicts(built(version), MUTANTS, Path(work)))
    sys.stdout.write("\t".join(("mutant", "aims", *versions, "said by the last")) + "\n")
    for mutant in MUTANTS:
        row = [column[mutant.name] for column in columns]
        words = ["accepted" if one.accepted else "refused" for one in row]
        sys.stdout.write("\t".join((mutant.name, mutant.aims, *words, row[-1].said)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:] or [NEWEST])
