// Declares every setting as a Firebase param: `firebase deploy` asks for those without a default, and hands all of them to
// the functions as environment variables.
import { defineString } from "firebase-functions/params";
import * as z from "zod";
import { settingFields } from "./settings.ts";

for (const [name, field] of Object.entries<z.ZodType>(settingFields)) {
  defineString(name, {
    description: field.description ?? name,
    ...(field instanceof z.ZodPrefault && { default: field.def.defaultValue as string }),
  });
}
