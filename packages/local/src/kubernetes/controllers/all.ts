import { startAutoscalerController } from "./autoscalerController.ts";
import type { StartController } from "./controller.ts";
import { startDeploymentController } from "./deploymentController.ts";
import { startDisruptionController } from "./disruptionController.ts";
import { startGarbageCollector } from "./garbageCollector.ts";
import { startGatewayController } from "./gatewayController.ts";
import { startJobController } from "./jobController.ts";
import { startNamespaceController } from "./namespaceController.ts";
import { startQuotaController } from "./quotaController.ts";
import { startReplicaSetController } from "./replicaSetController.ts";
import { startServiceAccountController } from "./serviceAccountController.ts";
import { startServiceController } from "./serviceController.ts";

/** What the cluster does by itself. */
export const controllers: readonly StartController[] = [
  startAutoscalerController,
  startDeploymentController,
  startDisruptionController,
  startGarbageCollector,
  startGatewayController,
  startJobController,
  startNamespaceController,
  startQuotaController,
  startReplicaSetController,
  startServiceAccountController,
  startServiceController,
];
