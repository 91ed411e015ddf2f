"""The types of the objects that clusterctl turns into Go values.

Written by tests/lint/shapes from the types of clusterctl v1.13.6; see main.go there for the form.
"""

from typing import Final

SHAPES: Final = """\
= apps/v1 Deployment = Deployment
= apps/v1 DaemonSet = DaemonSet
= rbac.authorization.k8s.io/v1 ClusterRoleBinding = ClusterRoleBinding
= rbac.authorization.k8s.io/v1 RoleBinding = RoleBinding
= admissionregistration.k8s.io/v1 MutatingWebhookConfiguration = MutatingWebhookConfiguration
= admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration = ValidatingWebhookConfiguration
= admissionregistration.k8s.io/v1beta1 MutatingWebhookConfiguration = MutatingWebhookConfiguration2
= admissionregistration.k8s.io/v1beta1 ValidatingWebhookConfiguration = ValidatingWebhookConfiguration2
= apiextensions.k8s.io/v1 CustomResourceDefinition = CustomResourceDefinition
= apiextensions.k8s.io/v1beta1 CustomResourceDefinition = CustomResourceDefinition2
= cluster.x-k8s.io/v1beta1 Cluster = Cluster
= cluster.x-k8s.io/v1beta2 Cluster = Cluster2
= ObjectMeta = ObjectMeta
APIEndpoint host=s port=i
APIEndpoint2 host=s port=i
AWSElasticBlockStoreVolumeSource volumeID=s fsType=s partition=i readOnly=b
Affinity nodeAffinity=NodeAffinity podAffinity=PodAffinity podAntiAffinity=PodAntiAffinity
AppArmorProfile type=s localhostProfile=s
AzureDiskVolumeSource diskName=s diskURI=s cachingMode=s fsType=s readOnly=b kind=s
AzureFileVolumeSource secretName=s shareName=s readOnly=b
CSIVolumeSource driver=s readOnly=b fsType=s volumeAttributes={}s nodePublishSecretRef=LocalObjectReference
Capabilities add=[]s drop=[]s
CephFSVolumeSource monitors=[]s path=s user=s secretFile=s secretRef=LocalObjectReference readOnly=b
CinderVolumeSource volumeID=s fsType=s readOnly=b secretRef=LocalObjectReference
Cluster kind=s apiVersion=s metadata=ObjectMeta spec=ClusterSpec status=ClusterStatus
Cluster2 kind=s apiVersion=s metadata=ObjectMeta spec=ClusterSpec2 status=ClusterStatus2
ClusterAvailabilityGate conditionType=s polarity=s
ClusterAvailabilityGate2 conditionType=s polarity=s
ClusterClassRef name=s namespace=s
ClusterControlPlaneStatus desiredReplicas=i replicas=i upToDateReplicas=i readyReplicas=i availableReplicas=i
ClusterControlPlaneStatus2 desiredReplicas=i replicas=i upToDateReplicas=i readyReplicas=i availableReplicas=i
ClusterDeprecatedStatus v1beta1=ClusterV1Beta1DeprecatedStatus
ClusterInitializationStatus infrastructureProvisioned=b controlPlaneInitialized=b
ClusterNetwork apiServerPort=i services=NetworkRanges pods=NetworkRanges serviceDomain=s
ClusterNetwork2 apiServerPort=i services=NetworkRanges2 pods=NetworkRanges2 serviceDomain=s
ClusterRoleBinding kind=s apiVersion=s metadata=ObjectMeta subjects=[]Subject roleRef=RoleRef
ClusterSpec paused=b clusterNetwork=ClusterNetwork controlPlaneEndpoint=APIEndpoint controlPlaneRef=ObjectReference infrastructureRef=ObjectReference topology=Topology availabilityGates=[]ClusterAvailabilityGate
ClusterSpec2 paused=b clusterNetwork=ClusterNetwork2 controlPlaneEndpoint=APIEndpoint2 controlPlaneRef=ContractVersionedObjectReference infrastructureRef=ContractVersionedObjectReference topology=Topology2 availabilityGates=[]ClusterAvailabilityGate2
ClusterStatus failureDomains={}FailureDomainSpec failureReason=s failureMessage=s phase=s infrastructureReady=b controlPlaneReady=b conditions=[]Condition observedGeneration=i v1beta2=ClusterV1Beta2Status
ClusterStatus2 conditions=[]Condition2 initialization=ClusterInitializationStatus controlPlane=ClusterControlPlaneStatus2 workers=WorkersStatus2 failureDomains=[]FailureDomain phase=s observedGeneration=i deprecated=ClusterDeprecatedStatus
ClusterTrustBundleProjection name=s signerName=s labelSelector=LabelSelector optional=b path=s
ClusterV1Beta1DeprecatedStatus conditions=[]Condition3 failureReason=s failureMessage=s
ClusterV1Beta2Status conditions=[]Condition2 controlPlane=ClusterControlPlaneStatus workers=WorkersStatus
ClusterVariable name=s definitionFrom=s value=@JSON
ClusterVariable2 name=s value=@JSON
Condition type=s status=s severity=s lastTransitionTime=@Time reason=s message=s
Condition2 type=s status=s observedGeneration=i lastTransitionTime=@Time reason=s message=s
Condition3 type=s status=s severity=s lastTransitionTime=@Time reason=s message=s
ConfigMapEnvSource name=s optional=b
ConfigMapKeySelector name=s key=s optional=b
ConfigMapProjection name=s items=[]KeyToPath optional=b
ConfigMapVolumeSource name=s items=[]KeyToPath defaultMode=i optional=b
Container name=s image=s command=[]s args=[]s workingDir=s ports=[]ContainerPort envFrom=[]EnvFromSource env=[]EnvVar resources=ResourceRequirements resizePolicy=[]ContainerResizePolicy restartPolicy=s restartPolicyRules=[]ContainerRestartRule volumeMounts=[]VolumeMount volumeDevices=[]VolumeDevice livenessProbe=Probe readinessProbe=Probe startupProbe=Probe lifecycle=Lifecycle terminationMessagePath=s terminationMessagePolicy=s imagePullPolicy=s securityContext=SecurityContext stdin=b stdinOnce=b tty=b
ContainerPort name=s hostPort=i containerPort=i protocol=s hostIP=s
ContainerResizePolicy resourceName=s restartPolicy=s
ContainerRestartRule action=s exitCodes=ContainerRestartRuleOnExitCodes
ContainerRestartRuleOnExitCodes operator=s values=[]i
ContractVersionedObjectReference kind=s name=s apiGroup=s
ControlPlaneTopology metadata=ObjectMeta2 replicas=i rollout=ControlPlaneTopologyRolloutSpec machineHealthCheck=MachineHealthCheckTopology nodeDrainTimeout=@Duration nodeVolumeDetachTimeout=@Duration nodeDeletionTimeout=@Duration taints=[]MachineTaint readinessGates=[]MachineReadinessGate variables=ControlPlaneVariables
ControlPlaneTopology2 metadata=ObjectMeta3 replicas=i rollout=ControlPlaneTopologyRolloutSpec2 healthCheck=ControlPlaneTopologyHealthCheck deletion=ControlPlaneTopologyMachineDeletionSpec taints=[]MachineTaint2 readinessGates=[]MachineReadinessGate2 variables=ControlPlaneVariables2
ControlPlaneTopologyHealthCheck enabled=b checks=ControlPlaneTopologyHealthCheckChecks remediation=ControlPlaneTopologyHealthCheckRemediation
ControlPlaneTopologyHealthCheckChecks nodeStartupTimeoutSeconds=i unhealthyNodeConditions=[]UnhealthyNodeCondition unhealthyMachineConditions=[]UnhealthyMachineCondition2
ControlPlaneTopologyHealthCheckRemediation triggerIf=ControlPlaneTopologyHealthCheckRemediationTriggerIf templateRef=MachineHealthCheckRemediationTemplateReference
ControlPlaneTopologyHealthCheckRemediationTriggerIf unhealthyLessThanOrEqualTo=@IntOrString unhealthyInRange=s
ControlPlaneTopologyMachineDeletionSpec nodeDrainTimeoutSeconds=i nodeVolumeDetachTimeoutSeconds=i nodeDeletionTimeoutSeconds=i
ControlPlaneTopologyRolloutSpec after=@Time
ControlPlaneTopologyRolloutSpec2 after=@Time
ControlPlaneVariables overrides=[]ClusterVariable
ControlPlaneVariables2 overrides=[]ClusterVariable2
CustomResourceColumnDefinition name=s type=s format=s description=s priority=i jsonPath=s
CustomResourceColumnDefinition2 name=s type=s format=s description=s priority=i JSONPath=s
CustomResourceConversion strategy=s webhook=WebhookConversion
CustomResourceConversion2 strategy=s webhookClientConfig=WebhookClientConfig4 conversionReviewVersions=[]s
CustomResourceDefinition kind=s apiVersion=s metadata=ObjectMeta spec=CustomResourceDefinitionSpec status=CustomResourceDefinitionStatus
CustomResourceDefinition2 kind=s apiVersion=s metadata=ObjectMeta spec=CustomResourceDefinitionSpec2 status=CustomResourceDefinitionStatus2
CustomResourceDefinitionCondition type=s status=s lastTransitionTime=@Time reason=s message=s observedGeneration=i
CustomResourceDefinitionCondition2 type=s status=s lastTransitionTime=@Time reason=s message=s observedGeneration=i
CustomResourceDefinitionNames plural=s singular=s shortNames=[]s kind=s listKind=s categories=[]s
CustomResourceDefinitionNames2 plural=s singular=s shortNames=[]s kind=s listKind=s categories=[]s
CustomResourceDefinitionSpec group=s names=CustomResourceDefinitionNames scope=s versions=[]CustomResourceDefinitionVersion conversion=CustomResourceConversion preserveUnknownFields=b
CustomResourceDefinitionSpec2 group=s version=s names=CustomResourceDefinitionNames2 scope=s validation=CustomResourceValidation2 subresources=CustomResourceSubresources2 versions=[]CustomResourceDefinitionVersion2 additionalPrinterColumns=[]CustomResourceColumnDefinition2 selectableFields=[]SelectableField2 conversion=CustomResourceConversion2 preserveUnknownFields=b
CustomResourceDefinitionStatus conditions=[]CustomResourceDefinitionCondition acceptedNames=CustomResourceDefinitionNames storedVersions=[]s observedGeneration=i
CustomResourceDefinitionStatus2 conditions=[]CustomResourceDefinitionCondition2 acceptedNames=CustomResourceDefinitionNames2 storedVersions=[]s observedGeneration=i
CustomResourceDefinitionVersion name=s served=b storage=b deprecated=b deprecationWarning=s schema=CustomResourceValidation subresources=CustomResourceSubresources additionalPrinterColumns=[]CustomResourceColumnDefinition selectableFields=[]SelectableField
CustomResourceDefinitionVersion2 name=s served=b storage=b deprecated=b deprecationWarning=s schema=CustomResourceValidation2 subresources=CustomResourceSubresources2 additionalPrinterColumns=[]CustomResourceColumnDefinition2 selectableFields=[]SelectableField2
CustomResourceSubresourceScale specReplicasPath=s statusReplicasPath=s labelSelectorPath=s
CustomResourceSubresourceScale2 specReplicasPath=s statusReplicasPath=s labelSelectorPath=s
CustomResourceSubresourceStatus
CustomResourceSubresourceStatus2
CustomResourceSubresources status=CustomResourceSubresourceStatus scale=CustomResourceSubresourceScale
CustomResourceSubresources2 status=CustomResourceSubresourceStatus2 scale=CustomResourceSubresourceScale2
CustomResourceValidation openAPIV3Schema=JSONSchemaProps
CustomResourceValidation2 openAPIV3Schema=JSONSchemaProps2
DaemonSet kind=s apiVersion=s metadata=ObjectMeta spec=DaemonSetSpec status=DaemonSetStatus
DaemonSetCondition type=s status=s lastTransitionTime=@Time reason=s message=s
DaemonSetSpec selector=LabelSelector template=PodTemplateSpec updateStrategy=DaemonSetUpdateStrategy minReadySeconds=i revisionHistoryLimit=i
DaemonSetStatus currentNumberScheduled=i numberMisscheduled=i desiredNumberScheduled=i numberReady=i observedGeneration=i updatedNumberScheduled=i numberAvailable=i numberUnavailable=i collisionCount=i conditions=[]DaemonSetCondition
DaemonSetUpdateStrategy type=s rollingUpdate=RollingUpdateDaemonSet
Deployment kind=s apiVersion=s metadata=ObjectMeta spec=DeploymentSpec status=DeploymentStatus
DeploymentCondition type=s status=s lastUpdateTime=@Time lastTransitionTime=@Time reason=s message=s
DeploymentSpec replicas=i selector=LabelSelector template=PodTemplateSpec strategy=DeploymentStrategy minReadySeconds=i revisionHistoryLimit=i paused=b progressDeadlineSeconds=i
DeploymentStatus observedGeneration=i replicas=i updatedReplicas=i readyReplicas=i availableReplicas=i unavailableReplicas=i terminatingReplicas=i conditions=[]DeploymentCondition collisionCount=i
DeploymentStrategy type=s rollingUpdate=RollingUpdateDeployment
DownwardAPIProjection items=[]DownwardAPIVolumeFile
DownwardAPIVolumeFile path=s fieldRef=ObjectFieldSelector resourceFieldRef=ResourceFieldSelector mode=i
DownwardAPIVolumeSource items=[]DownwardAPIVolumeFile defaultMode=i
EmptyDirVolumeSource medium=s sizeLimit=@Quantity
EnvFromSource prefix=s configMapRef=ConfigMapEnvSource secretRef=SecretEnvSource
EnvVar name=s value=s valueFrom=EnvVarSource
EnvVarSource fieldRef=ObjectFieldSelector resourceFieldRef=ResourceFieldSelector configMapKeyRef=ConfigMapKeySelector secretKeyRef=SecretKeySelector fileKeyRef=FileKeySelector
EphemeralContainer name=s image=s command=[]s args=[]s workingDir=s ports=[]ContainerPort envFrom=[]EnvFromSource env=[]EnvVar resources=ResourceRequirements resizePolicy=[]ContainerResizePolicy restartPolicy=s restartPolicyRules=[]ContainerRestartRule volumeMounts=[]VolumeMount volumeDevices=[]VolumeDevice livenessProbe=Probe readinessProbe=Probe startupProbe=Probe lifecycle=Lifecycle terminationMessagePath=s terminationMessagePolicy=s imagePullPolicy=s securityContext=SecurityContext stdin=b stdinOnce=b tty=b targetContainerName=s
EphemeralVolumeSource volumeClaimTemplate=PersistentVolumeClaimTemplate
ExecAction command=[]s
ExternalDocumentation description=s url=s
ExternalDocumentation2 description=s url=s
FCVolumeSource targetWWNs=[]s lun=i fsType=s readOnly=b wwids=[]s
FailureDomain name=s controlPlane=b attributes={}s
FailureDomainSpec controlPlane=b attributes={}s
FileKeySelector volumeName=s path=s key=s optional=b
FlexVolumeSource driver=s fsType=s secretRef=LocalObjectReference readOnly=b options={}s
FlockerVolumeSource datasetName=s datasetUUID=s
GCEPersistentDiskVolumeSource pdName=s fsType=s partition=i readOnly=b
GRPCAction port=i service=s
GitRepoVolumeSource repository=s revision=s directory=s
GlusterfsVolumeSource endpoints=s path=s readOnly=b
HTTPGetAction path=s port=@IntOrString host=s scheme=s httpHeaders=[]HTTPHeader
HTTPHeader name=s value=s
HostAlias ip=s hostnames=[]s
HostPathVolumeSource path=s type=s
ISCSIVolumeSource targetPortal=s iqn=s lun=i iscsiInterface=s fsType=s readOnly=b portals=[]s chapAuthDiscovery=b chapAuthSession=b secretRef=LocalObjectReference initiatorName=s
ImageVolumeSource reference=s pullPolicy=s
JSONSchemaProps id=s $schema=s $ref=s description=s type=s format=s title=s default=@JSON maximum=f exclusiveMaximum=b minimum=f exclusiveMinimum=b maxLength=i minLength=i pattern=s maxItems=i minItems=i uniqueItems=b multipleOf=f enum=[]@JSON maxProperties=i minProperties=i required=[]s items=@JSONSchemaPropsOrArray allOf=[]JSONSchemaProps oneOf=[]JSONSchemaProps anyOf=[]JSONSchemaProps not=JSONSchemaProps properties={}JSONSchemaProps additionalProperties=@JSONSchemaPropsOrBool patternProperties={}JSONSchemaProps dependencies={}@JSONSchemaPropsOrStringArray additionalItems=@JSONSchemaPropsOrBool definitions={}JSONSchemaProps externalDocs=ExternalDocumentation example=@JSON nullable=b x-kubernetes-preserve-unknown-fields=b x-kubernetes-embedded-resource=b x-kubernetes-int-or-string=b x-kubernetes-list-map-keys=[]s x-kubernetes-list-type=s x-kubernetes-map-type=s x-kubernetes-validations=[]ValidationRule
JSONSchemaProps2 id=s $schema=s $ref=s description=s type=s format=s title=s default=@JSON maximum=f exclusiveMaximum=b minimum=f exclusiveMinimum=b maxLength=i minLength=i pattern=s maxItems=i minItems=i uniqueItems=b multipleOf=f enum=[]@JSON maxProperties=i minProperties=i required=[]s items=@JSONSchemaPropsOrArray allOf=[]JSONSchemaProps2 oneOf=[]JSONSchemaProps2 anyOf=[]JSONSchemaProps2 not=JSONSchemaProps2 properties={}JSONSchemaProps2 additionalProperties=@JSONSchemaPropsOrBool patternProperties={}JSONSchemaProps2 dependencies={}@JSONSchemaPropsOrStringArray additionalItems=@JSONSchemaPropsOrBool definitions={}JSONSchemaProps2 externalDocs=ExternalDocumentation2 example=@JSON nullable=b x-kubernetes-preserve-unknown-fields=b x-kubernetes-embedded-resource=b x-kubernetes-int-or-string=b x-kubernetes-list-map-keys=[]s x-kubernetes-list-type=s x-kubernetes-map-type=s x-kubernetes-validations=[]ValidationRule2
KeyToPath key=s path=s mode=i
LabelSelector matchLabels={}s matchExpressions=[]LabelSelectorRequirement
LabelSelectorRequirement key=s operator=s values=[]s
Lifecycle postStart=LifecycleHandler preStop=LifecycleHandler stopSignal=s
LifecycleHandler exec=ExecAction httpGet=HTTPGetAction tcpSocket=TCPSocketAction sleep=SleepAction
LocalObjectReference name=s
MachineDeploymentStrategy type=s rollingUpdate=MachineRollingUpdateDeployment remediation=RemediationStrategy
MachineDeploymentTopology metadata=ObjectMeta2 class=s name=s failureDomain=s replicas=i machineHealthCheck=MachineHealthCheckTopology nodeDrainTimeout=@Duration nodeVolumeDetachTimeout=@Duration nodeDeletionTimeout=@Duration taints=[]MachineTaint minReadySeconds=i readinessGates=[]MachineReadinessGate rollout=MachineDeploymentTopologyRolloutSpec strategy=MachineDeploymentStrategy variables=MachineDeploymentVariables
MachineDeploymentTopology2 metadata=ObjectMeta3 class=s name=s failureDomain=s replicas=i healthCheck=MachineDeploymentTopologyHealthCheck deletion=MachineDeploymentTopologyMachineDeletionSpec taints=[]MachineTaint2 minReadySeconds=i readinessGates=[]MachineReadinessGate2 rollout=MachineDeploymentTopologyRolloutSpec2 variables=MachineDeploymentVariables2
MachineDeploymentTopologyHealthCheck enabled=b checks=MachineDeploymentTopologyHealthCheckChecks remediation=MachineDeploymentTopologyHealthCheckRemediation
MachineDeploymentTopologyHealthCheckChecks nodeStartupTimeoutSeconds=i unhealthyNodeConditions=[]UnhealthyNodeCondition unhealthyMachineConditions=[]UnhealthyMachineCondition2
MachineDeploymentTopologyHealthCheckRemediation maxInFlight=@IntOrString triggerIf=MachineDeploymentTopologyHealthCheckRemediationTriggerIf templateRef=MachineHealthCheckRemediationTemplateReference
MachineDeploymentTopologyHealthCheckRemediationTriggerIf unhealthyLessThanOrEqualTo=@IntOrString unhealthyInRange=s
MachineDeploymentTopologyMachineDeletionSpec order=s nodeDrainTimeoutSeconds=i nodeVolumeDetachTimeoutSeconds=i nodeDeletionTimeoutSeconds=i
MachineDeploymentTopologyRolloutSpec after=@Time
MachineDeploymentTopologyRolloutSpec2 after=@Time strategy=MachineDeploymentTopologyRolloutStrategy
MachineDeploymentTopologyRolloutStrategy type=s rollingUpdate=MachineDeploymentTopologyRolloutStrategyRollingUpdate
MachineDeploymentTopologyRolloutStrategyRollingUpdate maxUnavailable=@IntOrString maxSurge=@IntOrString
MachineDeploymentVariables overrides=[]ClusterVariable
MachineDeploymentVariables2 overrides=[]ClusterVariable2
MachineHealthCheckRemediationTemplateReference kind=s name=s apiVersion=s
MachineHealthCheckTopology enable=b unhealthyConditions=[]UnhealthyCondition unhealthyMachineConditions=[]UnhealthyMachineCondition maxUnhealthy=@IntOrString unhealthyRange=s nodeStartupTimeout=@Duration remediationTemplate=ObjectReference
MachinePoolTopology metadata=ObjectMeta2 class=s name=s failureDomains=[]s nodeDrainTimeout=@Duration nodeVolumeDetachTimeout=@Duration nodeDeletionTimeout=@Duration taints=[]MachineTaint minReadySeconds=i replicas=i variables=MachinePoolVariables
MachinePoolTopology2 metadata=ObjectMeta3 class=s name=s failureDomains=[]s deletion=MachinePoolTopologyMachineDeletionSpec taints=[]MachineTaint2 minReadySeconds=i replicas=i variables=MachinePoolVariables2
MachinePoolTopologyMachineDeletionSpec nodeDrainTimeoutSeconds=i nodeVolumeDetachTimeoutSeconds=i nodeDeletionTimeoutSeconds=i
MachinePoolVariables overrides=[]ClusterVariable
MachinePoolVariables2 overrides=[]ClusterVariable2
MachineReadinessGate conditionType=s polarity=s
MachineReadinessGate2 conditionType=s polarity=s
MachineRollingUpdateDeployment maxUnavailable=@IntOrString maxSurge=@IntOrString deletePolicy=s
MachineTaint key=s value=s effect=s propagation=s
MachineTaint2 key=s value=s effect=s propagation=s
ManagedFieldsEntry manager=s operation=s apiVersion=s time=@Time fieldsType=s fieldsV1=@FieldsV1 subresource=s
MatchCondition name=s expression=s
MatchCondition2 name=s expression=s
MutatingWebhook name=s clientConfig=WebhookClientConfig rules=[]RuleWithOperations failurePolicy=s matchPolicy=s namespaceSelector=LabelSelector objectSelector=LabelSelector sideEffects=s timeoutSeconds=i admissionReviewVersions=[]s reinvocationPolicy=s matchConditions=[]MatchCondition
MutatingWebhook2 name=s clientConfig=WebhookClientConfig2 rules=[]RuleWithOperations failurePolicy=s matchPolicy=s namespaceSelector=LabelSelector objectSelector=LabelSelector sideEffects=s timeoutSeconds=i admissionReviewVersions=[]s reinvocationPolicy=s matchConditions=[]MatchCondition2
MutatingWebhookConfiguration kind=s apiVersion=s metadata=ObjectMeta webhooks=[]MutatingWebhook
MutatingWebhookConfiguration2 kind=s apiVersion=s metadata=ObjectMeta webhooks=[]MutatingWebhook2
NFSVolumeSource server=s path=s readOnly=b
NetworkRanges cidrBlocks=[]s
NetworkRanges2 cidrBlocks=[]s
NodeAffinity requiredDuringSchedulingIgnoredDuringExecution=NodeSelector preferredDuringSchedulingIgnoredDuringExecution=[]PreferredSchedulingTerm
NodeSelector nodeSelectorTerms=[]NodeSelectorTerm
NodeSelectorRequirement key=s operator=s values=[]s
NodeSelectorTerm matchExpressions=[]NodeSelectorRequirement matchFields=[]NodeSelectorRequirement
ObjectFieldSelector apiVersion=s fieldPath=s
ObjectMeta name=s generateName=s namespace=s selfLink=s uid=s resourceVersion=s generation=i creationTimestamp=@Time deletionTimestamp=@Time deletionGracePeriodSeconds=i labels={}s annotations={}s ownerReferences=[]OwnerReference finalizers=[]s managedFields=[]ManagedFieldsEntry
ObjectMeta2 labels={}s annotations={}s
ObjectMeta3 labels={}s annotations={}s
ObjectReference kind=s namespace=s name=s uid=s apiVersion=s resourceVersion=s fieldPath=s
OwnerReference apiVersion=s kind=s name=s uid=s controller=b blockOwnerDeletion=b
PersistentVolumeClaimSpec accessModes=[]s selector=LabelSelector resources=VolumeResourceRequirements volumeName=s storageClassName=s volumeMode=s dataSource=TypedLocalObjectReference dataSourceRef=TypedObjectReference volumeAttributesClassName=s
PersistentVolumeClaimTemplate metadata=ObjectMeta spec=PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource claimName=s readOnly=b
PhotonPersistentDiskVolumeSource pdID=s fsType=s
PodAffinity requiredDuringSchedulingIgnoredDuringExecution=[]PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution=[]WeightedPodAffinityTerm
PodAffinityTerm labelSelector=LabelSelector namespaces=[]s topologyKey=s namespaceSelector=LabelSelector matchLabelKeys=[]s mismatchLabelKeys=[]s
PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution=[]PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution=[]WeightedPodAffinityTerm
PodCertificateProjection signerName=s keyType=s maxExpirationSeconds=i credentialBundlePath=s keyPath=s certificateChainPath=s userAnnotations={}s
PodDNSConfig nameservers=[]s searches=[]s options=[]PodDNSConfigOption
PodDNSConfigOption name=s value=s
PodOS name=s
PodReadinessGate conditionType=s
PodResourceClaim name=s resourceClaimName=s resourceClaimTemplateName=s
PodSchedulingGate name=s
PodSecurityContext seLinuxOptions=SELinuxOptions windowsOptions=WindowsSecurityContextOptions runAsUser=i runAsGroup=i runAsNonRoot=b supplementalGroups=[]i supplementalGroupsPolicy=s fsGroup=i sysctls=[]Sysctl fsGroupChangePolicy=s seccompProfile=SeccompProfile appArmorProfile=AppArmorProfile seLinuxChangePolicy=s
PodSpec volumes=[]Volume initContainers=[]Container containers=[]Container ephemeralContainers=[]EphemeralContainer restartPolicy=s terminationGracePeriodSeconds=i activeDeadlineSeconds=i dnsPolicy=s nodeSelector={}s serviceAccountName=s serviceAccount=s automountServiceAccountToken=b nodeName=s hostNetwork=b hostPID=b hostIPC=b shareProcessNamespace=b securityContext=PodSecurityContext imagePullSecrets=[]LocalObjectReference hostname=s subdomain=s affinity=Affinity schedulerName=s tolerations=[]Toleration hostAliases=[]HostAlias priorityClassName=s priority=i dnsConfig=PodDNSConfig readinessGates=[]PodReadinessGate runtimeClassName=s enableServiceLinks=b preemptionPolicy=s overhead={}@Quantity topologySpreadConstraints=[]TopologySpreadConstraint setHostnameAsFQDN=b os=PodOS hostUsers=b schedulingGates=[]PodSchedulingGate resourceClaims=[]PodResourceClaim resources=ResourceRequirements hostnameOverride=s workloadRef=WorkloadReference
PodTemplateSpec metadata=ObjectMeta spec=PodSpec
PortworxVolumeSource volumeID=s fsType=s readOnly=b
PreferredSchedulingTerm weight=i preference=NodeSelectorTerm
Probe exec=ExecAction httpGet=HTTPGetAction tcpSocket=TCPSocketAction grpc=GRPCAction initialDelaySeconds=i timeoutSeconds=i periodSeconds=i successThreshold=i failureThreshold=i terminationGracePeriodSeconds=i
ProjectedVolumeSource sources=[]VolumeProjection defaultMode=i
QuobyteVolumeSource registry=s volume=s readOnly=b user=s group=s tenant=s
RBDVolumeSource monitors=[]s image=s fsType=s pool=s user=s keyring=s secretRef=LocalObjectReference readOnly=b
RemediationStrategy maxInFlight=@IntOrString
ResourceClaim name=s request=s
ResourceFieldSelector containerName=s resource=s divisor=@Quantity
ResourceRequirements limits={}@Quantity requests={}@Quantity claims=[]ResourceClaim
RoleBinding kind=s apiVersion=s metadata=ObjectMeta subjects=[]Subject roleRef=RoleRef
RoleRef apiGroup=s kind=s name=s
RollingUpdateDaemonSet maxUnavailable=@IntOrString maxSurge=@IntOrString
RollingUpdateDeployment maxUnavailable=@IntOrString maxSurge=@IntOrString
RuleWithOperations operations=[]s apiGroups=[]s apiVersions=[]s resources=[]s scope=s
SELinuxOptions user=s role=s type=s level=s
ScaleIOVolumeSource gateway=s system=s secretRef=LocalObjectReference sslEnabled=b protectionDomain=s storagePool=s storageMode=s volumeName=s fsType=s readOnly=b
SeccompProfile type=s localhostProfile=s
SecretEnvSource name=s optional=b
SecretKeySelector name=s key=s optional=b
SecretProjection name=s items=[]KeyToPath optional=b
SecretVolumeSource secretName=s items=[]KeyToPath defaultMode=i optional=b
SecurityContext capabilities=Capabilities privileged=b seLinuxOptions=SELinuxOptions windowsOptions=WindowsSecurityContextOptions runAsUser=i runAsGroup=i runAsNonRoot=b readOnlyRootFilesystem=b allowPrivilegeEscalation=b procMount=s seccompProfile=SeccompProfile appArmorProfile=AppArmorProfile
SelectableField jsonPath=s
SelectableField2 jsonPath=s
ServiceAccountTokenProjection audience=s expirationSeconds=i path=s
ServiceReference namespace=s name=s path=s port=i
ServiceReference2 namespace=s name=s path=s port=i
ServiceReference3 namespace=s name=s path=s port=i
ServiceReference4 namespace=s name=s path=s port=i
SleepAction seconds=i
StorageOSVolumeSource volumeName=s volumeNamespace=s fsType=s readOnly=b secretRef=LocalObjectReference
Subject kind=s apiGroup=s name=s namespace=s
Sysctl name=s value=s
TCPSocketAction port=@IntOrString host=s
Toleration key=s operator=s value=s effect=s tolerationSeconds=i
Topology class=s classNamespace=s version=s rolloutAfter=@Time controlPlane=ControlPlaneTopology workers=WorkersTopology variables=[]ClusterVariable
Topology2 classRef=ClusterClassRef version=s controlPlane=ControlPlaneTopology2 workers=WorkersTopology2 variables=[]ClusterVariable2
TopologySpreadConstraint maxSkew=i topologyKey=s whenUnsatisfiable=s labelSelector=LabelSelector minDomains=i nodeAffinityPolicy=s nodeTaintsPolicy=s matchLabelKeys=[]s
TypedLocalObjectReference apiGroup=s kind=s name=s
TypedObjectReference apiGroup=s kind=s name=s namespace=s
UnhealthyCondition type=s status=s timeout=@Duration
UnhealthyMachineCondition type=s status=s timeout=@Duration
UnhealthyMachineCondition2 type=s status=s timeoutSeconds=i
UnhealthyNodeCondition type=s status=s timeoutSeconds=i
ValidatingWebhook name=s clientConfig=WebhookClientConfig rules=[]RuleWithOperations failurePolicy=s matchPolicy=s namespaceSelector=LabelSelector objectSelector=LabelSelector sideEffects=s timeoutSeconds=i admissionReviewVersions=[]s matchConditions=[]MatchCondition
ValidatingWebhook2 name=s clientConfig=WebhookClientConfig2 rules=[]RuleWithOperations failurePolicy=s matchPolicy=s namespaceSelector=LabelSelector objectSelector=LabelSelector sideEffects=s timeoutSeconds=i admissionReviewVersions=[]s matchConditions=[]MatchCondition2
ValidatingWebhookConfiguration kind=s apiVersion=s metadata=ObjectMeta webhooks=[]ValidatingWebhook
ValidatingWebhookConfiguration2 kind=s apiVersion=s metadata=ObjectMeta webhooks=[]ValidatingWebhook2
ValidationRule rule=s message=s messageExpression=s reason=s fieldPath=s optionalOldSelf=b
ValidationRule2 rule=s message=s messageExpression=s reason=s fieldPath=s optionalOldSelf=b
Volume name=s hostPath=HostPathVolumeSource emptyDir=EmptyDirVolumeSource gcePersistentDisk=GCEPersistentDiskVolumeSource awsElasticBlockStore=AWSElasticBlockStoreVolumeSource gitRepo=GitRepoVolumeSource secret=SecretVolumeSource nfs=NFSVolumeSource iscsi=ISCSIVolumeSource glusterfs=GlusterfsVolumeSource persistentVolumeClaim=PersistentVolumeClaimVolumeSource rbd=RBDVolumeSource flexVolume=FlexVolumeSource cinder=CinderVolumeSource cephfs=CephFSVolumeSource flocker=FlockerVolumeSource downwardAPI=DownwardAPIVolumeSource fc=FCVolumeSource azureFile=AzureFileVolumeSource configMap=ConfigMapVolumeSource vsphereVolume=VsphereVirtualDiskVolumeSource quobyte=QuobyteVolumeSource azureDisk=AzureDiskVolumeSource photonPersistentDisk=PhotonPersistentDiskVolumeSource projected=ProjectedVolumeSource portworxVolume=PortworxVolumeSource scaleIO=ScaleIOVolumeSource storageos=StorageOSVolumeSource csi=CSIVolumeSource ephemeral=EphemeralVolumeSource image=ImageVolumeSource
VolumeDevice name=s devicePath=s
VolumeMount name=s readOnly=b recursiveReadOnly=s mountPath=s subPath=s mountPropagation=s subPathExpr=s
VolumeProjection secret=SecretProjection downwardAPI=DownwardAPIProjection configMap=ConfigMapProjection serviceAccountToken=ServiceAccountTokenProjection clusterTrustBundle=ClusterTrustBundleProjection podCertificate=PodCertificateProjection
VolumeResourceRequirements limits={}@Quantity requests={}@Quantity
VsphereVirtualDiskVolumeSource volumePath=s fsType=s storagePolicyName=s storagePolicyID=s
WebhookClientConfig url=s service=ServiceReference caBundle=y
WebhookClientConfig2 url=s service=ServiceReference2 caBundle=y
WebhookClientConfig3 url=s service=ServiceReference3 caBundle=y
WebhookClientConfig4 url=s service=ServiceReference4 caBundle=y
WebhookConversion clientConfig=WebhookClientConfig3 conversionReviewVersions=[]s
WeightedPodAffinityTerm weight=i podAffinityTerm=PodAffinityTerm
WindowsSecurityContextOptions gmsaCredentialSpecName=s gmsaCredentialSpec=s runAsUserName=s hostProcess=b
WorkersStatus desiredReplicas=i replicas=i upToDateReplicas=i readyReplicas=i availableReplicas=i
WorkersStatus2 desiredReplicas=i replicas=i upToDateReplicas=i readyReplicas=i availableReplicas=i
WorkersTopology machineDeployments=[]MachineDeploymentTopology machinePools=[]MachinePoolTopology
WorkersTopology2 machineDeployments=[]MachineDeploymentTopology2 machinePools=[]MachinePoolTopology2
WorkloadReference name=s podGroup=s podGroupReplicaKey=s
"""
