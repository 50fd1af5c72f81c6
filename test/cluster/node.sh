#!/bin/bash
# The first program of a cluster's namespaces: it makes the network and the keys, starts the components, says what it does on
# standard output, `ready` last, and stays to reap. When it ends, the kernel ends everything in here.
#
#   RUN      run folder: a tmpfs is mounted there      NODE     address of the node
#   CGROUP   parent of the pods' cgroups               IMAGES   archives to import, a path each line
#
# Started by cluster.py. Addresses are those of README.md.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
pods=10.244.0.0/16 services=10.96.0.0/16 gateways=100.64.0.0/16

say() { printf '%s\n' "$*"; }
start() { # start NAME COMMAND...: in the background, with a log; its death is noted by the loop at the end
  local name=$1
  shift
  printf 'cd %q\nexec %s\n' "$PWD" "${*@Q}" >"$RUN/commands/$name" # for whoever starts it again
  "$@" >"$RUN/log/$name.log" 2>&1 </dev/null &
  names[$!]=$name
  echo "$! $name" >>"$RUN/components"
}
wait_for() { # wait_for WHAT SECONDS COMMAND...: until it succeeds; names the component that died meanwhile
  local what=$1 deadline=$((SECONDS + $2)) pid
  shift 2
  until "$@" >/dev/null 2>&1; do
    for pid in "${!names[@]}"; do
      kill -0 "$pid" 2>/dev/null || fail "${names[$pid]} ended while waiting for $what" "${names[$pid]}"
    done
    [ "$SECONDS" -lt "$deadline" ] || fail "$what did not come within time" "${names[@]}"
    sleep 0.05
  done
}
fail() { # fail WHY COMPONENT...: with the end of their logs
  echo "$1" >&2
  shift
  local name
  for name in "$@"; do
    printf -- '--- %s\n' "$name" >&2
    tail -n 5 "$RUN/log/$name.log" | cut -c 1-300 >&2
  done
  exit 1
}

# What components write outside the run folder lands in memory of this cluster alone.
make_room() {
  mount -t tmpfs -o mode=0700 tmpfs "$RUN"
  mkdir "$RUN"/{keys,log,cni,etcd,commands}
  local folder
  for folder in /run/netns /run/containerd /var/log/pods /var/log/containers /var/lib/cni /var/lib/kubelet; do
    mkdir -p "$folder"
    mount -t tmpfs tmpfs "$folder"
  done
}

make_network() {
  ip link set lo up
  ip link add node0 type bridge
  ip address add "$NODE/24" dev node0
  ip link set node0 up
  ip route add local "$gateways" dev lo # every address of the range can be bound and dialled without being added
  ip route add "$services" dev node0    # kube-proxy rewrites the destination, but a route must exist first
  sysctl -qw net.ipv4.ip_forward=1 net.ipv4.ip_unprivileged_port_start=0
  iptables -t nat -L -n >/dev/null || fail "iptables does not work here: the kernel lacks nf_tables NAT"
  # From pod to pod by way of a Service: the answer crosses the bridge and must meet the address translation again. A kernel
  # without br_netfilter cannot do that; there the node takes the sender's place.
  proxy_extra=()
  sysctl -qw net.bridge.bridge-nf-call-iptables=1 2>/dev/null || proxy_extra=(--masquerade-all)
}

# key NAME SUBJECT EXTENSION: keys/NAME.key and keys/NAME.crt, signed by the cluster's authority
key() {
  openssl req -x509 -CA ca.crt -CAkey ca.key -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 365 \
    -subj "$2" -addext "$3" -addext basicConstraints=critical,CA:FALSE -keyout "$1.key" -out "$1.crt" 2>/dev/null
}
kubeconfig() { # kubeconfig NAME: RUN/NAME.kubeconfig for that key
  (umask 077 && cat >"$RUN/$1.kubeconfig") <<YAML
apiVersion: v1
kind: Config
current-context: pintle
contexts: [{name: pintle, context: {cluster: pintle, user: $1}}]
clusters: [{name: pintle, cluster: {server: "https://$NODE:6443", certificate-authority-data: $(base64 -w0 ca.crt)}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}}]
YAML
}
make_keys() {
  cd "$RUN/keys"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -noenc -days 365 -subj /CN=test-cluster \
    -keyout ca.key -out ca.crt 2>/dev/null
  openssl ecparam -name prime256v1 -genkey -noout -out accounts.key
  local hosts="DNS:kubernetes,DNS:kubernetes.default,DNS:kubernetes.default.svc,DNS:localhost"
  key apiserver /CN=kube-apiserver "subjectAltName=$hosts,IP:127.0.0.1,IP:10.96.0.1,IP:$NODE"
  key admin /O=system:masters/CN=admin extendedKeyUsage=clientAuth
  key node /O=system:nodes/CN=system:node:node1 extendedKeyUsage=clientAuth
  key proxy /CN=system:kube-proxy extendedKeyUsage=clientAuth
  local user
  for user in admin node proxy; do kubeconfig "$user"; done
}

start_control_plane() {
  start etcd etcd --data-dir "$RUN/etcd" --unsafe-no-fsync --log-level warn
  # Who did what, for service accounts outside kube-system: a chart's rights can be compared with the calls it made.
  cat >"$RUN/audit.yaml" <<YAML
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
  - {level: None, userGroups: ["system:serviceaccounts:kube-system"]}
  - {level: Metadata, userGroups: ["system:serviceaccounts"]}
  - {level: None}
YAML
  start apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 --advertise-address="$NODE" --secure-port=6443 \
    --tls-cert-file=apiserver.crt --tls-private-key-file=apiserver.key --client-ca-file=ca.crt \
    --kubelet-client-certificate=admin.crt --kubelet-client-key=admin.key --kubelet-preferred-address-types=InternalIP \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file=accounts.key \
    --service-account-signing-key-file=accounts.key --service-cluster-ip-range="$services" \
    --authorization-mode=Node,RBAC --allow-privileged=true --profiling=false \
    --audit-policy-file="$RUN/audit.yaml" --audit-log-path="$RUN/log/audit.log"
}
start_controllers() {
  local config=(--kubeconfig="$RUN/admin.kubeconfig" --leader-elect=false --kube-api-qps=200 --kube-api-burst=400)
  start controller-manager kube-controller-manager "${config[@]}" \
    --service-account-private-key-file=accounts.key --root-ca-file=ca.crt \
    --cluster-signing-cert-file=ca.crt --cluster-signing-key-file=ca.key \
    --concurrent-deployment-syncs=10 --concurrent-replicaset-syncs=10 --concurrent-namespace-syncs=20
  start scheduler kube-scheduler "${config[@]}"
}

start_containerd() {
  cat >"$RUN/containerd.toml" <<TOML
version = 2
root = "$RUN/containerd/root"
state = "$RUN/containerd/state"
[grpc]
  address = "$RUN/containerd.sock"
[plugins."io.containerd.internal.v1.opt"]
  path = "$RUN/containerd/opt"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "registry.k8s.io/pause:3.10"
  restrict_oom_score_adj = true # without CAP_SYS_RESOURCE a pod could not start otherwise
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$RUN/cni"
TOML
  cat >"$RUN/cni/10-pods.conflist" <<JSON
{"cniVersion": "0.4.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "cni0", "isGateway": true, "hairpinMode": true,
   "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pods"}]], "routes": [{"dst": "0.0.0.0/0"}], "dataDir": "$RUN/ipam"}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
JSON
  start containerd containerd --config "$RUN/containerd.toml"
}
import_images() {
  wait_for containerd 30 ctr --address "$RUN/containerd.sock" version
  local image
  while read -r image; do
    ctr --address "$RUN/containerd.sock" --namespace k8s.io images import "$image" >/dev/null
  done <<<"$IMAGES"
}

start_node() {
  cat >"$RUN/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
containerRuntimeEndpoint: unix://$RUN/containerd.sock
address: $NODE
authentication: {anonymous: {enabled: false}, webhook: {enabled: false}, x509: {clientCAFile: $RUN/keys/ca.crt}}
authorization: {mode: AlwaysAllow}
clusterDomain: cluster.local
clusterDNS: [10.96.0.10]
resolvConf: ""
cgroupDriver: cgroupfs
cgroupRoot: $CGROUP
cgroupsPerQOS: false # the machine's cgroups may not be ours to divide
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
evictionHard: {} # the disk of the machine is none of the cluster's business
maxPods: 250
serializeImagePulls: false
kubeAPIQPS: 200
kubeAPIBurst: 400
YAML
  start kubelet kubelet --config="$RUN/kubelet.yaml" --kubeconfig="$RUN/node.kubeconfig" --hostname-override=node1 \
    --node-ip="$NODE" --root-dir="$RUN/kubelet"
  # Limits of connection tracking are the machine's, not ours: 0 leaves them alone.
  start kube-proxy kube-proxy --kubeconfig="$RUN/proxy.kubeconfig" --proxy-mode=iptables --hostname-override=node1 \
    --cluster-cidr="$pods" --conntrack-max-per-core=0 --conntrack-tcp-timeout-established=0 \
    --conntrack-tcp-timeout-close-wait=0 "${proxy_extra[@]}"
}

node_ready() { [ "$(kubectl get node node1 -o 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')" = True ]; }
service_address_answers() { kubectl --server https://10.96.0.1 get --raw /readyz; }

declare -A names
make_room
make_network
make_keys
export KUBECONFIG=$RUN/admin.kubeconfig
say "network and keys made"
start_control_plane
start_containerd
import_images &
importing=$!
wait_for "the API server" 60 kubectl get --raw /readyz
say "API server answers"
start_controllers
wait "$importing" || fail "an image could not be imported" containerd
start_node
start loadbalancer "$here/loadbalancer.sh"
wait_for "the node" 60 node_ready
wait_for "kube-proxy" 30 service_address_answers
say "node ready"
say ready
exec >/dev/null

while :; do
  code=0
  wait -n -p ended || code=$?
  [ -n "${ended:-}" ] || { sleep infinity & continue; }
  [ -z "${names[$ended]:-}" ] || echo "${names[$ended]} ended with exit code $code" >>"$RUN/ended"
done
