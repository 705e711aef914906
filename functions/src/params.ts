// Declares every setting as a Firebase param: `firebase deploy` asks for those without a default, and hands all of them to
// the functions as environment variables.
import { defineString, type StringParam } from "firebase-functions/params";
import * as z from "zod";
import { type SettingName, settingFields } from "./settings.ts";

const params = Object.fromEntries(
  Object.entries<z.ZodType>(settingFields).map(([name, field]) => [
    name,
    defineString(name, {
      description: field.description ?? name,
      ...(field instanceof z.ZodPrefault && { default: field.def.defaultValue as string }),
    }),
  ]),
) as Record<SettingName, StringParam>;

/** Whom functions run as: an e-mail address, or what stands before its @, which `firebase deploy` completes. */
export const functionsServiceAccount = params.CLISCALE_FUNCTIONS_SERVICE_ACCOUNT;
export const rotationServiceAccount = params.CLISCALE_ROTATION_SERVICE_ACCOUNT;
