{{/* What a schema cannot say: values that contradict each other. Each message names the way out. */}}
{{- define "pintle.checks" -}}
{{- $one := and (eq (int .Values.replicaCount) 1) (not .Values.autoscaling.enabled) -}}
{{- if and (not .Values.leaderElection.enabled) (not $one) }}
{{- fail "leaderElection.enabled=false: every pod would write statuses and Services. Set replicaCount=1 and autoscaling.enabled=false, or leave leaderElection.enabled=true" }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (eq .Values.gatewayMode "direct") }}
{{- fail "networkPolicy.enabled=true: with gatewayMode=direct the ports are those of the Gateways, which the chart cannot know. Set networkPolicy.enabled=false, or gatewayMode=service" }}
{{- end }}
{{- if and .Values.direct.hostNetwork .Values.direct.hostPorts }}
{{- fail "direct.hostPorts: with direct.hostNetwork=true every port of the pod is the node's already. Set one of the two" }}
{{- end }}
{{- if and (ne .Values.gatewayMode "direct") (or .Values.direct.hostNetwork .Values.direct.hostPorts .Values.direct.addresses) }}
{{- fail "direct.hostNetwork, direct.hostPorts, direct.addresses: they mean nothing with gatewayMode=service. Set gatewayMode=direct" }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled .Values.metrics.podMonitor.enabled }}
{{- fail "metrics.serviceMonitor.enabled and metrics.podMonitor.enabled: each pod would be scraped twice. Set one of the two" }}
{{- end }}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.service.create) }}
{{- fail "metrics.serviceMonitor.enabled: there is no metrics Service. Set metrics.service.create=true, or use metrics.podMonitor" }}
{{- end }}
{{- if and (not .Values.rbac.createClusterRole) (empty .Values.watch.namespaces) .Values.rbac.create }}
{{- fail "rbac.createClusterRole=false: following all namespaces needs the ClusterRole. Set watch.namespaces, or rbac.create=false" }}
{{- end }}
{{- if and .Values.autoscaling.enabled (lt (int .Values.autoscaling.maxReplicas) (int .Values.autoscaling.minReplicas)) }}
{{- fail "autoscaling.maxReplicas is below autoscaling.minReplicas" }}
{{- end }}
{{- $ports := splitList "-" .Values.service.portRange -}}
{{- if or (lt (int (index $ports 0)) 1024) (gt (int (index $ports 0)) (int (index $ports 1))) (gt (int (index $ports 1)) 65535) }}
{{- fail (printf "service.portRange: %s is not FIRST-LAST with ports from 1024 to 65535" .Values.service.portRange) }}
{{- end }}
{{- /* Only a live cluster lists kinds, so `helm template` does not come here. */}}
{{- if and .Values.gatewayClass.create (.Capabilities.APIVersions.Has "v1/Pod") (not (.Capabilities.APIVersions.Has "gateway.networking.k8s.io/v1/GatewayClass")) }}
{{- fail "this cluster does not know the Gateway API yet. Its CRDs belong to the cluster, so no chart should bring them: install them first, as docs/install.md shows. Or set gatewayClass.create=false: the pods then wait for the CRDs, and you create the GatewayClass" }}
{{- end }}
{{- end }}
