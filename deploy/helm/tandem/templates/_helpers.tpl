{{- define "tandem.name" -}}
{{- $name := ternary .Release.Name (printf "%s-tandem" .Release.Name) (contains "tandem" .Release.Name) -}}
{{- $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tandem.selector" -}}
app.kubernetes.io/name: tandem
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tandem.labels" -}}
{{ include "tandem.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "tandem.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* Each service stands in exactly one process: two, or none, would be found out only by whoever calls it. */}}
{{- define "tandem.check" -}}
{{- $known := list "partners" "orders" "interchange" "notices" "capacity" "resources" "stream" "portal" -}}
{{- $found := list -}}
{{- range $name, $process := .Values.processes -}}
{{- $found = concat $found $process.services -}}
{{- end -}}
{{- range $known -}}
{{- $service := . -}}
{{- $times := 0 -}}
{{- range $found -}}{{- if eq . $service -}}{{- $times = add1 $times -}}{{- end -}}{{- end -}}
{{- if ne (int $times) 1 -}}
{{- fail (printf "processes: the service %s stands in %d of them; each service belongs to exactly one" $service (int $times)) -}}
{{- end -}}
{{- end -}}
{{- if and (not .Values.files.store) (eq .Values.files.volume.accessMode "ReadWriteOnce") -}}
{{- range $name, $process := .Values.processes -}}
{{- if and (has "resources" $process.services) (gt (int ($process.replicas | default $.Values.replicas)) 1) -}}
{{- fail "files.volume.accessMode: ReadWriteOnce serves one replica of resources; take S3 (files.store) or ReadWriteMany" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What every container of Tandem may do: nothing but run. */}}
{{- define "tandem.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "tandem.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "tandem.placement" -}}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{/* A setting as text, empty where it is null: a large number would else be written with an exponent. */}}
{{- define "tandem.text" -}}
{{- if kindIs "invalid" . -}}
""
{{- else -}}
{{- ternary . (toJson .) (kindIs "string" .) | quote -}}
{{- end -}}
{{- end -}}

{{/* An environment variable from the Secret: dict "root" $ "name" NAME "key" KEY "optional" BOOL */}}
{{- define "tandem.fromSecret" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef:
      name: {{ .root.Values.secret }}
      key: {{ .key }}
      {{- if .optional }}
      optional: true
      {{- end }}
{{- end -}}
