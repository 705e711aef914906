import * as z from "zod";

/** The settings of a database on Cloud SQL, which functions, gateway and migrations have alike. */
export const cloudSqlFields = {
  CLISCALE_CLOUD_SQL_INSTANCE: z
    .string()
    .regex(/^([^:\s]+:[^:\s]+(:[^:\s]+)?:[^:\s]+)?$/, "must be PROJECT:REGION:INSTANCE")
    .prefault("")
    .describe(
      "Instance of Cloud SQL that is logged in to by IAM, as PROJECT:REGION:INSTANCE; of the database URL user and database count. Empty: the URL alone",
    ),
  CLISCALE_CLOUD_SQL_IP: z
    .enum(["private", "public", "psc"])
    .prefault("private")
    .describe("Which of its addresses Cloud SQL is reached by: private, public or psc (Private Service Connect)"),
  CLISCALE_CLOUD_SQL_ADMIN_ENDPOINT: z
    .string()
    .regex(/^(https?:\/\/[^/]+\/?)?$/, "must be a URL such as https://sqladmin.googleapis.com")
    .prefault("")
    .describe("Where the Cloud SQL Admin API is; empty for Google"),
};

/** The instance that these settings name; undefined where the database is reached by its URL alone. */
export function cloudSqlOf(values: z.infer<z.ZodObject<typeof cloudSqlFields>>) {
  if (values.CLISCALE_CLOUD_SQL_INSTANCE === "") return undefined;
  return {
    name: values.CLISCALE_CLOUD_SQL_INSTANCE,
    ipType: values.CLISCALE_CLOUD_SQL_IP,
    ...(values.CLISCALE_CLOUD_SQL_ADMIN_ENDPOINT && { adminEndpoint: values.CLISCALE_CLOUD_SQL_ADMIN_ENDPOINT }),
  };
}
