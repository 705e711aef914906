// `npm run build`: everything that `firebase deploy` uploads.
import { buildFunctions } from "./buildFunctions.ts";
import { buildHosting } from "./buildHosting.ts";
import { configureHosting } from "./configureHosting.ts";

await Promise.all([buildFunctions(), buildHosting()]);
await configureHosting();
