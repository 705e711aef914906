import { execFile } from "node:child_process";
import { readlinkSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Isolation } from "./isolation.ts";
import type { Mount } from "./podFolder.ts";

/** What of the system's configuration a program needs; the rest, passwords and private keys among it, stays out. */
const systemFiles = [
  "/etc/alternatives",
  "/etc/ca-certificates",
  "/etc/inputrc",
  "/etc/ld.so.cache",
  "/etc/ld.so.conf",
  "/etc/ld.so.conf.d",
  "/etc/localtime",
  "/etc/nsswitch.conf",
  "/etc/pki/tls/certs",
  "/etc/resolv.conf",
  "/etc/ssl/certs",
  "/etc/ssl/openssl.cnf",
  "/etc/terminfo",
];

/** On most systems links into /usr. */
const rootFolders = ["/bin", "/lib", "/lib32", "/lib64", "/sbin"];

/** Whom a container runs as that does not say, in place of its image's user. */
const defaultUser = 1000;
const userName = "runner";
const homeFolder = `/home/${userName}`;

/** The folder that Node is installed in: `bin/node` lies below. */
const nodeFolder = dirname(dirname(process.execPath));

/** The descriptor on which bwrap tells of its child. */
export const statusDescriptor = 3;

/**
 * Pods in a file system, and among processes, of their own, by bubblewrap (https://github.com/containers/bubblewrap): their
 * mounts are real, they run as the user they ask for, as process 1, and see nothing of this machine but its programs and
 * what their image reads. The network is shared, because pods are reached at loopback addresses.
 */
export const bubblewrap: Isolation = {
  sandboxed: true,
  async launch({ argv, environment }, placement) {
    const { pod, folder, image } = placement;
    const container = pod.spec.containers[0]!;
    const user = container.securityContext?.runAsUser ?? pod.spec.securityContext.runAsUser ?? defaultUser;
    const group = container.securityContext?.runAsGroup ?? pod.spec.securityContext.runAsGroup ?? user;
    const isReadOnly = container.securityContext?.readOnlyRootFilesystem === true;
    return {
      argv: [
        "bwrap",
        "--json-status-fd",
        String(statusDescriptor),
        ...namespaces(user, group),
        "--hostname",
        environment["HOSTNAME"]!,
        ...systemFolders(),
        ...(isReadOnly ? ["--dir", "/tmp", "--dir", homeFolder] : ["--tmpfs", "/tmp", "--tmpfs", homeFolder]),
        ...(await accountFiles(folder.path, user, group)),
        ...(await hostsFile(folder.path, placement.hosts)),
        ...placement.mounts.flatMap(mount),
        // After the mounts, since the repository may lie where one of them is, such as below /tmp.
        ...image.readable.flatMap(bindReadOnly),
        ...(isReadOnly ? ["--remount-ro", "/"] : []),
        "--chdir",
        container.workingDir ?? "/",
        "--",
        ...argv,
      ],
      environment: { HOME: homeFolder, ...environment },
      // bwrap's own; its child's is set by --chdir.
      workingDirectory: folder.path,
      reportsStatus: true,
    };
  },
};

/** Whether bubblewrap is there and may do what it takes; many containers forbid it. */
export async function isBubblewrapUsable(): Promise<boolean> {
  const probe = [...namespaces(defaultUser, defaultUser), ...systemFolders(), "--", process.execPath, "--version"];
  try {
    await promisify(execFile)("bwrap", probe, { timeout: 10_000 });
    return true;
  } catch {
    return false;
  }
}

function namespaces(user: number, group: number): string[] {
  const identity = ["--unshare-user", "--uid", String(user), "--gid", String(group), "--cap-drop", "ALL"];
  const others = ["--unshare-pid", "--as-pid-1", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"];
  // However this program ends, no pod outlives it.
  return ["--die-with-parent", ...identity, ...others];
}

const bindReadOnly = (path: string) => ["--ro-bind-try", path, path];

/** This machine's programs. Root folders are links into /usr on most systems. */
function systemFolders(): string[] {
  return [
    ...bindReadOnly("/usr"),
    ...rootFolders.flatMap((path) => {
      const target = linkTarget(path);
      return target === undefined ? bindReadOnly(path) : ["--symlink", target, path];
    }),
    ...systemFiles.flatMap(bindReadOnly),
    "--proc",
    "/proc",
    "--dev",
    "/dev",
    ...bindReadOnly(nodeFolder),
  ];
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Programs look up the name and home of their user, as an image has them. */
async function accountFiles(folder: string, user: number, group: number): Promise<string[]> {
  const passwd = join(folder, "passwd");
  const groups = join(folder, "group");
  await writeFile(passwd, `root:x:0:0:root:/root:/bin/sh\n${userName}:x:${user}:${group}::${homeFolder}:/bin/sh\n`);
  await writeFile(groups, `root:x:0:\n${userName}:x:${group}:\n`);
  return ["--ro-bind", passwd, "/etc/passwd", "--ro-bind", groups, "/etc/group"];
}

/** The machine's own names, and the cluster's. */
async function hostsFile(folder: string, lines: string[]): Promise<string[]> {
  const file = join(folder, "hosts");
  const machine = await readFile("/etc/hosts", "utf8").catch(() => "127.0.0.1\tlocalhost\n");
  await writeFile(file, `${machine.trimEnd()}\n${lines.join("\n")}\n`);
  return ["--ro-bind", file, "/etc/hosts"];
}

const mount = ({ containerPath, hostPath, readOnly }: Mount) => [
  readOnly ? "--ro-bind" : "--bind",
  hostPath,
  containerPath,
];
