{{/*
Roles, made of files/rights.yaml. The argument of "pintle.rules" is a list: the root and a list of rights.
*/}}
{{- define "pintle.rules" -}}
{{- $root := index . 0 -}}
{{- range index . 1 }}
# {{ .why }}
- apiGroups: [{{ .group | quote }}]
  resources: [{{ join ", " .resources }}]
  {{- with .names }}
  resourceNames: [{{ join ", " . | replace "LEASE" (include "pintle.lease" $root) | replace "SESSION_KEY" (include "pintle.sessionKey" $root) }}]
  {{- end }}
  verbs: [{{ join ", " .verbs }}]
{{- end }}
{{- end }}

{{/* What is bound to the program: the argument is a list of the root, the kind of the role and its name. */}}
{{- define "pintle.binding" -}}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ index . 1 }}
  name: {{ index . 2 }}
subjects:
  - kind: ServiceAccount
    name: {{ include "pintle.serviceAccount" (index . 0) }}
    namespace: {{ include "pintle.namespace" (index . 0) }}
{{- end }}
