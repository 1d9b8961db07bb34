"""A platform with every kind of workload and every field of theirs, as text."""

from __future__ import annotations

EVERY_KIND = """\
name: harbor
region: eu-west-1
accountId: "111122223333"
nodeGroups:
  - {name: general, instanceTypes: m7g.large, minSize: 1, maxSize: 4, labels: {role: general}}
  - name: gpu
    instanceTypes: g5.xlarge
    minSize: 0
    maxSize: 2
    labels: {role: gpu}
    taints: [{key: nvidia.com/gpu, value: "true", effect: NoSchedule}]
  - {name: data, instanceTypes: r6i.large, minSize: 2, maxSize: 4, perZone: true}
  - {name: plain, instanceTypes: m7g.large, minSize: 0, maxSize: 1, taints: [{key: only, effect: NoExecute}]}
fileSystems: [{name: shared}]
storageClasses:
  - {name: fast, type: io2, iops: 6000, default: true, reclaimPolicy: Retain, kmsKey: alias/data}
  - {name: gp3, iops: 4000, throughput: 250, fsType: xfs}
  - {name: cold, type: sc1, encrypted: false, allowVolumeExpansion: false, volumeBindingMode: Immediate}
  - {name: files, type: efs, fileSystem: shared, parameters: {gidRangeStart: 1000}}
priorityClasses:
  - {name: important, value: 1000, description: Goes first}
  - {name: batch, value: -10, preemptionPolicy: Never, globalDefault: true}
namespaces:
  - name: harbor
    quota: {pods: 50}
    quotas:
      - {name: best-effort, hard: {pods: 5}, scopes: [BestEffort]}
      - name: important
        hard: {requests.cpu: 4000m}
        scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [important]}]}
    limitRange: {default: {cpu: 1, memory: 1Gi}, defaultRequest: {cpu: 100m, memory: 128Mi}}
  - {name: agents, podSecurity: privileged}
workloads:
  - name: api
    namespace: harbor
    image: nginx:1.29
    team: shop
    port: 8080
    ports: [9090, {name: grpc, containerPort: 50051}]
    resources: {cpu: 250m/1000m, memory: 256Mi/512Mi}
    nodeGroup: general
    priorityClass: important
    storage: [{name: cache, mountPath: /cache, size: 10Gi, storageClass: files}, {name: old, mountPath: /old, claim: old-data}]
    autoscaling: {minReplicas: 2, maxReplicas: 10, cpu: 70}
    verticalAutoscaling: {maxAllowed: {cpu: 2000m, memory: 4Gi}, minAllowed: {memory: 128Mi}}
    imagePullSecrets: [registry]
    connects: [{to: store, port: 5432}, internet]
  - name: worker
    namespace: harbor
    kind: StatefulSet
    runs: worker
    image: nginx:1.29
    replicas: 3
    podManagementPolicy: Parallel
    updateStrategy: {partition: 1}
    storage: [{name: scratch, mountPath: /scratch, size: 5Gi, changePercentPerDay: 5}]
    nodeGroup: data
    containers: [{name: sidecar, image: "busybox:1.37", ports: [8081]}]
    verticalAutoscaling: {updateMode: InPlaceOrRecreate}
    autoscaling:
      minReplicas: 0
      maxReplicas: 40
      cpu: 60
      pollingInterval: 15
      cooldownPeriod: 120
      fallback: {failureThreshold: 3, replicas: 4}
      triggers:
        - type: aws-sqs-queue
          metadata: {queueURL: "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs", queueLength: 5, awsRegion: eu-west-1}
          authentication: podIdentity
        - {type: cron, name: mornings, metadata: {timezone: Etc/UTC, start: 0 6 * * *, end: 0 9 * * *, desiredReplicas: 5}}
        - type: redis
          metadata: {listName: jobs, listLength: 10}
          authentication: {secretTargetRef: [{parameter: password, name: redis, key: password}]}
        - type: prometheus
          metadata: {query: up, threshold: 3}
          authentication: {ref: shared, kind: ClusterTriggerAuthentication}
  - name: store
    namespace: harbor
    kind: StatefulSet
    runs: database
    image: postgres:17
    port: 5432
    storage: [{name: data, mountPath: /var/lib/postgresql/data, subPath: pgdata, size: 20Gi}]
    serviceName: store
    persistentVolumeClaimRetentionPolicy: {whenScaled: Delete}
    disruptionBudget: {maxUnavailable: 1}
  - name: agent
    namespace: agents
    kind: DaemonSet
    image: busybox:1.37
    hostNetwork: true
    hostPID: true
    updateStrategy: {maxSurge: 25%}
    volumes: [{name: logs, hostPath: {path: /var/log}}]
    volumeMounts: [{name: logs, mountPath: /var/log, readOnly: true, mountPropagation: HostToContainer}]
    tolerations: [{operator: Exists}]
  - name: train
    namespace: harbor
    kind: Job
    runs: batch
    image: busybox:1.37
    gpus: 2
    nodeGroup: gpu
    parallelism: 2
    completions: 4
    completionMode: Indexed
    backoffLimit: 2
    activeDeadlineSeconds: 3600
    ttlSecondsAfterFinished: 600
    restartPolicy: OnFailure
  - name: nightly
    namespace: harbor
    kind: CronJob
    runs: batch
    image: busybox:1.37
    schedule: "30 2 * * mon-fri"
    timeZone: Europe/Dublin
    startingDeadlineSeconds: 600
    suspend: true
    nodeGroup: plain
services:
  - {name: api, workload: api, ports: [80, {name: grpc, port: 50051, appProtocol: grpc}], sessionAffinity: ClientIP}
  - {name: api-plain, workload: api, port: 80, appProtocol: http, sessionAffinity: ClientIP, sessionAffinitySeconds: 60}
  - {name: store, workload: store, port: 5432, targetPort: http, headless: true, publishNotReadyAddresses: true}
  - {name: mail, externalName: mail.example.com, namespace: harbor}
"""
