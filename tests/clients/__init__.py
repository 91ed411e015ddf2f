"""What the tests run from outside: clusterctl, kube-apiserver, etcd, all real."""
