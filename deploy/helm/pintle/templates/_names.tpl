{{/* Names, labels and what several templates ask. */}}

{{- define "pintle.name" -}}
{{ default .Chart.Name .Values.nameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{/* At most 52 characters: "-replicas", "-sessions" and "-metrics" still make names of Services. */}}
{{- define "pintle.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride }}
{{- else -}}
{{- $name := include "pintle.name" . -}}
{{ ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) | trunc 52 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "pintle.namespace" -}}
{{ default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "pintle.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "pintle.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "pintle.lease" -}}
{{ default (printf "%s-leader" (include "pintle.fullname" .)) .Values.leaderElection.leaseName }}
{{- end }}

{{- define "pintle.sessionKey" -}}
{{ include "pintle.fullname" . }}-sessions
{{- end }}

{{- define "pintle.image" -}}
{{- $image := .Values.image -}}
{{- with $image.registry }}{{ . }}/{{ end }}{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default .Chart.AppVersion $image.tag }}{{ end }}
{{- end }}

{{- define "pintle.selector" -}}
app.kubernetes.io/name: {{ include "pintle.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "pintle.labels" -}}
{{ include "pintle.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: pintle
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* metadata of a namespaced object; the argument is a list: the root and the object's name. */}}
{{- define "pintle.metadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 }}
namespace: {{ include "pintle.namespace" $root }}
labels:
  {{- include "pintle.labels" $root | nindent 2 }}
{{- end }}

{{- define "pintle.runsAsRoot" -}}
{{- if and (eq .Values.gatewayMode "direct") .Values.direct.hostNetwork .Values.direct.lowPorts }}true{{ end }}
{{- end }}

{{/* Where the Gateway of `helm test` lives: a namespace that is followed. */}}
{{- define "pintle.testNamespace" -}}
{{- $own := include "pintle.namespace" . -}}
{{- if or (empty .Values.watch.namespaces) (has $own .Values.watch.namespaces) -}}
{{ $own }}
{{- else -}}
{{ first .Values.watch.namespaces }}
{{- end }}
{{- end }}
