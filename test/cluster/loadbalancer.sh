#!/bin/bash
# Plays the cloud that gives LoadBalancer Services their addresses: 100.64.X.Y for the cluster address 10.96.X.Y. Where the
# Service asks for one of 100.64.0.0/16 (spec.loadBalancerIP) it gets that; where it asks for another it waits for ever, as in
# a cloud. kube-proxy then serves the address. It writes status.loadBalancer and nothing else.
set -uo pipefail

columns='{.metadata.namespace} {.metadata.name} {.spec.type} {.spec.clusterIP} {.spec.loadBalancerIP}'
current='{.status.loadBalancer.ingress[0].ip}'

address_for() { # address_for CLUSTER-ADDRESS ASKED-FOR
  case "$2" in
    100.64.*) echo "$2" ;;
    '') [[ $1 == 10.96.* ]] && echo "100.64.${1#10.96.}" ;;
  esac
}

# A watch ends now and then (the API server was restarted, or after an hour): begin anew.
while :; do
  kubectl get services --all-namespaces --watch -o "jsonpath=$columns,$current{\"\\n\"}" 2>/dev/null |
    while IFS=, read -r line given; do
      read -r namespace name type cluster asked <<<"$line"
      [ "$type" = LoadBalancer ] || continue
      address=$(address_for "$cluster" "$asked")
      [ "$address" != "$given" ] || continue
      [ -n "$address" ] || continue
      kubectl --namespace "$namespace" patch service "$name" --subresource=status --type=merge \
        --patch "{\"status\":{\"loadBalancer\":{\"ingress\":[{\"ip\":\"$address\"}]}}}"
    done
  sleep 0.5
done
