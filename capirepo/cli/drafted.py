"""What `capirepo release` made, what became of it, and where its files are; as JSON, too."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from capirepo.author.tree import near
from capirepo.core.changes import State, compare
from capirepo.core.lint.report import Checked, problem_data

if TYPE_CHECKING:
    from pathlib import Path

    from capirepo.author.draft import Draft, Order
    from capirepo.cli.delivery import Delivered, Stored
    from capirepo.core.changes import Change
    from capirepo.core.lint import Problem


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A release that was made, and what became of it.

    Attributes:
        before: what its place held before.
        place: the ROOT or the server; None for a dry run without one.
        problems: what lint found.
        delivered: None for a dry run, and where it was refused before.
        conflict: what stands in its way, where only its place knew of it.
        written: the author's metadata.yaml, where it was written.
        kept: the folder with its files, where they are nowhere else.
    """

    order: Order
    draft: Draft
    before: Stored
    place: str | None
    dry_run: bool
    problems: tuple[Problem, ...]
    delivered: Delivered | None = None
    conflict: str = ""
    written: Path | None = None
    kept: Path | None = None

    @property
    def conflicting(self) -> bool:
        """Whether it is there with other bytes, or one that is hardly to be told from it."""
        return bool(self.clash)

    @property
    def clash(self) -> str:
        """How it conflicts with what is there; '' where it does not."""
        there, files = self.before.there, self.draft.files
        if self.conflict or there is None or there == files:
            return self.conflict
        differing = (one.name for one in compare(there, files) if one.state is not State.SAME)
        release = f"{self.order.label} {self.order.version}"
        return f"{release} is in {self.place} already and differs in {', '.join(differing)}"

    @property
    def refused(self) -> bool:
        """Whether it is no release: lint found an error, or a server lacks something."""
        pending = self.delivered is not None and self.delivered.state != "listed"
        return pending or any(one.is_error for one in self.problems)

    @property
    def listed(self) -> bool:
        """Whether clients find it where it was to go."""
        return self.delivered is not None and self.delivered.state == "listed"

    @property
    def target(self) -> str | None:
        """Where it is, or would be; None where that was not said."""
        if self.delivered or not self.place:
            return self.delivered.place if self.delivered else None
        return f"{self.place.rstrip('/')}/{self.order.label}/{self.order.version}"

    @property
    def home(self) -> str | None:
        """Where its files are; None as long as they are nowhere."""
        if self.kept:
            return str(self.kept)
        return self.target if self.listed or self.before.there == self.draft.files else None

    @property
    def checked(self) -> Checked:
        """What lint found, in files that can be opened."""
        title = f"{self.order.label}/{self.order.version}"
        places = {"": self.home} if self.home else {}
        if self.kept:
            # The author's own file is the one to be mended.
            same = ((name, one) for name, one in self.draft.origins.items() if one.same)
            places |= {str(name): near(one.path) for name, one in same}
        return Checked(title=title, places=places, problems=self.problems)

    @property
    def changes(self) -> tuple[Change, ...]:
        """Against the version before."""
        return compare(self.before.files, self.draft.files)

    @property
    def state(self) -> str:
        """What became of it, or would, in one word."""
        if self.conflicting:
            return "conflict"
        if self.refused:
            return "refused"
        if self.delivered is None:
            return "new" if self.before.there is None else "unchanged"
        return "added" if self.delivered.added else "unchanged"


def as_data(outcome: Outcome) -> str:
    """The outcome as JSON."""
    draft, series = outcome.draft, outcome.draft.series
    content: dict[str, Any] = {
        "label": outcome.order.label,
        "version": str(outcome.order.version),
        "contract": series.contract or None,
        "state": outcome.state,
        "dryRun": outcome.dry_run,
        "place": outcome.target,
        "kept": str(outcome.kept) if outcome.kept else None,
        "conflict": outcome.clash or None,
        "previous": str(outcome.before.previous) if outcome.before.previous else None,
        "files": [
            {
                "name": one.name,
                "bytes": one.size,
                "sha256": _sha256(draft, one),
                "state": one.state.value,
                "madeFrom": _made_from(draft, one),
            }
            for one in outcome.changes
        ],
        "images": [
            {"workload": one.workload, "before": one.before, "after": outcome.order.image}
            for one in draft.images
        ],
        "metadata": {
            "file": near(series.file),
            "seriesAdded": series.added,
            "written": outcome.written is not None,
        },
        "leftOut": [{"path": one.path, "reason": one.reason} for one in draft.left_out],
        "problems": [problem_data(one, outcome.checked.place(one)) for one in outcome.problems],
        "noTemplates": draft.no_templates,
        "remarks": list(draft.remarks),
    }
    return json.dumps(content, indent=2)


def _sha256(draft: Draft, change: Change) -> str | None:
    if change.state is State.GONE:
        return None
    return hashlib.sha256(draft.files[change.name]).hexdigest()


def _made_from(draft: Draft, change: Change) -> str | None:
    origin = draft.origins.get(change.name)
    return near(origin.path) if origin else None
