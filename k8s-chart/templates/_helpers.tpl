{{/* What the chart and the functions' Jobs must agree on. Read as: $runner := include "cliscale.runner" . | fromJson */}}
{{- define "cliscale.runner" -}}
{{ .Files.Get "files/runner.json" }}
{{- end }}

{{/* Labels of a component, for selecting: (dict "root" . "name" "cliscale-gateway"). They never change. */}}
{{- define "cliscale.selectorLabels" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* All labels of a component. */}}
{{- define "cliscale.labels" -}}
{{ include "cliscale.selectorLabels" . }}
app.kubernetes.io/part-of: cliscale
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* The security contexts of the chart's own pods: Pod Security `restricted`, and a root file system that cannot be written. */}}
{{- define "cliscale.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}
{{- define "cliscale.securityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* A quantity times a whole number: (list "500m" 3) is 1500m. */}}
{{- define "cliscale.times" -}}
{{- $quantity := index . 0 | toString -}}
{{ mul (regexFind "^[0-9]+" $quantity) (index . 1) }}{{ regexFind "[A-Za-z]*$" $quantity }}
{{- end }}

{{/* Seconds from the order to stop until a gateway has closed its last socket: its pre-stop wait, its drain and its own limit. */}}
{{- define "cliscale.graceSeconds" -}}
{{ add .Values.gateway.preStopSeconds .Values.settings.CLISCALE_DRAIN_SECONDS 20 }}
{{- end }}

{{/*
Public addresses, as a peer of a NetworkPolicy: everything but what is private, of the cluster or of Google's own inside.
(dict "except" LIST), with further ranges that are closed.
*/}}
{{- define "cliscale.publicAddresses" -}}
- ipBlock:
    cidr: 0.0.0.0/0
    except:
      # Private, shared, loopback, link-local with the metadata server, tests, multicast and reserved: RFC 6890.
      - 0.0.0.0/8
      - 10.0.0.0/8
      - 100.64.0.0/10
      - 127.0.0.0/8
      - 169.254.0.0/16
      - 172.16.0.0/12
      - 192.0.0.0/24
      - 192.168.0.0/16
      - 198.18.0.0/15
      - 224.0.0.0/4
      - 240.0.0.0/4
      # Google's APIs as they are seen from inside a network, and the range of Services that GKE chooses by itself.
      - 199.36.153.0/24
      - 34.118.224.0/20
      {{- range .except }}
      {{- if not (contains ":" .) }}
      - {{ . }}
      {{- end }}
      {{- end }}
- ipBlock:
    # Global unicast alone, which leaves out unique local, link-local and the metadata server's fd20:ce::254.
    cidr: 2000::/3
    {{- $except := list }}
    {{- range .except }}
    {{- if contains ":" . }}{{ $except = append $except . }}{{ end }}
    {{- end }}
    {{- with $except }}
    except:
      {{- range . }}
      - {{ . }}
      {{- end }}
    {{- end }}
{{- end }}

{{/* DNS, as a rule of a NetworkPolicy: the cluster's servers, and the nodes' caches by address. */}}
{{- define "cliscale.dnsRule" -}}
- to:
    - namespaceSelector:
        matchLabels:
          kubernetes.io/metadata.name: kube-system
      podSelector:
        matchExpressions:
          - key: k8s-app
            operator: In
            values: [kube-dns, node-local-dns]
    {{- range .Values.network.dnsCidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
{{- end }}

{{/* PostgreSQL, as a rule of a NetworkPolicy. */}}
{{- define "cliscale.databaseRule" -}}
- to:
    {{- range .Values.network.databaseCidrs }}
    - ipBlock:
        cidr: {{ . }}
    {{- end }}
  ports:
    - protocol: TCP
      {{- /* Where instances of Cloud SQL listen for who logs in by IAM. */}}
      port: {{ ternary 3307 .Values.network.databasePort (ne .Values.settings.CLISCALE_CLOUD_SQL_INSTANCE "") }}
{{- end }}

{{/*
The metadata server, as a rule of a NetworkPolicy, for pods with a Google identity. Its ports depend on the data plane:
https://cloud.google.com/kubernetes-engine/docs/how-to/network-policy#network-policy-and-workload-identity
*/}}
{{- define "cliscale.metadataRule" -}}
- to:
    - ipBlock:
        cidr: 169.254.169.254/32
  ports:
    - protocol: TCP
      port: 80
    - protocol: TCP
      port: 8080
- to:
    - ipBlock:
        cidr: 169.254.169.252/32
  ports:
    - protocol: TCP
      port: 987
    - protocol: TCP
      port: 988
{{- end }}
