import type { Image } from "./images.ts";
import type { Isolation } from "./isolation.ts";
import type { Mount } from "./podFolder.ts";

/**
 * Pods as ordinary processes. They see this machine's file system: a path under one of the container's mounts is translated
 * where it is, or begins, an argument or the value of a variable, and nowhere else. Nothing keeps such a pod from what the
 * user may do who started this.
 */
export const hostProcess: Isolation = {
  sandboxed: false,
  async launch({ argv, environment }, { pod, folder, mounts, image }) {
    const translate = translatorOf(mounts, image);
    const { workingDir } = pod.spec.containers[0]!;
    const hasTemporary = mounts.some((mount) => mount.containerPath === "/tmp");
    const values = Object.entries(environment).map(([name, value]) => [name, translate(value)] as const);
    return {
      argv: argv.map(translate),
      environment: {
        // Without these a program would use the home folder of whoever started this, and leave files behind.
        HOME: folder.home,
        TMPDIR: hasTemporary ? translate("/tmp") : folder.temporary,
        ...Object.fromEntries(values),
      },
      workingDirectory: workingDir === undefined ? folder.home : translate(workingDir),
      reportsStatus: false,
    };
  },
};

/** What the image brings is left as it is: its paths are this machine's, and the repository may lie where a mount seems to be. */
function translatorOf(mounts: Mount[], image: Image): (text: string) => string {
  const ofImage = new Set([
    ...image.entrypoint,
    ...(image.defaultArguments ?? []),
    ...Object.values(image.environment),
  ]);
  const longestFirst = [...mounts].sort((a, b) => b.containerPath.length - a.containerPath.length);
  return (text) => {
    if (ofImage.has(text)) return text;
    const mount = longestFirst.find(
      ({ containerPath }) => text === containerPath || text.startsWith(`${containerPath}/`),
    );
    return mount ? mount.hostPath + text.slice(mount.containerPath.length) : text;
  };
}
