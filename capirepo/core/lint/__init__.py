"""The provider contract, checked over a whole release before any cluster sees it. Pure."""

from capirepo.core.lint import (
    crds,
    files,
    images,
    metadata,
    objects,
    raw,
    templates,
    typed,
    webhooks,
    workloads,
)
from capirepo.core.lint.model import Candidate, Finding, candidate
from capirepo.core.lint.rules import RULES, By, Problem, Rule, Severity, choose, run

__all__ = [
    "RULES",
    "By",
    "Candidate",
    "Finding",
    "Problem",
    "Rule",
    "Severity",
    "candidate",
    "choose",
    "run",
]

# Importing a module of rules is what registers them.
_ = (files, raw, metadata, typed, objects, images, workloads, crds, webhooks, templates)
