{{- define "veriqueue.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 52 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "veriqueue.labels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "veriqueue.allLabels" -}}
{{ include "veriqueue.labels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{- define "veriqueue.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end }}

{{- define "veriqueue.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ .Values.serviceAccount.name | default (include "veriqueue.name" .) }}{{ else }}{{ .Values.serviceAccount.name | default "default" }}{{ end }}
{{- end }}

{{/* Settings as variables, in the order of their names: a later map wins. */}}
{{- define "veriqueue.env" -}}
{{- $settings := dict -}}
{{- range . -}}{{- $settings = merge (deepCopy .) $settings -}}{{- end -}}
{{- range $name := keys $settings | sortAlpha }}
- name: {{ $name }}
  value: {{ get $settings $name | toString | quote }}
{{- end }}
{{- end }}

{{/* Where photos are: producers and workers get the same, or workers would find none. */}}
{{- define "veriqueue.photoStore" -}}
{{- with .Values.photoStore -}}
{{- if .location -}}
PHOTO_STORE: {{ .location | quote }}
{{- with .endpoint }}
PHOTO_STORE_ENDPOINT: {{ . | quote }}
{{- end }}
{{- with .region }}
PHOTO_STORE_REGION: {{ . | quote }}
{{- end }}
PHOTO_STORE_PATH_STYLE: {{ .pathStyle | toString | quote }}
{{- end -}}
{{- end -}}
{{- end }}

{{/* What pods of both kinds have in common. A dict with `root`, `process` and `component`. */}}
{{- define "veriqueue.podSpec" -}}
serviceAccountName: {{ include "veriqueue.serviceAccount" .root }}
automountServiceAccountToken: false
# Otherwise a Service of this namespace that is named `worker` would set WORKER_PORT to tcp://….
enableServiceLinks: false
terminationGracePeriodSeconds: {{ .process.terminationGracePeriodSeconds }}
securityContext:
  runAsNonRoot: true
  runAsUser: 1000
  runAsGroup: 1000
  seccompProfile: { type: RuntimeDefault }
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .process.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .process.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "veriqueue.labels" .root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* What containers of both kinds have in common. */}}
{{- define "veriqueue.container" -}}
image: {{ include "veriqueue.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
lifecycle:
  preStop:
    exec: { command: [sleep, {{ .process.preStopSeconds | quote }}] }
# Two minutes for a slow node. A process that waits for Redis is alive.
startupProbe:
  httpGet: { path: /livez, port: operations }
  periodSeconds: 2
  failureThreshold: 60
livenessProbe:
  httpGet: { path: /livez, port: operations }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 6
{{- with .process.resources }}
resources: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
