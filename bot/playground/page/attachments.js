/* The files that a composer holds until they are sent. Each is uploaded at once, as Slack does. */

import { find, mirror } from "./dom.js";
import { upload } from "./server.js";
import { words } from "./words.js";

let count = 0;

/** A file that is on its way; `done` has its id, or null if it could not be uploaded, which `problem` tells. */
export class Attachment {
  key = `${(count += 1)}`;
  isBusy = true;
  problem = "";

  constructor(file, changed) {
    this.name = file.name;
    this.size = file.size;
    this.preview = file.type.startsWith("image/") ? URL.createObjectURL(file) : "";
    this.done = upload(file).then(({ ok, id, error }) => {
      this.isBusy = false;
      this.problem = ok ? "" : words.notUploaded(error);
      changed();
      return ok ? id : null;
    });
  }

  /** Forget the picture. */
  release() {
    if (this.preview) URL.revokeObjectURL(this.preview);
  }
}

export function showAttachments(list, attachments, remove) {
  list.hidden = attachments.length === 0;
  mirror(list, attachments, ({ key }) => key, "attachment-template", (element, attachment) => {
    const { name, size, preview, isBusy, problem } = attachment;
    element.classList.toggle("busy", isBusy);
    element.classList.toggle("failed", problem !== "");
    find(element, "img").hidden = preview === "";
    if (preview) find(element, "img").src = preview;
    find(element, "svg").classList.toggle("hidden", preview !== "");
    find(element, ".file-name").textContent = name;
    find(element, ".file-kind").textContent = problem || (isBusy ? words.uploading : words.size(size));
    find(element, "button").ariaLabel = words.removeFile(name);
    find(element, "button").onclick = () => remove(attachment);
  });
}
