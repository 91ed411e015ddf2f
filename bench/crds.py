"""Components text that is like that of real providers: mostly CustomResourceDefinitions.

Real components of a megabyte take 7 to 8 times less as gzip, and so do these.
"""

from __future__ import annotations

import itertools
import random
from typing import Final

HEAD: Final = """\
apiVersion: v1
kind: Namespace
metadata:
  labels:
    cluster.x-k8s.io/provider: infrastructure-bench
  name: bench-system
---
apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    cluster.x-k8s.io/provider: infrastructure-bench
  name: bench-controller-manager
  namespace: bench-system
spec:
  replicas: 1
  selector:
    matchLabels:
      control-plane: bench-controller-manager
  template:
    metadata:
      labels:
        control-plane: bench-controller-manager
    spec:
      containers:
      - args:
        - --leader-elect
        image: registry.example.com/bench/manager:v1.0.0
        name: manager
"""
_DEFINITION: Final = """\
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  labels:
    cluster.x-k8s.io/provider: infrastructure-bench
    cluster.x-k8s.io/v1beta1: v1beta1
  name: {plural}.infrastructure.cluster.x-k8s.io
spec:
  group: infrastructure.cluster.x-k8s.io
  names:
    kind: {kind}
    plural: {plural}
  scope: Namespaced
  versions:
  - name: v1beta1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
"""
_PROPERTY: Final = """\
              {name}:
                description: |-
                  {name} {first}
                  {second}
                type: {type}
"""
_CLUSTER: Final = """\
apiVersion: cluster.x-k8s.io/v1beta1
kind: Cluster
metadata:
  name: ${CLUSTER_NAME}
  namespace: ${NAMESPACE}
spec:
  clusterNetwork:
    pods:
      cidrBlocks: ["${POD_CIDR:=192.168.0.0/16}"]
"""
_MACHINES: Final = """\
---
apiVersion: cluster.x-k8s.io/v1beta1
kind: MachineDeployment
metadata:
  name: ${{CLUSTER_NAME}}-md-{number}
  namespace: ${{NAMESPACE}}
spec:
  clusterName: ${{CLUSTER_NAME}}
  replicas: ${{WORKER_MACHINE_COUNT:=1}}
  selector:
    matchLabels: {{}}
  template:
    spec:
      clusterName: ${{CLUSTER_NAME}}
      version: ${{KUBERNETES_VERSION}}
      bootstrap:
        dataSecretName: bench-v1.0.0
"""
_VOCABULARY: Final = (
    "the a of to is for and in this that must be field value machine cluster when if from not "
    "defaults optional required reference object namespace name condition controller version "
    "infrastructure provider network subnet router address port security group server image "
    "flavor volume size identity secret status ready failure reason message phase observed "
    "generation labels annotations selector template replicas strategy rollout timeout seconds"
)
_TYPES: Final = ("string", "integer", "boolean", "object")
_PROPERTIES: Final = 25
# Few enough to come again within gzip's window often, as the fields of real types do.
_PHRASES: Final = 500


def components(size: int) -> str:
    """Components of exactly `size` bytes, the same ones each time."""
    chance = random.Random(1)
    words = _VOCABULARY.split()
    phrases = [" ".join(chance.choices(words, k=chance.randint(6, 14))) for _ in range(_PHRASES)]
    text = HEAD
    for number in itertools.count():
        more = _definition(number, chance, phrases)
        if len(text) + len(more) >= size:
            break
        text += more
    return filled(text, size)


def template(size: int) -> str:
    """A cluster template of at most `size` bytes."""
    text = _CLUSTER
    for number in itertools.count():
        more = _MACHINES.format(number=number)
        if len(text) + len(more) > size:
            break
        text += more
    return text


def filled(text: str, size: int) -> str:
    """`text` with a comment that makes it exactly `size` bytes."""
    return f"{text}{'#' * (size - len(text) - 1)}\n"


def _definition(number: int, chance: random.Random, phrases: list[str]) -> str:
    kind = f"{_camel(chance)}{number}Machine"
    # A key that stands twice is refused by who looks.
    names: dict[str, None] = {}
    while len(names) < _PROPERTIES:
        names[_camel(chance)] = None
    properties = (
        _PROPERTY.format(
            name=name,
            first=chance.choice(phrases),
            second=chance.choice(phrases),
            type=chance.choice(_TYPES),
        )
        for name in names
    )
    return _DEFINITION.format(kind=kind, plural=f"{kind.lower()}s") + "".join(properties)


def _camel(chance: random.Random) -> str:
    return "".join(word.title() for word in chance.choices(_VOCABULARY.split(), k=2))
