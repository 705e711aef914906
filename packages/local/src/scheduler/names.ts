import { resourceName } from "../grpc/request.ts";

// The names of resources, as documented for google.cloud.scheduler.v1.Job.name.
const location = "projects/[A-Za-z0-9:.-]+/locations/[a-z0-9-]+";

export const locationName = resourceName(new RegExp(`^${location}$`), "projects/*/locations/*");
export const jobName = resourceName(
  new RegExp(`^${location}/jobs/[A-Za-z0-9_-]{1,500}$`),
  "projects/*/locations/*/jobs/* with letters, digits, hyphens and underscores",
);
