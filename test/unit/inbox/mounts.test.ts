import { describe, expect, test } from "vitest";
import { isNetworkType, parseMountinfo, parseMountList, parseNetUse, shareOf } from "../../../src/core/inbox/mounts.ts";
import type { PathText } from "../../../src/core/inbox/path-text.ts";

const MOUNTINFO = `22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
36 22 0:45 / /mnt/nas rw,relatime shared:2 master:1 - cifs //nas/photos rw,vers=3.1
37 36 8:17 / /mnt/nas/card rw - exfat /dev/sdb1 rw
38 22 0:46 / /mnt/a\\040b\\134c rw - nfs4 box:/x rw
39 22 0:47 / /home/anna/remote rw - fuse.sshfs anna@box: rw
40 22 0:48 / /media/disk rw - fuseblk /dev/sdc1 rw
41 22 0:49 / /mnt/pool rw - fuse.mergerfs a:b rw
42 22 0:50 / /mnt/late rw - autofs systemd-1 rw
43 42 8:33 / /mnt/late rw - ext4 /dev/sdd1 rw
cut short
`;
const linux = (path: string) => shareOf(path as PathText, parseMountinfo(MOUNTINFO), "linux");

describe("network shares by the table of mounts", () => {
  test.each([
    ["/mnt/nas", "/mnt/nas", "cifs"],
    ["/mnt/nas/2026/a.jpg", "/mnt/nas", "cifs"],
    ["/mnt/a b\\c/x", "/mnt/a b\\c", "nfs4"],
    ["/home/anna/remote/in", "/home/anna/remote", "fuse.sshfs"],
  ])("%s lies on one", (path, root, type) => {
    expect(linux(path)).toEqual({ root, type });
  });

  test.each(["/mnt/nas2/a.jpg", "/mnt/nas/card/a.jpg", "/media/disk/in", "/mnt/pool/in", "/mnt/late/in", "/home/anna"])(
    "%s lies on this machine",
    (path) => {
      expect(linux(path)).toBeUndefined();
    },
  );

  test("a system that lies on a share as a whole has no other disk to go on with", () => {
    expect(shareOf("/a" as PathText, [{ point: "/" as PathText, type: "9p" }], "linux")).toBeUndefined();
  });

  test.each(["cifs", "smb3", "nfs", "nfs4", "9p", "virtiofs", "fuse.sshfs", "fuse.rclone", "fuse"])(
    "%s is one",
    (type) => {
      expect(isNetworkType(type)).toBe(true);
    },
  );

  test("macOS lists its mounts with their types", () => {
    const list = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
//anna@nas._smb._tcp.local/photos on /Volumes/My photos (smbfs, nodev, nosuid, mounted by anna)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
/dev/disk4s1 on /Volumes/CARD (exfat, local, nodev)
`;
    const share = (path: string) => shareOf(path as PathText, parseMountList(list), "darwin");
    expect(share("/Volumes/My photos/in")).toEqual({ root: "/Volumes/My photos", type: "smbfs" });
    expect(share("/Volumes/CARD/DCIM")).toBeUndefined();
    expect(share("/Users/anna")).toBeUndefined();
  });

  test("Windows has shares by name and drives that stand for them, in any language", () => {
    const list = `Neue Verbindungen werden gespeichert.

Status       Lokal     Remote                    Netzwerk
-------------------------------------------------------------------------------
OK           Z:        \\\\nas\\photos              Microsoft Windows Network
             Y:        \\\\nas\\more                Microsoft Windows Network
`;
    const share = (path: string) => shareOf(path as PathText, parseNetUse(list), "win32")?.root;
    expect([share("z:\\in\\a.jpg"), share("Y:/in"), share("C:\\in")]).toEqual(["Z:", "Y:", undefined]);
    expect(share("\\\\nas\\photos\\in")).toBe("\\\\nas\\photos");
    expect([share("\\\\?\\C:\\in"), share("\\\\?\\UNC\\nas\\photos\\in")]).toEqual([
      undefined,
      "\\\\?\\UNC\\nas\\photos",
    ]);
  });
});
