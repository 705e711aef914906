import { setGlobalOptions } from "firebase-functions/options";
import { region } from "./region.ts";

setGlobalOptions({ region, maxInstances: 20 });
