/**
 * Which paths lie on network shares, by the system's own table of mounts. Asking the path itself would not do: on a share
 * whose server is gone the question has no answer.
 */
import type { PathText } from "./path-text.ts";

export type Mount = { readonly point: PathText; readonly type: string };

/** A mount whose files another machine, or another program that may stop answering, keeps. */
export type Share = { readonly root: PathText; readonly type: string };

const NETWORK_TYPES = new Set([
  ...["cifs", "smb3", "smbfs", "smb", "nfs", "nfs4", "9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs"],
  ...["afs", "afpfs", "ceph", "coda", "davfs", "davfs2", "glusterfs", "lustre", "gfs2", "ocfs2", "ncpfs", "webdav"],
  ...["ftp", "autofs", "osxfuse", "macfuse"],
]);

/** FUSE file systems of this machine's own disks; any other one, and one that does not say, may have a server behind it. */
const LOCAL_FUSE = new Set([
  ...["ntfs-3g", "ntfs", "exfat", "mergerfs", "bindfs", "unionfs", "unionfs-fuse", "overlayfs", "fuse-overlayfs"],
  ...["encfs", "gocryptfs", "cryfs", "securefs", "veracrypt", "lxcfs", "snapfuse", "squashfuse", "portal", "zfs"],
]);

export function isNetworkType(type: string): boolean {
  if (type === "fuse") return true;
  return type.startsWith("fuse.") ? !LOCAL_FUSE.has(type.slice(5)) : NETWORK_TYPES.has(type);
}

/**
 * Linux, /proc/self/mountinfo (proc_pid_mountinfo(5)): `36 35 98:0 /inside /mnt/a\040b rw,noatime master:1 - cifs //nas/a rw`.
 * The point is the fifth word, the type the first after the lone "-"; blanks in names are octal.
 */
export function parseMountinfo(text: string): readonly Mount[] {
  return text.split("\n").flatMap((line) => {
    const words = line.split(" ");
    const type = words[words.indexOf("-", 6) + 1];
    if (words.length < 9 || !words.includes("-", 6) || type === undefined) return [];
    const point = words[4]!.replace(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [{ point: point as PathText, type }];
  });
}

/** macOS, `mount`: `//anna@nas/photos on /Volumes/photos (smbfs, nodev, nosuid, mounted by anna)`. */
export function parseMountList(text: string): readonly Mount[] {
  return [...text.matchAll(/^.* on (\/.*) \(([^,)]+)[^()]*\)$/gm)].map(([, point, type]) => ({
    point: point as PathText,
    type: type!.trim(),
  }));
}

/** Windows, `net use`: `OK           Z:        \\nas\photos              Microsoft Windows Network`, in any language. */
export function parseNetUse(text: string): readonly Mount[] {
  return [...text.matchAll(/(?:^|\s)([A-Za-z]:)\s+\\\\\S+/gm)].map(([, drive]) => ({
    point: drive as PathText,
    type: "smb",
  }));
}

/** `\\server\share\…`, which Windows reaches without a mount; `\\?\C:\…` and `\\.\…` are this machine. */
const UNC = /^\/\/(?![?.]\/)([^/]+\/[^/]+)|^\/\/[?]\/UNC\/([^/]+\/[^/]+)/i;

/** The share that an absolute path lies on. The root of the whole system is none: with it everything is gone. */
export function shareOf(path: PathText, mounts: readonly Mount[], platform: string): Share | undefined {
  const isWindows = platform === "win32";
  const plain = (text: string): string => (isWindows ? text.replaceAll("\\", "/").toLowerCase() : text);
  const asked = plain(path);
  if (isWindows) {
    const unc = UNC.exec(asked);
    if (unc) return { root: path.slice(0, unc[0].length) as PathText, type: "smb" };
  }
  let found: Mount | undefined;
  for (const mount of mounts) {
    const point = plain(mount.point).replace(/\/+$/, "");
    const isAbove = asked === point || asked.startsWith(`${point}/`);
    // Of two at one place the later one lies on top.
    if (isAbove && mount.point.length >= (found?.point.length ?? 0)) found = mount;
  }
  if (found === undefined || found.point === "/" || !isNetworkType(found.type)) return undefined;
  return { root: found.point, type: found.type };
}
