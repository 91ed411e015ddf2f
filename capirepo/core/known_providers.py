"""The providers that clusterctl knows by itself, from 1.7 to 1.14, and its two tools.

As `clusterctl config repositories` prints them: label, source and, where it is not the
recommended one, the name of the components file. A provider that a later clusterctl
dropped stays, for the clients that still ask for it; where a provider moved, its former
source stands on a second line. A test holds this against clusterctl.
"""

from __future__ import annotations

from typing import Final

KNOWN_PROVIDERS: Final = """\
cert-manager cert-manager/cert-manager
clusterctl kubernetes-sigs/cluster-api
cluster-api kubernetes-sigs/cluster-api
bootstrap-canonical-kubernetes canonical/cluster-api-k8s
bootstrap-k0sproject-k0smotron k0sproject/k0smotron
bootstrap-k0sproject-k0smotron k0smotron/k0smotron
bootstrap-kubeadm kubernetes-sigs/cluster-api
bootstrap-kubekey-k3s kubesphere/kubekey
bootstrap-microk8s canonical/cluster-api-bootstrap-provider-microk8s
bootstrap-ocne verrazzano/cluster-api-provider-ocne
bootstrap-rke2 rancher/cluster-api-provider-rke2
bootstrap-talos siderolabs/cluster-api-bootstrap-provider-talos
control-plane-canonical-kubernetes canonical/cluster-api-k8s
control-plane-hosted-control-plane teutonet/cluster-api-provider-hosted-control-plane
control-plane-k0sproject-k0smotron k0sproject/k0smotron
control-plane-k0sproject-k0smotron k0smotron/k0smotron
control-plane-kamaji clastix/cluster-api-control-plane-provider-kamaji
control-plane-kubeadm kubernetes-sigs/cluster-api
control-plane-kubekey-k3s kubesphere/kubekey
control-plane-microk8s canonical/cluster-api-control-plane-provider-microk8s
control-plane-nested kubernetes-sigs/cluster-api-provider-nested
control-plane-ocne verrazzano/cluster-api-provider-ocne
control-plane-rke2 rancher/cluster-api-provider-rke2
control-plane-talos siderolabs/cluster-api-control-plane-provider-talos
infrastructure-aws kubernetes-sigs/cluster-api-provider-aws
infrastructure-azure kubernetes-sigs/cluster-api-provider-azure
infrastructure-byoh vmware-tanzu/cluster-api-provider-bringyourownhost
infrastructure-cloudscale-ch-cloudscale cloudscale-ch/cluster-api-provider-cloudscale
infrastructure-cloudstack kubernetes-sigs/cluster-api-provider-cloudstack
infrastructure-coxedge coxedge/cluster-api-provider-coxedge
infrastructure-digitalocean kubernetes-sigs/cluster-api-provider-digitalocean
infrastructure-docker kubernetes-sigs/cluster-api infrastructure-components-development.yaml
infrastructure-gcp kubernetes-sigs/cluster-api-provider-gcp
infrastructure-harvester-harvester rancher-sandbox/cluster-api-provider-harvester
infrastructure-hetzner syself/cluster-api-provider-hetzner
infrastructure-hivelocity-hivelocity hivelocity/cluster-api-provider-hivelocity
infrastructure-huawei HuaweiCloudDeveloper/cluster-api-provider-huawei
infrastructure-ibmcloud kubernetes-sigs/cluster-api-provider-ibmcloud
infrastructure-in-memory kubernetes-sigs/cluster-api infrastructure-components-in-memory-development.yaml
infrastructure-ionoscloud-ionoscloud ionos-cloud/cluster-api-provider-ionoscloud
infrastructure-k0sproject-k0smotron k0sproject/k0smotron
infrastructure-k0sproject-k0smotron k0smotron/k0smotron
infrastructure-kubekey kubesphere/kubekey
infrastructure-kubevirt kubernetes-sigs/cluster-api-provider-kubevirt
infrastructure-kubeswift-io kubeswift-io/cluster-api-provider-kubeswift
infrastructure-linode-linode linode/cluster-api-provider-linode
infrastructure-maas spectrocloud/cluster-api-provider-maas
infrastructure-metal-stack metal-stack/cluster-api-provider-metal-stack
infrastructure-metal3 metal3-io/cluster-api-provider-metal3
infrastructure-nested kubernetes-sigs/cluster-api-provider-nested
infrastructure-nutanix nutanix-cloud-native/cluster-api-provider-nutanix
infrastructure-oci oracle/cluster-api-provider-oci
infrastructure-opennebula OpenNebula/cluster-api-provider-opennebula
infrastructure-openstack kubernetes-sigs/cluster-api-provider-openstack
infrastructure-outscale outscale/cluster-api-provider-outscale
infrastructure-oxide oxidecomputer/cluster-api-provider-oxide
infrastructure-packet kubernetes-sigs/cluster-api-provider-packet
infrastructure-proxmox ionos-cloud/cluster-api-provider-proxmox
infrastructure-scaleway scaleway/cluster-api-provider-scaleway
infrastructure-sidero siderolabs/sidero
infrastructure-tinkerbell-tinkerbell tinkerbell/cluster-api-provider-tinkerbell
infrastructure-vcd vmware/cluster-api-provider-cloud-director
infrastructure-vcluster loft-sh/cluster-api-provider-vcluster
infrastructure-virtink smartxworks/cluster-api-provider-virtink
infrastructure-vsphere kubernetes-sigs/cluster-api-provider-vsphere
infrastructure-vultr-vultr vultr/cluster-api-provider-vultr
ipam-in-cluster kubernetes-sigs/cluster-api-ipam-provider-in-cluster
ipam-metal3 metal3-io/ip-address-manager
ipam-nutanix nutanix-cloud-native/cluster-api-ipam-provider-nutanix
runtime-extension-nutanix nutanix-cloud-native/cluster-api-runtime-extensions-nutanix runtime-extensions-components.yaml
addon-eitco-cdk8s eitco/cluster-api-addon-provider-cdk8s
addon-helm kubernetes-sigs/cluster-api-addon-provider-helm
addon-rancher-fleet rancher/cluster-api-addon-provider-fleet
addon-rancher-fleet rancher-sandbox/cluster-api-addon-provider-fleet
"""
