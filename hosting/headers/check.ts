// Tells whether firebase.json has the policy of the deployment's configuration; `npm run build` puts it there.
import { isPolicyCurrent } from "./firebaseJson.ts";

if (!(await isPolicyCurrent())) {
  process.stderr.write(
    "cliscale: firebase.json has not the Content-Security-Policy of the page's configuration: `npm run build` puts it there\n",
  );
  process.exitCode = 1;
}
