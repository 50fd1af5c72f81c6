{{/* Parts of the pod that are too long for the Deployment. */}}

{{/* Flags of `pintle controller`. What the program would choose itself is left out. */}}
{{- define "pintle.arguments" -}}
{{- $v := .Values -}}
- controller
- {{ printf "--controller-name=%s" $v.gatewayClass.controllerName | quote }}
{{- with $v.watch.namespaces }}
- --namespaces={{ join "," . }}
{{- end }}
{{- with $v.rbac.secretNamespaces }}
- --secret-namespaces={{ join "," . }}
{{- end }}
- --leader-elect={{ ternary "on" "off" $v.leaderElection.enabled }}
{{- if $v.leaderElection.enabled }}
- --lease-namespace={{ include "pintle.namespace" . }}
- --lease-name={{ include "pintle.lease" . }}
{{- end }}
- --session-key-secret={{ include "pintle.namespace" . }}/{{ include "pintle.sessionKey" . }}
- --gateway-mode={{ $v.gatewayMode }}
{{- if eq $v.gatewayMode "service" }}
- --service-type={{ $v.service.type }}
{{- range $key, $value := $v.service.annotations }}
- {{ printf "--service-annotation=%s=%s" $key $value | quote }}
{{- end }}
{{- with $v.service.loadBalancerClass }}
- {{ printf "--load-balancer-class=%s" . | quote }}
{{- end }}
- --external-traffic-policy={{ $v.service.externalTrafficPolicy }}
- --replicas-service={{ include "pintle.namespace" . }}/{{ include "pintle.fullname" . }}-replicas
- --port-range={{ $v.service.portRange }}
{{- end }}
{{- range $v.direct.addresses }}
- "--address={{ . }}"
{{- end }}
{{- if $v.state.enabled }}
- --state-dir=/var/lib/pintle
{{- end }}
- "--health={{ $v.ports.healthAddress }}:{{ $v.ports.health }}"
- --admin=127.0.0.1:{{ $v.ports.admin }}
{{- with $v.dataplane.threads }}
- --threads={{ . }}
{{- end }}
{{- with $v.dataplane.maxConnections }}
- --max-connections={{ . | int64 }}
{{- end }}
- --drain-delay={{ $v.dataplane.drainDelaySeconds }}s
- --drain-max={{ $v.dataplane.drainMaxSeconds }}s
- --trusted-hops={{ $v.dataplane.trustedHops }}
- --balance={{ $v.dataplane.balance }}
- --access-log={{ ternary "stdout" "off" $v.accessLog.enabled }}
- --access-log-query={{ ternary "on" "off" $v.accessLog.query }}
- --max-series={{ $v.metrics.maxSeries | int64 }}
- --log-level={{ $v.log.level }}
- --log-format={{ $v.log.format }}
{{- range $v.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end }}

{{- define "pintle.podSecurity" -}}
{{- $pod := deepCopy .Values.podSecurityContext -}}
{{- if include "pintle.runsAsRoot" . }}
{{- $pod = mergeOverwrite $pod (dict "runAsNonRoot" false "runAsUser" 0 "runAsGroup" 0) }}
{{- else if and (eq .Values.gatewayMode "direct") .Values.direct.lowPorts (not .Values.direct.hostNetwork) }}
{{- $low := dict "name" "net.ipv4.ip_unprivileged_port_start" "value" "0" }}
{{- $pod = set $pod "sysctls" (append (default list $pod.sysctls) $low) }}
{{- end }}
{{- toYaml $pod }}
{{- end }}

{{- define "pintle.containerSecurity" -}}
{{- $container := deepCopy .Values.securityContext -}}
{{- if include "pintle.runsAsRoot" . }}
{{- $container = mergeOverwrite $container (dict "capabilities" (dict "drop" (list "ALL") "add" (list "NET_BIND_SERVICE"))) }}
{{- end }}
{{- toYaml $container }}
{{- end }}

{{/* The token expires within the hour and is renewed in place; the program reads it anew. Keys touch no disk. */}}
{{- define "pintle.volumes" -}}
- name: api
  projected:
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - {key: ca.crt, path: ca.crt}
      - downwardAPI:
          items:
            - path: namespace
              fieldRef: {fieldPath: metadata.namespace}
{{- if .Values.state.enabled }}
- name: state
  emptyDir:
    sizeLimit: {{ .Values.state.sizeLimit }}
- name: keys
  emptyDir:
    medium: Memory
    sizeLimit: {{ .Values.state.keysSizeLimit }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}
