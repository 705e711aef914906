import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseEnv } from "node:util";

/** Where firebase.json has the values of params, seen from the folder that `firebase deploy` lists the functions in. */
const configFolder = "../env";

interface Network {
  networkInterface?: { network?: string; subnetwork?: string };
  vpcEgress?: "PRIVATE_RANGES_ONLY";
}

/**
 * The options of Direct VPC egress, by CLISCALE_VPC_NETWORK and CLISCALE_VPC_SUBNETWORK: none where neither is set. An option that is
 * there or not cannot be a param, whose value is known only after the functions have been listed; so this reads the files that
 * `firebase deploy` is going to take the values from. An instance that runs has its network already.
 */
export function networkOptions(env: NodeJS.ProcessEnv, folder: string = resolve(configFolder)): Network {
  if (env["FUNCTIONS_CONTROL_API"] !== "true") return {};
  const files = [".env", `.env.${env["GCLOUD_PROJECT"]}`];
  const values = Object.assign({}, ...files.map((file) => readValues(resolve(folder, file)))) as NodeJS.ProcessEnv;
  const { CLISCALE_VPC_NETWORK: network, CLISCALE_VPC_SUBNETWORK: subnetwork } = values;
  if (!network && !subnetwork) return {};
  return {
    networkInterface: { ...(network && { network }), ...(subnetwork && { subnetwork }) },
    vpcEgress: "PRIVATE_RANGES_ONLY",
  };
}

function readValues(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, "utf8"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}
