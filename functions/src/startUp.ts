// What an instance does before any function is defined.
import { setGlobalOptions } from "firebase-functions/options";
import { functionsServiceAccount } from "./params.ts";
import { region } from "./region.ts";
import { readSettings } from "./settings.ts";

setGlobalOptions({ region, serviceAccount: functionsServiceAccount });

// FUNCTION_TARGET names the function that an instance serves; `firebase deploy`, which only lists them, has no settings yet.
// A revision that would fail at every call thus fails to start, and the deployment says so.
if (process.env["FUNCTION_TARGET"] !== undefined) readSettings(process.env);
