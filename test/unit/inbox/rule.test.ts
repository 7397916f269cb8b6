import { describe, expect, test } from "vitest";
import { isPhotoName, isSystemFolder, isTempName, kindOfName } from "../../../src/core/inbox/rule.ts";

describe("names in an inbox", () => {
  test.each([
    "IMG_1.JPG",
    "a.jpeg",
    "a.PNG",
    "a.tif",
    "a.tiff",
    "a.webp",
    "a.avif",
    "IMG_1.HEIC",
    "a.hif",
    "a.b.jpg",
    "~a.jpg",
    "#a.jpg",
    "download.jpg",
    "tmp.jpg",
    "a.CR3",
    "a.nef",
    "a.arw",
    "a.dng",
  ])("%s is a photo", (name) => {
    expect(kindOfName(name)).toBe("photo");
    expect(isPhotoName(name)).toBe(true);
  });

  test.each(["a.heics", "a.avifs", "a.gif", "a.psd"])("%s is foreign", (name) => {
    expect(kindOfName(name)).toBe("foreign");
    expect(isPhotoName(name)).toBe(false);
  });

  test.each(["prompt.txt", "look.cube", "Prompt.TXT"])("%s refines its folder", (name) => {
    expect(kindOfName(name)).toBe("recipe");
  });

  test.each([
    "_MG_0001.JPG",
    "_DSC0001.JPG",
    "DSC_0001.JPG",
    "DSCF0001.JPG",
    "P1000001.JPG",
    "IMG_0001 (2).JPG",
    "capt0000.jpg",
    "Capture0001.jpg",
    "temp_0001.jpg",
    "upload-0001.jpg",
  ])("%s, as cameras and tethering name photos, is a photo", (name) => {
    expect(kindOfName(name)).toBe("photo");
  });

  test("a download of gphoto2 has no picture's ending until it has its name", () => {
    expect(kindOfName("tmpfileAb12Cd")).toBe("none");
  });

  test.each(["README.txt", "a.xmp", "a.cube", "a.grade.json", "a.mov", "jpg", ".jpg", "a", "a.jpg.bak", ""])(
    "%j is nothing",
    (name) => {
      expect(kindOfName(name)).toBe("none");
    },
  );

  test.each([
    "._a.jpg",
    ".in.IMG_1.JPG.", // proftpd's HiddenStores
    ".pureftpd-upload.5f3a.15.1a2b.0123456789abcdef",
    "IMG_1.JPG.uploading",
    ".a.jpg.Xy12Zq",
    ".syncthing.a.jpg.tmp",
    "~syncthing~a.jpg",
    ".goutputstream-ABC123",
    ".fuse_hidden0000",
    ".nfs0001",
    ".smbdeleteAAA.jpg",
    "~$a.jpg",
    "a.jpg~",
    "a.jpg.part",
    "a.part.jpg",
    "a.jpg.crdownload",
    "a.jpg.filepart",
    "a.jpg.aria2",
    "a.jpg.sb-1a2b3c4d-AbCdEf",
    "Thumbs.db",
    "desktop.ini",
    ".DS_Store",
  ])("%s is a temp name", (name) => {
    expect(isTempName(name)).toBe(true);
    expect(kindOfName(name)).toBe("none");
  });

  test.each([
    ".git",
    "@eaDir",
    "#recycle",
    "$RECYCLE.BIN",
    "System Volume Information",
    "lost+found",
    "a.jpg.download",
  ])("the folder %s is not entered", (name) => {
    expect(isSystemFolder(name)).toBe(true);
  });

  test.each(["shoot", "2026-11-22", "DCIM", "100CANON", "a.jpg", "recycle"])("the folder %s is entered", (name) => {
    expect(isSystemFolder(name)).toBe(false);
  });
});
